"""Fetching pictures again that failed, or whose file is lost: a crawl, one at a time, in the background."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from imagefap_scraper import query
from imagefap_scraper.database import glance, reads
from imagefap_scraper.database.models import Image
from imagefap_scraper.exceptions import ConflictError, LockedError, NotFoundError, StorageError
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.verifying.blobs import lost_files, put_back
from imagefap_scraper.web.browse.crawl_status import find_holder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagefap_scraper.review.workplace import Workplace

#: Where `scrapy.cfg` is.
PROJECT: Final = Path(__file__).resolve().parents[3]
LOG_NAME: Final = "retry.log"
#: Seconds for a crawl to put away what it has when the server ends; afterwards it ends by itself.
_PATIENCE: Final = 10.0
#: What the exit codes of a crawl mean for whoever pressed Retry.
_ENDS: Final = {
    64: "That could not be started: the program did not take its arguments.",
    66: "The site has no such picture, or does not let it be fetched.",
    69: "The site could not be reached. Check the connection, then try again.",
    73: "The disk refused: nothing can be written into the archive.",
    74: "The disk refused: check that it has room, then try again.",
    76: "The site's page looks different from what is known. Nothing was marked as missing.",
    78: "A setting or the database is not right: `process.py doctor` says more.",
    130: "The retry was stopped. A crawl goes on with it.",
}
#: Why there is nothing to retry where nothing is stored.
_SETTLED: Final = {
    ImageStatus.GONE: "The site no longer has this picture.",
    ImageStatus.FILTERED: "A filter of yours keeps this picture out. A crawl without that filter fetches it.",
}
_UNKNOWN = "Nothing is known of the file of this picture: `process.py verify` says more."
_PAUSED = "The site asks for a pause. Try again later, or let the next crawl do it."
_BUSY = "A crawl is running. Run the same crawl again later, or try again when it has finished."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the latest retry stands.

    Attributes:
        number: of the retry, from 1; 0 if there was none since the server started.
        image_id: the picture; None for all that had failed.
        running: it is under way.
        text: what is done, or what came of it.
    """

    number: int = 0
    image_id: int | None = None
    running: bool = False
    text: str = ""


class Retrying:
    """Starts `scrapy crawl images` and says what came of it."""

    def __init__(self, workplace: Workplace, reading: Callable[[], Any]) -> None:
        """Touches nothing yet.

        Args:
            workplace: the archive's directory.
            reading: gives a connection that can only read.
        """
        self._workplace = workplace
        self._directory = workplace.directory
        self._reading = reading
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: Thread | None = None
        self._outcome = Outcome()

    @property
    def outcome(self) -> Outcome:
        """Return where the latest retry stands."""
        return self._outcome

    def start(self, image_id: int | None) -> str:
        """Begin to fetch a picture again, or (None) all that failed; return what to tell.

        A picture that is stored, and whose file is missing or damaged, is put back on the list before.

        Raises:
            NotFoundError: there is no such image.
            ConflictError: it needs no retry, or none would help; a retry or a crawl is running already.
            DatabaseError, LockedError: what the database refuses.
            StorageError: the process cannot be started, or the disk refused.
        """
        lost = None
        with self._reading() as connection:
            failed = glance.count_of(connection, ImageStatus.FAILED)
            straight = reads.usual_layout(connection) == "straight"
            if image_id is not None:
                lost = self._lost_blob(connection, image_id)
            elif not failed:
                raise ConflictError("No picture has failed.")
        text = f"Fetching {'every failed picture' if image_id is None else f'picture {image_id}'} again."
        with self._lock:
            if self._outcome.running:
                raise ConflictError(f"{self._outcome.text} One at a time: wait until that has finished.")
            if find_holder(self._directory.lock_path) is not None:
                raise ConflictError(_BUSY)
            ids = None if image_id is None else [image_id]
            if lost is not None:
                ids, straight = self._put_back(lost, image_id, straight=straight)
            self._child = self._run(ids, straight=straight)
            self._outcome = Outcome(self._outcome.number + 1, image_id, True, text)
            told = None if ids is None else ids[0]
            self._thread = Thread(target=self._wait, args=(self._child, told, failed), name="retry")
            self._thread.start()
        # By now it may be over.
        return text

    def _lost_blob(self, connection: Any, image_id: int) -> str | None:
        """Return the blob that is shown for an image, if its files are lost; None if nothing is stored of it."""
        status, _ = _status(connection, image_id)
        if status in (ImageStatus.FAILED, ImageStatus.WANTED):
            return None
        (row,) = query.rows_of(connection, [image_id])
        if row.sha256 is None:
            raise ConflictError(_SETTLED.get(ImageStatus(status), _UNKNOWN))
        lost_files(connection, self._directory, row.sha256)
        return row.sha256

    def _put_back(self, sha256: str, image_id: int | None, *, straight: bool) -> tuple[list[int], bool]:
        """Put the images of a lost blob back on the list; return those to fetch, this one first, and the layout."""
        try:
            found = put_back(self._workplace, sha256)
        except LockedError as error:
            if find_holder(self._directory.lock_path) is None:
                # Somebody writes into the database, and no crawl.
                raise
            raise ConflictError(_BUSY) from error
        ids = sorted((one for one in found.image_ids if one > 0), key=lambda one: one != image_id)
        return ids, straight or found.layouts == {"straight"}

    def _run(self, image_ids: Sequence[int] | None, *, straight: bool) -> subprocess.Popen[bytes]:
        which = "retry=failed" if image_ids is None else f"ids={','.join(map(str, image_ids))}"
        command = [sys.executable, "-m", "scrapy", "crawl", "images", "-a", which]
        command += ["-a", f"output={self._directory.root.absolute()}"]
        if straight and image_ids is not None:
            command += ["-a", "mode=get"]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            log = os.open(self._log, flags, 0o600)
            try:
                # A session of its own: Ctrl-C at the server's terminal must not reach it twice.
                return subprocess.Popen(  # noqa: S603 - numbers, and a directory of ours
                    command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            finally:
                os.close(log)
        except OSError as error:
            raise StorageError(f"the retry cannot be started: {error.strerror or error}") from error

    @property
    def _log(self) -> Path:
        return self._directory.lock_path.with_name(LOG_NAME)

    def _wait(self, child: subprocess.Popen[bytes], told: int | None, failed: int) -> None:
        code = child.wait()
        last, text = self._outcome, "The retry has ended."
        try:
            text = self._words(code, told, failed)
        finally:
            # Whatever happens while words are sought, the next retry can begin.
            self._outcome = Outcome(last.number, last.image_id, False, text)

    def _words(self, code: int, image_id: int | None, failed: int) -> str:
        if code == 75:
            return _BUSY if "is in use by" in self._last_words() else _PAUSED
        if code not in (0, 3):
            return _ENDS.get(code, f"The retry ended with code {code}: .imagefap/{LOG_NAME} says why.")
        with self._reading() as connection:
            if image_id is not None:
                return _what_came(image_id, *_status(connection, image_id))
            left = glance.count_of(connection, ImageStatus.FAILED)
        done = max(0, failed - left)
        return f"Tried {failed:,} again: {done:,} no longer fail" + (f", {left:,} failed again." if left else ".")

    def _last_words(self) -> str:
        try:
            return self._log.read_text(errors="replace")[-4000:]
        except OSError:
            return ""

    def close(self) -> None:
        """Tell a running retry to end, and wait for it a little; a later crawl goes on with what it left."""
        with self._lock:
            child, thread = self._child, self._thread
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGINT)
        if thread is not None:
            thread.join(_PATIENCE)


def _status(connection: Any, image_id: int) -> tuple[str, str]:
    row = connection.execute(select(Image.status, Image.reason).where(Image.image_id == image_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no picture {image_id} in the archive")
    return row.status, row.reason


def _what_came(image_id: int, status: str, reason: str) -> str:
    said = re.sub(r"\s+", " ", reason).strip().rstrip(".")
    match status:
        case ImageStatus.STORED:
            return f"Picture {image_id} is stored now."
        case ImageStatus.GONE:
            return f"The site no longer has picture {image_id}."
        case ImageStatus.FAILED:
            return f"Picture {image_id} failed again" + (f": {said}." if said else ".")
    return f"Picture {image_id} could not be fetched yet."
