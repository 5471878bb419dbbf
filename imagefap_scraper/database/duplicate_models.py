"""The tables of the look-alikes: what the machine sees, what the user knows, and a journal of every decision.

Evidence (`looks`, `pairs`) may be computed again at any time; knowledge (`relations`, `denials`) is never computed
away. Groups are evidence less knowledge; their verdicts are the user's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, CheckConstraint, ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from imagefap_scraper.database.base import Base, UtcDateTime

_KINDS = "kind IN ('pixel-identical', 'copy', 'edited', 'crop', 'turned', 'look-alike')"


class Look(Base):
    """What a second look found out about one picture; `facts` are those of `dedup.look`.

    `pixels_sha256` is the hash of the decoded pixels, found out only where two pictures may be equal in every one.
    """

    __tablename__ = "looks"

    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    look_version: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    pixels_sha256: Mapped[str | None] = mapped_column(String(64))


class Pair(Base):
    """Two blobs that look alike to the machine: evidence. `first` < `second`.

    `distance` is the Hamming distance of their PHashes in bits, in that `orientation` (0 to 7, `dedup.orientation`),
    `dhash_distance` that of their DHashes as they are.
    `peak` is the greatest difference after a blur, of 255 levels.
    """

    __tablename__ = "pairs"
    __table_args__ = (
        CheckConstraint("first < second", name="pair_in_order"),
        CheckConstraint(_KINDS, name="pair_kind"),
        Index("pairs_by_second", "second"),
    )

    first: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    second: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    distance: Mapped[int]
    dhash_distance: Mapped[int]
    orientation: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(16))
    peak: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    hash_version: Mapped[int]
    look_version: Mapped[int]


class KnownRelation(Base):
    """What is known of two blobs, by whom, and since which action. `first` < `second`."""

    __tablename__ = "relations"
    __table_args__ = (
        CheckConstraint("first < second", name="relation_in_order"),
        CheckConstraint("kind IN ('same', 'variant', 'not_same')", name="relation_kind"),
        Index("relations_by_second", "second"),
    )

    first: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    second: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str]
    action_id: Mapped[int]


class DuplicateGroup(Base):
    """Blobs that look alike and are judged together.

    `kind` is the least sure of the pairs that are asked, `bytes_to_win` what would go if all asked members but the
    suggested one went (but the largest, without a suggestion). `reasons` are those of `dedup.suggestion`. `rev` changes
    with everything that a decision depends on.
    """

    __tablename__ = "duplicate_groups"
    __table_args__ = (
        CheckConstraint(_KINDS, name="group_kind"),
        CheckConstraint(
            "state IN ('new', 'suggested', 'decided', 'applied', 'deferred', 'reopened', 'stale')", name="group_state"
        ),
        Index("duplicate_groups_by_state", "state", "kind"),
    )

    group_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="new")
    rev: Mapped[str] = mapped_column(String(16), default="")
    bytes_to_win: Mapped[int] = mapped_column(default=0)
    suggestion: Mapped[str | None] = mapped_column(String(64))
    margin: Mapped[int | None]
    reasons: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    rule: Mapped[str | None]
    deferred_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DuplicateMember(Base):
    """A blob in a group of look-alikes, with the original program's four verdicts; `asked` while it is in question."""

    __tablename__ = "duplicate_members"
    __table_args__ = (
        CheckConstraint("verdict IN ('new', 'keep', 'skip', 'false')", name="member_verdict"),
        Index("duplicate_members_by_sha256", "sha256"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("duplicate_groups.group_id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(8), default="new")
    asked: Mapped[bool] = mapped_column(default=True)


class Action(Base):
    """One decision, or one undoing of it. Those of one `batch` were made, and are undone, together.

    `changes` are the rows that it changed, in order: [table, key, before, after], empty where there was or is no row.
    `rule` is the rule that had proposed something, followed or not (then there are denials of this action).
    """

    __tablename__ = "actions"
    __table_args__ = (Index("actions_by_batch", "batch"),)

    action_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))
    summary: Mapped[str]
    batch: Mapped[int]
    bytes_moved: Mapped[int]
    changes: Mapped[list[Any]] = mapped_column(JSON)
    rule: Mapped[str | None]
    undoes: Mapped[int | None] = mapped_column(ForeignKey("actions.action_id"))
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("actions.action_id"))


class Move(Base):
    """A file that is on its way from one path to another: its row in `files` names the target already.

    Without a target it is to be deleted for good: it has no row any more.
    """

    __tablename__ = "moves"

    move_id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    target: Mapped[str]


class RuleMode(Base):
    """What a rule of `dedup.rules` may do: off, suggest or auto; without a row it is as shipped."""

    __tablename__ = "rule_modes"
    __table_args__ = (CheckConstraint("mode IN ('off', 'suggest', 'auto')", name="rule_mode"),)

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8))


class Denial(Base):
    """Two blobs for which the user decided otherwise than a rule proposed. `first` < `second`."""

    __tablename__ = "denials"

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    first: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    second: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    action_id: Mapped[int]


def _guard(name: str, when: str, condition: str, message: str) -> str:
    return f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"


_MEMBERS = "SELECT 1 FROM duplicate_members WHERE group_id = NEW.group_id AND verdict"
_NONE_KEPT = f"NEW.verdict != 'new' AND EXISTS ({_MEMBERS} = 'skip') AND NOT EXISTS ({_MEMBERS} IN ('keep', 'new'))"
ONE_STAYS = "one picture of a group must stay"
LAST_COPY = "the last copy of a picture must stay"
_KEEPER = "NOT EXISTS (SELECT 1 FROM blobs AS keeper WHERE keeper.sha256 = NEW.kept_as AND keeper.state = 'live')"
_KEPT_FOR = "EXISTS (SELECT 1 FROM blobs AS copy WHERE copy.kept_as = NEW.sha256)"

#: What no program may do, whatever its faults: throw out the last copy. By the name of the trigger.
GUARDS = {
    "member_stays_insert": _guard("member_stays_insert", "AFTER INSERT ON duplicate_members", _NONE_KEPT, ONE_STAYS),
    "member_stays_update": _guard("member_stays_update", "AFTER UPDATE ON duplicate_members", _NONE_KEPT, ONE_STAYS),
    "blob_has_keeper": _guard(
        "blob_has_keeper",
        "AFTER UPDATE OF state, kept_as ON blobs",
        f"NEW.state != 'live' AND ({_KEEPER} OR {_KEPT_FOR})",
        LAST_COPY,
    ),
}
for _trigger in GUARDS.values():
    # After the last of the tables, for they name two.
    event.listen(Base.metadata, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]
