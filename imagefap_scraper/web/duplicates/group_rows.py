"""Groups as lists show them: a line each, with what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.members import BlobFacts

#: Bits of a hash: pairs of any distance are told of.
_ALL_BITS = 64
#: What people read of a kind of pair.
KIND_WORDS = {
    "pixel-identical": "pixel-identical",
    "copy": "copy",
    "edited": "edited",
    "crop": "cropped",
    "turned": "turned or mirrored",
    "look-alike": "look-alike",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A picture of a group under its number there; `letter` is that of its verdict: N, K, S or F."""

    number: int
    facts: BlobFacts
    verdict: str
    asked: bool
    suggested: bool

    @property
    def letter(self) -> str:
        """The verdict as the original program wrote it."""
        return self.verdict[:1].upper()


@dataclass(frozen=True, slots=True)
class Row:
    """A group; `distance` is the greatest of its pairs on record, in bits of PHash, None without any."""

    group: StoredGroup
    members: list[Member]
    distance: int | None

    @property
    def suggested(self) -> Member | None:
        """The member that is suggested to be kept."""
        return next((member for member in self.members if member.suggested), None)

    @property
    def kind(self) -> str:
        """What its pictures are to each other, in words."""
        return KIND_WORDS[self.group.kind]

    @property
    def confidence(self) -> str:
        """How sure the suggestion is; empty without one."""
        return self.group.reasons.get("confidence") or ""

    def document(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        group = self.group
        return {
            "id": group.group_id,
            "class": group.kind,
            "state": group.state,
            "bytes_to_win": group.bytes_to_win,
            "suggestion": group.suggestion,
            "margin": group.margin,
            "confidence": group.reasons.get("confidence"),
            "rule": group.rule,
            "rev": group.rev,
            "distance": self.distance,
            "members": [_document(member) for member in self.members],
        }


def _document(member: Member) -> dict[str, Any]:
    return {
        "number": member.number,
        "sha256": member.facts.sha256,
        "verdict": member.verdict,
        "asked": member.asked,
        "suggested": member.suggested,
        "state": member.facts.state,
        "width": member.facts.width,
        "height": member.facts.height,
        "bytes": member.facts.size,
        "format": member.facts.format,
    }


def rows(connection: Connection, group_ids: Sequence[int]) -> list[Row]:
    """Return groups in the order of the numbers given; those that vanished meanwhile are left out."""
    found = {group.group_id: group for group in stored.groups(connection, group_ids)}
    groups = [found[number] for number in group_ids if number in found]
    sha256s = {sha256 for group in groups for sha256, _, _ in group.members}
    facts = blobs.blob_facts(connection, sha256s)
    distances = {
        (pair.first, pair.second): pair.distance for pair in stored.pairs(connection, _ALL_BITS, _ALL_BITS, sha256s)
    }
    return [_row(group, facts, distances) for group in groups]


def _row(group: StoredGroup, facts: dict[str, BlobFacts], distances: dict[tuple[str, str], int]) -> Row:
    verdicts = {sha256: (verdict, asked) for sha256, verdict, asked in group.members}
    # The numbers are those of the review and of the command line: the most pixels first, then the most bytes.
    ordered = sorted(
        (facts[sha256] for sha256 in verdicts),
        key=lambda one: (-(one.width or 0) * (one.height or 0), -one.size, one.sha256),
    )
    members = [
        Member(number, one, *verdicts[one.sha256], one.sha256 == group.suggestion)
        for number, one in enumerate(ordered, 1)
    ]
    names = sorted(verdicts)
    inner = [
        distances[one, other]
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        if (one, other) in distances
    ]
    return Row(group, members, max(inner, default=None))
