"""Finding look-alikes: hashes that are close, a second look at the pictures, then the groups that follow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from imagefap_scraper.database import evidence
from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.journal import Rows
from imagefap_scraper.dedup.candidates import find_candidates
from imagefap_scraper.dedup.encoding import HASH_VERSION
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation
from imagefap_scraper.dedup.knowledge import Knowledge
from imagefap_scraper.dedup.look import LOOK_VERSION
from imagefap_scraper.dedup.orientation import inverse
from imagefap_scraper.dedup.rules import RuleMode
from imagefap_scraper.review.deciding import accept_choices, decide
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.looking import Candidate, PairLooks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imagefap_scraper.database.evidence import HashRow
    from imagefap_scraper.dedup.candidates import Candidates
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.progress import Progress
    from imagefap_scraper.review.workplace import Workplace

#: Pairs of a second look that are written together: what a kill costs at most.
_PAIRS_AT_A_TIME = 2_000


@dataclass(slots=True)
class FindReport:
    """What a search found.

    Attributes:
        pictures: that can be compared.
        new: of them that were compared for the first time, or within a larger distance than before.
        unhashed: that cannot be compared because they have no hashes; `process.py dups hash` makes them.
        looked_at: pairs that got a second look.
        pairs: of them by kind.
        asking: groups that ask something now, by state; without mere look-alikes, most of which are not the same.
        by_rule: groups that rules decided by themselves.
    """

    pictures: int = 0
    new: int = 0
    unhashed: int = 0
    looked_at: int = 0
    pairs: Counter[str] = field(default_factory=Counter)
    asking: dict[str, int] = field(default_factory=dict)
    by_rule: int = 0


def find(workplace: Workplace, options: Options, progress: Progress, *, everything: bool = False) -> FindReport:
    """Search for look-alikes among the pictures that were not compared yet, and between them and all others.

    It may be stopped at any time: what was looked at is on record, and the next search goes on.

    Args:
        workplace: the archive.
        options: distance, weights, processes.
        progress: is told how far it has come.
        everything: compare all with all once more.

    Raises:
        StorageError: no child process can be started, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    report = FindReport()
    with workplace.reading() as connection:
        rows = evidence.hash_rows(connection, HASH_VERSION)
        report.unhashed = evidence.count_unhashed(connection, HASH_VERSION)
        known = evidence.compared_pairs(connection, HASH_VERSION, LOOK_VERSION)
        relations = stored.relations(connection)
    report.pictures = sum(row.kept_as is None for row in rows)
    is_new = np.array(
        [everything or row.searched is None or row.searched < options.max_distance for row in rows], dtype=bool
    )
    report.new = sum(new and row.kept_as is None for new, row in zip(is_new.tolist(), rows, strict=True))
    if is_new.any():
        progress.start("comparing hashes", None)
        found = _search(rows, is_new, options)
        knowledge = Knowledge((first, second, Relation(kind)) for first, second, kind in relations)
        wanted = [pair for pair in _pairs(rows, found) if (pair.first, pair.second) not in known]
        unsettled = [pair for pair in wanted if knowledge.between(pair.first, pair.second) is None]
        _look(workplace, unsettled, options, progress, report)
    with workplace.transaction() as connection:
        evidence.forget_old_pairs(connection, HASH_VERSION, LOOK_VERSION)
        # What is on record is what this search would find, so that a decision sees the same groups as this search.
        evidence.forget_far_pairs(connection, options.limits.phash, options.limits.dhash)
        other = [row.sha256 for row in rows if row.searched != options.max_distance]
        evidence.mark_searched(connection, other, options.max_distance)
        regroup(Rows(connection), options, new_run=True)
    report.by_rule = _follow_rules(workplace, options)
    with workplace.reading() as connection:
        asking = (GroupState.NEW, GroupState.SUGGESTED, GroupState.REOPENED)
        sure = [str(kind) for kind in PairKind if kind is not PairKind.LOOK_ALIKE]
        report.asking = {str(state): len(stored.group_ids(connection, kinds=sure, states=[state])) for state in asking}
    return report


def _search(rows: Sequence[HashRow], is_new: NDArray[np.bool_], options: Options) -> Candidates:
    phash = np.array([row.phash for row in rows], dtype=np.int64).view(np.uint64)
    dhash = np.array([row.dhash for row in rows], dtype=np.int64).view(np.uint64)
    animated = np.array([row.animated for row in rows], dtype=bool)
    return find_candidates(phash, dhash, animated, is_new, options.limits)


def _pairs(rows: Sequence[HashRow], found: Candidates) -> Iterator[Candidate]:
    """Yield the candidates among the live pictures, each once; the first has the lesser SHA-256.

    In the place of a picture that was thrown out stands what was kept: it is the same picture, and may be a little
    farther away.
    """
    by_name = {row.sha256: row for row in rows}
    through: dict[tuple[str, str], Candidate] = {}
    seen = set()
    columns = (column.tolist() for column in found)
    for first, second, distance, dhash_distance, orientation in zip(*columns, strict=True):
        one, other = (by_name.get(row.kept_as or row.sha256) for row in (rows[first], rows[second]))
        if one is None or other is None or one is other:
            continue
        direct = one is rows[first] and other is rows[second]
        if one.sha256 > other.sha256:
            one, other, orientation = other, one, inverse(orientation)  # noqa: PLW2901 - the same, told from the other side
        moves = one.animated or other.animated
        names = (one.sha256, other.sha256)
        pair = Candidate(*names, distance, dhash_distance, orientation, one.phash, other.phash, moves)
        if direct:
            seen.add(names)
            yield pair
        else:
            through.setdefault(names, pair)
    yield from (pair for names, pair in through.items() if names not in seen)


def _look(
    workplace: Workplace, wanted: Sequence[Candidate], options: Options, progress: Progress, report: FindReport
) -> None:
    """Give pairs a second look, and write what it tells as it comes."""
    progress.start("looking at pairs", len(wanted))
    waiting: list[evidence.PairRow] = []
    with PairLooks(workplace, options) as look:
        try:
            for pair in look.compare(wanted):
                waiting.append(pair)
                report.looked_at += 1
                report.pairs[pair.kind] += 1
                progress.advance(1)
                if len(waiting) >= _PAIRS_AT_A_TIME:
                    look.write(waiting)
                    waiting = []
        finally:
            # Also when it is stopped: what was looked at is not looked at again.
            look.write(waiting)


def _follow_rules(workplace: Workplace, options: Options) -> int:
    """Decide what rules decide by themselves; return how many groups."""
    with workplace.reading() as connection:
        modes = stored.rule_modes(connection)
        choices = {
            rule: accept_choices(connection, (), rule=rule) for rule, mode in modes.items() if mode == RuleMode.AUTO
        }
    decided = 0
    for rule, wanted in choices.items():
        report = decide(workplace, wanted, options, actor=f"rule:{rule}", kind="rule", strict=False)
        decided += len(report.done)
    return decided
