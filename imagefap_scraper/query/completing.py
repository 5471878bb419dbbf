"""How a query may go on at a place in its text: fields, their values, and names of the archive.

    complete('red -tag:pl', 11, names)      Completion(start=9, end=11, items=(Item('plants', 'tag'), ...))

The text need not be a query yet: quotes and brackets may still be open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.database.tags import name_key
from imagefap_scraper.query.fields import CHOICES, HELP, LISTS, NAMES
from imagefap_scraper.query.values import NUMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

#: As many as a list below the box shows without being searched itself.
OFFERED = 20
#: Fields that take names of the archive, in the order in which they are offered for a word without a field.
NAMED = ("tag", "folder", "user", "gallery")
#: A word of fewer characters says too little to look for it among all names.
_SHORTEST = 2

#: As the grammar reads it: signs, a field, and a value, which may stand apart from its field.
_TERM = re.compile(
    r"""(?P<signs>-*) (?:(?P<key>[A-Za-z_][A-Za-z_0-9]*:)\s*)? (?P<value>"(?:\\.|[^"\\])*(?:"|\\?\Z) | [^\s"()]*)""",
    re.VERBOSE | re.DOTALL,
)
_BETWEEN = re.compile(r"[\s()]+")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_PLAIN = re.compile(r"""[^\s"()]+""")


@dataclass(frozen=True, slots=True)
class Item:
    """What may be put in, and what it is."""

    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What the characters from `start` to `end` of the text may be replaced with, the best first."""

    start: int
    end: int
    items: tuple[Item, ...]


def complete(text: str, at: int, names: Mapping[str, Callable[[], Iterable[str]]]) -> Completion:
    """Return how a query may go on.

    Args:
        text: as it is written so far.
        at: the place of the cursor, in characters.
        names: the archive's, by field (`NAMED`); asked for only if they are needed.
    """
    at = max(0, min(at, len(text)))
    term = next(term for term in _terms(text) if term.end() >= at)
    key, start = term["key"], term.end("signs")
    if at < start or (at == start and term.end() > start):
        # In front of a word that stays.
        return Completion(at, at, tuple(_fields("")[:OFFERED]))
    if key is not None and at >= term.end("key"):
        return _value(text, at, term, names)
    if key is None and term["value"].startswith('"'):
        return Completion(at, at, ())
    end = term.end("key") if key is not None else term.end()
    word = text[start:at]
    found = _fields(word)
    if key is None:
        found += _anywhere(word, names)
    return Completion(start, end, tuple(found[:OFFERED]))


def quoted(value: str) -> str:
    """Return a value as a query has it: as it is if it is one plain word, else in double quotes."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def matching(names: Iterable[str], wanted: str) -> list[str]:
    """Return names that begin so, then those with a part that does, then those that hold it, in any letter case."""
    needle = name_key(wanted)
    ranked: tuple[list[str], ...] = ([], [], [])
    for name in names:
        key = name_key(name)
        place = key.find(needle)
        if place >= 0 and _can_be_asked(name):
            ranked[0 if place == 0 else 1 if key[place - 1] in "/ " else 2].append(name)
    return [name for rank in ranked for name in rank]


def _terms(text: str) -> Iterator[re.Match[str]]:
    """Yield the terms in their order; the last one may be empty, at the end."""
    place = 0
    while True:
        between = _BETWEEN.match(text, place)
        term = _TERM.match(text, between.end() if between else place)
        assert term is not None
        yield term
        if term.end() >= len(text):
            return
        place = term.end()


def _fields(word: str) -> list[Item]:
    known = {**HELP, **{name: HELP[field] for name, field in NAMES.items()}}
    start = word.lower()
    # Other names of fields only for who writes them.
    offered = known if start else HELP
    return [Item(f"{name}:", known[name]) for name in offered if name.startswith(start)]


def _anywhere(word: str, names: Mapping[str, Callable[[], Iterable[str]]]) -> list[Item]:
    """Return names that a word without a field may mean."""
    if len(word) < _SHORTEST:
        return []
    return [
        Item(f"{field}:{quoted(name)}", field)
        for field in NAMED
        for name in matching(_names_of(field, names), word)[:OFFERED]
    ]


def _value(text: str, at: int, term: re.Match[str], names: Mapping[str, Callable[[], Iterable[str]]]) -> Completion:
    """Return how a field's value may go on."""
    name = term["key"][:-1].lower()
    field = NAMES.get(name, name)
    start, end = term.span("value")
    at = max(at, start)
    if field in CHOICES:
        # Of several with commas, the one at the cursor.
        if field in LISTS:
            start = max(start, text.rfind(",", start, at) + 1)
        found: Sequence[Item] = [Item(one, field) for one in CHOICES[field] if one.startswith(text[start:at].lower())]
        comma = text.find(",", at, end)
        return Completion(start, end if comma < 0 else comma, tuple(found))
    if field not in NAMED:
        return Completion(start, end, ())
    written = text[start:at]
    if written.startswith('"'):
        inner = written[1:-1] if _STRING.fullmatch(written) else written[1:]
        written = re.sub(r"\\(.)", r"\1", inner)
        # One quote is still open: this one, as it is being written.
        end = at if _has_open_quote(text) else end
    return Completion(start, end, tuple(_names(field, written, names)))


def _names(field: str, written: str, names: Mapping[str, Callable[[], Iterable[str]]]) -> list[Item]:
    root = "/" if field == "tag" and written.startswith("/") else ""
    found = matching(_names_of(field, names), written.removeprefix(root))
    return [Item(quoted(root + name), field) for name in found[:OFFERED]]


def _has_open_quote(text: str) -> bool:
    *_, last = _terms(text)
    value = last["value"]
    return value.startswith('"') and not _STRING.fullmatch(value)


def _names_of(field: str, names: Mapping[str, Callable[[], Iterable[str]]]) -> Iterable[str]:
    """Return the names of a field, each once, but for those that mean a number there (`#10`)."""
    return dict.fromkeys(name for name in names[field]() if field == "tag" or not NUMBERED.fullmatch(name))


def _can_be_asked(name: str) -> bool:
    """Tell whether a name can be typed into one line: no query holds a line end or a null character."""
    return name != "" and not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" for char in name)
