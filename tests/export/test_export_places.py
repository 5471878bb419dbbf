"""Where images are, as templates and manifests tell it; and what pictures a query has."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from export.collection_archive import SEEN, Collection
from sqlalchemy import insert, update

from imagefap_scraper.database.models import Favorite, FolderGallery, Gallery, GalleryImage
from imagefap_scraper.database.session import database_url, open_writer
from imagefap_scraper.export.places import NOWHERE, Position, first_places, place_of, positions
from imagefap_scraper.export.selection import select_pictures
from imagefap_scraper.storage.template import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    made = Collection(users={1: "anna", 2: "Ben"}, folders={(1, 10): "Flowers", (2, 20): "Trees"})
    made.tags = {1: (None, 'say "rose"'), 2: (1, "red"), 3: (None, "red")}
    made.add(101, b"rose", at=((1, 10, 4), (2, 20, 0)), tags=(2,))
    made.add(102, b"oak", tags=(1,))
    made.add(103, b"rock", tags=(3,))
    made.make(tmp_path)
    engine = open_writer(database_url(tmp_path))
    with engine.begin() as connection:
        connection.execute(update(Favorite).where(Favorite.user_id == 1).values(first_seen=SEEN + timedelta(days=1)))
        connection.execute(insert(Gallery).values(gallery_id=7, name="Oaks", first_seen=SEEN))
        connection.execute(insert(Gallery).values(gallery_id=8, name="Loose", first_seen=SEEN))
        for gallery_id, image_id, position in ((7, 102, 2), (8, 103, 0), (7, 101, 5)):
            row = {"gallery_id": gallery_id, "image_id": image_id, "position": position, "first_seen": SEEN}
            connection.execute(insert(GalleryImage).values(row))
        in_folder = {"user_id": 2, "folder_id": 20, "gallery_id": 7, "position": 0}
        connection.execute(insert(FolderGallery).values(in_folder | {"first_seen": SEEN, "shown_at": SEEN}))
        yield connection
    engine.dispose()


def test_the_place_that_was_seen_first_comes_first(connection: Connection) -> None:
    assert positions(connection, [101, 999]) == {
        101: [Position(2, 20, "Ben", "Trees", 1), Position(1, 10, "anna", "Flowers", 5)]
    }
    assert first_places(connection, [101]) == {101: Place("Ben", "Trees", 1)}
    assert place_of([]) == NOWHERE


def test_what_is_in_no_folder_is_in_its_gallery(connection: Connection) -> None:
    assert first_places(connection, [102, 103]) == {102: Place("Ben", "Oaks", 3), 103: Place(None, "Loose", 1)}


def test_tags_are_found_by_their_whole_path(connection: Connection) -> None:
    def found(*tags: str) -> list[int]:
        return [picture.image_id for picture in select_pictures(connection, "", tags)]

    assert found("red") == [103]
    assert found('say "rose"') == [101, 102]
    assert found('say "rose"/red') == [101]
    assert found("red", 'say "rose"/red') == [101, 103]
    # With a query, both have to hold.
    assert [picture.image_id for picture in select_pictures(connection, "id:102,103", ['say "rose"'])] == [102]


def test_only_the_tags_that_are_asked_for_are_places(connection: Connection) -> None:
    (picture,) = select_pictures(connection, "tag:red id:101")
    assert picture.under == (('say "rose"', "red"),)
    (picture,) = select_pictures(connection, "id:103")
    assert picture.under == picture.tags == (("red",),)
    assert [place.folder for place in select_pictures(connection, "user:anna id:101")[0].at] == ["Flowers"]
