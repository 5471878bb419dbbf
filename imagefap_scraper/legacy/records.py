"""What the original's database held, as it comes from the child process: checked field by field, once more."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter

Id = Annotated[int, Field(ge=-(2**63), lt=2**128)]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799)]
Size = Annotated[int, Field(ge=0, lt=2**62)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", min_length=64, max_length=64)]
Hash64 = Annotated[str, Field(pattern="^[0-9a-f]{16}$", min_length=16, max_length=16)]
Extension = Annotated[str, Field(pattern="^[a-z0-9]{1,8}$", min_length=1, max_length=8)]
PlaceVerdict = Literal["new", "keep", "skip"]
MemberVerdict = Literal["new", "false", "keep", "skip"]

_STRICT = ConfigDict(strict=True, extra="forbid")


class Failure(NamedTuple):
    """An image that the original could not get: when, and what it knew of it."""

    image_id: Id
    moment: Moment
    name: str | None
    url: str | None


class Place(NamedTuple):
    """Where a blob was found, and the verdict on that place."""

    user_id: Id
    folder_id: Id
    image_id: Id
    name: str
    url: str | None
    verdict: PlaceVerdict


class Gone(NamedTuple):
    """An image that an audit missed: what of it (1: its page, 2: the address on it, 3: the file)."""

    image_id: Id
    moment: Moment
    level: Annotated[int, Field(ge=1, le=3)]
    url: str | None


@dataclass(frozen=True, slots=True)
class LegacyUser:
    """A user; dates are seconds since 1970, 0 for never."""

    __pydantic_config__ = _STRICT

    record: Literal["user"]
    user_id: Id
    name: str
    date_albums: Moment
    date_finished: Moment
    date_audit: Moment


@dataclass(frozen=True, slots=True)
class LegacyFolder:
    """A folder with its images in order; those that failed are not among them."""

    __pydantic_config__ = _STRICT

    record: Literal["folder"]
    user_id: Id
    folder_id: Id
    name: str
    date_straight: Moment
    date_blobs: Moment
    images: list[Id]
    failed: list[Failure]


@dataclass(frozen=True, slots=True)
class LegacyTag:
    """A tag; a parent comes before its children."""

    __pydantic_config__ = _STRICT

    record: Literal["tag"]
    tag_id: Id
    parent_id: Id | None
    name: str


@dataclass(frozen=True, slots=True)
class LegacyBlob:
    """Bytes that the original stored: their size in bytes and pixels, and what it knew of them."""

    __pydantic_config__ = _STRICT

    record: Literal["blob"]
    sha256: Sha256
    extension: Extension
    size: Size | None
    width: Size | None
    height: Size | None
    animated: bool
    percept: Hash64 | None
    diff: Hash64 | None
    date: Moment
    tags: list[Id]
    places: list[Place]
    gone: list[Gone]


@dataclass(frozen=True, slots=True)
class LegacyIndex:
    """An image whose blob is known although no place names it."""

    __pydantic_config__ = _STRICT

    record: Literal["index"]
    image_id: Id
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class LegacyGroup:
    """A set of blobs that look alike, with a verdict on each."""

    __pydantic_config__ = _STRICT

    record: Literal["group"]
    verdicts: list[tuple[Sha256, MemberVerdict]]


@dataclass(frozen=True, slots=True)
class Refused:
    """The child refused the database."""

    __pydantic_config__ = _STRICT

    record: Literal["refused"]
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """The last record."""

    __pydantic_config__ = _STRICT

    record: Literal["end"]


Record = LegacyUser | LegacyFolder | LegacyTag | LegacyBlob | LegacyIndex | LegacyGroup | Refused | End


@dataclass(slots=True)
class LegacyDatabase:
    """All records, each kind in the original's order."""

    users: list[LegacyUser] = field(default_factory=list)
    folders: list[LegacyFolder] = field(default_factory=list)
    tags: list[LegacyTag] = field(default_factory=list)
    blobs: list[LegacyBlob] = field(default_factory=list)
    index: list[LegacyIndex] = field(default_factory=list)
    groups: list[LegacyGroup] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Put a record with those of its kind."""
        match record:
            case LegacyUser():
                self.users.append(record)
            case LegacyFolder():
                self.folders.append(record)
            case LegacyTag():
                self.tags.append(record)
            case LegacyBlob():
                self.blobs.append(record)
            case LegacyIndex():
                self.index.append(record)
            case LegacyGroup():
                self.groups.append(record)


def parse_record(line: bytes) -> Record:
    """Return the record on a line.

    Raises:
        ValueError: it is not what a record must be.
    """
    record: Record = _adapter().validate_json(line)
    return record


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[Record, Field(discriminator="record")])
