"""A small world of pictures whose groups are derived, decided and derived again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.components import Edge
from imagefap_scraper.dedup.decisions import Decision, decide
from imagefap_scraper.dedup.groups import BlobState, Derived, GroupRow, KnownGroup, derive
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge, Pair, in_order

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, MISSING, TRASHED = BlobState(True, True), BlobState(True, False), BlobState(False, True)
VERDICTS = {"n": Verdict.NEW, "k": Verdict.KEEP, "s": Verdict.SKIP, "f": Verdict.FALSE}
JUDGED = (Verdict.KEEP, Verdict.SKIP, Verdict.FALSE)


def verdicts_of(text: str) -> dict[str, Verdict]:
    """Read `a=k b=s`: a is kept, b skipped; n is new, f false."""
    return {word[0]: VERDICTS[word[2]] for word in text.split()}


class World:
    """Evidence, knowledge and groups, as the database keeps them."""

    def __init__(self, blobs: str = "") -> None:
        self.blobs = dict.fromkeys(blobs, HERE)
        self.pairs: dict[Pair, PairKind] = {}
        self.relations: dict[Pair, Relation] = {}
        self.groups: dict[int, KnownGroup] = {}
        self.rows: dict[int, GroupRow] = {}
        self.now = NOW

    def see(self, pairs: str, kind: PairKind = PairKind.COPY) -> None:
        """Add pairs, written `ab cd`."""
        for a, b in pairs.split():
            self.blobs.setdefault(a, HERE)
            self.blobs.setdefault(b, HERE)
            self.pairs[in_order(a, b)] = kind

    def derived(self, *, new_run: bool = False, shuffled: random.Random | None = None) -> Derived:
        pairs = [Edge(*pair, kind) for pair, kind in self.pairs.items()]
        relations = [(*pair, relation) for pair, relation in self.relations.items()]
        groups, blobs = list(self.groups.values()), list(self.blobs.items())
        if shuffled:
            for things in (pairs, relations, groups, blobs):
                shuffled.shuffle(things)
            pairs = [Edge(b, a, kind) if shuffled.random() < 0.5 else Edge(a, b, kind) for a, b, kind in pairs]
        return derive(
            pairs,
            relations,
            dict(blobs),
            groups,
            now=self.now,
            next_id=max(self.groups, default=0) + 1,
            new_run=new_run,
        )

    def derive(self, *, new_run: bool = False) -> Derived:
        derived = self.derived(new_run=new_run)
        before, self.groups = self.groups, {}
        for row in derived.groups:
            until = before[row.group_id].deferred_until if row.group_id in before else None
            members = {blob: member.verdict for blob, member in row.members.items()}
            self.groups[row.group_id] = KnownGroup(row.group_id, row.kind, row.state, members, until)
        self.rows = {row.group_id: row for row in derived.groups}
        return derived

    def set_state(self, group_id: int, state: GroupState, until: datetime | None = None) -> None:
        group = self.groups[group_id]
        self.groups[group_id] = KnownGroup(group_id, group.kind, state, group.members, until)

    def decide(self, group_id: int, verdicts: Mapping[str, Verdict], variants: Collection[str] = ()) -> Decision:
        group = self.groups[group_id]
        known = Knowledge((*pair, relation) for pair, relation in self.relations.items())
        live = {blob for blob, state in self.blobs.items() if state.live}
        decision = decide(group, verdicts, variants, known, live=live)
        for pair in decision.dropped:
            del self.relations[pair]
        self.relations |= {(a, b): relation for a, b, relation in decision.relations}
        self.groups[group_id] = KnownGroup(group_id, group.kind, group.state, decision.verdicts)
        return decision

    def apply(self, group_id: int) -> None:
        """Move what is skipped to the trash, if something live is kept."""
        group = self.groups[group_id]
        if not any(v is Verdict.KEEP and self.blobs[blob].live for blob, v in group.members.items()):
            return
        for blob, verdict in group.members.items():
            if verdict is Verdict.SKIP:
                self.blobs[blob] = TRASHED
        if group.state is GroupState.DECIDED:
            self.set_state(group_id, GroupState.APPLIED)

    def shown(self, group_id: int) -> str:
        """Return the members as `a=k b=s* c=n*`; the asterisk marks those asked."""
        letters = {verdict: letter for letter, verdict in VERDICTS.items()}
        members = self.rows[group_id].members.items()
        return " ".join(f"{blob}={letters[verdict]}{'*' * asked}" for blob, (verdict, asked) in members)

    def asked(self) -> list[str]:
        return sorted("".join(pair) for row in self.rows.values() for pair in row.open_pairs)


def world(pairs: str, kind: PairKind = PairKind.COPY) -> World:
    made = World()
    made.see(pairs, kind)
    made.derive(new_run=True)
    return made
