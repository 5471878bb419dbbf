"""Reading galleries: the fewest parts at first, only what can be new later, an end whatever the site sends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.planning.gallery_walk import GalleryWalk

WINDOW = 24


class Reader:
    """A gallery as the site has it now, and an archive that reads it by strips."""

    def __init__(self, images: list[int]) -> None:
        self.images = images
        self.known: dict[int, int] = {}
        self.pages = 0
        self.total: int | None = None
        self.asked: list[int] = []

    def read(self, *, shown: bool = True, full: bool = False, at_most: int = 1000, telling: bool = True) -> list[int]:
        walk = GalleryWalk(
            known=set(self.known),
            pages=self.pages,
            total=self.total,
            shown=len(self.images) if shown else None,
            full=full,
        )
        self.asked = []
        while walk.start is not None and len(self.asked) < at_most:
            start = walk.start
            self.asked.append(start)
            ids = self.images[start : start + WINDOW]
            part = walk.saw(ids, total=len(self.images) if telling else None)
            assert part.first == start
            self.known |= {image_id: start + at for at, image_id in enumerate(ids)}
            if part.pages is not None:
                self.pages = part.pages
            if part.last:
                self.total = len(self.images)
        return self.asked


def test_a_new_gallery_costs_one_part_for_24_images() -> None:
    for count in (1, 23, 24, 25, 48, 49, 100):
        reader = Reader(list(range(1, count + 1)))
        assert reader.read() == list(range(0, count, WINDOW))
        assert set(reader.known) == set(reader.images)
        assert reader.pages == -(-count // WINDOW)


def test_a_known_gallery_of_the_same_size_costs_nothing() -> None:
    reader = Reader(list(range(50)))
    reader.read()
    assert reader.read() == []
    assert reader.read(full=True) == [0, 24, 48]


def test_a_listing_that_was_stopped_goes_on_behind_its_checkpoint() -> None:
    reader = Reader(list(range(100)))
    assert reader.read(at_most=2) == [0, 24]
    assert (reader.pages, reader.total) == (2, None)
    assert reader.read() == [48, 72, 96]


def test_new_images_at_the_end_are_read_from_the_last_known_part() -> None:
    reader = Reader(list(range(100)))
    reader.read()
    reader.images += range(200, 230)
    assert reader.read() == [96, 120]
    assert set(reader.known) == set(reader.images)


def test_removed_images_shift_the_others() -> None:
    """Twenty go, thirty come: the last known part begins with a new image, so the walk goes back one part."""
    reader = Reader(list(range(200)))
    reader.read()
    reader.images = [*range(10), *range(40, 200), *range(300, 370)]
    assert reader.read()[0] == 192
    assert min(reader.asked) > 100
    assert set(reader.known) >= set(reader.images)


def test_a_gallery_that_only_shrank_costs_one_part() -> None:
    reader = Reader(list(range(100)))
    reader.read()
    reader.images = reader.images[:70]
    assert reader.read() == [48]
    assert reader.read() == []


def test_images_put_at_the_beginning_are_found_by_their_number() -> None:
    reader = Reader(list(range(100)))
    reader.read()
    reader.images = [900, 901, *reader.images]
    reader.read()
    assert set(reader.known) == set(reader.images)


def test_without_a_total_a_short_or_an_empty_part_is_the_end() -> None:
    for count, asked in ((30, [0, 24]), (48, [0, 24, 48]), (0, [0])):
        reader = Reader(list(range(count)))
        assert reader.read(shown=False, telling=False) == asked


def test_a_total_that_is_too_large_and_a_site_that_repeats_itself_come_to_an_end() -> None:
    walk = GalleryWalk()
    assert not walk.saw(range(24), total=500).last
    assert walk.saw([], total=500).last
    walk = GalleryWalk()
    walk.saw(range(24), total=500)
    assert walk.saw(range(24), total=500).last


def test_short_parts_leave_no_gap() -> None:
    walk = GalleryWalk()
    walk.saw(range(20), total=50)
    assert walk.start == 20
    walk.saw(range(20, 40), total=50)
    assert walk.start == 40
    assert walk.saw(range(40, 50), total=50).last


def test_pages_of_another_size_end_where_no_next_one_is_linked() -> None:
    walk = GalleryWalk()
    starts = []
    for page in range(11):
        starts.append(walk.start)
        part = walk.saw(range(page * 20, page * 20 + 20), total=220, has_next=page < 10)
    assert starts == [24 * page for page in range(11)]
    assert part.last


@given(
    st.integers(0, 130),
    st.lists(st.integers(0, 129), max_size=40, unique=True),
    st.integers(0, 80),
    st.booleans(),
    st.integers(1, 4),
)
def test_whatever_was_appended_is_found(count: int, removed: list[int], new: int, shown: bool, cut: int) -> None:
    reader = Reader(list(range(count)))
    reader.read(at_most=cut)
    reader.read()
    reader.images = [image_id for image_id in reader.images if image_id not in removed] + list(range(1000, 1000 + new))
    reader.read(shown=shown)
    if len(reader.images) != count or not shown:
        assert set(reader.known) >= set(reader.images)
    assert len(reader.asked) <= 2 + 2 * -(-(count + new) // WINDOW)
