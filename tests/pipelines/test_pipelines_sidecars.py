"""Sidecars: what they tell, written only when they differ, never over a file of the user's own."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_bench import PipelineBench, image
from scrapy.exceptions import DropItem, NotConfigured

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, UserItem
from imagefap_scraper.pipelines import sidecars
from imagefap_scraper.pipelines.database import DatabasePipeline
from imagefap_scraper.pipelines.sidecars import SidecarsPipeline, folder_sidecars
from imagefap_scraper.pipelines.storage import StoragePipeline
from imagefap_scraper.storage.sidecars import write_sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ON = {"IMAGEFAP_SIDECARS": "1"}
ROSE, OAK = (hashlib.sha256(content).hexdigest() for content in (b"rose", b"oak"))


@pytest.fixture(params=[True, False], ids=["database", "db=0"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path, "straight", database=request.param, **ON)
    yield bench
    bench.close()


@pytest.fixture
def with_database(tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path, "straight", **ON)
    yield bench
    bench.close()


def folder(*ids: int, name: str = "Flowers", folder_id: int = 10) -> FolderItem:
    favorites = [FavoriteItem(image_id, f"listed {image_id}") for image_id in ids]
    return FolderItem(1, folder_id, name, FolderKind.IMAGES, pages=1, favorites=favorites, listed_through=True)


def rose(image_id: int = 101, **more: Any) -> ImageItem:
    facts = {"name": "rose.jpg", "width": 4, "height": 3, "added": "2012-03-04 05:06:07", "gallery_id": 77} | more
    return image(image_id, b"rose", **facts)


async def crawl(bench: PipelineBench, *items: Any) -> None:
    """Take items through the pipelines that store, and end the crawl."""
    pipelines = [bench.make(kind) for kind in (StoragePipeline, DatabasePipeline, SidecarsPipeline)]
    for item in items:
        for pipeline in pipelines:
            await pipeline.process_item(item)  # type: ignore[attr-defined]
    for pipeline in pipelines[1:]:
        await pipeline.close_spider()  # type: ignore[attr-defined]


def told(bench: PipelineBench, path: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bench.output / path).read_text())
    return document


def states(bench: PipelineBench) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in bench.output.glob("*.json")}


async def test_what_is_told_of_a_picture(bench: PipelineBench) -> None:
    await crawl(bench, UserItem(1, "anna"), folder(100, 101), rose())
    document = told(bench, "rose.jpg.json")
    (known,) = document.pop("images")
    assert document == {
        "schema": 1,
        "program": "imagefap_scraper",
        "kind": "image",
        "sha256": ROSE,
        "bytes": 4,
        "format": "JPEG",
        "width": 4,
        "height": 3,
        "animated": False,
    }
    added = known.pop("added")
    (place,) = known.pop("places")
    assert known == {
        "id": 101,
        "page": "https://www.imagefap.com/photo/101/?gid=77",
        "name": "rose.jpg",
        "gallery": {"id": 77, "name": None},
        "uploaded": "2012-03-04 05:06:07",
    }
    # Without a database nothing says when it came.
    assert (added is not None) is (bench.archive.writer is not None)
    assert place == {"user": "anna", "user_id": 1, "folder": "Flowers", "folder_id": 10, "position": 2}


async def test_what_is_told_of_a_folder(bench: PipelineBench) -> None:
    await crawl(bench, UserItem(1, "anna"), folder(100, 101), rose())
    document = told(bench, "Flowers.folder.json")
    assert (document["schema"], document["kind"]) == (1, "folder")
    assert document["user"] == {"id": 1, "name": "anna"}
    assert document["folder"] == {"id": 10, "name": "Flowers", "kind": "images"}
    first, second = document["images"]
    wanted = "wanted" if bench.archive.writer is not None else None
    listed = {"id": 100, "position": 1, "name": "listed 100", "status": wanted, "sha256": None, "file": None}
    assert first == listed | {"listed": True}
    stored = {"id": 101, "position": 2, "name": "rose.jpg", "status": "stored", "sha256": ROSE, "file": "rose.jpg"}
    assert second == stored | {"listed": True}


async def test_a_second_crawl_writes_nothing(bench: PipelineBench) -> None:
    items = (UserItem(1, "anna"), folder(101, 102), rose())
    await crawl(bench, *items)
    before = states(bench)
    assert len(before) == 2
    assert bench.stat("sidecars/written") == 2
    await crawl(bench, UserItem(1, "anna"), folder(101, 102), rose())
    assert states(bench) == before
    assert bench.stat("sidecars/written") == 2
    assert bench.temporary() == []


async def test_another_image_of_the_same_bytes_is_added(bench: PipelineBench) -> None:
    await crawl(bench, UserItem(1, "anna"), folder(101, 102), rose(), rose(102, name="again.jpg"))
    assert [one["id"] for one in told(bench, "rose.jpg.json")["images"]] == [101, 102]
    assert set(bench.files()) == {"rose.jpg", "rose.jpg.json", "Flowers.folder.json"}


@pytest.mark.parametrize("content", ["mine", "", "{}", '{"program": "other"}', "[" * 100_000])
async def test_a_file_of_the_users_own_stays(bench: PipelineBench, content: str) -> None:
    for name in ("rose.jpg.json", "Flowers.folder.json"):
        (bench.output / name).write_text(content)
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    for name in ("rose.jpg.json", "Flowers.folder.json"):
        assert (bench.output / name).read_text() == content
    assert bench.stat("sidecars/foreign")
    assert told(bench, "Flowers (1, 10).folder.json")["folder"]["id"] == 10


async def test_a_link_is_not_written_through(with_database: PipelineBench, tmp_path: Path) -> None:
    bench = with_database
    target = tmp_path / "target"
    (bench.output / "rose.jpg.json").symlink_to(target)
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    assert not target.exists()
    target.write_text(json.dumps({"program": "imagefap_scraper", "kind": "image"}))
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    assert json.loads(target.read_text()) == {"program": "imagefap_scraper", "kind": "image"}


async def test_a_folder_that_is_only_made_known_has_none(bench: PipelineBench) -> None:
    await crawl(bench, UserItem(1, "anna"), FolderItem(1, 10, "Flowers"))
    assert bench.files() == {}


async def test_folders_of_one_name_have_a_file_each(bench: PipelineBench) -> None:
    await crawl(bench, UserItem(1, "anna"), folder(101), folder(102, name="flowers", folder_id=11))
    await crawl(bench, UserItem(1, "anna"), folder(101), folder(102, folder_id=12))
    assert told(bench, "Flowers.folder.json")["folder"]["id"] == 10
    assert told(bench, "Flowers (1, 12).folder.json")["folder"]["id"] == 12


async def test_what_is_wanting_is_written_at_the_end(with_database: PipelineBench) -> None:
    bench = with_database
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    (bench.output / "rose.jpg.json").unlink()
    await crawl(bench, folder(101))
    assert told(bench, "rose.jpg.json")["sha256"] == ROSE
    # And what has changed since: the image is in a second folder now.
    await crawl(bench, folder(101, name="Trees", folder_id=11))
    (one,) = told(bench, "rose.jpg.json")["images"]
    assert [place["folder"] for place in one["places"]] == ["Flowers", "Trees"]


async def test_a_file_that_is_gone_gets_no_sidecar(with_database: PipelineBench) -> None:
    bench = with_database
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    for name in ("rose.jpg", "rose.jpg.json"):
        (bench.output / name).unlink()
    await crawl(bench, folder(101))
    assert set(bench.files()) == {"Flowers.folder.json"}


async def test_read_mode_has_none(tmp_path: Path) -> None:
    bench = PipelineBench(tmp_path, "blobs", **ON)
    await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    assert list(bench.output.rglob("*.json")) == []
    bench.close()


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    for value in ({}, {"IMAGEFAP_SIDECARS": "0"}):
        bench = PipelineBench(tmp_path, "straight", **value)
        with pytest.raises(NotConfigured):
            bench.make(SidecarsPipeline)
        bench.close()


async def test_a_failing_disk_ends_the_crawl(bench: PipelineBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StorageError("no space left on the disk")

    monkeypatch.setattr(sidecars, "write_sidecar", fail)
    with pytest.raises(DropItem):
        await crawl(bench, UserItem(1, "anna"), folder(101), rose())
    assert [str(error) for error in bench.spider.aborted] == ["no space left on the disk"]
    pipeline = bench.make(SidecarsPipeline)
    await pipeline.process_item(folder(101))
    await pipeline.close_spider()
    assert [str(error) for error in bench.spider.noted] == ["no space left on the disk"]


@pytest.mark.parametrize("name", ["../../x", "x" * 400, "", "..", "CON", "\uff0e\uff0e\uff0fx"])
def test_hostile_folder_names(name: str) -> None:
    paths = list(folder_sidecars({"user": {"id": 1}, "folder": {"id": -1, "name": name}}))
    for path in paths:
        assert "/" not in path
        assert not path.startswith(".")
        assert path.endswith(".folder.json")
        assert len(path.encode()) <= 255
    assert paths[1].endswith(" (1, -1).folder.json")


def test_a_torn_file_of_ours_is_the_users(tmp_path: Path) -> None:
    bench = PipelineBench(tmp_path, "straight")
    directory = bench.archive.directory
    assert write_sidecar(directory, "a.json", "image", {"x": 1}) == "written"
    assert write_sidecar(directory, "a.json", "image", {"x": 1}) == "uptodate"
    assert write_sidecar(directory, "a.json", "folder", {"x": 1}) == "foreign"
    assert write_sidecar(directory, "a.json", "image", {"x": 2}) == "written"
    (tmp_path / "a.json").write_text((tmp_path / "a.json").read_text()[:20])
    assert write_sidecar(directory, "a.json", "image", {"x": 2}) == "foreign"
    (tmp_path / "b.json").mkdir()
    assert write_sidecar(directory, "b.json", "image", {"x": 2}) == "foreign"
    assert bench.temporary() == []
    bench.close()
