from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_bench import PipelineBench, image
from scrapy.exceptions import DropItem

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.items import ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.database import DatabasePipeline
from imagefap_scraper.pipelines.duplicates import DuplicatesPipeline
from imagefap_scraper.pipelines.storage import StoragePipeline
from imagefap_scraper.storage import files
from imagefap_scraper.storage.files import AlreadyThere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagefap_scraper.storage.files import TempFile
    from imagefap_scraper.storage.layouts import Choice


@pytest.fixture(params=["blobs", "straight"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path, request.param)
    yield bench
    bench.close()


@pytest.fixture
def straight(tmp_path: Path) -> Iterator[PipelineBench]:
    bench = PipelineBench(tmp_path, "straight")
    yield bench
    bench.close()


def _path(bench: PipelineBench, item: ImageItem, name: str) -> str:
    return f"blobs/{item.sha256}.jpg" if bench.archive.layout == "blobs" else name


async def test_the_bytes_that_came_are_on_disk_with_an_intent(bench: PipelineBench) -> None:
    item = image(5, b"content", name="five.png", reason="")
    assert await bench.make(StoragePipeline).process_item(item) is item
    path = _path(bench, item, "five.jpg")
    assert (item.path, item.outcome, item.status, item.content) == (path, "downloaded", ImageStatus.STORED, None)
    assert bench.files() == {path: b"content"}
    assert bench.temporary() == []
    ((intent_id, row_path, sha256, size),) = bench.rows("SELECT intent_id, path, sha256, size FROM intents")
    assert (intent_id, row_path, sha256, size) == (item.intent_id, path, item.sha256, 7)


async def test_the_intent_is_there_before_the_file_has_its_name(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int, int]] = []
    publish = bench.archive.store.publish

    def watch(choice: Choice, temp: TempFile, *, fsync: bool) -> None:
        seen.append((len(bench.rows("SELECT * FROM intents")), len(bench.temporary()), len(bench.files())))
        publish(choice, temp, fsync=fsync)

    monkeypatch.setattr(bench.archive.store, "publish", watch)
    await bench.make(StoragePipeline).process_item(image(5, b"content"))
    assert seen == [(1, 1, 0)]


async def test_files_are_synced_before_their_names_and_directories_after(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    sync, move = files.sync_path, files.move_new
    monkeypatch.setattr(
        files, "sync_path", lambda path: (events.append("directory" if path.is_dir() else "file"), sync(path))
    )
    monkeypatch.setattr(files, "move_new", lambda source, target: (events.append("name"), move(source, target)))
    pipeline = bench.make(StoragePipeline)
    await asyncio.gather(*(pipeline.process_item(image(number, b"%d" % number)) for number in range(3)))
    assert events == ["file"] * 3 + ["name"] * 3 + ["directory"]


async def test_images_that_wait_together_share_their_intents_commit(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    run = bench.archive.run

    async def count(work: Any) -> Any:
        groups.append(len(work.keywords["rows"]))
        return await run(work)

    monkeypatch.setattr(bench.archive, "run", count)
    pipeline = bench.make(StoragePipeline)
    items = [image(number, b"%d" % number) for number in range(70)]
    await asyncio.gather(*map(pipeline.process_item, items))
    assert groups == [32, 32, 6]
    assert len(bench.files()) == 70


async def test_equal_names_get_names_of_their_own(straight: PipelineBench) -> None:
    pipeline = straight.make(StoragePipeline)
    items = [image(number, b"content %d" % number, name="same.jpg") for number in range(3)]
    await asyncio.gather(*map(pipeline.process_item, items))
    assert {item.path for item in items} == {"same.jpg"} | {f"{item.sha256[:10]}-same.jpg" for item in items[1:]}  # type: ignore[index]
    assert straight.files() == {item.path: b"content %d" % item.image_id for item in items}


async def test_a_file_of_the_users_is_never_touched(straight: PipelineBench) -> None:
    mine, same = straight.output / "a.jpg", straight.output / "b.jpg"
    mine.write_bytes(b"mine")
    same.write_bytes(b"the very bytes")
    pipeline = straight.make(StoragePipeline)
    first, second = image(1, b"theirs", name="a.jpg"), image(2, b"the very bytes", name="b.jpg")
    await asyncio.gather(pipeline.process_item(first), pipeline.process_item(second))
    assert straight.files() == {"a.jpg": b"mine", "b.jpg": b"the very bytes", str(first.path): b"theirs"}
    assert (second.path, second.outcome, second.intent_id) == ("b.jpg", "uptodate", None)


async def test_a_name_that_was_taken_meanwhile_is_chosen_again(
    straight: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = straight.archive.store
    publish = store.publish

    def taken(choice: Choice, temp: TempFile, *, fsync: bool) -> None:
        if choice.path == "a.jpg" and not (straight.output / "a.jpg").exists():
            (straight.output / "a.jpg").write_bytes(b"mine")
        publish(choice, temp, fsync=fsync)

    monkeypatch.setattr(store, "publish", taken)
    pipeline = straight.make(StoragePipeline)
    first, other = image(1, b"theirs", name="a.jpg"), image(2, b"other", name="b.jpg")
    await asyncio.gather(pipeline.process_item(first), pipeline.process_item(other))
    assert first.path == f"{(first.sha256 or '')[:10]}-a.jpg"
    assert straight.files() == {"a.jpg": b"mine", str(first.path): b"theirs", "b.jpg": b"other"}
    assert straight.temporary() == []
    intents = {path for (path,) in straight.rows("SELECT path FROM intents")}
    assert intents == {first.path, "b.jpg"}


async def test_a_name_that_is_always_taken_first_is_no_endless_loop_for_the_others(
    straight: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, times = straight.archive.store, 5
    publish = store.publish

    def taken(choice: Choice, temp: TempFile, *, fsync: bool) -> None:
        nonlocal times
        if choice.path.endswith("a.jpg") and times:
            times -= 1
            raise AlreadyThere(choice.path)
        publish(choice, temp, fsync=fsync)

    monkeypatch.setattr(store, "publish", taken)
    pipeline = straight.make(StoragePipeline)
    first, other = image(1, b"theirs", name="a.jpg"), image(2, b"other", name="b.jpg")
    await asyncio.gather(pipeline.process_item(first), pipeline.process_item(other))
    assert straight.files() == {"a.jpg": b"theirs", "b.jpg": b"other"}
    assert times == 0


@pytest.mark.parametrize("step", ["write", "publish"])
async def test_a_write_error_of_one_leaves_the_others_stored(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*arguments: Any, fsync: bool = True) -> Any:
        if any(getattr(argument, "size", None) == 3 or argument == b"bad" for argument in arguments):
            raise StorageError("no space left on the disk")
        return usual(*arguments, fsync=fsync)

    owner, name = (bench.archive.directory, "write_temp") if step == "write" else (bench.archive.store, "publish")
    usual = getattr(owner, name)
    monkeypatch.setattr(owner, name, broken)
    pipeline = bench.make(StoragePipeline)
    items = [image(1, b"first", name="1.jpg"), image(2, b"bad", name="2.jpg"), image(3, b"third", name="3.jpg")]
    first, bad, third = await asyncio.gather(*map(pipeline.process_item, items), return_exceptions=True)
    assert isinstance(bad, DropItem)
    assert (first, third) == (items[0], items[2])
    assert [str(error) for error in bench.spider.aborted] == ["no space left on the disk"]
    assert sorted(bench.files().values()) == [b"first", b"third"]
    assert bench.temporary() == []
    assert {path for (path,) in bench.rows("SELECT path FROM intents")} == {items[0].path, items[2].path}
    assert (items[1].content, items[1].intent_id) == (None, None)
    monkeypatch.undo()
    again = image(2, b"bad", name="2.jpg")
    await pipeline.process_item(again)
    assert again.path == _path(bench, again, "2.jpg")  # the name was given back


async def test_intents_that_cannot_be_written_leave_nothing(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = bench.archive.run

    async def refuse(work: Any) -> Any:
        if "rows" in work.keywords:
            raise StorageError("the database is full")
        return await run(work)

    monkeypatch.setattr(bench.archive, "run", refuse)
    pipeline = bench.make(StoragePipeline)
    items = [image(number, b"%d" % number, name=f"{number}.jpg") for number in range(3)]
    ended = await asyncio.gather(*map(pipeline.process_item, items), return_exceptions=True)
    assert [type(end) for end in ended] == [DropItem] * 3
    assert (bench.files(), bench.temporary(), bench.rows("SELECT * FROM intents")) == ({}, [], [])
    assert len(bench.spider.aborted) == 3


async def test_a_full_disk_at_the_first_write_is_said_in_one_line(
    bench: PipelineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_new", full)
    with pytest.raises(DropItem, match="no space left on the disk"):
        await bench.make(StoragePipeline).process_item(image(1, b"content"))
    assert [error.exit_code for error in bench.spider.aborted] == [74]


async def test_bytes_that_this_layout_has_are_not_written_again(bench: PipelineBench) -> None:
    pipeline = bench.make(StoragePipeline)
    first = image(1, b"same", name="a.jpg")
    await pipeline.process_item(first)
    second = image(2, b"same", name="b.jpg", known=True, path=first.path)
    await pipeline.process_item(second)
    assert (second.path, second.outcome, second.intent_id, second.content) == (first.path, "uptodate", None, None)
    assert len(bench.files()) == 1


async def test_a_stored_file_that_was_damaged_is_written_again(bench: PipelineBench) -> None:
    pipeline = bench.make(StoragePipeline)
    first = image(1, b"same", name="a.jpg")
    await pipeline.process_item(first)
    assert first.path is not None
    (bench.output / first.path).write_bytes(b"oops")
    second = image(2, b"same", name="a.jpg", known=True, path=first.path)
    await pipeline.process_item(second)
    assert second.outcome == "downloaded"
    assert bench.files()[str(second.path)] == b"same"


async def _whole_way(bench: PipelineBench, *items: ImageItem) -> None:
    pipelines = [bench.make(kind) for kind in (DuplicatesPipeline, StoragePipeline, DatabasePipeline)]
    for item in items:
        for pipeline in pipelines:
            await pipeline.process_item(item)
        bench.end(item)


@pytest.mark.parametrize(("to", "path"), [("straight", "a.jpg"), ("blobs", None)])
async def test_the_other_layout_gets_a_copy_without_a_download(tmp_path: Path, to: Any, path: str | None) -> None:
    bench = PipelineBench(tmp_path, "blobs" if to == "straight" else "straight")
    first = image(1, b"content", name="a.jpg")
    await _whole_way(bench, first)
    bench.archive.use_layout(to)
    copy = ImageItem(1, name="a.jpg", sha256=first.sha256, size=7)
    await _whole_way(bench, copy)
    assert (copy.status, copy.outcome, copy.path) == (
        ImageStatus.STORED,
        "downloaded",
        path or f"blobs/{first.sha256}.jpg",
    )
    assert bench.files() == {str(first.path): b"content", str(copy.path): b"content"}
    assert len(bench.rows("SELECT * FROM blobs")) == 1
    assert len(bench.rows("SELECT * FROM files")) == 2
    assert bench.rows("SELECT * FROM intents") == []
    bench.close()


@pytest.mark.parametrize("damage", ["gone", "changed"])
async def test_a_copy_of_a_damaged_file_fails_and_changes_nothing(tmp_path: Path, damage: str) -> None:
    bench = PipelineBench(tmp_path)
    first = image(1, b"content")
    await _whole_way(bench, first)
    blob = bench.output / str(first.path)
    blob.unlink() if damage == "gone" else blob.write_bytes(b"changed")
    bench.archive.use_layout("straight")
    copy = ImageItem(1, name="a.jpg", sha256=first.sha256, size=7)
    with pytest.raises(DropItem, match="damaged"):
        await _whole_way(bench, copy)
    assert (copy.status, copy.path) == (ImageStatus.FAILED, None)
    assert bench.spider.aborted == []
    assert bench.rows("SELECT status FROM images") == [("stored",)]
    bench.close()


@pytest.mark.parametrize(
    "item", [ImageItem(5, ImageStatus.FAILED, "cut"), ImageItem(5, ImageStatus.GONE), UserItem(1, "a")]
)
async def test_what_is_not_to_be_stored_passes_as_it_is(bench: PipelineBench, item: object) -> None:
    before = repr(item)
    assert await bench.make(StoragePipeline).process_item(item) is item
    assert repr(item) == before
    assert bench.files() == {}


async def test_without_a_database_there_are_no_intents_and_equal_bytes_once(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(b"the very bytes")
    bench = PipelineBench(tmp_path, "straight", database=False)
    pipeline = bench.make(StoragePipeline)
    first, second = image(1, b"content", name="a.jpg"), image(2, b"the very bytes", name="b.jpg")
    for item in (first, second):
        await pipeline.process_item(item)
    assert (first.path, first.outcome, second.path, second.outcome) == ("a.jpg", "downloaded", "mine.jpg", "uptodate")
    assert first.intent_id is None
    bench.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "mine.jpg"]


async def test_no_database_and_a_failing_disk_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StorageError("the disk went away")

    bench = PipelineBench(tmp_path, "straight", database=False)
    monkeypatch.setattr(bench.archive.store, "publish", refuse)
    with pytest.raises(DropItem, match="went away"):
        await bench.make(StoragePipeline).process_item(image(1, b"content"))
    assert (bench.files(), bench.temporary()) == ({}, [])
    bench.close()


async def test_an_item_that_was_cancelled_keeps_nobody_else_waiting(bench: PipelineBench) -> None:
    pipeline = bench.make(StoragePipeline)
    tasks = [asyncio.create_task(pipeline.process_item(image(number, b"%d" % number))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert [type(end) for end in ended] == [ImageItem, asyncio.CancelledError, ImageItem]


async def test_names_that_lead_out_stay_inside(straight: PipelineBench) -> None:
    pipeline = straight.make(StoragePipeline)
    for number, name in enumerate(
        ["../../x.jpg", "/etc/x.jpg", "\uff0e\uff0e\uff0fx.jpg", "..", ".imagefap", "imagefap.database"]
    ):
        await pipeline.process_item(image(number, b"%d" % number, name=name))
    assert len(straight.files()) == 6
    assert all("/" not in path for path in straight.files())
