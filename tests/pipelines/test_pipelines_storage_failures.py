from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pipeline_bench import PipelineBench, image
from scrapy.exceptions import DropItem

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.items import ImageItem
from imagefap_scraper.pipelines.storage import StoragePipeline


@pytest.mark.parametrize("layout", ["blobs", "straight"])
async def test_files_that_cannot_be_synced_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Any
) -> None:
    def refuse(_paths: object) -> None:
        raise StorageError("the disk reports an input/output error")

    bench = PipelineBench(tmp_path, layout)
    pipeline = bench.make(StoragePipeline)
    items = [image(number, b"%d" % number, name=f"{number}.jpg") for number in range(2)]
    with monkeypatch.context() as patched:
        patched.setattr(bench.archive.directory, "sync_batch", refuse)
        ended = await asyncio.gather(*map(pipeline.process_item, items), return_exceptions=True)
    assert [type(end) for end in ended] == [DropItem] * 2
    assert (bench.files(), bench.temporary(), bench.rows("SELECT * FROM intents")) == ({}, [], [])
    again = image(0, b"0", name="0.jpg")
    await pipeline.process_item(again)
    assert again.path in {"0.jpg", f"blobs/{again.sha256}.jpg"}
    bench.close()


async def test_a_copy_that_the_disk_refuses_closes_the_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = PipelineBench(tmp_path)
    (tmp_path / "blobs").mkdir()
    first = image(1, b"content")
    blob = tmp_path / "blobs" / "x.jpg"
    blob.write_bytes(b"content")
    bench.archive.use_layout("straight")
    copy = ImageItem(1, sha256=first.sha256, size=7, format="JPEG")
    copy.other_path = "blobs/x.jpg"

    def refuse(_path: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DropItem):
        await bench.make(StoragePipeline).process_item(copy)
    assert [type(error) for error in bench.spider.aborted] == [StorageError]
    bench.close()


@pytest.mark.parametrize("layout", ["blobs", "straight"])
async def test_files_with_a_name_but_no_synced_directory_keep_their_intents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Any
) -> None:
    bench = PipelineBench(tmp_path, layout)
    pipeline = bench.make(StoragePipeline)
    sync = bench.archive.directory.sync_batch

    def refuse_directories(paths: Any) -> None:
        listed = list(paths)
        if any(path.is_dir() for path in listed):
            raise StorageError("the disk reports an input/output error")
        sync(listed)

    monkeypatch.setattr(bench.archive.directory, "sync_batch", refuse_directories)
    with pytest.raises(DropItem):
        await pipeline.process_item(image(1, b"1", name="1.jpg"))
    assert len(bench.files()) == 1
    assert len(bench.rows("SELECT * FROM intents")) == 1
    bench.close()
