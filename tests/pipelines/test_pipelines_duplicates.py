from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_bench import PipelineBench, image
from scrapy import signals
from scrapy.exceptions import DropItem

from imagefap_scraper.database import writes
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.items import ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.duplicates import DuplicatesPipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACTS: dict[str, Any] = {
    "format": "GIF",
    "width": 30,
    "height": 20,
    "frames": 3,
    "animated": True,
    "phash": "8" + "0" * 15,
    "dhash": "f" * 16,
    "hash_version": 1,
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path)
    yield bench
    bench.close()


def _store(bench: PipelineBench, item: ImageItem, layout: str = "blobs") -> None:
    item.status = ImageStatus.STORED

    def record(connection: Any) -> None:
        writes.record_stored(connection, item, layout, "gif", None)

    bench.archive.wait_for(record)


async def _is_waiting(task: asyncio.Task[Any]) -> bool:
    """Tell whether a task goes on, given time for the writer thread."""
    done, _ = await asyncio.wait([task], timeout=0.1)
    return not done


async def test_new_bytes_are_not_known(bench: PipelineBench) -> None:
    item = image(5, b"new")
    assert await bench.make(DuplicatesPipeline).process_item(item) is item
    assert (item.known, item.path, item.other_path, item.width) == (False, None, None, None)


async def test_known_bytes_get_all_that_inspection_would_set_and_their_path(bench: PipelineBench) -> None:
    _store(bench, image(1, b"same", path="blobs/x.gif", **FACTS))
    item = image(5, b"same", format=None)
    await bench.make(DuplicatesPipeline).process_item(item)
    assert item.known
    assert {name: getattr(item, name) for name in FACTS} == FACTS
    assert (item.path, item.other_path, item.unchecked, item.reason) == ("blobs/x.gif", "blobs/x.gif", False, "")
    assert item.content == b"same"


async def test_bytes_of_the_other_layout_are_known_and_need_a_copy(bench: PipelineBench) -> None:
    _store(bench, image(1, b"same", path="x.gif", **FACTS), "straight")
    item = image(5, b"same")
    await bench.make(DuplicatesPipeline).process_item(item)
    assert (item.known, item.path, item.other_path) == (True, None, "x.gif")


async def test_known_bytes_that_were_never_decoded_stay_so(bench: PipelineBench) -> None:
    _store(bench, image(1, b"same", path="blobs/x.gif", format="GIF", unchecked=True, reason="too many frames"))
    item = image(5, b"same")
    await bench.make(DuplicatesPipeline).process_item(item)
    assert (item.unchecked, item.reason, item.phash) == (True, "too many frames", None)


@pytest.mark.parametrize("end", [signals.item_scraped, signals.item_dropped, signals.item_error])
async def test_equal_bytes_at_once_come_one_after_the_other(bench: PipelineBench, end: object) -> None:
    pipeline = bench.make(DuplicatesPipeline)
    first, second, third = (image(number, b"same") for number in (1, 2, 3))
    await pipeline.process_item(first)
    waiting = [asyncio.create_task(pipeline.process_item(item)) for item in (second, third)]
    other = asyncio.create_task(pipeline.process_item(image(4, b"other")))
    await other
    assert await _is_waiting(waiting[0])
    bench.end(first, end)
    await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert [task.done() for task in waiting].count(True) == 1
    ended = next(task for task in waiting if task.done()).result()
    bench.end(ended, end)
    await asyncio.wait_for(asyncio.gather(*waiting), 5)


async def test_the_second_sees_what_the_first_put_on_record(bench: PipelineBench) -> None:
    pipeline = bench.make(DuplicatesPipeline)
    first, second = image(1, b"same"), image(2, b"same")
    await pipeline.process_item(first)
    waiting = asyncio.create_task(pipeline.process_item(second))
    assert await _is_waiting(waiting)
    first.path = "blobs/x.gif"
    _store(bench, first)
    bench.end(first)
    await asyncio.wait_for(waiting, 5)
    assert (first.known, second.known, second.path) == (False, True, "blobs/x.gif")


async def test_the_second_is_new_if_the_first_came_to_nothing(bench: PipelineBench) -> None:
    pipeline = bench.make(DuplicatesPipeline)
    first, second = image(1, b"same"), image(2, b"same")
    await pipeline.process_item(first)
    bench.end(first, signals.item_dropped)
    await asyncio.wait_for(pipeline.process_item(second), 5)
    assert not second.known


async def test_the_end_of_another_item_lets_nobody_go_on(bench: PipelineBench) -> None:
    pipeline = bench.make(DuplicatesPipeline)
    first, second = image(1, b"same"), image(2, b"same")
    await pipeline.process_item(first)
    waiting = asyncio.create_task(pipeline.process_item(second))
    for item in (image(3, b"same"), image(4, b"other"), UserItem(1, "anna"), {"image_id": 1}, ImageItem(1)):
        bench.end(item)
    assert await _is_waiting(waiting)
    bench.end(first)
    await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize("item", [ImageItem(5, ImageStatus.FAILED, "cut"), UserItem(1, "anna")])
async def test_what_has_no_bytes_passes_as_it_is(bench: PipelineBench, item: object) -> None:
    before = repr(item)
    assert await bench.make(DuplicatesPipeline).process_item(item) is item
    assert repr(item) == before


async def test_without_a_database_equal_bytes_still_take_turns(tmp_path: Path) -> None:
    bench = PipelineBench(tmp_path, "straight", database=False)
    pipeline = bench.make(DuplicatesPipeline)
    first, second = image(1, b"same"), image(2, b"same")
    await pipeline.process_item(first)
    waiting = asyncio.create_task(pipeline.process_item(second))
    assert await _is_waiting(waiting)
    bench.end(first)
    assert not (await asyncio.wait_for(waiting, 5)).known
    bench.close()


async def test_a_database_that_refuses_closes_the_crawl_and_keeps_nobody_waiting(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_work: object) -> None:
        raise StorageError("the disk is full")

    pipeline = bench.make(DuplicatesPipeline)
    monkeypatch.setattr(bench.archive, "run", refuse)
    first, second = image(1, b"same"), image(2, b"same")
    with pytest.raises(DropItem, match="the disk is full"):
        await pipeline.process_item(first)
    bench.end(first, signals.item_dropped)
    with pytest.raises(DropItem):
        await asyncio.wait_for(pipeline.process_item(second), 5)
    assert [str(error) for error in bench.spider.aborted] == ["the disk is full"] * 2
    assert (first.status, first.known) == (ImageStatus.WANTED, False)
