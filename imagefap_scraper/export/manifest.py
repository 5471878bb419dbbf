"""The manifest of an export: which file came from where, so that a later export knows what is there already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.export.documents import place_document
from imagefap_scraper.storage.tree import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagefap_scraper.export.selection import Bytes, Picture

#: In the directory of the export, or in its ZIP file.
MANIFEST: Final = "imagefap-export.json"
#: Raised when a field of the manifest changes its meaning or goes away.
SCHEMA: Final = 1
_MARK: Final = {"schema": SCHEMA, "program": "imagefap_scraper", "kind": "export"}


class Manifest:
    """What an export has written so far, by path."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self._paths: dict[tuple[str, str], str] = {}

    @classmethod
    def read(cls, content: bytes | None, where: str) -> Manifest:
        """Return the manifest that was there; an empty one if there was none.

        Args:
            content: of the file, None if there is none.
            where: it is, for the message.

        Raises:
            OutputError: the file is no manifest of this program.
        """
        manifest = cls()
        if content is None:
            return manifest
        try:
            document = json.loads(content)
            if not isinstance(document, dict) or {key: document.get(key) for key in _MARK} != _MARK:
                raise ValueError(where)
            for entry in document["files"]:
                manifest._add(_checked(entry))
        except (ValueError, LookupError, TypeError) as error:
            message = f"{where} is no manifest of an export by this program: move it away, or export to another place"
            raise OutputError(message) from error
        return manifest

    def path_of(self, above: str, sha256: str) -> str | None:
        """Return the path in a directory (`""`, or with `/` at its end) under which bytes were exported; else None."""
        return self._paths.get((above, sha256))

    def sha256_of(self, path: str) -> str | None:
        """Return the SHA-256 of what was exported as this path; None if nothing was."""
        entry = self._entries.get(path)
        return None if entry is None else entry["sha256"]

    def note(self, path: str, blob: Bytes, pictures: Iterable[Picture]) -> None:
        """Note that a file is there, and of which images it is; what was noted of other images of it stays."""
        known = self._entries.get(path, {})
        same = known.get("sha256") == blob.sha256
        images = {image["id"]: image for image in known["images"]} if same else {}
        tags: set[str] = set()
        for picture in pictures:
            images[picture.image_id] = _image(picture)
            tags.update("/".join(names) for names in picture.tags)
        self._add(
            {
                "path": path,
                "sha256": blob.sha256,
                "bytes": blob.size,
                "images": [images[image_id] for image_id in sorted(images)],
                "tags": sorted(tags),
            }
        )

    def content(self) -> bytes:
        """Return the file: UTF-8, one line for each entry, by path."""
        head = json.dumps(_MARK)[:-1]
        lines = [_line(self._entries[path]) for path in sorted(self._entries)]
        return (head + ', "files": [\n' + ",\n".join(lines) + "\n]}\n").encode()

    def _add(self, entry: dict[str, Any]) -> None:
        self._entries[entry["path"]] = entry
        self._paths[split(entry["path"])[0], entry["sha256"]] = entry["path"]


def _line(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, ensure_ascii=False)
    if text.isprintable():
        return text
    # Lone surrogates, controls and line ends of Unicode's are escaped; the rest is easier to read as it is.
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _image(picture: Picture) -> dict[str, Any]:
    places = [place_document(place) for place in picture.places]
    return {"id": picture.image_id, "name": picture.name, "places": places}


def _checked(entry: Any) -> dict[str, Any]:
    """Return an entry as far as it is relied upon.

    Raises:
        ValueError, LookupError, TypeError: it is none.
    """
    path, sha256, images = entry["path"], entry["sha256"], entry["images"]
    parts = path.split("/")
    if not all(part.strip(". ") and "\0" not in part for part in parts):
        raise ValueError(path)
    if len(sha256) != 64 or not all(isinstance(image["id"], int) for image in images):
        raise ValueError(path)
    return dict(entry)
