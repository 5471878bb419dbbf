"""One output directory and its database, opened together: checked, locked, brought up to date, recovered."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from imagefap_scraper.database import moves, reads, writes
from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.session import check_file, database_url, open_writer
from imagefap_scraper.database.writer import DatabaseWriter
from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.items import ImageItem
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.layouts import BlobLayout, ImageStore, StraightLayout
from imagefap_scraper.storage.lock import DirectoryLock, database_lock, lock_beside
from imagefap_scraper.storage.recovery import Intent, roll
from imagefap_scraper.storage.template import FILE_FIELDS, Template
from imagefap_scraper.storage.trash import FileMove, carry_out, discard_double, is_in_trash, trash_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

T = TypeVar("T")
Layout = Literal["blobs", "straight"]

logger = logging.getLogger(__name__)


class Archive:
    """Where a crawl stores: the directory, its layout, and the database behind one writer thread.

    Attributes:
        directory: the output directory.
        layout: how images are named.
        store: what names and publishes them.
        writer: the database's one writer; None if the crawl keeps no database.
        database: where the database is; None if there is none.
    """

    def __init__(
        self,
        output: Path,
        layout: Layout,
        *,
        database: bool = True,
        url: str = "",
        durable: bool = True,
        template: str | None = None,
    ) -> None:
        """Open the archive; whatever it holds open is released by `close`.

        Args:
            output: the directory; made if it is not there.
            layout: `blobs` (mode=read) or `straight` (mode=get).
            database: False keeps none, and looks for equal bytes in the directory instead.
            url: another place for the database, as an SQLAlchemy address of an SQLite file.
            durable: False lets the database's commits reach the disk when they will; a power cut costs the last ones.
            template: names of straight files, as `storage.template` reads it; None: the site's names.

        Raises:
            OutputError: the directory cannot be made or written.
            LockedError: another crawl holds it.
            DatabaseError: the database is foreign, newer or damaged.
            StorageError: the disk refused.
        """
        self.layout: Layout = layout
        self.writer: DatabaseWriter | None = None
        self._durable = durable
        self._template = None if template is None else Template(template, FILE_FIELDS)
        self._open = ExitStack()
        address = database_url(Path(output).expanduser().absolute(), url) if database else None
        self.database = None if address is None else Path(str(address.database))
        if self.database is not None:
            # Before anything is made: a directory with a foreign database is left as it is.
            check_file(self.database)
        self.directory = ArchiveDirectory(Path(output))
        self.directory.prepare()
        self.store: ImageStore = self._make_store()
        lock = DirectoryLock(self.directory.lock_path)
        lock.acquire()
        self._open.callback(lock.release)
        if not database:
            # Before the release, and once: afterwards what is there may be another's.
            self._open.callback(self.directory.remove_if_empty)
        try:
            if address is not None:
                self._open_database(address)
            self.directory.clean_tmp()
        except BaseException:
            self.close()
            raise

    def _make_store(self) -> ImageStore:
        if self.layout == "blobs":
            return BlobLayout(self.directory)
        return StraightLayout(self.directory, match_content=self.database is None, template=self._template)

    def _open_database(self, address: Any) -> None:
        path = Path(address.database)
        exclusive = partial(database_lock, path)
        if path.parent.resolve() != self.directory.root:
            _make_lock_beside(path)
        engine = open_writer(address, durable=self._durable)
        with exclusive():
            upgrade(engine)
        self.writer = DatabaseWriter(engine, exclusive)
        self._open.callback(self.writer.close)
        self._recover()

    def _recover(self) -> None:
        """Finish, or give up, what a killed crawl was about to store."""
        for row in self.wait_for(reads.intents):
            outcome = roll(self.directory, Intent(row.temporary, row.path, row.sha256, row.size))
            if outcome == "stored":
                image = dict(row.image)
                layout, extension = image.pop("layout"), image.pop("extension")
                item = ImageItem(**image)
                record = partial(
                    writes.record_stored, item=item, layout=layout, extension=extension, intent_id=row.intent_id
                )
                self.wait_for(record)
            else:
                self.wait_for(partial(writes.drop_intents, intent_ids=[row.intent_id]))
            logger.info("recovered what a stopped crawl was storing: %s %s", row.path, outcome)
        self._carry_out_moves()

    def _carry_out_moves(self) -> None:
        """Finish what a killed command was moving to the trash, or out of it."""
        discard = partial(discard_double, self.directory)
        self.wait_for(partial(moves.send_strays, to_trash=trash_path, is_there=is_in_trash, discard=discard))

        def move(connection: Connection) -> None:
            # In one transaction: no other process may move the same files back meanwhile.
            pending = moves.pending_moves(connection)
            carry_out(self.directory, [FileMove(source, target) for _, source, target in pending])
            moves.drop_moves(connection, [move_id for move_id, _, _ in pending])

        self.wait_for(move)

    def use_layout(self, layout: Layout) -> None:
        """Change the layout, before anything is stored."""
        self.layout = layout
        self.store = self._make_store()

    def wait_for(self, work: Callable[[Connection], T]) -> T:
        """Run a function on the writer thread and wait; for start and end, where no event loop runs."""
        assert self.writer is not None
        return self.writer.submit(work).result()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run a function on the writer thread, after its commit return what it returned."""
        assert self.writer is not None
        return await self.writer.run(work)

    def close(self) -> None:
        """Finish what the writer was given, close the database, release the lock. May be called again."""
        self._open.close()


def _make_lock_beside(database: Path) -> None:
    """Make the lock file of a database that lies in no output directory, where other processes look for it."""
    try:
        lock_beside(database).touch()
    except OSError as error:
        what = f"IMAGEFAP_DATABASE_URL: {database} cannot be made or written"
        raise OutputError(f"{what}: {error.strerror}; make its directory or name another") from error
