"""The rows of an import, each function one step, to be run by the writer thread inside its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.database.models import Blob, Favorite, Folder, Image, StoredFile, User
from imagefap_scraper.database.writes import now
from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.items import Absence, FolderKind, ImageStatus
from imagefap_scraper.legacy.plan import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from imagefap_scraper.legacy.plan import FolderPlan, ImagePlan, Plan

#: The actor and the kind of the import's one action, which knowledge that it brings refers to.
ACTOR = "import"
#: The three levels of the original's audits, by their numbers.
_LEVELS = {1: Absence.PAGE, 2: Absence.ADDRESS, 3: Absence.FILE}
_ROWS_AT_ONCE = 10_000


def begin(connection: Connection, digest: str, source: str) -> tuple[int, bool]:
    """Return the number of this import's action, and whether it was finished before.

    Args:
        connection: of the writer.
        digest: SHA-256 of the file that is imported.
        source: its name.

    Raises:
        OutputError: the archive holds something else.
    """
    mark = f"import legacy {digest[:16]}"
    query = select(Action.action_id, Action.summary).where(Action.actor == ACTOR, Action.summary.startswith(mark))
    known = connection.execute(query).first()
    if known is not None:
        return known.action_id, known.summary.startswith(f"{mark} finished")
    if any(connection.execute(select(table.__table__).limit(1)).first() for table in (User, Image, Blob, Action)):
        raise OutputError("the archive holds something already; an import needs a new directory: --dir NEW")
    row = {"action_id": 1, "at": now(), "actor": ACTOR, "kind": ACTOR, "batch": 1, "bytes_moved": 0, "changes": []}
    connection.execute(insert(Action).values(**row, summary=f"{mark} begun: {source}"))
    return 1, False


def finish(connection: Connection, action_id: int) -> None:
    """Note that everything of this import is in the archive."""
    here = Action.action_id == action_id
    connection.execute(
        update(Action).where(here).values(summary=func.replace(Action.summary, " begun: ", " finished: "))
    )


def write_plan(connection: Connection, plan: Plan) -> None:
    """Add users, folders, favorites and images, all of them without bytes yet; what is there stays as it is."""
    moment = now()
    users = (
        {"user_id": user_id, "name": name, "first_seen": moment_of(first) or moment}
        for user_id, (name, first) in plan.users.items()
    )
    add_all(connection, User, users)
    add_all(connection, Folder, (_folder(folder, moment) for folder in plan.folders.values()))
    add_all(connection, Image, (_image(image_id, image) for image_id, image in plan.images.items()))
    add_all(connection, Favorite, (row for folder in plan.folders.values() for row in _favorites(folder, moment)))


def add_all(connection: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows that are not there yet."""
    statement = insert(table).on_conflict_do_nothing()
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            connection.execute(statement, waiting)
            waiting = []
    if waiting:
        connection.execute(statement, waiting)


def _folder(folder: FolderPlan, moment: datetime) -> dict[str, Any]:
    """Return a folder's row. Its pages are read from the first one again: the original did not count them as we do."""
    return {
        "user_id": folder.user_id,
        "folder_id": folder.folder_id,
        "name": folder.name,
        "kind": FolderKind.IMAGES,
        "pages": 0,
        "first_seen": moment_of(folder.date) or moment,
        "listed_at": moment_of(folder.date),
    }


def _favorites(folder: FolderPlan, moment: datetime) -> Iterator[dict[str, Any]]:
    seen = moment_of(folder.date) or moment
    for position, listed in enumerate(folder.listed):
        yield {
            "user_id": folder.user_id,
            "folder_id": folder.folder_id,
            "image_id": listed.image_id,
            "position": position,
            "listed_name": listed.name,
            "verdict": listed.verdict,
            "first_seen": seen,
            "shown_at": seen,
        }


def _image(image_id: int, image: ImagePlan) -> dict[str, Any]:
    failed = image.failed if image.sha256 is None else None
    gone = moment_of(image.gone.moment) if image.gone is not None else None
    return {
        "image_id": image_id,
        "status": ImageStatus.WANTED if failed is None else ImageStatus.FAILED,
        "reason": "" if failed is None else _why(failed.url),
        "attempts": 0 if failed is None else 1,
        "attempted_at": None if failed is None else moment_of(failed.moment),
        "name": image.name,
        "address": image.address,
        "missing": None if image.gone is None else _LEVELS[image.gone.level],
        "missed_at": gone,
        "vanished_at": gone,
    }


def _why(url: str | None) -> str:
    """Return why the original failed; it kept no reason, but without an address it had no page."""
    if url is None:
        return "the original program did not get its page"
    return "the original program did not get its file, or could not read it"


def settled_blobs(connection: Connection) -> set[str]:
    """Return the blobs that have a file, or that the user has thrown out since: nothing is to be done about them."""
    has_file = select(StoredFile.sha256).where(StoredFile.sha256 == Blob.sha256).exists()
    return set(connection.execute(select(Blob.sha256).where(or_(has_file, Blob.state != "live"))).scalars())


def record_blobs(
    connection: Connection, blobs: Sequence[dict[str, Any]], files: Sequence[dict[str, Any]], images: dict[int, str]
) -> None:
    """Record blobs, their files, and the images that are stored with them, by number."""
    if not blobs:
        return
    add_all(connection, Blob, blobs)
    add_all(connection, StoredFile, files)
    dates = {row["sha256"]: row["stored_at"] for row in blobs}
    open_states = [ImageStatus.WANTED, ImageStatus.FAILED, ImageStatus.GONE]
    for image_id, sha256 in images.items():
        here = (Image.image_id == image_id, Image.status.in_(open_states))
        outcome = {"status": ImageStatus.STORED, "sha256": sha256, "stored_at": dates[sha256], "reason": ""}
        connection.execute(update(Image).where(*here).values(**outcome))


def record_unstored(connection: Connection, image_ids: Sequence[int], status: ImageStatus, reason: str) -> None:
    """Record why images are without bytes; what is stored meanwhile stays stored."""
    for some in in_parts(image_ids):
        here = (Image.image_id.in_(some), Image.status.in_([ImageStatus.WANTED, ImageStatus.FAILED, ImageStatus.GONE]))
        connection.execute(update(Image).where(*here).values(status=status, reason=reason))
