"""An import carried out in a test, and a look into what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import legacy_world as original
from sqlalchemy import create_engine, text

from imagefap_scraper.legacy.importing import Import, Result, Source

if TYPE_CHECKING:
    from pathlib import Path


class Imported(NamedTuple):
    directory: Path
    result: Result

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.directory / 'imagefap.database'}")
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found


def run(database: Path, output: Path) -> Imported:
    work = Import(Source(database, database.parent / "blobs"), output, lambda: original.PASSWORD)
    return Imported(output, work.run(lambda _count: None))
