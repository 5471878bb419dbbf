"""What following many suggestions at once would do, before anybody says so."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Blob, BlobTag, Favorite, Image, StoredFile
from imagefap_scraper.dedup.kinds import PairKind, Verdict
from imagefap_scraper.dedup.rules import RULES
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review import sections
from imagefap_scraper.review.sections import BORING, Filter, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.review.deciding import Choice

#: Files from which on a word has to be typed: a slip of the mouse must not do that much.
MANY_FILES = 500
#: Groups shown of each kind of sample.
_SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """What a batch is about: the groups of a boring section, or the proposals of a rule."""

    section: Section | None
    rule: str

    @property
    def filter(self) -> Filter:
        """Return the filter of its groups."""
        return Filter(section=self.section, rule=self.rule)

    @property
    def query(self) -> dict[str, str]:
        """Return what addresses say of it."""
        return {"class": self.section or "", "rule": self.rule}


def read_subject(section: str, rule: str) -> Subject:
    """Return what an address names: either of the two.

    Raises:
        UserInputError: it names none, both, or a section whose groups have to be looked at.
        NotFoundError: there is no such rule.
    """
    if bool(section) == bool(rule):
        raise UserInputError("a batch is about a class or a rule: name one of the two")
    if rule:
        if rule not in RULES:
            raise NotFoundError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
        return Subject(None, rule)
    if section not in BORING:
        raise UserInputError(f"groups of the class {section!r} have to be looked at; a batch takes {', '.join(BORING)}")
    return Subject(Section(section), "")


class Sample(NamedTuple):
    """A group of a batch: what is kept, and one that is thrown out."""

    group_id: int
    keep: str
    skip: str
    margin: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch would do.

    Attributes:
        groups: that would be decided.
        pictures: that would go, `files` their files, `bytes` theirs.
        tags: that kept pictures get, `places` that show them instead.
        left_out: groups of the same kind that ask and are left alone, by the reason.
        random: samples, always the same.
        nearest: those with the thinnest lead.
        seen: a mark of just these groups as they are now.
    """

    groups: int
    pictures: int
    files: int
    bytes: int
    tags: int
    places: int
    left_out: list[tuple[str, int]]
    random: list[Sample]
    nearest: list[Sample]
    seen: str

    @property
    def is_many(self) -> bool:
        """Whether a word has to be typed."""
        return self.files > MANY_FILES


def seen_of(choices: Sequence[Choice]) -> str:
    """Return a mark of the groups of these choices; see `sections.mark`."""
    return sections.mark((choice.group_id, choice.rev) for choice in choices)


def make_plan(connection: Connection, subject: Subject) -> Plan:
    """Return what following the suggestions would do."""
    choices = sections.choices(connection, subject.filter)
    pairs = [(_kept(choice), sha256) for choice in choices for sha256 in _skipped(choice)]
    gone = [skip for _, skip in pairs]
    pictures, size, files = _live(connection, gone)
    shown = _samples(connection, choices)
    chosen = random.Random(subject.section or subject.rule)  # noqa: S311 - a sample that repeats, no secret
    return Plan(
        groups=len(choices),
        pictures=pictures,
        files=files,
        bytes=size,
        tags=_new_tags(connection, pairs),
        places=_places(connection, gone),
        left_out=_left_out(connection, subject),
        random=sorted(chosen.sample(shown, min(_SAMPLES, len(shown)))),
        nearest=sorted(shown, key=lambda one: (one.margin, one.group_id))[:_SAMPLES],
        seen=seen_of(choices),
    )


def _kept(choice: Choice) -> str:
    return next(sha256 for sha256, verdict in choice.verdicts.items() if verdict is Verdict.KEEP)


def _skipped(choice: Choice) -> list[str]:
    return [sha256 for sha256, verdict in choice.verdicts.items() if verdict is Verdict.SKIP]


def _live(connection: Connection, sha256s: Sequence[str]) -> tuple[int, int, int]:
    """Return how many of these are there, their bytes, and their files."""
    count = size = files = 0
    for some in in_parts(sorted(set(sha256s))):
        there = Blob.sha256.in_(some), Blob.state == "live"
        found = connection.execute(select(func.count(), func.coalesce(func.sum(Blob.size), 0)).where(*there)).one()
        count, size = count + found[0], size + found[1]
        of_these = select(func.count()).select_from(StoredFile).join(Blob, Blob.sha256 == StoredFile.sha256)
        files += connection.execute(of_these.where(*there)).scalar_one()
    return count, size, files


def _new_tags(connection: Connection, pairs: Sequence[tuple[str, str]]) -> int:
    """Return how many tags kept pictures get from those that go in favour of them."""
    tags: dict[str, set[int]] = {}
    for some in in_parts(sorted({sha256 for pair in pairs for sha256 in pair})):
        for sha256, tag in connection.execute(select(BlobTag.sha256, BlobTag.tag_id).where(BlobTag.sha256.in_(some))):
            tags.setdefault(sha256, set()).add(tag)
    gained = {(keep, tag) for keep, skip in pairs for tag in tags.get(skip, set()) - tags.get(keep, set())}
    return len(gained)


def _places(connection: Connection, sha256s: Sequence[str]) -> int:
    """Return in how many places of folders these pictures are shown."""
    count = 0
    for some in in_parts(sorted(set(sha256s))):
        query = select(func.count()).select_from(Favorite).join(Image, Image.image_id == Favorite.image_id)
        count += connection.execute(query.where(Image.sha256.in_(some))).scalar_one()
    return count


def _samples(connection: Connection, choices: Sequence[Choice]) -> list[Sample]:
    margins = {group.group_id: group.margin for group in stored.groups(connection, [one.group_id for one in choices])}
    return [
        Sample(one.group_id, _kept(one), _skipped(one)[0], margins.get(one.group_id) or 0)
        for one in choices
        if _skipped(one)
    ]


def _left_out(connection: Connection, subject: Subject) -> list[tuple[str, int]]:
    """Return why groups of the same kind that ask are not in the batch, the commonest first."""
    if subject.section is None:
        return []
    kind = PairKind(str(subject.section))
    ids = sections.listed(connection, Filter(section=Section.EYES, kind=kind), "gain")
    reasons: Counter[str] = Counter()
    for group in stored.groups(connection, ids):
        guards: list[str] = group.reasons.get("guards") or [_thin(group.suggestion)]
        reasons.update(guards)
    return reasons.most_common()


def _thin(suggestion: str | None) -> str:
    return "No copy is ahead of the others." if suggestion is None else "The suggested copy is ahead by little."


def document(plan: Plan) -> Mapping[str, object]:
    """Return a plan as JSON has it."""
    return {
        "groups": plan.groups,
        "pictures": plan.pictures,
        "files": plan.files,
        "bytes": plan.bytes,
        "tags": plan.tags,
        "places": plan.places,
        "left_out": [{"reason": reason, "groups": count} for reason, count in plan.left_out],
        "seen": plan.seen,
    }
