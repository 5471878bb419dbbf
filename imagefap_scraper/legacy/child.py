"""The child process that reads a pickle: `python -m imagefap_scraper.legacy.child`, the database as its standard input.

It writes one JSON object a line: the records, then `{"record": "end"}`; or `{"record": "refused", "why": TEXT}`. It may
use 2 GiB of address space and 60 s of CPU time, opens and writes no file, and does its work once.
"""

from __future__ import annotations

import bz2
import json
import os
import resource
import sys
from typing import IO, Any

from imagefap_scraper.legacy.shapes import ShapeError, records
from imagefap_scraper.legacy.unpickling import PickleRefusedError, load

#: Bytes of address space, and seconds of CPU time, that reading may take. 100,000 pictures take 0.7 GiB and 2 s.
MEMORY = 2 * 1024**3
SECONDS = 60
#: Bytes of a compressed database once it is unpacked: half of the memory, the objects need the rest.
_LARGEST = MEMORY // 2
#: How much longer than the pickle the records may be: one that names the same things over and over is none of ours.
_GROWTH = 4
_ALWAYS_ALLOWED = 16 * 1024**2
BZ2 = b"BZh"


def main() -> None:
    """Read the database from standard input and write its records."""
    _limit()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    try:
        content = _unpacked(sys.stdin.buffer.read())
        _write(answers, content)
    except (PickleRefusedError, ShapeError) as error:
        _say(answers, {"record": "refused", "why": str(error)})
    except MemoryError:
        _say(answers, {"record": "refused", "why": "it claims more memory than any such database needs"})
    except RecursionError:
        _say(answers, {"record": "refused", "why": "it is nested too deeply"})
    answers.flush()
    # Not the usual way: taking deeply nested objects apart again may crash.
    os._exit(0)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _unpacked(content: bytes) -> bytes:
    """Return the pickle of a database that may be compressed.

    Raises:
        PickleRefusedError: it is damaged, too large, or goes on behind its end.
    """
    if not content.startswith(BZ2):
        return content
    unpacker = bz2.BZ2Decompressor()
    try:
        unpacked = unpacker.decompress(content, max_length=_LARGEST)
    except (OSError, EOFError, ValueError):
        raise PickleRefusedError("its compression is damaged") from None
    if not unpacker.eof:
        raise PickleRefusedError("it is cut short" if unpacker.needs_input else "it is too large once unpacked")
    if unpacker.unused_data:
        raise PickleRefusedError("it goes on behind its end")
    return unpacked


def _write(answers: IO[str], content: bytes) -> None:
    allowed = max(_ALWAYS_ALLOWED, _GROWTH * len(content))
    for record in records(load(content)):
        allowed -= _say(answers, record)
        if allowed < 0:
            raise ShapeError("it says the same over and over")
    _say(answers, {"record": "end"})


def _say(answers: IO[str], record: dict[str, Any]) -> int:
    return answers.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
