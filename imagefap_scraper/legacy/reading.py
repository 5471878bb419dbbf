"""The original's database, told apart by its bytes and read by a child process that can do no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from imagefap_scraper.exceptions import StorageError, UserInputError
from imagefap_scraper.legacy.child import BZ2, SECONDS
from imagefap_scraper.legacy.crypto import MAGIC, LegacyKey, NotDecryptedError
from imagefap_scraper.legacy.records import End, LegacyDatabase, Refused, parse_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["read_legacy"]

_CHILD = "imagefap_scraper.legacy.child"
#: Pickles of the protocols that the original ever wrote; others name things that it never did.
_PICKLE = (b"\x80\x04", b"\x80\x05")
#: Bytes of the longest line that is believed: a folder of a million images is shorter.
_LONGEST_LINE = 64 * 1024**2
#: Characters of a refusal that are shown: it may quote the file.
_SHOWN = 200


def read_legacy(path: Path, password: Callable[[], str]) -> tuple[LegacyDatabase, LegacyKey | None]:
    """Return what a database of the original holds, and the key if it is encrypted.

    Args:
        path: the file.
        password: asked for only if the file is encrypted.

    Raises:
        UserInputError: there is no such file, it is none of the original's, damaged, or the password is wrong.
        StorageError: it cannot be read, or a process cannot be started.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head.startswith(MAGIC):
                key = LegacyKey(password())
                with _decrypted(path, head + file.read(), key) as plain:
                    return _read(path, plain), key
            if not head.startswith((*_PICKLE, BZ2)):
                raise UserInputError(f"{path} is no database of the original program; nothing was imported")
            return _read(path, file), None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise UserInputError(f"there is no file {path}; name the original program's imagefap.database") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error


@contextmanager
def _decrypted(path: Path, content: bytes, key: LegacyKey) -> Iterator[IO[bytes]]:
    """Give the decrypted database as a file that is in memory alone."""
    try:
        plain = key.decrypt(content)
    except NotDecryptedError:
        raise UserInputError(f"the password is wrong, or {path} is damaged; nothing was imported") from None
    if not plain.startswith((*_PICKLE, BZ2)):
        raise UserInputError(f"{path} holds no database of the original program; nothing was imported")
    with os.fdopen(os.memfd_create("legacy"), "w+b") as file:
        file.write(plain)
        file.flush()
        yield file


def _read(path: Path, file: IO[bytes]) -> LegacyDatabase:
    """Have the child read a database, and take its records as they come."""
    command = (sys.executable, "-P", "-W", "ignore", "-m", _CHILD)
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    database = LegacyDatabase()
    # What was read so far, here, is read again by the child: it shares the place in the file.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with subprocess.Popen(  # noqa: S603 - this program's own module
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            while line := process.stdout.readline(_LONGEST_LINE):
                record = parse_record(line)
                if isinstance(record, End):
                    return database
                if isinstance(record, Refused):
                    raise _refused(path, record.why)
                database.add(record)
        except ValueError as error:
            raise _refused(path, "what was read of it makes no sense") from error
        finally:
            process.kill()
    raise _refused(path, _why(process.returncode))


def _why(code: int) -> str:
    """Return why a child ended before it was done."""
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"reading it took more than {SECONDS} s, or more memory than there is"
    if code < 0:
        return f"reading it crashed ({signal.Signals(-code).name}), as what is nested too deeply does"
    return f"reading it ended with exit code {code}"


def _refused(path: Path, why: str) -> UserInputError:
    """Return the error for a database that is not taken, on one line."""
    shown = "".join(character if character.isprintable() else "?" for character in why[:_SHOWN])
    return UserInputError(f"{path} is not imported: {shown}")
