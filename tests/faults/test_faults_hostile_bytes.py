"""Files made to hurt a decoder, served as images: each costs itself alone, and the crawl ends as usual."""

from __future__ import annotations

import base64
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from crawl_support import ROOT, crawl, crawl_command, crawl_environment, rows, sha256_of, start_crawl, user_of
from faults_support import USER, WORDS, kill, processes_with, separate_world, small_world, statuses, wait_until
from inspection.inspection_corpus import Case, good, hostile

from tools.demo.client import DemoSite
from tools.demo.pictures import Recipe

#: Bytes; a file above it must name the setting.
MAXSIZE = 8_000_000
PEAK_MIB = 400


class Crawled(NamedTuple):
    """A crawl of the corpus: where, which file each image was, what it said, how it ended, its own peak in MiB."""

    output: Path
    cases: dict[int, tuple[str, Case]]
    err: str
    code: int
    peak: float


def raw(content: bytes) -> Recipe:
    return Recipe(format="raw", data=base64.b64encode(content).decode())


def peak_mib(process: subprocess.Popen[str]) -> float:
    """Return the peak of a running process's own memory in MiB, without its children; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def corpus() -> dict[str, Case]:
    """Return hostile files and among them good ones, all different."""
    cases = hostile() | {f"good {name}": case for name, case in good().items()}
    cases["larger than allowed"] = Case(b"\xff\xd8\xff" + bytes(MAXSIZE), "failed", "DOWNLOAD_MAXSIZE")
    return dict({case.content: (name, case) for name, case in cases.items()}.values())


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    tmp = tmp_path_factory.mktemp("bytes")
    cases = corpus()
    world = separate_world([raw(case.content) for case in cases.values()], names=[f"{n}.jpg" for n in cases])
    output = tmp / "out"
    with DemoSite.start(world=world) as site:
        ids = user_of(site.truth(), USER)["folders"][0]["favorites"]
        command = crawl_command(site.url, output, "favorites", *WORDS, DOWNLOAD_MAXSIZE=str(MAXSIZE))
        with (tmp / "err").open("w") as err:
            process = subprocess.Popen(command, cwd=ROOT, env=crawl_environment(tmp), stderr=err, text=True)
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, peak_mib(process))
                time.sleep(0.02)
    named = dict(zip(ids, cases.items(), strict=True))
    return Crawled(output, named, (tmp / "err").read_text(), process.returncode, peak)


def test_the_corpus_is_large_enough() -> None:
    assert len([case for case in corpus().values() if case.outcome != "whole"]) >= 25


def test_the_crawl_ends_as_usual(crawled: Crawled) -> None:
    output, _, err, code, peak = crawled
    assert code == 3, err
    assert "Traceback" not in err
    assert 40 < peak < PEAK_MIB
    assert not processes_with(str(output.parent))


def test_each_file_has_its_outcome(crawled: Crawled) -> None:
    output, named, _, _, _ = crawled
    found = statuses(output)
    wrong = {}
    for image, (name, case) in named.items():
        status, reason = found[image]
        fine = (status, reason) == ("stored", "") if case.outcome in ("whole", "unchecked") else status == "failed"
        if not fine or (status == "failed" and (not reason or case.reason not in reason)):
            wrong[name] = (status, reason, case.outcome, case.reason)
    assert not wrong


def test_unchecked_files_are_kept_without_a_hash(
    crawled: Crawled,
) -> None:
    output, named, _, _, _ = crawled
    unchecked = {image: case for image, (_, case) in named.items() if case.outcome == "unchecked"}
    assert unchecked
    query = "SELECT b.unchecked, b.phash, f.path FROM images JOIN blobs b USING (sha256) JOIN files f USING (sha256)"
    for image, case in unchecked.items():
        ((why, phash, path),) = rows(output, f"{query} WHERE image_id = {image}")
        assert case.reason in why
        assert phash is None
        assert (output / path).read_bytes() == case.content
    hashed = rows(output, "SELECT count(*) FROM blobs WHERE unchecked = '' AND phash IS NULL")
    assert hashed == [(0,)]


def test_bad_files_leave_nothing_on_disk(
    crawled: Crawled,
) -> None:
    output, named, _, _, _ = crawled
    blobs = {path.stem: path for path in (output / "blobs").iterdir()}
    assert all(sha256_of(path) == sha256 for sha256, path in blobs.items())
    assert len(blobs) == len([1 for _, case in named.values() if case.outcome in ("whole", "unchecked")])
    assert {path.name for path in (output / ".imagefap").rglob("*") if path.is_file()} <= {"lock", "write.lock"}


def test_after_a_kill_no_process_of_the_crawl_is_left(tmp_path: Path) -> None:
    with DemoSite.start(world=small_world(40)) as site:
        site.set_fault(latency={"image": 0.3})
        process = start_crawl(site, tmp_path / "out", "favorites", *WORDS)
        wait_until(lambda: len(site.requests("image")) >= 10)
        wait_until(lambda: len(processes_with(str(tmp_path))) > 1)  # decoders are at work
        kill(process)
        wait_until(lambda: not processes_with(str(tmp_path)), seconds=10)
        site.set_fault(reset=True)
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
