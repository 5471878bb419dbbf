"""The real child, but for one thing: a file that ends with `CRASH` kills it with SIGSEGV, as a faulty decoder would."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from imagefap_scraper.inspection import decode, worker

if TYPE_CHECKING:
    from imagefap_scraper.inspection.result import Inspection, Limits

inspect = decode.inspect


def crash_or_inspect(content: bytes, limits: Limits) -> Inspection:
    if content.endswith(b"CRASH"):
        os.kill(os.getpid(), signal.SIGSEGV)
    return inspect(content, limits)


decode.inspect = crash_or_inspect
worker.main(sys.argv[1:])
