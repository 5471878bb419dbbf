from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagefap_scraper.planning.folder_walk import FolderWalk, ListedPage


@dataclass
class Site:
    """A folder as the site shows it.

    `pages` may have empty ones in it. Behind the end it shows nothing, or the last page for ever. `silent` pages have
    no link to the next one although there is one.
    """

    pages: list[list[int]]
    repeats: bool = False
    silent: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)

    def show(self, page: int) -> tuple[list[int], bool]:
        self.asked.append(page)
        if page >= len(self.pages):
            return (self.pages[-1] if self.repeats and self.pages else []), False
        return self.pages[page], page + 1 < len(self.pages) and page not in self.silent


def _walk(walk: FolderWalk[int], site: Site, most: int = 200) -> list[ListedPage[int]]:
    """Go through the folder; more pages than `most` are an endless walk."""
    listed: list[ListedPage[int]] = []
    while walk.page is not None:
        assert len(site.asked) < most, f"endless: {site.asked[-10:]}"
        ids, has_next = site.show(walk.page)
        listed += walk.saw(ids, ids, has_next=has_next)
    assert [page.last for page in listed] == [False] * (len(listed) - 1) + [True]
    return listed


def _ids(listed: list[ListedPage[int]]) -> list[int]:
    return [image_id for page in listed for image_id in page.entries]


# The usual cases, by hand


def test_a_folder_of_one_page_costs_one_request() -> None:
    site = Site([[1, 2, 3]])
    assert _walk(FolderWalk(), site) == [ListedPage([1, 2, 3], 1, True)]
    assert site.asked == [0]


def test_an_empty_folder_costs_three() -> None:
    site = Site([])
    listed = _walk(FolderWalk(), site)
    assert (_ids(listed), listed[-1].pages, site.asked) == ([], 0, [0, 1, 2])


def test_a_short_last_page_ends_the_listing() -> None:
    site = Site([[1, 2], [3, 4], [5]])
    listed = _walk(FolderWalk(), site)
    assert [page.pages for page in listed] == [1, 2, 3]
    assert _ids(listed) == [1, 2, 3, 4, 5]
    assert site.asked == [0, 1, 2]


@pytest.mark.parametrize(("repeats", "asked"), [(True, [0, 1, 2]), (False, [0, 1, 2, 3, 4])])
def test_a_full_last_page_is_followed_by_a_look_behind_it(repeats: bool, asked: list[int]) -> None:
    site = Site([[1, 2], [3, 4]], repeats=repeats)
    listed = _walk(FolderWalk(), site)
    assert (_ids(listed), listed[-1].pages, site.asked) == ([1, 2, 3, 4], 2, asked)


def test_empty_pages_inside_are_no_end() -> None:
    site = Site([[1, 2], [], [], [3, 4], [], [5]])
    listed = _walk(FolderWalk(), site)
    assert _ids(listed) == [1, 2, 3, 4, 5]
    assert [page.pages for page in listed] == [1, 1, 1, 4, 4, 6]


def test_an_empty_page_without_a_link_is_no_end_either() -> None:
    site = Site([[1, 2], [3, 4], [], [], [5]], silent={1, 2, 3})
    assert _ids(_walk(FolderWalk(), site)) == [1, 2, 3, 4, 5]


def test_a_page_size_of_another_folder_helps_a_first_page_without_a_link() -> None:
    pages = [[1, 2], [], [3]]
    assert _ids(_walk(FolderWalk(page_size=2), Site(pages, silent={0, 1}))) == [1, 2, 3]
    walk: FolderWalk[int] = FolderWalk()
    _walk(walk, Site([[1, 2, 3], [4]]))
    assert walk.page_size == 3


def test_three_pages_that_show_nothing_new_end_a_listing_that_claims_more() -> None:
    walk: FolderWalk[int] = FolderWalk()
    shown = [[1, 2, 3], [1, 1], [2], [3, 2], [4]]
    number = 0
    while walk.page is not None:
        (page,) = walk.saw(shown[number], shown[number], has_next=True)
        number += 1
    assert number == 4
    assert page == ListedPage([], 4, True)


def test_a_page_that_comes_again_ends_the_listing_at_once() -> None:
    walk: FolderWalk[int] = FolderWalk()
    walk.saw([1, 2], [1, 2], has_next=True)
    assert walk.saw([2, 1], [2, 1], has_next=True) == [ListedPage([], 1, True)]
    assert walk.page is None


def test_a_rerun_starts_at_the_last_page_it_knows() -> None:
    site = Site([[1, 2], [3, 4], [5, 6], [7]])
    listed = _walk(FolderWalk(pages=3, known={1, 2, 3, 4, 5}), site)
    assert (_ids(listed), site.asked) == ([5, 6, 7], [2, 3])
    assert [page.pages for page in listed] == [3, 4]


def test_shifted_pages_are_walked_back_to_a_known_image_and_listed_in_order() -> None:
    site = Site([[4, 5], [6, 7], [8, 9], [10]])  # 1 to 3 are gone
    walk: FolderWalk[int] = FolderWalk(pages=3, known={1, 2, 3, 4, 5, 6})
    assert walk.saw([8, 9], [8, 9], has_next=True) == []  # held: 7 comes before it
    site.asked.append(2)
    listed = _walk(walk, site)
    assert site.asked == [2, 1, 3]
    assert _ids(listed) == [6, 7, 8, 9, 10]
    assert [page.pages for page in listed] == [2, 3, 4]


def test_pages_that_were_read_behind_a_page_without_a_link_are_listed() -> None:
    site = Site([[1, 2], [3, 4], [], [5]], silent={1, 2})
    assert _ids(_walk(FolderWalk(pages=4, known={1, 2, 3, 4}), site)) == [3, 4, 5]
    assert site.asked == [3, 2, 1]


def test_a_folder_whose_images_were_all_replaced_is_walked_back_to_its_start() -> None:
    site = Site([[11, 12], [13, 14], [15]])
    listed = _walk(FolderWalk(pages=3, known={1, 2, 3, 4, 5}), site)
    assert (_ids(listed), site.asked) == ([11, 12, 13, 14, 15], [2, 1, 0])


def test_a_folder_that_was_emptied_ends() -> None:
    site = Site([])
    listed = _walk(FolderWalk(pages=3, known={1, 2, 3}), site)
    assert (_ids(listed), listed[-1].pages) == ([], 0)


# Any folder


@st.composite
def _paged(draw: st.DrawFn, ids: list[int], size: int) -> list[list[int]]:
    """The ids on pages of this size, with up to two empty pages in a row between them."""
    pages: list[list[int]] = []
    for start in range(0, len(ids), size):
        if start:
            pages += [[]] * draw(st.integers(0, 2))
        pages.append(ids[start : start + size])
    return pages


@st.composite
def _folders(draw: st.DrawFn) -> tuple[list[int], int, set[int], list[int], int, Site]:
    """What was listed before and on how many pages, what of it is gone, what is new, and the folder as it is now."""
    size = draw(st.integers(1, 5))
    old = list(range(1, 1 + draw(st.integers(0, 30))))
    pages_before = len(draw(_paged(old, size)))
    gone = (
        draw(st.one_of(st.sets(st.sampled_from(old)), st.integers(0, len(old)).map(lambda n: set(old[:n]))))
        if old
        else set()
    )
    new = list(range(101, 101 + draw(st.integers(0, 20))))
    pages = draw(_paged([image_id for image_id in old if image_id not in gone] + new, size))
    site = Site(pages, repeats=draw(st.booleans()))
    return old, pages_before, gone, new, size, site


@given(_folders())
@example(([1, 2], 2, {1, 2}, [101], 1, Site([[101]], repeats=True)))
def test_every_new_favorite_is_found_in_order_and_the_walk_ends(
    folder: tuple[list[int], int, set[int], list[int], int, Site],
) -> None:
    old, pages_before, _, new, _, site = folder
    listed = _walk(FolderWalk(pages=pages_before, known=set(old)), site, most=pages_before + len(site.pages) + 4)
    found = _ids(listed)
    assert [image_id for image_id in found if image_id not in set(old)] == new
    assert len(set(found)) == len(found)
    assert listed[-1].pages <= max(len(site.pages), pages_before)


@given(_folders())
def test_a_listing_from_the_first_page_shows_all_there_is(
    folder: tuple[list[int], int, set[int], list[int], int, Site],
) -> None:
    old, _, gone, new, _, site = folder
    listed = _walk(FolderWalk(known=set(old)), site, most=len(site.pages) + 4)
    assert _ids(listed) == [image_id for image_id in old if image_id not in gone] + new
    assert listed[-1].pages == len(site.pages)


@given(_folders(), st.data())
def test_empty_pages_and_those_before_them_need_no_link(
    folder: tuple[list[int], int, set[int], list[int], int, Site], data: st.DataObject
) -> None:
    """As long as the page size is known, from an earlier page or another folder."""
    old, pages_before, _, new, size, site = folder
    quiet = [number for number, page in enumerate(site.pages) if not page or not [*site.pages[number + 1 :], [0]][0]]
    site.silent = data.draw(st.sets(st.sampled_from(quiet))) if quiet else set()
    walk: FolderWalk[int] = FolderWalk(pages=pages_before, known=set(old), page_size=size)
    found = _ids(_walk(walk, site, most=pages_before + len(site.pages) + 4))
    assert [image_id for image_id in found if image_id not in set(old)] == new


@given(_folders(), st.data())
def test_a_stopped_listing_goes_on_from_its_checkpoint(
    folder: tuple[list[int], int, set[int], list[int], int, Site], data: st.DataObject
) -> None:
    """Stopped after any page that was recorded, with some of what it knew gone before the next run."""
    *_, size, site = folder
    walk: FolderWalk[int] = FolderWalk()
    known: list[int] = []
    checkpoint = 0
    for _ in range(data.draw(st.integers(0, len(site.pages)))):
        if walk.page is None:
            break
        ids, has_next = site.show(walk.page)
        for page in walk.saw(ids, ids, has_next=has_next):
            known += page.entries
            checkpoint = page.pages
    everything = [image_id for page in site.pages for image_id in page]
    lost = data.draw(st.sets(st.sampled_from(known))) if known else set()
    later = Site(data.draw(_paged([image_id for image_id in everything if image_id not in lost], size)), site.repeats)
    most = checkpoint + len(later.pages) + 4
    found = known + _ids(_walk(FolderWalk(pages=checkpoint, known=set(known)), later, most=most))
    assert list(dict.fromkeys(found)) == everything


@given(st.lists(st.lists(st.integers(1, 12), max_size=4), max_size=30), st.integers(0, 12), st.sets(st.integers(1, 12)))
def test_any_nonsense_ends(pages: list[list[int]], before: int, known: set[int]) -> None:
    """Repeated ids anywhere, and always a link to more."""
    walk: FolderWalk[int] = FolderWalk(pages=before, known=known)
    asked = 0
    while walk.page is not None:
        ids = pages[walk.page] if walk.page < len(pages) else []
        walk.saw(ids, ids, has_next=True)
        asked += 1
        assert asked <= before + len(pages) + 4
