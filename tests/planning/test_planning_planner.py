"""The planner against scripted and hostile sites: what is asked, what is served, and that it always ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.planning import PhotoRequest, Planner, StripRequest, Window

SMALL = st.integers(1, 40)


def drive(planner: Planner, answer: Any, limit: int = 10_000) -> tuple[list[PhotoRequest | StripRequest], list[int]]:
    """Ask until the plan is empty; the requests, and the ids served."""
    asked: list[PhotoRequest | StripRequest] = []
    served: list[int] = []
    while (request := planner.next()) is not None:
        assert len(asked) < limit, "it does not end"
        asked.append(request)
        served += planner.saw(request, answer(request))
    return asked, served


def gallery_site(ids: list[int], gallery_id: int = 7, before: int = 0) -> Any:
    """A site of one gallery whose windows start `before` positions before the own image."""

    def answer(request: PhotoRequest | StripRequest) -> Window:
        if isinstance(request, StripRequest):
            assert request.gallery_id == gallery_id
            return Window(gallery_id, len(ids), request.start, tuple(ids[request.start : request.start + 24]))
        at = ids.index(request.image_id)
        start = max(0, at - before)
        return Window(gallery_id, len(ids), at, tuple(ids[start : at - before + 24]))

    return answer


def test_nothing_wanted_is_nothing_asked() -> None:
    planner = Planner()
    assert planner.next() is None
    assert (len(planner), planner.remaining, planner.estimated_pages()) == (0, 0, 0)


def test_a_window_serves_all_wanted_in_it_in_its_order() -> None:
    planner = Planner()
    for image_id in (5, 3, 9, 100):
        planner.add(image_id, gallery_id=1)
    request = planner.next()
    assert request == PhotoRequest(3, 1)
    assert planner.saw(request, Window(1, 50, 2, (4, 3, None, 9, 9, 5))) == [3, 9, 5]
    assert 100 in planner
    assert 9 not in planner
    assert len(planner) == 1


def test_a_failed_page_drops_only_its_own_image() -> None:
    planner = Planner()
    planner.add(1)
    planner.add(2)
    assert planner.saw(PhotoRequest(1, None), None) == []
    assert 1 not in planner
    assert planner.next() == PhotoRequest(2, None)


def test_own_image_that_its_page_does_not_show_is_not_served_and_not_asked_again() -> None:
    planner = Planner()
    planner.add(1)
    assert planner.saw(PhotoRequest(1, None), Window(4, 9, 0, (8, 9))) == []
    assert planner.next() is None


def test_asking_twice_without_an_answer_gives_the_same_page() -> None:
    planner = Planner()
    planner.add(4)
    planner.require_page(2)
    assert planner.next() == planner.next() == PhotoRequest(2, None)


@pytest.mark.parametrize("how", ["served", "asked", "discarded"])
def test_what_is_done_is_not_taken_again(how: str) -> None:
    planner = Planner()
    planner.add(1)
    if how == "served":
        assert planner.saw(PhotoRequest(9, None), Window(None, None, None, (1,))) == [1]
    elif how == "asked":
        planner.saw(PhotoRequest(1, None), None)
    else:
        planner.discard(1)
    planner.add(1)
    assert planner.next() is None


def test_a_gallery_learned_later_is_kept() -> None:
    planner = Planner()
    planner.add(1, rank=(0, 5))
    planner.add(1, gallery_id=6)
    planner.add(1, gallery_id=8)
    assert planner.next() == PhotoRequest(1, 6)
    assert len(planner) == 1


def test_required_pages_come_first_and_serve_the_others() -> None:
    planner = Planner()
    for image_id in range(10, 20):
        planner.add(image_id, gallery_id=1)
    planner.require_page(15)
    assert len(planner) == 10
    request = planner.next()
    assert request == PhotoRequest(15, 1)
    assert planner.saw(request, Window(1, 20, 5, tuple(range(10, 20)))) == list(range(10, 20))
    assert planner.next() is None


def test_a_strip_does_not_serve_a_required_image() -> None:
    planner = Planner()
    planner.add(1)
    planner.require_page(1)
    assert planner.saw(PhotoRequest(2, None), Window(1, 2, 1, (1, 2))) == []
    assert 1 in planner
    assert planner.next() == PhotoRequest(1, None)
    assert planner.saw(PhotoRequest(1, None), Window(1, 2, 0, (1, 2))) == [1]
    assert planner.next() is None


def test_a_page_can_be_required_again_after_it_was_served() -> None:
    planner = Planner()
    planner.add(1)
    planner.saw(PhotoRequest(1, None), Window(1, 1, 0, (1,)))
    planner.require_page(1)
    assert 1 in planner
    assert planner.next() == PhotoRequest(1, None)
    planner.discard(1)
    assert planner.next() is None


def test_own_image_first_is_read_from_the_beginning_without_waste() -> None:
    ids = list(range(1000, 1240))
    planner = Planner()
    for image_id in ids:
        planner.add(image_id)
    asked, served = drive(planner, gallery_site(ids))
    assert len(asked) == 10
    assert served == ids


def test_windows_that_look_backwards_are_read_from_the_end() -> None:
    ids = list(range(1000, 1240))
    planner = Planner(partials=False)
    for image_id in ids:
        planner.add(image_id)
    asked, served = drive(planner, gallery_site(ids, before=23))
    assert len(asked) <= 13
    assert sorted(served) == ids


def test_strips_follow_once_the_gallery_is_known() -> None:
    ids = list(range(1000, 1240))
    planner = Planner()
    for image_id in ids:
        planner.add(image_id, gallery_id=7)
    asked, _ = drive(planner, gallery_site(ids, before=12))
    assert sum(isinstance(request, StripRequest) for request in asked) >= 7
    assert len(asked) <= 12


def test_shuffled_ids_and_favorites_of_a_whole_gallery_are_swept() -> None:
    ids = [1000 + (at * 77) % 241 for at in range(240)]
    planner = Planner()
    for at, image_id in enumerate(sorted(ids, key=lambda one: one * 31 % 257)):
        planner.add(image_id, gallery_id=7, rank=(0, at))
    asked, _ = drive(planner, gallery_site(ids, before=12))
    assert len(asked) <= 16


def test_without_partials_only_pages_are_asked() -> None:
    ids = list(range(1000, 1240))
    planner = Planner(partials=False)
    for image_id in ids:
        planner.add(image_id, gallery_id=7)
    asked, _ = drive(planner, gallery_site(ids, before=12))
    assert all(isinstance(request, PhotoRequest) for request in asked)
    assert len(asked) <= 20


def test_failing_strips_are_given_up() -> None:
    ids = list(range(1000, 1240))
    planner = Planner()
    for image_id in ids:
        planner.add(image_id, gallery_id=7)
    site = gallery_site(ids, before=12)
    asked, served = drive(planner, lambda request: None if isinstance(request, StripRequest) else site(request))
    assert sum(isinstance(request, StripRequest) for request in asked) == 1
    assert sorted(served) == ids


@pytest.mark.parametrize("wrong", [-1, 1, 5])
def test_an_index_that_counts_from_elsewhere_is_seen_through(wrong: int) -> None:
    ids = list(range(1000, 1600))
    wanted = [one for at, one in enumerate(ids) if at % 50 < 30]
    site = gallery_site(ids, before=12)

    def answer(request: PhotoRequest | StripRequest) -> Window:
        window: Window = site(request)
        if isinstance(request, PhotoRequest):
            return Window(window.gallery_id, window.total, (window.index or 0) + wrong, window.ids)
        return window

    planner = Planner()
    for image_id in wanted:
        planner.add(image_id, gallery_id=7)
    asked, served = drive(planner, answer)
    assert sorted(served) == wanted
    assert len(asked) <= 1.6 * 24


def test_a_listing_that_names_the_wrong_galleries_costs_little() -> None:
    ids = list(range(1000, 1240))
    planner = Planner()
    for at, image_id in enumerate(ids):
        planner.add(image_id, gallery_id=100 + at // 60)
    asked, served = drive(planner, gallery_site(ids))
    assert sorted(served) == ids
    assert len(asked) <= 12


def test_strips_that_show_nothing_are_given_up_for_the_whole_site() -> None:
    planner = Planner()
    for gallery_id in range(40):
        for at in range(60):
            planner.add(10_000 * gallery_id + at, gallery_id=gallery_id)
    fruitless = 0

    def answer(request: PhotoRequest | StripRequest) -> Window:
        nonlocal fruitless
        if isinstance(request, StripRequest):
            fruitless += 1
            return Window(request.gallery_id, 60, request.start, ())
        gallery_id, at = divmod(request.image_id, 10_000)
        start = max(0, at - 12)
        return Window(gallery_id, 60, at, tuple(10_000 * gallery_id + one for one in range(start, min(60, at + 12))))

    drive(planner, answer)
    assert fruitless == 4


def test_a_listing_read_from_the_wrong_end_is_noticed() -> None:
    ids = [5000 + (at * 77) % 241 for at in range(234)] + [1004, 1001, 1005, 1002, 1003, 1000]
    planner = Planner(partials=False)
    for at, image_id in enumerate(reversed(ids)):
        planner.add(image_id, rank=(0, at))
    asked, _ = drive(planner, gallery_site(ids))
    assert len(asked) <= 30


def test_strips_go_to_the_gallery_that_pages_name() -> None:
    ids = list(range(1000, 1240))
    planner = Planner()
    for image_id in ids:
        planner.add(image_id, gallery_id=999)
    asked, _ = drive(planner, gallery_site(ids, before=12))
    assert sum(isinstance(request, StripRequest) for request in asked) >= 7


def test_no_strip_is_asked_twice() -> None:
    ids = list(range(1000, 1240))
    site = gallery_site(ids, before=12)
    planner = Planner()
    for image_id in ids:
        planner.add(image_id, gallery_id=7)

    def answer(request: PhotoRequest | StripRequest) -> Window:
        if isinstance(request, StripRequest):  # always something wanted, never what was asked
            return Window(7, None, None, tuple(one for one in reversed(ids) if one in planner)[:1])
        window: Window = site(request)
        return window

    asked, _ = drive(planner, answer)
    strips = [request for request in asked if isinstance(request, StripRequest)]
    assert len(strips) > 2
    assert len(strips) == len({(strip.gallery_id, strip.start) for strip in strips})


def test_time_left_follows_what_pages_brought() -> None:
    planner = Planner()
    for image_id in range(1000):
        planner.add(image_id)
    before = planner.estimated_pages()
    for start in range(0, 480, 24):
        planner.saw(PhotoRequest(start, None), Window(1, 1000, start, tuple(range(start, start + 24))))
    assert before > 100
    assert 22 <= planner.estimated_pages() <= 35


windows = st.none() | st.builds(
    Window,
    st.none() | st.integers(1, 3),
    st.none() | st.integers(-5, 60),
    st.none() | st.integers(-30, 60),
    st.lists(st.none() | SMALL, max_size=30).map(tuple),
)


@settings(max_examples=200, deadline=None)
@given(
    wanted=st.lists(
        st.tuples(SMALL, st.none() | st.integers(1, 3), st.none() | st.tuples(st.integers(0, 1), st.integers(0, 30))),
        max_size=40,
    ),
    required=st.sets(SMALL, max_size=5),
    late=st.lists(SMALL, max_size=5),
    answers=st.data(),
)
def test_whatever_the_site_answers_it_ends_and_nothing_is_forgotten(
    wanted: list[Any], required: set[int], late: list[int], answers: st.DataObject
) -> None:
    planner = Planner()
    ids = {image_id for image_id, _, _ in wanted} | required
    for image_id, gallery_id, rank in wanted:
        planner.add(image_id, gallery_id=gallery_id, rank=rank)
    for image_id in required:
        planner.require_page(image_id)
    assert len(planner) == len(ids)
    pages: list[int] = []
    strips: list[StripRequest] = []
    served: list[int] = []
    while (request := planner.next()) is not None:
        if isinstance(request, PhotoRequest):
            pages.append(request.image_id)
        else:
            assert request.start >= 0
            strips.append(request)
        window = answers.draw(windows)
        got = planner.saw(request, window)
        assert set(got) <= set(window.ids if window is not None else ())
        served += got
        if late:
            ids.add(late[-1])
            planner.add(late.pop(), gallery_id=2)
        assert len(planner) >= 0
        assert len(pages) + len(strips) <= len(ids) + 5 + len(ids) // 4
    assert len(pages) == len(set(pages))
    assert len(strips) == len({(strip.gallery_id, strip.start) for strip in strips})
    assert len(served) == len(set(served))
    assert ids <= set(pages) | set(served)
    assert required <= set(pages)
    assert planner.remaining == 0
