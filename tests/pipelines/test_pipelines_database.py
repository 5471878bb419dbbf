from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pipeline_bench import PipelineBench, image
from scrapy.exceptions import DropItem

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.database import DatabasePipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path)
    yield bench
    bench.close()


def _stored(image_id: int, content: bytes = b"content", **fields: object) -> ImageItem:
    fields = {"path": f"blobs/{image_id}.jpg", "outcome": "downloaded", "status": ImageStatus.STORED, **fields}
    item = image(image_id, content, **fields)
    item.content = None
    return item


async def _list(pipeline: DatabasePipeline, *image_ids: int) -> None:
    await pipeline.process_item(UserItem(1, "anna"))
    favorites = [FavoriteItem(image_id) for image_id in image_ids]
    await pipeline.process_item(FolderItem(1, 10, "Trees", FolderKind.IMAGES, 1, favorites, listed_through=True))


async def test_users_folders_and_images_become_rows(bench: PipelineBench) -> None:
    pipeline = bench.make(DatabasePipeline)
    await _list(pipeline, 5, 6)
    item = _stored(5, name="five.jpg")
    assert await pipeline.process_item(item) is item
    assert bench.rows("SELECT user_id, name FROM users") == [(1, "anna")]
    assert bench.rows("SELECT folder_id, pages FROM folders") == [(10, 1)]
    assert bench.rows("SELECT image_id, status FROM images") == [(5, "stored"), (6, "wanted")]
    assert bench.rows("SELECT path, layout FROM files") == [("blobs/5.jpg", "blobs")]
    assert bench.rows("SELECT extension, size FROM blobs") == [("jpg", 7)]


@pytest.mark.parametrize("status", [ImageStatus.FAILED, ImageStatus.GONE])
async def test_an_image_without_a_file_ends_here_with_its_reason_on_record(
    bench: PipelineBench, status: ImageStatus
) -> None:
    pipeline = bench.make(DatabasePipeline)
    with pytest.raises(DropItem, match=f"image 5 {status}: the file is cut short") as caught:
        await pipeline.process_item(ImageItem(5, status, "the file is cut short"))
    assert caught.value.log_level == "DEBUG"
    assert bench.rows("SELECT status, reason, attempts FROM images") == [(status, "the file is cut short", 1)]
    assert bench.stat(f"images/{status}") == 1
    assert bench.stat(f"images/{status}_reasons/the file is cut short") == 1
    assert bench.stat("images/stored") is None


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"outcome": "downloaded"}, "images/stored"),
        ({"outcome": "uptodate", "known": True}, "images/exact_duplicates"),
        ({"outcome": "uptodate"}, "images/known"),
    ],
)
async def test_each_stored_image_is_counted_once(bench: PipelineBench, fields: dict[str, object], counted: str) -> None:
    await bench.make(DatabasePipeline).process_item(_stored(5, **fields))
    names = ("images/stored", "images/exact_duplicates", "images/known", "images/failed")
    assert [name for name in names if bench.stat(name)] == [counted]
    assert bench.stat("bytes/stored") == (7 if counted == "images/stored" else None)


async def test_other_items_pass(bench: PipelineBench) -> None:
    item = {"image_id": 5}
    assert await bench.make(DatabasePipeline).process_item(item) is item


async def test_folders_are_dated_at_the_end(bench: PipelineBench) -> None:
    pipeline = bench.make(DatabasePipeline)
    await _list(pipeline, 5)
    await pipeline.process_item(_stored(5))
    assert bench.rows("SELECT finished_blobs FROM folders") == [(None,)]
    await pipeline.close_spider()
    ((blobs, straight),) = bench.rows("SELECT finished_blobs, finished_straight FROM folders")
    assert (blobs is not None, straight) == (True, None)


async def test_a_database_that_refuses_closes_the_crawl_and_counts_nothing(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_work: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(bench.archive, "run", refuse)
    pipeline = bench.make(DatabasePipeline)
    for item in (_stored(5), ImageItem(6, ImageStatus.FAILED, "cut"), UserItem(1, "anna")):
        with pytest.raises(DropItem, match="the disk is full"):
            await pipeline.process_item(item)
    assert len(bench.spider.aborted) == 3
    assert bench.stat("images/stored") is None
    assert bench.stat("images/failed") is None
    await pipeline.close_spider()
    assert [str(error) for error in bench.spider.noted] == ["the disk is full"]


async def test_without_a_database_it_only_counts(tmp_path: Path) -> None:
    bench = PipelineBench(tmp_path, "straight", database=False)
    pipeline = bench.make(DatabasePipeline)
    await _list(pipeline, 5)
    await pipeline.process_item(_stored(5))
    with pytest.raises(DropItem):
        await pipeline.process_item(ImageItem(6, ImageStatus.FAILED, "cut"))
    await pipeline.close_spider()
    assert (bench.stat("images/stored"), bench.stat("images/failed")) == (1, 1)
    bench.close()
    assert list(tmp_path.iterdir()) == []
