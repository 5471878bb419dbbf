from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

import pytest
from pipeline_bench import PipelineBench

from imagefap_scraper.items import ImageItem, UserItem
from imagefap_scraper.pipelines import sha256
from imagefap_scraper.pipelines.sha256 import Sha256Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Sha256Pipeline]:
    bench = PipelineBench(tmp_path, "straight", database=False)
    yield bench.make(Sha256Pipeline)
    bench.close()


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 300_000])
async def test_any_bytes_get_their_hash_and_size(pipeline: Sha256Pipeline, size: int) -> None:
    item = ImageItem(5)
    item.content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert await pipeline.process_item(item) is item
    assert (item.sha256, item.size) == (hashlib.sha256(item.content).hexdigest(), size)


@pytest.mark.parametrize(("size", "threaded"), [(65_535, False), (65_536, True)])
async def test_large_ones_are_hashed_off_the_event_loop(
    pipeline: Sha256Pipeline, monkeypatch: pytest.MonkeyPatch, size: int, threaded: bool
) -> None:
    threads: list[int] = []

    def note(content: bytes) -> str:
        threads.append(threading.get_ident())
        return hashlib.sha256(content).hexdigest()

    monkeypatch.setattr(sha256, "_sha256", note)
    item = ImageItem(5)
    item.content = bytes(size)
    await pipeline.process_item(item)
    assert [thread != threading.get_ident() for thread in threads] == [threaded]


@pytest.mark.parametrize("item", [ImageItem(5), UserItem(1, "anna"), {"image_id": 5}])
async def test_what_has_no_bytes_passes_as_it_is(pipeline: Sha256Pipeline, item: object) -> None:
    before = repr(item)
    assert await pipeline.process_item(item) is item
    assert repr(item) == before
