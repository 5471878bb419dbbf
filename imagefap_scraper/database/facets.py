"""What can be searched for, one narrow row an image, so that any question is at most one scan of a small table.

Nothing here is anybody's own: triggers keep it equal to the tables that it is made of. A join of a million images with
their blobs takes a second, a scan of `facets` 60 ms, and the trigrams of the names answer in a few (measured with
benchmarks/queries.py).
"""

from __future__ import annotations

from sqlalchemy import DDL, Index, Integer, event
from sqlalchemy.orm import Mapped, mapped_column

from imagefap_scraper.database.base import Base

#: In `facets.user_id`: in folders of more than one user.
SEVERAL_USERS = -1


class Facet(Base):
    """An image as the search sees it, with the blob that is shown for it.

    Of an image that was thrown out as a copy, that is the blob kept in its place. `user_id` is the one user in whose
    folders it is, -1 if there are several, empty if it is in none. `gone` tells that the site no longer has it. `dup`
    is 1 in a group of look-alikes, 2 while the group asks about it, else 0. `tags` counts its tags. `stored` (by this
    archive) and `uploaded` (to the site, as far as the site's date can be read) are seconds since 1970, UTC.
    """

    __tablename__ = "facets"
    __table_args__ = (Index("facets_by_user", "user_id"),)

    image_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str]
    format: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    size: Mapped[int | None]
    animated: Mapped[bool]
    gone: Mapped[bool]
    dup: Mapped[int]
    tags: Mapped[int]
    user_id: Mapped[int | None]
    stored: Mapped[int | None]
    uploaded: Mapped[int | None]
    name: Mapped[str | None]


class FacetTag(Base):
    """A tag on the blob that is shown for an image."""

    __tablename__ = "facet_tags"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag_id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(primary_key=True)


#: The names by their trigrams: SQLite's own full-text index, which keeps the text in `facets` alone.
NAMES = (
    "CREATE VIRTUAL TABLE facet_names USING fts5(name, content='facets', content_rowid='image_id', tokenize='trigram')"
)

_COLUMNS = "status, format, width, height, size, animated, gone, dup, tags, user_id, stored, uploaded, name"
_SHOWN = "coalesce(i.sha256, (SELECT kept_as FROM blobs WHERE sha256 = i.skipped_sha256))"
_USERS = "FROM favorites AS f WHERE f.image_id = i.image_id"
_FACTS = f"""
    i.status, b.format, b.width, b.height, b.size, coalesce(b.animated, 0),
    i.status = 'gone' OR i.vanished_at IS NOT NULL,
    coalesce((SELECT max(1 + asked) FROM duplicate_members WHERE sha256 = b.sha256 AND verdict != 'false'), 0),
    (SELECT count(*) FROM blob_tags WHERE sha256 = b.sha256),
    (SELECT CASE WHEN min(f.user_id) = max(f.user_id) THEN min(f.user_id)
        WHEN min(f.user_id) IS NOT NULL THEN {SEVERAL_USERS} END {_USERS}),
    CAST(strftime('%s', i.stored_at) AS INTEGER), CAST(strftime('%s', i.added) AS INTEGER),
    coalesce(i.name, (SELECT max(f.listed_name) {_USERS}))
    FROM images AS i LEFT JOIN blobs AS b ON b.sha256 = {_SHOWN}
"""  # noqa: S608 - names of ours

#: Makes the rows of an archive that had none.
FILL = (
    f"INSERT INTO facets (image_id, {_COLUMNS}) SELECT i.image_id, {_FACTS}",
    "INSERT INTO facet_tags (tag_id, image_id) SELECT t.tag_id, i.image_id FROM images AS i "  # noqa: S608
    f"JOIN blob_tags AS t ON t.sha256 = {_SHOWN}",
    "INSERT INTO facet_names(facet_names) VALUES ('rebuild')",
)


def _trigger(name: str, when: str, *statements: str) -> str:
    return f"CREATE TRIGGER {name} {when} BEGIN {'; '.join(statements)}; END"


def _refresh(images: str) -> str:
    """Return the statement that makes the rows of some images anew; `images` selects their numbers."""
    facts = f"SELECT {_FACTS} WHERE i.image_id = facets.image_id"
    return f"UPDATE facets SET ({_COLUMNS}) = ({facts}) WHERE image_id IN ({images})"  # noqa: S608


def _with_blob(sha256: str) -> str:
    """Return the select of the images for which a blob is shown."""
    return (
        f"SELECT image_id FROM images WHERE sha256 = {sha256} UNION ALL "  # noqa: S608
        "SELECT image_id FROM images WHERE skipped_sha256 IN "
        f"(SELECT sha256 FROM blobs WHERE kept_as = {sha256})"
    )


def _untag(images: str, blobs: str) -> str:
    tags = f"SELECT tag_id FROM blob_tags WHERE sha256 IN ({blobs})"  # noqa: S608
    return f"DELETE FROM facet_tags WHERE tag_id IN ({tags}) AND image_id IN ({images})"  # noqa: S608


def _tag(images: str, blob: str) -> str:
    return (
        "INSERT OR IGNORE INTO facet_tags (tag_id, image_id) SELECT t.tag_id, s.image_id "  # noqa: S608
        f"FROM blob_tags AS t JOIN ({images}) AS s WHERE t.sha256 = {blob}"
    )


_THIS = "SELECT NEW.image_id"
_THIS_BLOB = "coalesce(NEW.sha256, (SELECT kept_as FROM blobs WHERE sha256 = NEW.skipped_sha256))"
_OLD_BLOBS = "OLD.sha256, (SELECT kept_as FROM blobs WHERE sha256 = OLD.skipped_sha256)"
#: Images that are shown with the blob that takes this one's place.
_SKIPPED_OF = "SELECT image_id FROM images WHERE skipped_sha256 = NEW.sha256"


def _images() -> list[str]:
    insert = f"INSERT INTO facets (image_id, {_COLUMNS}) SELECT i.image_id, {_FACTS} WHERE i.image_id = NEW.image_id"
    columns = "status, sha256, skipped_sha256, name, added, stored_at, vanished_at"
    moved = "OLD.sha256 IS NOT NEW.sha256 OR OLD.skipped_sha256 IS NOT NEW.skipped_sha256"
    return [
        _trigger("facet_of_new_image", "AFTER INSERT ON images", insert, _tag(_THIS, _THIS_BLOB)),
        _trigger("facet_of_image", f"AFTER UPDATE OF {columns} ON images", _refresh(_THIS)),
        _trigger(
            "facet_of_image_with_another_blob",
            f"AFTER UPDATE OF sha256, skipped_sha256 ON images WHEN {moved}",
            _untag(_THIS, _OLD_BLOBS),
            _tag(_THIS, _THIS_BLOB),
        ),
        _trigger(
            "facet_of_no_image",
            "AFTER DELETE ON images",
            _untag("OLD.image_id", _OLD_BLOBS),
            "DELETE FROM facets WHERE image_id = OLD.image_id",
        ),
    ]


def _blobs() -> list[str]:
    facts = "format, width, height, size, animated"
    return [
        _trigger("facet_of_blob", f"AFTER UPDATE OF {facts} ON blobs", _refresh(_with_blob("NEW.sha256"))),
        _trigger(
            "facet_of_kept_blob",
            "AFTER UPDATE OF kept_as ON blobs WHEN OLD.kept_as IS NOT NEW.kept_as",
            _untag(_SKIPPED_OF, "OLD.kept_as"),
            _tag(_SKIPPED_OF, "NEW.kept_as"),
            _refresh(_SKIPPED_OF),
        ),
    ]


def _favorites() -> list[str]:
    return [
        _trigger("facet_of_new_favorite", "AFTER INSERT ON favorites", _refresh(_THIS)),
        _trigger("facet_of_favorite", "AFTER UPDATE OF listed_name ON favorites", _refresh(_THIS)),
        _trigger("facet_of_no_favorite", "AFTER DELETE ON favorites", _refresh("OLD.image_id")),
    ]


def _groups() -> list[str]:
    new, old = _refresh(_with_blob("NEW.sha256")), _refresh(_with_blob("OLD.sha256"))
    return [
        _trigger("facet_of_new_member", "AFTER INSERT ON duplicate_members", new),
        _trigger("facet_of_member", "AFTER UPDATE ON duplicate_members", new),
        _trigger("facet_of_no_member", "AFTER DELETE ON duplicate_members", old),
    ]


def _tags() -> list[str]:
    put = "INSERT OR IGNORE INTO facet_tags (tag_id, image_id) SELECT NEW.tag_id, image_id FROM ({})"
    here = _with_blob("NEW.sha256")
    count = "UPDATE facets SET tags = tags {} 1 WHERE image_id IN ({})"
    there = _with_blob("OLD.sha256")
    take = f"DELETE FROM facet_tags WHERE tag_id = OLD.tag_id AND image_id IN ({there})"  # noqa: S608
    put, less = put.format(here), count.format("-", there)
    more = count.format("+", here)
    return [
        _trigger("facet_of_new_tag", "AFTER INSERT ON blob_tags", put, more),
        _trigger("facet_of_tag", "AFTER UPDATE ON blob_tags", take, less, put, more),
        _trigger("facet_of_no_tag", "AFTER DELETE ON blob_tags", take, less),
    ]


def _names() -> list[str]:
    out = "INSERT INTO facet_names (facet_names, rowid, name) VALUES ('delete', OLD.image_id, OLD.name)"
    into = "INSERT INTO facet_names (rowid, name) VALUES (NEW.image_id, NEW.name)"
    return [
        _trigger("facet_name_new", "AFTER INSERT ON facets", into),
        _trigger("facet_name", "AFTER UPDATE OF name ON facets WHEN OLD.name IS NOT NEW.name", out, into),
        _trigger("facet_name_gone", "AFTER DELETE ON facets", out),
    ]


TRIGGERS = (*_images(), *_blobs(), *_favorites(), *_groups(), *_tags(), *_names())
for _statement in (NAMES, *TRIGGERS):
    # After the last of the tables, for they name several.
    event.listen(Base.metadata, "after_create", DDL(_statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
