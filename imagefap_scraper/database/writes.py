"""What is written, each function one fact, to be run by the writer thread inside its transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database._wanted import want
from imagefap_scraper.database.gallery_writes import add_folder_galleries, note_finished_gallery_folders
from imagefap_scraper.database.models import Blob, Favorite, Folder, Image, Intent, StoredFile, User
from imagefap_scraper.items import AuditItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def record_user(connection: Connection, user: UserItem) -> None:
    """Make a user known, or note the name that the site now shows, and which folders it still lists."""
    statement = insert(User).values(user_id=user.user_id, name=user.name, first_seen=now())
    connection.execute(statement.on_conflict_do_update(index_elements=[User.user_id], set_={"name": user.name}))
    if user.folder_ids is not None:
        _note_listed_folders(connection, user.user_id, set(user.folder_ids))


def record_folder(connection: Connection, folder: FolderItem) -> None:
    """Record a folder, and with a checkpoint one of its listing pages: favorites and checkpoint at once."""
    moment = now()
    _upsert_folder(connection, folder, moment)
    if folder.pages is None:
        return
    added = _add_favorites(connection, folder, moment)
    added = add_folder_galleries(connection, folder, moment) or added
    _checkpoint(connection, folder, moment, reopened=added)
    if folder.listed_through and folder.listed_since is not None:
        since = datetime.fromisoformat(folder.listed_since)
        vanished = and_(_of_folder(folder), Favorite.shown_at < since, Favorite.unlisted_at.is_(None))
        connection.execute(update(Favorite).where(vanished).values(unlisted_at=moment))


def _upsert_folder(connection: Connection, folder: FolderItem, moment: datetime) -> None:
    statement = insert(Folder).values(
        user_id=folder.user_id,
        folder_id=folder.folder_id,
        name=folder.name,
        kind=folder.kind,
        pages=0,
        first_seen=moment,
    )
    changes: dict[str, Any] = {"unlisted_at": None}
    if folder.name:
        changes["name"] = folder.name
    if folder.kind not in (None, FolderKind.EMPTY):
        # An emptied folder keeps the kind that it had.
        changes["kind"] = folder.kind
    elif folder.kind is FolderKind.EMPTY:
        changes["kind"] = func.coalesce(Folder.kind, FolderKind.EMPTY)
    connection.execute(statement.on_conflict_do_update(index_elements=[Folder.user_id, Folder.folder_id], set_=changes))


def _of_folder(folder: FolderItem) -> Any:
    return and_(Favorite.user_id == folder.user_id, Favorite.folder_id == folder.folder_id)


def _add_favorites(connection: Connection, folder: FolderItem, moment: datetime) -> bool:
    """Add what the page shows for the first time, behind what is there; return whether any of it is still to be had."""
    if not folder.favorites:
        return False
    want(connection, {favorite.image_id: favorite.gallery_id for favorite in folder.favorites})
    shown = [favorite.image_id for favorite in folder.favorites]
    here = and_(_of_folder(folder), Favorite.image_id.in_(shown))
    present = set(connection.execute(select(Favorite.image_id).where(here)).scalars())
    connection.execute(update(Favorite).where(here).values(shown_at=moment, unlisted_at=None))
    last = connection.execute(select(func.max(Favorite.position)).where(_of_folder(folder))).scalar()
    position = 0 if last is None else last + 1
    rows = []
    for favorite in folder.favorites:
        if favorite.image_id in present:
            continue
        present.add(favorite.image_id)
        rows.append(
            {
                "user_id": folder.user_id,
                "folder_id": folder.folder_id,
                "image_id": favorite.image_id,
                "position": position,
                "listed_name": favorite.listed_name,
                "verdict": "new",
                "first_seen": moment,
                "shown_at": moment,
            }
        )
        position += 1
    if rows:
        connection.execute(insert(Favorite), rows)
    return bool(rows)


def want_images(connection: Connection, image_ids: Iterable[int]) -> None:
    """Put images on the list of what is wanted; those that failed, were gone or filtered are wanted once more."""
    ids = list(dict.fromkeys(image_ids))
    if not ids:
        return
    want(connection, dict.fromkeys(ids))
    for some in in_parts(ids):
        without = [ImageStatus.FAILED, ImageStatus.GONE, ImageStatus.FILTERED]
        missed = and_(Image.image_id.in_(some), Image.status.in_(without))
        connection.execute(update(Image).where(missed).values(status=ImageStatus.WANTED))


def _checkpoint(connection: Connection, folder: FolderItem, moment: datetime, *, reopened: bool) -> None:
    """Note how far the listing has come; a folder with new images is no longer finished."""
    changes: dict[str, Any] = {"pages": folder.pages}
    if folder.listed_through:
        changes["listed_at"] = moment
    if reopened:
        changes["finished_straight"] = changes["finished_blobs"] = None
    here = and_(Folder.user_id == folder.user_id, Folder.folder_id == folder.folder_id)
    connection.execute(update(Folder).where(here).values(**changes))


def _note_listed_folders(connection: Connection, user_id: int, folder_ids: set[int]) -> None:
    """Note which of a user's folders the site still lists; the others keep everything and get the date."""
    for folder_id, unlisted in connection.execute(
        select(Folder.folder_id, Folder.unlisted_at).where(Folder.user_id == user_id)
    ).all():
        if (folder_id in folder_ids) == (unlisted is None):
            continue
        here = and_(Folder.user_id == user_id, Folder.folder_id == folder_id)
        connection.execute(update(Folder).where(here).values(unlisted_at=None if unlisted else now()))


def add_intents(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Note that temporary files are about to get their final names; each row has all columns of `Intent`."""
    connection.execute(insert(Intent), list(rows))


def drop_intents(connection: Connection, intent_ids: Sequence[int]) -> None:
    """Forget intents."""
    connection.execute(_DROP_INTENT, [{"done": intent_id} for intent_id in intent_ids])


def record_stored(connection: Connection, item: ImageItem, layout: str, extension: str, intent_id: int | None) -> None:
    """Record a stored image: its bytes, their file, the image's row; and the intent is fulfilled.

    If its bytes are in the trash, or were, it is recorded as skipped.
    """
    moment = now()
    connection.execute(
        _ADD_BLOB,
        {
            "sha256": item.sha256,
            "extension": extension,
            "format": item.format,
            "size": item.size,
            "width": item.width,
            "height": item.height,
            "frames": item.frames,
            "animated": bool(item.animated),
            "unchecked": item.reason if item.unchecked else "",
            "phash": item.phash,
            "dhash": item.dhash,
            "hash_version": item.hash_version,
            "flat": item.flat,
            "stored_at": moment,
        },
    )
    if item.path is not None:
        connection.execute(_ADD_FILE, {"path": item.path, "sha256": item.sha256, "layout": layout})
    state = connection.execute(_STATE_OF_BLOB, {"known": item.sha256}).scalar_one()
    outcome = {"reason": "", "stored_at": moment, "sha256": item.sha256, "skipped_sha256": None}
    if state != "live":
        # Thrown out by the user, perhaps while this image was on its way: what takes its place is shown here too.
        outcome |= {"status": ImageStatus.SKIPPED, "sha256": None, "skipped_sha256": item.sha256}
    connection.execute(_RECORD_STORED, _outcome(item, moment) | outcome)
    if intent_id is not None:
        connection.execute(_DROP_INTENT, {"done": intent_id})


def record_missed(connection: Connection, item: ImageItem) -> None:
    """Record why an image was not stored (`failed`, `gone`, `filtered`); what is stored stays stored."""
    outcome = {"reason": item.reason, "stored_at": None, "sha256": None, "skipped_sha256": None}
    attempts = {"attempts": int(item.status is not ImageStatus.FILTERED)}
    connection.execute(_RECORD_MISSED, _outcome(item, now()) | attempts | outcome)


def record_audit(connection: Connection, item: AuditItem, apart: timedelta) -> str:
    """Record what an audit saw; return `present`, `back`, `missed` (to be looked at again) or `vanished`.

    Args:
        connection: of the writer.
        item: what was seen.
        apart: how long after the first miss a second one is believed.
    """
    here = Image.image_id == item.image_id
    missed_at, vanished_at = connection.execute(select(Image.missed_at, Image.vanished_at).where(here)).one()
    moment = now()
    if item.missing is None:
        connection.execute(update(Image).where(here).values(missing=None, missed_at=None, vanished_at=None))
        return "present" if vanished_at is None else "back"
    changes: dict[str, Any] = {"missing": item.missing}
    if missed_at is None:
        changes["missed_at"] = moment
    elif vanished_at is None and moment - missed_at >= apart:
        changes["vanished_at"] = vanished_at = moment
    connection.execute(update(Image).where(here).values(**changes))
    return "missed" if vanished_at is None else "vanished"


def forget_misses(connection: Connection) -> None:
    """Forget first misses: the site blocked since, and what it showed then proves nothing."""
    unsure = and_(Image.missed_at.is_not(None), Image.vanished_at.is_(None))
    connection.execute(update(Image).where(unsure).values(missing=None, missed_at=None))


def _outcome(item: ImageItem, moment: datetime) -> dict[str, Any]:
    return {
        "image_id": item.image_id,
        "status": item.status,
        "attempts": 1,
        "attempted_at": moment,
        "name": item.name,
        "gallery_id": item.gallery_id,
        "address": item.url,
        "added": item.added,
    }


def _outcome_upsert() -> Insert:
    """Return the statement that records an outcome: what was known of the image and is not said now stays."""
    statement = insert(Image)
    new = statement.excluded
    changes: dict[str, Any] = {
        column.key: func.coalesce(new[column.key], column)
        for column in (Image.name, Image.gallery_id, Image.address, Image.added)
    }
    changes |= {name: new[name] for name in ("status", "reason", "attempted_at", "sha256", "skipped_sha256")}
    changes["attempts"] = Image.attempts + 1
    changes["stored_at"] = func.coalesce(Image.stored_at, new.stored_at)
    return statement.on_conflict_do_update(index_elements=[Image.image_id], set_=changes)


def _missed_upsert() -> Insert:
    """Return the same for an image without a file, which leaves stored and skipped ones alone."""
    statement = insert(Image)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in ("status", "reason", "attempted_at")}
    changes["attempts"] = Image.attempts + statement.excluded.attempts
    return statement.on_conflict_do_update(
        index_elements=[Image.image_id],
        set_=changes,
        where=Image.status.not_in([ImageStatus.STORED, ImageStatus.SKIPPED]),
    )


def _file_upsert() -> Insert:
    statement = insert(StoredFile)
    return statement.on_conflict_do_update(index_elements=[StoredFile.path], set_={"sha256": statement.excluded.sha256})


# Built once: putting a statement together costs more than running it.
_ADD_BLOB = insert(Blob).on_conflict_do_nothing()
_STATE_OF_BLOB = select(Blob.state).where(Blob.sha256 == bindparam("known"))
_ADD_FILE = _file_upsert()
_RECORD_STORED = _outcome_upsert()
_RECORD_MISSED = _missed_upsert()
_DROP_INTENT = delete(Intent).where(Intent.intent_id == bindparam("done"))


def note_finished_folders(connection: Connection, layout: str) -> None:
    """Date the folders that are listed through and want no image any more in this layout; undate those that do.

    What a filter kept out is not wanting: whether it is had depends on the filters of the next crawl.
    """
    finished = Folder.finished_blobs if layout == "blobs" else Folder.finished_straight
    here = and_(Favorite.user_id == Folder.user_id, Favorite.folder_id == Folder.folder_id)
    has_file = exists().where(StoredFile.sha256 == Image.sha256, StoredFile.layout == layout)
    lacking = or_(
        Image.status.in_([ImageStatus.WANTED, ImageStatus.FAILED]),
        and_(Image.status == ImageStatus.STORED, ~has_file),
    )
    wanting = exists().where(here, Favorite.image_id == Image.image_id, lacking)
    images = Folder.kind == FolderKind.IMAGES
    connection.execute(
        update(Folder)
        .where(images, Folder.listed_at.is_not(None), finished.is_(None), ~wanting)
        .values({finished: now()})
    )
    connection.execute(update(Folder).where(finished.is_not(None), wanting).values({finished: None}))
    note_finished_gallery_folders(connection, finished, lacking)
