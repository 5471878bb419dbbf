"""The real child, but for one thing: a file that ends with `CRASH` kills it with SIGSEGV, as a faulty decoder would.

One that ends with `NONSENSE` makes it answer to a look with what is none.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from imagefap_scraper.inspection import decode, worker

if TYPE_CHECKING:
    from typing import Any

    from imagefap_scraper.inspection.result import Limits


class Nonsense:
    def to_bytes(self) -> bytes:
        return b"nonsense"


def crashing(name: str) -> None:
    """Put a crash before one of the decoder's functions."""
    real = getattr(decode, name)

    def crash_or(content: bytes, limits: Limits) -> Any:
        if content.endswith(b"CRASH"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if content.endswith(b"NONSENSE") and name == "look":
            return Nonsense()
        return real(content, limits)

    setattr(decode, name, crash_or)


for function in ("inspect", "look", "pixels", "thumbnail"):
    crashing(function)
worker.main(sys.argv[1:])
