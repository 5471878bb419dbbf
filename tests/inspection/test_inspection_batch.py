from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from inspection_corpus import picture, saved, slow_gif

from imagefap_scraper.dedup.look import Look
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection import child as child_module
from imagefap_scraper.inspection.batch import Batch
from imagefap_scraper.inspection.result import Inspection, Limits, Outcome, ReadFailure

JPEG = saved(picture(), "JPEG")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pids: list[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)


def test_every_file_has_its_answer_and_no_child_is_left(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jpg" for number in range(12)]
    for path in paths:
        path.write_bytes(JPEG)
    paths[3].write_bytes(JPEG[:-1])
    paths[5].unlink()
    with Batch(2) as batch:
        found = dict(batch.inspect(enumerate(paths)))
        looks = dict(batch.look([("a", paths[0]), ("b", paths[3]), ("c", lambda: JPEG)]))
        digests = dict(batch.pixels([("a", paths[0]), ("b", paths[5])]))
        pids = batch.pids()
        assert all(alive(pid) for pid in pids)
    assert sorted(found) == list(range(12))
    for number, answer in found.items():
        if number == 5:
            assert answer == ReadFailure("cannot be read: No such file or directory")
        else:
            assert isinstance(answer, Inspection)
            assert answer.outcome is (Outcome.BROKEN if number == 3 else Outcome.WHOLE)
    assert isinstance(looks["a"], Look)
    assert isinstance(looks["c"], Look)
    assert looks["b"] == ReadFailure("cut: JPEG without its end", Outcome.BROKEN)
    assert isinstance(digests["a"], str)
    assert isinstance(digests["b"], ReadFailure)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def test_only_a_few_files_are_read_ahead_of_the_answers_taken() -> None:
    asked: list[int] = []
    main = threading.get_ident()

    def files() -> object:
        for number in range(1000):
            assert threading.get_ident() == main
            asked.append(number)
            yield number, lambda: JPEG

    with Batch(1) as batch:
        answers = batch.inspect(files())  # type: ignore[arg-type]
        for taken in range(1, 6):
            next(answers)
            time.sleep(0.05)
            assert len(asked) <= taken + 2
        answers.close()  # type: ignore[attr-defined]
        assert isinstance(dict(batch.inspect([("after", lambda: JPEG)]))["after"], Inspection)


def test_a_slow_file_does_not_hold_the_others_up() -> None:
    slow = slow_gif()
    with Batch(2, Limits(seconds=2)) as batch:
        files = [("slow", lambda: slow), *((str(number), lambda: JPEG) for number in range(6))]
        order = [key for key, _ in batch.inspect(files)]
    assert order[0] != "slow"
    assert len(order) == 7


def test_an_error_of_the_caller_ends_the_children() -> None:
    slow = slow_gif()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Batch(2) as batch:  # noqa: PT012
        for _ in batch.inspect([("fast", lambda: JPEG), *((number, lambda: slow) for number in range(3))]):
            pids = batch.pids()
            raise KeyboardInterrupt
    assert pids
    assert not any(alive(pid) for pid in pids)
    assert time.monotonic() - start < 5


def test_an_error_of_the_files_reaches_the_caller() -> None:
    def unreadable() -> bytes:
        raise ValueError("no such key")

    with Batch(1) as batch:
        with pytest.raises(ValueError, match="no such key"):
            list(batch.inspect([("a", unreadable)]))
        assert len(list(batch.inspect([("a", lambda: JPEG)]))) == 1


def test_children_that_cannot_start_and_a_closed_batch_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with Batch(1) as batch:
        monkeypatch.setattr(child_module, "_WORKER", "imagefap_scraper.inspection.absent")
        with pytest.raises(StorageError, match="cannot start a decoder process"):
            list(batch.inspect([("a", lambda: JPEG)]))
    with pytest.raises(StorageError, match="closed"):
        list(batch.inspect([("a", lambda: JPEG)]))


def test_without_an_event_loop_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(main: object) -> None:
        main.close()  # type: ignore[attr-defined]
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("imagefap_scraper.inspection.batch.asyncio.run", refuse)
    with pytest.raises(StorageError, match="thread"), Batch(1):
        pass


PARENT = """
import sys
from imagefap_scraper.inspection.batch import Batch
from inspection_corpus import picture, saved, slow_gif

jpeg, slow = saved(picture(), "JPEG"), slow_gif()
try:
    with Batch(2) as batch:
        for key, _ in batch.inspect([(0, lambda: jpeg), (1, lambda: jpeg), *((n, lambda: slow) for n in range(2, 9))]):
            if key == 1:
                print(*batch.pids(), flush=True)
except KeyboardInterrupt:
    print("interrupted", *batch.pids(), flush=True)
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_or_killed_parent_leaves_no_child(number: signal.Signals) -> None:
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}"}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        assert all(alive(pid) for pid in pids)
        time.sleep(0.2)
        parent.send_signal(number)
        rest = parent.stdout.read()
    wait_until_gone(pids, 0.5)
    if number is signal.SIGINT:
        assert rest == "interrupted\n"
        assert parent.returncode == 130
