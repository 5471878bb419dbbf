"""What is kept of one gallery, and how wrong places are put right."""

from __future__ import annotations

from imagefap_scraper.planning.gallery import Gallery, Group, Key, Seen, Wanted
from imagefap_scraper.planning.windows import IndexMeaning


def test_a_strip_shows_what_the_index_of_pages_means() -> None:
    meaning, gallery, other = IndexMeaning(), Gallery(total=200), Gallery(total=200)
    ids = tuple(range(100, 124))
    page = Seen(index=45, offset=12, ids=ids)  # really from position 28 on: this site counts from 5
    assert gallery.place_page(page, meaning) == 33
    gallery.places.update({image_id: at for at, image_id in enumerate(ids, 33)})
    assert gallery.place_strip(40, tuple(range(112, 136)), meaning)
    assert gallery.relearn(meaning) == [(40, tuple(range(112, 136)))]
    assert gallery.places == {}
    for _ in range(2):
        assert gallery.place_page(page, meaning) == 28
    assert other.place_page(Seen(index=65, offset=12, ids=(1, 2)), meaning) == 48


def test_a_strip_that_agrees_changes_nothing() -> None:
    meaning, gallery = IndexMeaning(), Gallery(total=200)
    gallery.places.update({7: 40, 8: 41})
    assert not gallery.place_strip(39, (6, 7, 8), meaning)


def test_pages_without_an_index_have_no_place() -> None:
    gallery = Gallery()
    assert gallery.place_page(Seen(index=None, offset=0, ids=(1,)), IndexMeaning()) is None
    assert gallery.place_page(Seen(index=3, offset=None, ids=(1,)), IndexMeaning()) is None
    assert gallery.place_page(Seen(index=3, offset=9, ids=(1,)), IndexMeaning()) is None


def test_sweeps_go_on_where_wanted_images_were_seen() -> None:
    gallery = Gallery(total=200)
    gallery.cover.add(50, 74)
    gallery.cover.add(120, 144)
    gallery.hit([51, 52, 53, 139])
    assert gallery.edges() == [(3, 26), (3, 74), (1, 96), (1, 144), (0, 0), (0, 176)]


def test_density_is_of_the_surroundings() -> None:
    gallery = Gallery(total=600)
    gallery.cover.add(0, 24)
    gallery.cover.add(300, 324)
    gallery.hit(list(range(24)))
    assert gallery.density_near(23) > 0.9
    assert gallery.density_near(323) == 0


def test_a_group_keeps_both_orders() -> None:
    group = Group(None)
    group.add(Wanted(5, 20))
    assert group.line(Key.ID).ends(9, low=True) == [(5, 5)]
    assert group.line(Key.RANK).ends(9, low=True) == [(20, 5)]
    group.add(Wanted(3, 30))
    group.add(Wanted(9, None))
    assert group.line(Key.ID).ends(9, low=True) == [(3, 3), (5, 5), (9, 9)]
    assert group.line(Key.RANK).ends(9, low=True) == [(-1, 9), (20, 5), (30, 3)]
    group.remove(5)
    assert group.line(Key.ID).ends(9, low=True) == [(3, 3), (9, 9)]
    assert group.line(Key.RANK).ends(9, low=True) == [(-1, 9), (30, 3)]
