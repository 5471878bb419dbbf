"""Templates of file names, `{folder}/{num:05}-{name}.{ext}`: parsed once, then filled with untrusted values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.storage.names import (
    MAX_NAME_BYTES,
    PREFIX_DIGITS,
    finished,
    is_plain,
    safe_component,
    safe_stem,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Collection

#: What people are told of the fields.
FIELDS: Final = {
    "user": "the user whose folder it is in",
    "folder": "the folder",
    "num": "its place in the folder, from 1: {num:05}",
    "name": "its name without the extension",
    "id": "its number on the site",
    "ext": "the extension of its content",
    "sha256": "of its bytes, 64 digits: {sha256:.10}",
    "tag": "its tag, with a directory for each tag above",
}
#: Those for files of the archive, which have one name: an image may have many tags.
FILE_FIELDS: Final = tuple(name for name in FIELDS if name != "tag")
_NUMBERS: Final = ("num", "id")
_NUMBER_SPEC: Final = re.compile(r"0?[0-9]{0,2}d?")
#: Fill characters and alignment would bring anything into a name; only a precision is of use here.
_TEXT_SPEC: Final = re.compile(r"(?:\.([1-9][0-9]{0,2}))?")
_PIECE: Final = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}:]*)(?::(?P<spec>[^{}]*))?\}|[{}]|[^{}]+")
#: Characters of a template that are shown around the place of an error.
_SHOWN: Final = 60
_LONGEST: Final = 1000
#: Directories that the program itself fills in an archive.
OWN_DIRECTORIES: Final = frozenset({"blobs", "thumbs"})


class Place(NamedTuple):
    """Where an image is: the user's and the folder's name, and its place there from 1; None where there is none."""

    user: str | None = None
    folder: str | None = None
    number: int | None = None


#: Of an image that is in no folder, as far as is known.
NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True)
class Values:
    """What a template is filled with; texts as the site or the user wrote them.

    Attributes:
        image_id: the site's number of the image.
        extension: of the content's format, without a dot.
        sha256: of the bytes, 64 hexadecimal digits.
        name: as the site shows it; None if it shows none.
        place: where it is.
        tag: the names of a tag and of those above it, from the root; empty for none.
    """

    image_id: int
    extension: str
    sha256: str
    name: str | None = None
    place: Place = NOWHERE
    tag: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    spec: str


@dataclass(slots=True)
class _Part:
    """A part of a component: text, which may be cut if it `gives`."""

    text: str
    gives: bool = False


class Template:
    """A template that can be filled.

    Attributes:
        text: as it was written, with `.{ext}` at its end.
        fields: the names of the fields in it.
    """

    def __init__(self, text: str, allowed: Collection[str] = tuple(FIELDS)) -> None:
        """Read a template; one that does not end with `{ext}` gets `.{ext}`, since the content says what a file is.

        Args:
            text: of the template.
            allowed: the fields that it may have.

        Raises:
            UserInputError: it cannot be; the message says where. The template with carets below the place is a note of
                the exception (`__notes__`).
        """
        self.text = unicodedata.normalize("NFC", text)
        if len(self.text) > _LONGEST:
            raise _error(self.text, _LONGEST, 1, f"it is longer than {_LONGEST} characters")
        if not self.text:
            raise _error(self.text, 0, 1, "it is empty; write what files are called inside the directory, {name} say")
        self._allowed = allowed
        components = self._parse()
        last = components[-1][-1] if components[-1] else None
        if not isinstance(last, _Field) or last.name != "ext":
            self.text += ".{ext}"
            components[-1] += [".", _Field("ext", "")]
        self._components = components
        self.fields = frozenset(piece.name for one in components for piece in one if isinstance(piece, _Field))

    def fill(self, values: Values) -> tuple[tuple[str, ...], str]:
        """Return the directories and the file's name for an image.

        Each is one safe component: a file's has room for the prefix of `names.prefixed`. A directory of nothing but
        values that there are not is left out.
        """
        rows: list[list[_Part]] = []
        for component in self._components[:-1]:
            rows += self._fill(component, values)
        *above, name = self._fill(self._components[-1], values)
        directories = (_join(row, MAX_NAME_BYTES) for row in rows + above)
        return tuple(one for one in directories if one), _file_name(name, values)

    def _parse(self) -> list[list[str | _Field]]:
        components: list[list[str | _Field]] = [[]]
        start = 0
        for match in _PIECE.finditer(self.text):
            if match["field"] is not None:
                components[-1].append(self._field(match))
                continue
            text = match[0] if match[0] not in ("{{", "}}") else match[0][0]
            if match[0] in ("{", "}"):
                raise _error(self.text, match.start(), 1, f"a {text} of its own; write {text * 2} for the character")
            self._check(match)
            at = match.start()
            for number, part in enumerate(text.split("/")):
                if number:
                    self._end(components[-1], start, at - 1)
                    components.append([])
                    start = at
                components[-1] += [part] if part else []
                at += len(part) + 1
        self._end(components[-1], start, len(self.text))
        return components

    def _field(self, match: re.Match[str]) -> _Field:
        name, spec, at = match["field"], match["spec"] or "", match.start()
        if name not in self._allowed:
            there_are = ", ".join(self._allowed)
            raise _error(self.text, at, len(match[0]), f"there is no field {{{name}}} here; there are {there_are}")
        fits, example = (_NUMBER_SPEC, f"{{{name}:05}}") if name in _NUMBERS else (_TEXT_SPEC, f"{{{name}:.20}}")
        if fits.fullmatch(spec) is None:
            place = at + 2 + len(name)
            raise _error(self.text, place, len(spec), f"{{{name}}} cannot be written as {spec!r}; write {example}")
        return _Field(name, spec)

    def _check(self, match: re.Match[str]) -> None:
        # Marks are looked at with their letters, and a single character where something is wrong.
        if not all(is_plain(part) for part in match[0].strip("{}").split("/")):
            for offset, char in enumerate(match[0]):
                if char == "\\":
                    raise _error(self.text, match.start() + offset, 1, "a backslash; directories are made by /")
                if char != "/" and not is_plain(char):
                    raise _error(self.text, match.start() + offset, 1, "no file name can hold this character")
        if ".." in match[0]:
            raise _error(self.text, match.start() + match[0].find(".."), 2, "'..' leads out of the directory")

    def _end(self, component: list[str | _Field], start: int, end: int) -> None:
        """Refuse a component that is none."""
        if not component:
            reason = "no / may be at the beginning: paths are inside the directory" if end == 0 else "an empty name"
            raise _error(self.text, end, 1, reason)
        literal = "".join(part for part in component if isinstance(part, str))
        if not any(isinstance(part, _Field) for part in component) and finished(literal) != literal:
            raise _error(self.text, start, max(1, end - start), f"{literal!r} can be no name of a directory or file")

    def _fill(self, component: list[str | _Field], values: Values) -> list[list[_Part]]:
        """Return the components that one of the template becomes: a tag may be several."""
        rows: list[list[_Part]] = [[]]
        for piece in component:
            if isinstance(piece, str):
                rows[-1].append(_Part(piece))
                continue
            texts = _texts(piece, values)
            for number, text in enumerate(texts):
                if number:
                    rows.append([])
                rows[-1].append(_Part(text, gives=piece.name in ("user", "folder", "name", "tag")))
        return rows


def _texts(field: _Field, values: Values) -> list[str]:
    """Return the safe text of a field; several for a tag below others, none for what there is not."""
    if field.name in _NUMBERS:
        number = values.image_id if field.name == "id" else values.place.number
        return [format(number or 0, field.spec)]
    if field.name == "name":
        found = [safe_stem(values.name, image_id=values.image_id)]
    elif field.name in ("ext", "sha256"):
        found = [values.extension if field.name == "ext" else values.sha256]
    elif field.name == "tag":
        found = [safe_component(one) for one in values.tag]
    else:
        given = values.place.user if field.name == "user" else values.place.folder
        found = [] if given is None else [safe_component(given)]
    match = _TEXT_SPEC.fullmatch(field.spec)
    assert match is not None
    return [one[: int(match[1])] if match[1] else one for one in found]


def _file_name(row: list[_Part], values: Values) -> str:
    """Return the file's name: its extension stays, and it is never nothing but that."""
    ending = f".{values.extension}"
    stem = "".join(part.text for part in row[:-1])
    room = MAX_NAME_BYTES - PREFIX_DIGITS - 1
    if stem.endswith("."):
        dotted = [*row[:-2], _Part(row[-2].text[:-1], row[-2].gives)]
        return (_join(dotted, room - len(ending.encode())) or str(values.image_id)) + ending
    return _join(row, room) if finished(stem) else str(values.image_id) + ending


def _join(row: list[_Part], room: int) -> str:
    """Put the parts of a component together; the longest of those that give are cut where it would be too long."""
    sizes = sum(len(part.text.encode()) for part in row)
    while sizes > room:
        longest = max((part for part in row if part.gives), key=lambda part: len(part.text.encode()), default=None)
        if longest is None or not longest.text:
            break
        before = len(longest.text.encode())
        others = [len(part.text.encode()) for part in row if part.gives and part is not longest]
        # As far as the next longest one, so that no value vanishes for the sake of another.
        target = max(before - (sizes - room), min(max(others, default=0), before - 1), 0)
        longest.text = shortened(longest.text, target)
        sizes -= before - len(longest.text.encode())
    return finished("".join(part.text for part in row), room)


def _error(text: str, start: int, length: int, reason: str) -> UserInputError:
    """Return the error for a place in a template."""
    line = "".join(char if char.isprintable() else " " for char in text)
    first = max(0, start - _SHOWN // 2)
    before, after = "..." if first else "", "..." if len(line) > first + _SHOWN else ""
    error = UserInputError(f"template, character {start + 1}: {reason}")
    error.add_note(f"{before}{line[first : first + _SHOWN]}{after}")
    error.add_note(" " * (len(before) + start - first) + "^" * max(1, min(length, first + _SHOWN - start)))
    return error
