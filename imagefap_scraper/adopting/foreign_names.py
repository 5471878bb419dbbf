"""What other tools write into file names: the site's number of an image, and of its gallery."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: The site's numbers have ten digits; more than 18 do not fit into a database.
_NUMBER: Final = "[1-9][0-9]{0,17}"
#: gallery-dl: `imagefap_GID_ID.ext`; newer versions number a gallery's images: `imagefap_GID_0001_ID.ext`.
_GALLERY_DL: Final = re.compile(rf"imagefap_(?P<gallery>{_NUMBER})_(?:[0-9]{{4,9}}_)?(?P<image>{_NUMBER})\.\w{{1,8}}")
#: imagefap-dl: `NAME (ID).ext`, `ID.ext` without a name, both perhaps behind `INDEX - `.
_IMAGEFAP_DL: Final = re.compile(rf"(?:.* \((?P<named>{_NUMBER})\)|(?:[0-9]+ - )?(?P<bare>{_NUMBER}))\.\w{{1,8}}", re.S)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The site's numbers of an image and of its gallery (None if not known)."""

    image_id: int
    gallery_id: int | None = None


def gallery_dl_numbers(file_name: str) -> Numbers | None:
    """Return the numbers in one of gallery-dl's default file names; None if it is none."""
    match = _GALLERY_DL.fullmatch(file_name)
    return Numbers(int(match["image"]), int(match["gallery"])) if match else None


def imagefap_dl_number(file_name: str) -> int | None:
    """Return the number in what may be one of imagefap-dl's file names; None if it cannot be one.

    Copies of any file are called `NAME (2).ext`, so this alone proves nothing: the JSON beside it has to know it.
    """
    match = _IMAGEFAP_DL.fullmatch(file_name)
    return int(match["named"] or match["bare"]) if match else None
