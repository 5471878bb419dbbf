"""An archive with real files, in folders and tags, as crawls and `tags` leave it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.models import Blob, BlobTag, Favorite, Folder, Image, StoredFile, Tag, User
from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer
from imagefap_scraper.storage.files import ArchiveDirectory

if TYPE_CHECKING:
    from pathlib import Path

SEEN = datetime(2026, 1, 1, 8, tzinfo=UTC)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Collection:
    """Rows and files to be; `make` writes them."""

    users: dict[int, str] = field(default_factory=lambda: {1: "anna"})
    folders: dict[tuple[int, int], str] = field(default_factory=lambda: {(1, 10): "Flowers"})
    images: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[int, tuple[int | None, str]] = field(default_factory=dict)

    def add(
        self,
        image_id: int,
        content: bytes,
        *,
        name: str | None = None,
        path: str | None = None,
        at: tuple[tuple[int, int, int], ...] = (),
        tags: tuple[int, ...] = (),
        verdict: str = "new",
    ) -> str:
        """Add a stored image; `at` are user, folder and position; `path` its straight file, else it is a blob's."""
        self.images.append(
            {"id": image_id, "content": content, "name": name, "path": path, "at": at, "tags": tags, "verdict": verdict}
        )
        return sha(content)

    def make(self, directory: Path) -> Path:
        """Write the archive and return the path of its database."""
        ArchiveDirectory(directory).prepare()
        engine = open_writer(database_url(directory))
        upgrade(engine)
        with engine.begin() as connection:
            for table, rows in self._rows(directory):
                if rows:
                    connection.execute(insert(table), rows)
        engine.dispose()
        return directory / DATABASE_NAME

    def _rows(self, directory: Path) -> list[tuple[Any, list[dict[str, Any]]]]:
        blobs: dict[str, dict[str, Any]] = {}
        files: dict[str, dict[str, Any]] = {}
        images, favorites, carried = [], [], {}
        for one in self.images:
            digest = sha(one["content"])
            path = one["path"] or f"blobs/{digest}.jpg"
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(one["content"])
            blobs[digest] = {
                "sha256": digest,
                "extension": "jpg",
                "format": "JPEG",
                "size": len(one["content"]),
                "animated": False,
                "unchecked": "",
                "stored_at": SEEN,
            }
            layout = "straight" if one["path"] else "blobs"
            files[path] = {"path": path, "sha256": digest, "layout": layout}
            images.append({"image_id": one["id"], "status": "stored", "name": one["name"], "sha256": digest})
            for user_id, folder_id, position in one["at"]:
                place = {"user_id": user_id, "folder_id": folder_id, "image_id": one["id"], "position": position}
                favorites.append({**place, "verdict": one["verdict"], "first_seen": SEEN, "shown_at": SEEN})
            carried |= {(digest, tag): {"sha256": digest, "tag_id": tag} for tag in one["tags"]}
        users = [{"user_id": number, "name": name, "first_seen": SEEN} for number, name in self.users.items()]
        folders = [
            {"user_id": user, "folder_id": folder, "name": name, "kind": "images", "pages": 1, "first_seen": SEEN}
            for (user, folder), name in self.folders.items()
        ]
        tags = [
            {"tag_id": number, "parent_id": parent, "name": name, "key": name.casefold()}
            for number, (parent, name) in self.tags.items()
        ]
        return [
            (User, users),
            (Folder, folders),
            (Blob, list(blobs.values())),
            (Image, images),
            (StoredFile, list(files.values())),
            (Favorite, favorites),
            (Tag, tags),
            (BlobTag, list(carried.values())),
        ]
