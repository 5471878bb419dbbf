"""Places without a database."""

from __future__ import annotations

from imagefap_scraper.export.seen import SeenPlaces
from imagefap_scraper.items import FavoriteItem, FolderItem, ImageItem, UserItem
from imagefap_scraper.storage.template import NOWHERE, Place


def test_places_are_those_of_the_listing() -> None:
    seen = SeenPlaces()
    seen.note(UserItem(1, "anna"))
    for ids in ((101, 102), (102, 103)):  # a listing that shifted: one image is on two pages
        seen.note(FolderItem(1, 10, "Flowers", favorites=[FavoriteItem(image_id) for image_id in ids]))
    seen.note(FolderItem(2, 10, "Trees", favorites=[FavoriteItem(103), FavoriteItem(104)]))
    seen.note(ImageItem(101))
    assert [seen.place(image_id) for image_id in (101, 102, 103)] == [Place("anna", "Flowers", n) for n in (1, 2, 3)]
    assert seen.place(104) == Place(None, "Trees", 1)
    assert seen.place(105) == NOWHERE
