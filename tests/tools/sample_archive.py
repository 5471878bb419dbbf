"""A small archive as crawls leave it, with every status, kind and verdict at least once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember
from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.models import (
    Base,
    Blob,
    BlobTag,
    Favorite,
    Folder,
    Image,
    Tag,
    User,
)
from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = "a" * 64
SECOND = "b" * 64
SEEN = datetime(2024, 1, 1, 8, tzinfo=UTC)
FINISHED = datetime(2024, 3, 1, 12, 30, 15, 250, tzinfo=UTC)

#: What the site's people may write: colours and cursor moves, C1 controls, bidi, markup, a line end of Unicode's.
HOSTILE = "\x1b[31mred\x9b2J \u202egpj.exe [bold]x[/bold] 花\u2028.jpg"


def make(directory: Path) -> Path:
    """Make the archive and return the path of its database."""
    engine = open_writer(database_url(directory))
    upgrade(engine)
    with Session(engine) as session:
        for row in (*_users_and_folders(), *_images(), *_favorites(), *_judgements()):
            session.add(row)
            # The session orders by relationships, and there are none: each row goes before the next that names it.
            session.flush()
        session.commit()
    engine.dispose()
    return directory / DATABASE_NAME


def _users_and_folders() -> Iterator[Base]:
    for user_id, name in ((1, "anna"), (2, "Ben"), (3, "Ärger & Söhne")):
        yield User(user_id=user_id, name=name, first_seen=SEEN)
    yield Folder(
        user_id=1,
        folder_id=10,
        name="Flowers",
        kind="images",
        pages=2,
        first_seen=SEEN,
        listed_at=SEEN,
        finished_blobs=FINISHED,
    )
    yield Folder(user_id=1, folder_id=11, name="Albums", kind="galleries", pages=0, first_seen=SEEN)
    yield Folder(user_id=1, folder_id=-1, name="Uncategorized", kind="empty", pages=1, first_seen=SEEN, listed_at=SEEN)
    yield Folder(user_id=2, folder_id=20, name="Trees", pages=1, first_seen=SEEN, unlisted_at=FINISHED)


def _images() -> Iterator[Base]:
    for sha256, size, width, animated in ((FIRST, 1000, 200, False), (SECOND, 3000, 400, True)):
        yield Blob(
            sha256=sha256,
            extension="gif" if animated else "jpg",
            format="GIF" if animated else "JPEG",
            size=size,
            width=width,
            height=100,
            animated=animated,
            stored_at=SEEN,
        )
    yield Image(image_id=101, status="stored", name="one.jpg", sha256=FIRST)
    yield Image(image_id=102, status="stored", name="two whole.jpg", sha256=FIRST)
    yield Image(image_id=103, status="stored", name="three.gif", sha256=SECOND)
    yield Image(image_id=104, status="failed", reason="the file is cut short")
    yield Image(image_id=105, status="gone", reason="the site has no such image")
    yield Image(image_id=106, status="wanted")
    yield Image(image_id=107, status="wanted")


def _favorites() -> Iterator[Base]:
    names = {101: "one.jpg", 107: "seven.jpg", 102: "tw..", 103: None, 104: "four.jpg", 105: None, 106: HOSTILE}
    in_flowers = [(1, 10, image_id, name) for image_id, name in names.items()]
    for position, (user_id, folder_id, image_id, name) in enumerate([*in_flowers, (2, 20, 103, None)]):
        yield Favorite(
            user_id=user_id,
            folder_id=folder_id,
            image_id=image_id,
            position=position,
            listed_name=name,
            first_seen=SEEN,
            shown_at=SEEN,
            unlisted_at=FINISHED if image_id == 107 else None,
        )


def _judgements() -> Iterator[Base]:
    yield DuplicateGroup(group_id=1, kind="copy")
    yield DuplicateMember(group_id=1, sha256=FIRST, verdict="keep")
    yield DuplicateMember(group_id=1, sha256=SECOND, verdict="new")
    for tag_id, parent_id, name in ((1, None, "plants"), (2, 1, "Trees"), (3, 1, "bushes"), (4, None, "Animals")):
        yield Tag(tag_id=tag_id, parent_id=parent_id, name=name, key=name.casefold())
    for sha256, tag_id in ((FIRST, 2), (SECOND, 2), (FIRST, 1)):
        yield BlobTag(sha256=sha256, tag_id=tag_id)
