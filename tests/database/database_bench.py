"""A fresh database for one test, written and read as a crawl does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from imagefap_scraper.database import writes
from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.session import database_url, open_writer
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine


@contextmanager
def new_engine(directory: Path, **options: Any) -> Iterator[Engine]:
    """Give the engine of a new database of the newest schema."""
    engine = open_writer(database_url(directory), **options)
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()


class Bench:
    """Runs each function in a transaction of its own; `ask` is plain SQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def do(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self.engine.begin() as connection:
            return work(connection, *arguments, **options)

    def ask(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query), parameters)]

    def value(self, query: str, **parameters: Any) -> Any:
        ((value,),) = self.ask(query, **parameters)
        return value

    def user(self, user_id: int = 1, name: str = "anna", folder_ids: list[int] | None = None) -> None:
        self.do(writes.record_user, UserItem(user_id, name, folder_ids))

    def page(self, *image_ids: int, pages: int = 1, folder_id: int = 10, **more: Any) -> None:
        """Record a listing page of a folder of user 1."""
        favorites = [FavoriteItem(image_id) for image_id in image_ids]
        kind = more.pop("kind", FolderKind.IMAGES)
        self.do(writes.record_folder, FolderItem(1, folder_id, "Trees", kind, pages, favorites, **more))

    def stored(self, image_id: int, sha256: str, layout: str = "blobs", **more: Any) -> None:
        """Record an image that was stored."""
        more.setdefault("path", f"blobs/{sha256}.jpg" if layout == "blobs" else f"{image_id}.jpg")
        intent_id = more.pop("intent_id", None)
        item = ImageItem(image_id, ImageStatus.STORED, sha256=sha256, format="JPEG", size=9, **more)
        self.do(writes.record_stored, item=item, layout=layout, extension="jpg", intent_id=intent_id)

    def missed(self, image_id: int, status: ImageStatus = ImageStatus.FAILED, reason: str = "cut", **more: Any) -> None:
        """Record an image that was not stored."""
        self.do(writes.record_missed, item=ImageItem(image_id, status, reason, **more))
