"""Whatever is decided, undone, done again, tagged and searched, in any order: what holds all the same."""

from __future__ import annotations

import shutil
import tempfile
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from review_bench import Bench, encoded, picture
from verdicts_bench import LETTERS, take_back

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.journal import Rows, history
from imagefap_scraper.dedup.kinds import Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review import tagging
from imagefap_scraper.review.applying import apply_decisions, defer
from imagefap_scraper.review.deciding import Choice, accept_choices, decide
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.trashing import in_trash, restore
from imagefap_scraper.review.undoing import last_batch, origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup

PICTURES = 7
#: Evidence, given by hand: what a search would write about some of the pictures.
some_two = st.sampled_from(list(combinations(range(PICTURES), 2)))
some_kind = st.sampled_from(["copy", "copy", "pixel-identical", "crop", "look-alike"])
some_pairs = st.dictionaries(some_two, some_kind, min_size=4, max_size=9)
some_letters = st.lists(st.sampled_from("kksf--"), min_size=PICTURES, max_size=PICTURES)


class Whatever(RuleBasedStateMachine):
    """An archive of a few pictures, and somebody who cannot make up their mind."""

    seed: Path

    def __init__(self) -> None:
        super().__init__()
        self._place = tempfile.TemporaryDirectory()
        shutil.copytree(self.seed, self._place.name, dirs_exist_ok=True)
        self.bench = Bench(Path(self._place.name), read_options({}), next_id=PICTURES + 1)
        self.blobs = [sha256 for (sha256,) in self.bench.ask("SELECT sha256 FROM images ORDER BY image_id")]

    def teardown(self) -> None:
        try:
            self._undo_all()
        finally:
            self._place.cleanup()

    @initialize(pairs=some_pairs)
    def a_search(self, pairs: dict[tuple[int, int], str]) -> None:
        with self.bench.workplace.transaction() as connection:
            for (one, other), kind in sorted(pairs.items()):
                first, second = sorted((self.blobs[one], self.blobs[other]))
                row = (first, second, 2, 2, 0, kind, 0.0 if kind == "pixel-identical" else 4.0, "{}", 1, 1)
                connection.exec_driver_sql(f"INSERT INTO pairs VALUES ({', '.join('?' * len(row))})", row)
            regroup(Rows(connection), self.bench.options, new_run=True)
        self.start = self.bench.dump()
        self.searched = self.out_of_turn = False

    @rule(at=st.integers(0, 5), letters=some_letters, variants=st.integers(0, 3), later=st.sampled_from([0, 0, 1]))
    def decides(self, at: int, letters: Sequence[str], variants: int, later: int) -> None:
        if (group := self._group(at)) is None:
            return
        members = [sha256 for sha256, _, _ in group.members]
        given = {sha256: LETTERS[letter] for sha256, letter in zip(members, letters, strict=False) if letter in LETTERS}
        kept = [sha256 for sha256, verdict in given.items() if verdict is Verdict.KEEP][1:]
        kin = [sha256 for bit, sha256 in enumerate(kept) if variants >> bit & 1]
        choice = Choice(group.group_id, given, kin, rev=group.rev)
        if self._does(lambda: decide(self.bench.workplace, [choice], self.bench.options, apply=not later)):
            self._is_judged(group, given)

    @rule(at=st.integers(0, 5), letter=st.sampled_from("ff-"))
    def says_none_or_one_is_false(self, at: int, letter: str) -> None:
        if (group := self._group(at)) is None:
            return
        asked = [sha256 for sha256, _, asked in group.members if asked]
        given = dict.fromkeys(asked if letter == "f" else asked[-1:], Verdict.FALSE)
        if self._does(lambda: decide(self.bench.workplace, [Choice(group.group_id, given)], self.bench.options)):
            self._is_judged(group, given)

    @rule()
    def accepts_all(self) -> None:
        with self.bench.workplace.reading() as connection:
            choices = accept_choices(connection, ())
        kept = {sha256 for group in self.bench.groups() for sha256, verdict, _ in group.members if verdict == "keep"}
        assert not any(
            verdict is Verdict.SKIP and sha in kept for one in choices for sha, verdict in one.verdicts.items()
        )
        self._does(lambda: decide(self.bench.workplace, choices, self.bench.options, kind="accept", strict=False))

    @rule()
    def applies(self) -> None:
        self._does(lambda: apply_decisions(self.bench.workplace, self.bench.options))

    @rule(at=st.integers(0, 5))
    def defers(self, at: int) -> None:
        if (group := self._group(at)) is not None:
            self._does(lambda: defer(self.bench.workplace, [group.group_id], None, self.bench.options))

    @rule(at=st.integers(0, 5))
    def restores(self, at: int) -> None:
        with self.bench.workplace.reading() as connection:
            there = [one.sha256 for one in in_trash(connection)]
        if there:
            self._does(lambda: restore(self.bench.workplace, [there[at % len(there)]], self.bench.options))

    @rule(image=st.integers(1, PICTURES), off=st.booleans())
    def tags(self, image: int, off: bool) -> None:
        def change() -> None:
            with self.bench.workplace.reading() as connection:
                chosen = tagging.select_images(connection, [image], None)
            words = {"add": [] if off else ["x"], "remove": ["x"] if off else []}
            tagging.change_tags(self.bench.workplace, chosen, self.bench.options, create=True, **words)

        self._does(change)

    @rule(at=st.integers(0, 40))
    def undoes_or_redoes_any(self, at: int) -> None:
        with self.bench.workplace.reading() as connection:
            batches = sorted({entry.batch for entry in history(connection) if entry.undone_by is None})
        if batches:
            batch = batches[at % len(batches)]
            self.out_of_turn |= self._does(lambda: take_back(self.bench, batch)) and batch != batches[-1]

    @rule(redo=st.booleans())
    def undoes_or_redoes_the_last(self, redo: bool) -> None:
        def back() -> None:
            with self.bench.workplace.reading() as connection:
                batch = last_batch(connection, undone=redo)
            take_back(self.bench, batch)

        self._does(back)

    @rule()
    def searches_again(self) -> None:
        with self.bench.workplace.transaction() as connection:
            changed = regroup(Rows(connection), self.bench.options, new_run=True)
        # Only what was put aside until a search is asked again by it.
        self.searched |= bool(changed)

    def _group(self, at: int) -> StoredGroup | None:
        groups = self.bench.groups()
        return groups[at % len(groups)] if groups else None

    def _does(self, what: Any) -> bool:
        """Do something; return whether it was not refused. Whatever else is raised is a fault."""
        before = self.bench.dump()
        try:
            what()
        except (UserInputError, NotFoundError):
            assert self.bench.dump() == before
            return False
        self._holds()
        return True

    def _holds(self) -> None:
        assert self.bench.whole() == []
        # Orphans, and a group in which two different things are said.
        assert self.bench.ask("PRAGMA foreign_key_check") == []
        states = dict(self.bench.ask("SELECT sha256, state FROM blobs"))
        for group in self.bench.groups():
            for sha256, verdict, asked in group.members:
                assert verdict != "keep" or states[sha256] == "live", group
                assert not asked or states[sha256] == "live"
            assert (group.state in {"decided", "applied"}) == (not any(asked for _, _, asked in group.members))
        with self.bench.workplace.transaction() as connection:
            savepoint = connection.begin_nested()
            assert regroup(Rows(connection), self.bench.options) == [], "a part derives other groups than the whole"
            savepoint.rollback()

    def _knowledge(self, connection: Connection) -> Knowledge:
        return Knowledge((first, second, Relation(kind)) for first, second, kind in stored.relations(connection))

    def _is_judged(self, group: StoredGroup, given: dict[str, Verdict]) -> None:
        """Nothing that was judged now is asked."""
        before = {sha256: verdict for sha256, verdict, _ in group.members}
        with self.bench.workplace.reading() as connection:
            known = self._knowledge(connection)
        new = [sha256 for sha256, verdict in before.items() if verdict == "new" and sha256 not in given]
        for false in (sha256 for sha256, verdict in given.items() if verdict is Verdict.FALSE):
            assert all(known.between(false, other) is not None for other in new)
        if set(given.values()) == {Verdict.FALSE} and set(before.values()) == {"new"}:
            for two in combinations(given, 2):
                assert known.between(*two) is not None
            if given.keys() == before.keys():
                [now] = [one for one in self.bench.groups() if one.group_id == group.group_id]
                assert now.state == "applied"

    def _undo_all(self) -> None:
        while True:
            with self.bench.workplace.reading() as connection:
                entries = {entry.action_id: entry for entry in history(connection)}
                standing = [one for one in entries.values() if one.undone_by is None and not origin(connection, one)[1]]
                # Of what was done again its first time counts.
                standing.sort(key=lambda one: origin(connection, one)[0].action_id)
            if not standing:
                break
            take_back(self.bench, standing[-1].batch)
        (rows, files), (rows_before, files_before) = self.bench.dump(), self.start
        assert files == files_before
        if not self.searched:
            assert sorted(rows) == sorted(rows_before)
        if not self.searched and not self.out_of_turn:
            # Also in the order of their numbers.
            assert rows == rows_before


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("seed")
    Bench(root, read_options({})).add(*(encoded(picture(number, 60, 40), quality=90) for number in range(PICTURES)))
    return root


def test_whatever_happens(seed: Path) -> None:
    machine = type("Seeded", (Whatever,), {"seed": seed})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None, derandomize=True)
    )
