"""What is said of a picture whose file is not there, or is not what was stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.audit import Fault
from imagefap_scraper.verifying.audit import STORED_WITHOUT_FILE
from imagefap_scraper.verifying.blobs import blob_problems, why_not_again
from imagefap_scraper.web.pictures.originals import find, open_original

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.storage.files import ArchiveDirectory

_MISSING: Final = "File missing"
_DAMAGED: Final = "File damaged"
#: What people are told, by the kind of problem; of several files, of the first kind in this order.
_WORDS: Final = {
    Fault.BYTES: (_DAMAGED, "Its bytes have changed since it was stored."),
    Fault.SIZE: (_DAMAGED, "It has another size than what was stored."),
    Fault.NOT_PLAIN: (_DAMAGED, "Something else has taken its place."),
    Fault.UNREADABLE: ("File cannot be read", "The system does not give it."),
    Fault.OUTSIDE: (_MISSING, "Its path leads out of the archive."),
    Fault.MISSING: (_MISSING, "It is no longer where it was stored."),
    STORED_WITHOUT_FILE: (_MISSING, "No file with its bytes is known."),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """Why a stored picture is not there as it was stored.

    Attributes:
        label: "File missing" and so on.
        reason: how it shows, and why there is no retry if there is none; whole sentences.
        sent: there is a file like it, which is sent as the picture all the same.
        retry: it can be fetched again.
    """

    label: str
    reason: str
    sent: bool
    retry: bool


def damage_of(connection: Connection, directory: ArchiveDirectory, sha256: str) -> Damage | None:
    """Return what is wrong with a blob, whose files are read to their ends; None if one of them is whole."""
    problems = blob_problems(connection, directory, sha256)
    if not problems:
        return None
    kinds = {problem.kind for problem in problems}
    label, words = next(words for kind, words in _WORDS.items() if kind in kinds)
    why = why_not_again(connection, sha256, problems)
    return Damage(label, f"{words} {why}".rstrip(), _is_sent(connection, directory, sha256), not why)


def _is_sent(connection: Connection, directory: ArchiveDirectory, sha256: str) -> bool:
    original = find(connection, sha256)
    if original is None:
        return False
    try:
        open_original(directory, original).file.close()
    except StorageError:
        return False
    return True
