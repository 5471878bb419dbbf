"""Rules and their records: what each may do, how often it was right, and what it would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.duplicate_models import Action, Denial, DuplicateGroup
from imagefap_scraper.database.journal import Journal
from imagefap_scraper.dedup.rules import RECORD_LENGTH, RULES, RuleMode, may_be_auto
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review.grouping import regroup

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule and its record.

    `waiting` groups have a proposal of it now; of its last proposals (a hundred at most) so many were `approved`, so
    many `denied`.
    """

    name: str
    description: str
    mode: RuleMode
    waiting: int
    approved: int
    denied: int


def rule_records(connection: Connection) -> list[RuleRecord]:
    """Return all rules with their records, in the order in which they are tried."""
    modes = stored.rule_modes(connection)
    waiting = _waiting(connection)
    return [
        RuleRecord(
            rule.name,
            rule.description,
            RuleMode(modes.get(rule.name, rule.mode)),
            waiting[rule.name],
            *_record(connection, rule.name),
        )
        for rule in RULES.values()
    ]


def _waiting(connection: Connection) -> Counter[str]:
    """Return how many groups each rule proposes something for."""
    query = select(DuplicateGroup.rule, func.count()).where(DuplicateGroup.state == "suggested")
    rows = connection.execute(query.group_by(DuplicateGroup.rule))
    return Counter({rule: count for rule, count in rows if rule is not None})


def _record(connection: Connection, rule: str) -> tuple[int, int]:
    """Return how many of a rule's last proposals a person followed, and how many they denied."""
    denied = exists().where(Denial.action_id == Action.action_id, Denial.rule == rule)
    last = connection.execute(
        select(denied)
        .where(Action.rule == rule, Action.undone_by.is_(None), Action.kind.in_(["decide", "accept"]))
        .order_by(Action.action_id.desc())
        .limit(RECORD_LENGTH)
    ).scalars()
    outcomes = [bool(one) for one in last]
    return outcomes.count(False), outcomes.count(True)


def set_mode(
    workplace: Workplace, name: str, mode: RuleMode, options: Options, *, override: bool = False, dry_run: bool = False
) -> int:
    """Let a rule do more or less; return how many groups it proposes something for then.

    Raises:
        NotFoundError: there is no such rule.
        UserInputError: it may not act alone yet.
    """
    if name not in RULES:
        raise NotFoundError(f"there is no rule {name}; there are {', '.join(RULES)}")
    with workplace.transaction() as connection:
        approved, denied = _record(connection, name)
        if mode is RuleMode.AUTO and not may_be_auto(approved, denied, override=override):
            raise UserInputError(
                f"{name} may not decide alone yet: of its last {RECORD_LENGTH} proposals {approved} were followed and "
                f"{denied} denied, and at least 50 and none are needed; --override says that you know better"
            )
        savepoint = connection.begin_nested()
        journal = Journal(connection, actor="you", kind="rules")
        journal.put("rule_modes", {"rule": name}, {"mode": str(mode)})
        regroup(journal, options)
        waiting = _waiting(connection)[name]
        journal.close(f"{name}: {mode}")
        if dry_run:
            savepoint.rollback()
    return waiting
