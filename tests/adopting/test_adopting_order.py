from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.adopting.order import positions


def test_a_first_import_counts_from_nought() -> None:
    assert positions(["a", "b", "c"], {}) == [0, 1, 2]


def test_what_a_kill_left_out_comes_where_it_belongs() -> None:
    assert positions(["a", "b", "c", "d"], {"a": 0, "c": 2}) == [0, 1, 2, 3]
    assert positions(["a", "b", "c"], {"c": 2}) == [0, 1, 2]


def test_new_names_without_room_go_behind_everything() -> None:
    assert positions(["a", "b", "c"], {"a": 0, "c": 1}) == [0, 3, 1]
    assert positions(["a", "b", "c", "d", "e"], {"b": 0, "d": 7}) == [8, 0, 2, 7, 9]


names = st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True).map(sorted)


@given(names, st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 12)))
def test_known_ones_stay_and_none_is_given_twice(wanted: list[str], known: dict[str, int]) -> None:
    known = {name: position for position, name in {position: name for name, position in known.items()}.items()}
    found = positions(wanted, known)
    assert len(set(found)) == len(found)
    for name, position in zip(wanted, found, strict=True):
        assert position == known.get(name, position)
        assert name in known or position not in known.values()
    assert positions(wanted, known | dict(zip(wanted, found, strict=True))) == found


@given(names, st.data())
def test_whatever_part_a_kill_left_the_order_is_the_same(wanted: list[str], data: st.DataObject) -> None:
    whole = dict(zip(wanted, positions(wanted, {}), strict=True))
    left = data.draw(st.sets(st.sampled_from(wanted))) if wanted else set()
    assert positions(wanted, {name: whole[name] for name in left}) == list(range(len(wanted)))
