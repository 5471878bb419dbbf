"""The child process that decodes: `python -m imagefap_scraper.inspection.worker [LIMITS AS JSON] [PARENT PID]`.

On its standard input it gets one file after another: what is wanted of it (1 byte, a `Task`), 8 bytes of length
(big-endian), and then its bytes. On its standard output it answers each with 4 bytes of length and JSON: the fields of
`Inspection`, or `{"sha256"}` of the pixels; a look it answers with `LOOK` and the bytes of it, a thumbnail or preview
with the WebP file itself.
Before the first it writes one byte, `READY`. It ends when its input ends, and with its parent.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import struct
import sys
from dataclasses import asdict
from enum import IntEnum
from typing import TYPE_CHECKING

from imagefap_scraper.inspection.result import Inspection, Limits

if TYPE_CHECKING:
    from types import ModuleType
    from typing import BinaryIO

READY = b"\x06"
#: Before the bytes of a look: no JSON begins so.
LOOK = b"\x0c"
REQUEST_HEAD = struct.Struct(">BQ")
ANSWER_LENGTH = struct.Struct(">I")

#: prctl's number for "send me this signal when my parent dies" (linux/prctl.h).
_PR_SET_PDEATHSIG = 1
#: Files a child may have open: three streams, the pipe of its own, and a few for what Python still imports.
_MAX_OPEN_FILES = 16


class Task(IntEnum):
    """What is wanted of a file."""

    INSPECT = 0
    LOOK = 1
    PIXELS = 2
    THUMBNAIL = 3
    PREVIEW = 4


def main(arguments: list[str]) -> None:
    """Answer until the input ends.

    Args:
        arguments: the limits as a JSON object (the fields of `Limits`), and the parent's process id; both may be
            missing.
    """
    limits = Limits(**json.loads(arguments[0])) if arguments else Limits()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if len(arguments) > 1:
        _die_with_parent(int(arguments[1]))
    requests, answers = _claim_streams()
    decode = _warm_up()
    _limit_process(limits)
    answers.write(READY)
    answers.flush()
    while (request := _read_request(requests)) is not None:
        _limit_cpu(limits.seconds)
        answer = _answer(decode, *request, limits)
        answers.write(ANSWER_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _answer(decode: ModuleType, task: Task, content: bytes, limits: Limits) -> bytes:
    work = {
        Task.INSPECT: decode.inspect,
        Task.LOOK: decode.look,
        Task.PIXELS: decode.pixels,
        Task.THUMBNAIL: decode.thumbnail,
        Task.PREVIEW: decode.preview,
    }[task]
    found = work(content, limits)
    if isinstance(found, Inspection):
        return json.dumps(asdict(found)).encode()
    if isinstance(found, bytes):
        return found
    return json.dumps({"sha256": found}).encode() if task is Task.PIXELS else LOOK + bytes(found.to_bytes())


def _die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the parent's thread that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        raise SystemExit(1)


def _claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the protocol's streams to ourselves: whatever a library prints goes where standard error goes."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return sys.stdin.buffer, answers


def _warm_up() -> ModuleType:
    """Import all that inspecting will want: then the first picture does not pay, and limits on files do not bite.

    What looks need besides takes 0.01 s, when the first is asked for.
    """
    from PIL import AvifImagePlugin, Image  # noqa: PLC0415 - these come after the parent's death is provided for

    from imagefap_scraper.dedup.encoding import encode_image  # noqa: PLC0415
    from imagefap_scraper.inspection import decode  # noqa: PLC0415

    Image.init()
    # One picture a child at a time: threads of a decoder would only take address space (8 MiB of stack each).
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    encode_image(Image.new("RGB", (64, 64)))
    return decode


def _limit_process(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))


def _limit_cpu(seconds: float) -> None:
    """Move the CPU limit forward: it counts from the start of the process, and each file has its own share."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime + seconds), hard))


def _read_request(requests: BinaryIO) -> tuple[Task, bytes] | None:
    """Return what is wanted next, and the file's bytes; None at the end of the input, also if it is in the middle."""
    head = requests.read(REQUEST_HEAD.size)
    if len(head) < REQUEST_HEAD.size:
        return None
    task, length = REQUEST_HEAD.unpack(head)
    content = requests.read(length)
    return (Task(task), content) if len(content) == length else None


if __name__ == "__main__":
    main(sys.argv[1:])
