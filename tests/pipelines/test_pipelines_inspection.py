from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from pipeline_bench import OURS, PipelineBench, image
from scrapy.exceptions import DropItem
from scrapy.settings import Settings

from imagefap_scraper.exceptions import SettingError, StorageError
from imagefap_scraper.inspection.result import Limits
from imagefap_scraper.items import ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.inspection import InspectionPipeline, read_limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def _picture(image_format: str, side: int = 64) -> bytes:
    stream = io.BytesIO()
    Image.radial_gradient("L").resize((side, side)).convert("RGB").save(stream, image_format)
    return stream.getvalue()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[PipelineBench]:
    limits = {"IMAGEFAP_INSPECT_WORKERS": "1", "IMAGEFAP_INSPECT_MAX_PIXELS": str(200 * 200)}
    bench = PipelineBench(tmp_path, "straight", database=False, **limits)
    yield bench
    bench.close()


async def test_whole_unchecked_and_broken_pictures(bench: PipelineBench) -> None:
    pipeline = bench.make(InspectionPipeline)
    try:
        whole = await pipeline.process_item(image(1, _picture("PNG"), name="wrong.gif"))
        assert (whole.format, whole.width, whole.height, whole.frames, whole.animated) == ("PNG", 64, 64, 1, False)
        assert (len(whole.phash), len(whole.dhash), whole.status, whole.reason) == (16, 16, ImageStatus.WANTED, "")
        assert whole.hash_version is not None
        assert whole.content == _picture("PNG")

        large = await pipeline.process_item(image(2, _picture("JPEG", 300)))
        assert (large.unchecked, large.status, large.phash) == (True, ImageStatus.WANTED, None)
        assert (large.format, large.width, large.height) == ("JPEG", 300, 300)
        assert large.reason
        assert large.content is not None

        broken = await pipeline.process_item(image(3, _picture("JPEG")[:-200]))
        assert (broken.status, broken.content, broken.phash) == (ImageStatus.FAILED, None, None)
        assert broken.reason
        assert "\n" not in broken.reason

        page = await pipeline.process_item(image(4, b"<html>hello</html>"))
        assert (page.status, page.content, page.format) == (ImageStatus.FAILED, None, None)
    finally:
        await pipeline.close_spider()
    assert bench.spider.aborted == []


async def test_the_format_is_plain_text_for_feeds_and_rows(bench: PipelineBench) -> None:
    pipeline = bench.make(InspectionPipeline)
    try:
        item = await pipeline.process_item(image(1, _picture("WEBP")))
    finally:
        await pipeline.close_spider()
    assert type(item.format) is str


async def test_known_bytes_and_items_without_bytes_are_not_decoded(bench: PipelineBench) -> None:
    pipeline = bench.make(InspectionPipeline)
    known = image(1, b"not even a picture", known=True, format="GIF")
    for item in (known, ImageItem(2, ImageStatus.FAILED, "expired"), UserItem(1, "anna")):
        before = repr(item)
        assert await pipeline.process_item(item) is item
        assert repr(item) == before
    assert known.content is not None
    await pipeline.close_spider()


async def test_a_pool_that_gives_up_closes_the_crawl(bench: PipelineBench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_content: bytes) -> None:
        raise StorageError("no child process can be started")

    pipeline = bench.make(InspectionPipeline)
    monkeypatch.setattr(pipeline._pool, "inspect", refuse)
    item = image(1, _picture("PNG"))
    with pytest.raises(DropItem, match="no child process"):
        await pipeline.process_item(item)
    assert [type(error) for error in bench.spider.aborted] == [StorageError]
    assert item.status is ImageStatus.WANTED
    await pipeline.close_spider()


def test_the_defaults_are_limits() -> None:
    workers, limits = read_limits(Settings(OURS))
    assert (workers, limits) == (None, Limits())


def test_the_settings_become_limits() -> None:
    values = {"WORKERS": 3, "MAX_PIXELS": "5000", "MAX_FRAMES": "7", "SECONDS": "9"}
    workers, limits = read_limits(Settings({f"IMAGEFAP_INSPECT_{name}": value for name, value in values.items()}))
    assert (workers, limits.max_pixels, limits.max_frames, limits.seconds) == (3, 5000, 7, 9)


@pytest.mark.parametrize("name", ["WORKERS", "MAX_PIXELS", "MAX_FRAMES", "SECONDS"])
@pytest.mark.parametrize("value", ["-1", "many", "", None])
def test_a_limit_that_cannot_be_is_named(name: str, value: str | None) -> None:
    with pytest.raises(SettingError, match=f"IMAGEFAP_INSPECT_{name}={value}"):
        read_limits(Settings({**OURS, f"IMAGEFAP_INSPECT_{name}": value}))
    if name != "WORKERS":
        with pytest.raises(SettingError, match="from 1 on"):
            read_limits(Settings({**OURS, f"IMAGEFAP_INSPECT_{name}": "0"}))
