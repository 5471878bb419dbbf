from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
from database_bench import Bench, new_engine

from imagefap_scraper.database import gallery_reads, gallery_reports, reads, writes
from imagefap_scraper.database.gallery_writes import record_gallery
from imagefap_scraper.items import FolderItem, FolderKind, GalleryItem, ImageItem, ImageStatus, ListedGalleryItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A = "a" * 64


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with new_engine(tmp_path, durable=False) as engine:
        bench = Bench(engine)
        bench.user()
        yield bench


def list_galleries(bench: Bench, *galleries: ListedGalleryItem, since: str | None = None) -> None:
    folder = FolderItem(1, 10, "liked", FolderKind.GALLERIES, pages=1, galleries=list(galleries), listed_through=True)
    folder.listed_since = since
    bench.do(partial(writes.record_folder, folder=folder))


def read_gallery(bench: Bench, *ids: int, gallery_id: int = 7, **fields: object) -> None:
    item = GalleryItem(gallery_id, image_ids=list(ids), **fields)  # type: ignore[arg-type]
    bench.do(partial(record_gallery, item=item))


def finish(bench: Bench) -> object:
    bench.do(partial(writes.note_finished_folders, layout="blobs"))
    ((finished,),) = bench.ask("SELECT finished_blobs IS NOT NULL FROM folders")
    return finished


def test_a_listing_keeps_order_names_and_what_left(bench: Bench) -> None:
    list_galleries(bench, ListedGalleryItem(7, "cut na..", 3), ListedGalleryItem(8, "eight", None))
    read_gallery(bench, name="cut name whole")
    since = datetime.now(UTC).isoformat()
    list_galleries(bench, ListedGalleryItem(9, "nine"), ListedGalleryItem(7, "cut na..", 4), since=since)
    found = bench.ask(
        "SELECT f.gallery_id, position, g.name, images, unlisted_at IS NULL FROM folder_galleries f "
        "JOIN galleries g USING (gallery_id) ORDER BY position"
    )
    assert found == [(7, 0, "cut name whole", 3, 1), (8, 1, "eight", None, 0), (9, 2, "nine", None, 1)]


def test_images_get_their_places_and_whole_names(bench: Bench) -> None:
    list_galleries(bench, ListedGalleryItem(7))
    read_gallery(bench, 103, 102, names={103: "three.jpg"}, pages=1)
    read_gallery(bench, 101, 103, total=3, pages=1, listed_through=True)
    held = bench.ask("SELECT image_id, position FROM gallery_images ORDER BY image_id")
    assert held == [(101, 0), (102, 1), (103, 1)]
    assert bench.ask("SELECT name, gallery_id, status FROM images WHERE image_id = 103") == [("three.jpg", 7, "wanted")]
    assert bench.ask("SELECT pages, images, listed_at IS NULL FROM galleries") == [(1, 3, 0)]


def test_a_gallery_that_is_gone_keeps_everything_and_can_come_back(bench: Bench) -> None:
    list_galleries(bench, ListedGalleryItem(7))
    read_gallery(bench, 101)
    read_gallery(bench, gone=True)
    first = bench.ask("SELECT gone_at FROM galleries WHERE gone_at IS NOT NULL")
    read_gallery(bench, gone=True)
    assert bench.ask("SELECT gone_at FROM galleries") == first
    assert bench.ask("SELECT count(*) FROM gallery_images") == [(1,)]
    read_gallery(bench, 101)
    assert bench.ask("SELECT gone_at FROM galleries") == [(None,)]
    read_gallery(bench, gallery_id=404, gone=True)
    assert bench.ask("SELECT gallery_id FROM galleries") == [(7,)]


def test_a_folder_of_galleries_is_finished_once_all_is_read_and_nothing_is_wanting(bench: Bench) -> None:
    list_galleries(bench, ListedGalleryItem(7), ListedGalleryItem(8))
    assert not finish(bench)
    read_gallery(bench, 101, listed_through=True)
    read_gallery(bench, gallery_id=8, gone=True)
    assert not finish(bench)
    missed = ImageItem(101, ImageStatus.GONE, "page gone")
    bench.do(partial(writes.record_missed, item=missed))
    assert finish(bench)
    read_gallery(bench, 102, first=1)
    assert not finish(bench)
    bench.do(partial(writes.record_missed, item=ImageItem(102, ImageStatus.FILTERED, "types=gif: jpg")))
    assert finish(bench)  # what a filter keeps out is not wanting
    assert bench.ask("SELECT attempts FROM images ORDER BY image_id") == [(1,), (0,)]


def test_what_is_lacking_in_a_gallery(bench: Bench) -> None:
    list_galleries(bench, ListedGalleryItem(7, "seven", 4))
    read_gallery(bench, 101, 102, 103, 104)
    for image_id, status, reason in ((101, "gone", "x"), (102, "filtered", "types=gif: jpg"), (103, "failed", "y")):
        bench.do(partial(writes.record_missed, item=ImageItem(image_id, ImageStatus(status), reason)))
    state = bench.do(partial(gallery_reads.galleries, gallery_ids=[7, 8], layout="blobs"))[7]
    assert (state.name, state.total, state.listed_at, state.gone_at) == ("seven", 4, None, None)
    assert state.image_ids == {101: 0, 102: 1, 103: 2, 104: 3}
    assert [(image.image_id, image.filtered) for image in state.wanted] == [
        (102, "types=gif: jpg"),
        (103, ""),
        (104, ""),
    ]
    assert bench.do(partial(gallery_reads.folder_galleries, user_id=1)) == {10: [7]}
    bench.do(partial(writes.want_images, image_ids=[101, 102]))
    assert set(bench.do(partial(reads.image_ids, status=ImageStatus.WANTED))) == {101, 102, 104}
    (row,) = bench.do(partial(gallery_reports.folder_galleries, user_id=1, folder_id=10))
    assert (row.name, row.total, row.listed, row.gone, row.size) == ("seven", 4, False, False, 0)
    assert row.images["wanted"] == 3
    assert row.images["failed"] == 1
