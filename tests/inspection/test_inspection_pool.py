from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inspection_corpus import bomb, picture, saved, slow_gif

from imagefap_scraper.dedup.look import LOOK_SIDE, Look
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection import child as child_module
from imagefap_scraper.inspection import pool as pool_module
from imagefap_scraper.inspection.decode import inspect
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.inspection.result import Inspection, Limits, Outcome, ReadFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

JPEG = saved(picture(), "JPEG")
SLOW = slow_gif()


@pytest.fixture
async def start_pool() -> AsyncIterator[Callable[..., InspectionPool]]:
    pools: list[InspectionPool] = []

    def start(workers: int = 1, limits: Limits | None = None) -> InspectionPool:
        pools.append(InspectionPool(workers, limits))
        return pools[-1]

    yield start
    for pool in pools:
        await pool.close()
        await pool.close()
        assert pool.pids() == []


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def begin(pool: InspectionPool, content: bytes) -> tuple[asyncio.Task[Inspection], int]:
    """Warm the pool's one child up, give it a file, and return when it is at work."""
    await pool.inspect(JPEG)
    task = asyncio.create_task(pool.inspect(content))
    await asyncio.sleep(0.2)
    assert not task.done()
    return task, pool.pids()[0]


async def test_a_child_finds_what_a_decode_in_process_finds(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool(2)
    files = [JPEG, b"", b"<html>", JPEG[:-1], saved(picture(), "PNG"), bomb(20_000)]
    found = await asyncio.gather(*(pool.inspect(content) for content in files))
    assert found == [inspect(content, Limits()) for content in files]
    assert len(pool.pids()) == 2


async def test_a_file_larger_than_every_pipe_passes(start_pool: Callable[..., InspectionPool]) -> None:
    found = await start_pool().inspect(JPEG + bytes(20 * 2**20))
    assert found.outcome is Outcome.WHOLE


async def test_a_crash_costs_one_picture_of_twenty(
    start_pool: Callable[..., InspectionPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_WORKER", "inspection_crashing_worker")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pool = start_pool(2)
    files = [JPEG] * 10 + [JPEG + b"CRASH"] + [JPEG] * 10
    found = await asyncio.gather(*(pool.inspect(content) for content in files))
    bad = found.pop(10)
    assert [one.outcome for one in found] == [Outcome.WHOLE] * 20
    assert (bad.outcome, bad.reason) == (Outcome.BROKEN, "the decoder crashed (SIGSEGV)")


async def test_a_single_crash_is_tried_again(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool()
    gif = saved(picture(2000, 2000), "PNG", compress_level=9)
    await pool.inspect(JPEG)
    (first,) = pool.pids()
    os.kill(first, signal.SIGSTOP)
    task = asyncio.create_task(pool.inspect(gif))
    await asyncio.sleep(0.1)
    os.kill(first, signal.SIGKILL)
    assert (await task).outcome is Outcome.WHOLE
    assert first not in pool.pids()


async def test_looks_and_pixels_between_inspections(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool(2)
    image = picture(640, 480)
    png, webp = saved(image, "PNG"), saved(image, "WEBP", lossless=True)
    looks, digests, found = await asyncio.gather(
        asyncio.gather(*(pool.look(content) for content in (png, webp, JPEG, b"<html>"))),
        asyncio.gather(*(pool.pixels(content) for content in (png, webp, JPEG, JPEG[:-1]))),
        asyncio.gather(*(pool.inspect(content) for content in (png, webp, JPEG))),
    )
    first, second, tiny, none = looks
    assert isinstance(first, Look)
    assert isinstance(second, Look)
    assert isinstance(tiny, Look)
    assert (first.width, first.height, max(first.pixels.shape)) == (640, 480, LOOK_SIDE)
    assert (first.pixels == second.pixels).all()
    assert none == ReadFailure("text/HTML instead of a picture", Outcome.BROKEN)
    assert digests[0] == digests[1] != digests[2]
    assert digests[3] == ReadFailure("cut: JPEG without its end", Outcome.BROKEN)
    assert [one.outcome for one in found] == [Outcome.WHOLE] * 3
    assert len(pool.pids()) == 2


async def test_a_crash_in_a_look_costs_that_look(
    start_pool: Callable[..., InspectionPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_WORKER", "inspection_crashing_worker")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pool = start_pool()
    found = await asyncio.gather(pool.look(JPEG), pool.look(JPEG + b"CRASH"), pool.look(JPEG))
    assert found[1] == ReadFailure("the decoder crashed (SIGSEGV)", Outcome.BROKEN)
    assert isinstance(found[0], Look)
    assert isinstance(found[2], Look)
    assert await pool.look(JPEG + b"NONSENSE") == ReadFailure("the decoder gave up", Outcome.BROKEN)
    assert isinstance(await pool.pixels(JPEG), str)


async def test_a_look_over_a_limit_is_none_and_kills_the_child(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool(limits=Limits(seconds=0.25, max_pixels=10**8))
    await pool.inspect(JPEG)
    (pid,) = pool.pids()
    slow = bomb(9_990)
    over = ReadFailure("decoding takes longer than 0.25 s", Outcome.UNCHECKED)
    assert await pool.look(slow) == over
    assert not alive(pid)
    assert await pool.pixels(slow) == over
    assert await pool.pixels(bomb(20_000)) == ReadFailure(
        "20000x20000 pixels are more than 100,000,000", Outcome.UNCHECKED
    )
    assert isinstance(await pool.look(JPEG), Look)


@pytest.mark.parametrize("content", [SLOW, SLOW + b"and more"])
async def test_time_over_is_unchecked_and_kills_the_child(
    content: bytes, start_pool: Callable[..., InspectionPool]
) -> None:
    pool = start_pool(limits=Limits(seconds=0.4))
    await pool.inspect(JPEG)
    (pid,) = pool.pids()
    start = time.monotonic()
    found = await pool.inspect(content)
    assert time.monotonic() - start < 2
    assert (found.outcome, found.reason) == (Outcome.UNCHECKED, "decoding takes longer than 0.4 s")
    assert (found.width, found.frames, found.animated) == (1000, 600, True)
    assert not alive(pid)
    assert (await pool.inspect(JPEG)).outcome is Outcome.WHOLE


async def test_the_kernels_cpu_limit_is_a_limit_and_no_crash(start_pool: Callable[..., InspectionPool]) -> None:
    task, pid = await begin(start_pool(), SLOW)
    os.kill(pid, signal.SIGXCPU)
    assert (await task).outcome is Outcome.UNCHECKED


async def test_too_little_memory_is_unchecked(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool(limits=Limits(memory=640 * 2**20))
    found = await pool.inspect(bomb(9_990))
    assert (found.outcome, found.width) == (Outcome.UNCHECKED, 9_990)
    assert "memory" in found.reason
    assert (await pool.inspect(JPEG)).outcome is Outcome.WHOLE


async def test_children_keep_limits_and_are_in_sessions_of_their_own(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool()
    await pool.inspect(JPEG)
    (pid,) = pool.pids()
    assert os.getsid(pid) == pid
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits[1:]}
    assert soft["Max address space"] == str(Limits().memory)
    assert soft["Max file size"] == soft["Max core file size"] == "0"
    assert soft["Max open files"] == "16"
    assert 20 <= int(soft["Max cpu time"]) <= 25


async def test_interrupts_do_not_reach_a_child(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool()
    task, pid = await begin(pool, SLOW)
    os.kill(pid, signal.SIGINT)
    assert (await task).outcome is Outcome.WHOLE
    assert pool.pids() == [pid]


async def test_a_cancelled_inspection_leaves_a_pool_that_works(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool()
    task, pid = await begin(pool, SLOW)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(pid)
    assert (await pool.inspect(JPEG)).outcome is Outcome.WHOLE


async def test_closing_ends_what_is_under_way(start_pool: Callable[..., InspectionPool]) -> None:
    pool = start_pool()
    task, pid = await begin(pool, SLOW)
    await pool.close()
    with pytest.raises(StorageError, match="closed"):
        await task
    assert not alive(pid)
    with pytest.raises(StorageError, match="closed"):
        await pool.inspect(JPEG)


async def test_children_are_replaced_after_a_number_of_files(
    start_pool: Callable[..., InspectionPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_FILES_PER_WORKER", 2)
    pool = start_pool()
    await pool.inspect(JPEG)
    first = pool.pids()
    await pool.inspect(JPEG)
    assert not alive(first[0])
    assert (await pool.inspect(JPEG)).outcome is Outcome.WHOLE


async def test_a_child_that_cannot_start_is_said_clearly(
    start_pool: Callable[..., InspectionPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = start_pool()
    monkeypatch.setattr(child_module, "_WORKER", "imagefap_scraper.inspection.absent")
    with pytest.raises(StorageError, match="cannot start a decoder process: it ended at once"):
        await pool.inspect(JPEG)
    assert pool.pids() == []
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(StorageError, match="No such file"):
        await pool.inspect(JPEG)


PARENT = """
import asyncio, sys
from imagefap_scraper.inspection.pool import InspectionPool
from inspection_corpus import picture, saved, slow_gif

async def main():
    pool = InspectionPool(2)
    await asyncio.gather(*(pool.inspect(saved(picture(), "JPEG")) for _ in range(2)))
    task = asyncio.create_task(pool.inspect(slow_gif()))
    await asyncio.sleep(0.2)
    print(*pool.pids(), flush=True)
    await task

asyncio.run(main())
"""


def test_a_killed_parent_leaves_no_child() -> None:
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}"}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        parent.kill()
    # Less than the busy child still needs for its file: the end of its input alone would come too late.
    deadline = time.monotonic() + 0.5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)
