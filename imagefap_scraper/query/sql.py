"""Terms as conditions on `facets`: what is known of them, and how they are asked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, false, func, literal_column, not_, or_, select, table, true, union, union_all
from sqlalchemy.orm import aliased

from imagefap_scraper.database.facets import SEVERAL_USERS, Facet, FacetTag
from imagefap_scraper.database.models import Blob, Favorite, GalleryImage, Image
from imagefap_scraper.query import fields, values
from imagefap_scraper.query.nodes import All, Not, Term
from imagefap_scraper.query.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from imagefap_scraper.query.nodes import Node, Query

#: From here on a set is not listed in order to be joined: each row is looked up in it. Listing 100,000 takes 40 ms.
LARGE = 100_000
#: What the trigrams of the names find at all, in characters.
_SHORTEST = 3

_NAMES = table("facet_names")
_NAME_ID: ColumnElement[int] = literal_column("facet_names.rowid")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A term as conditions that say the same.

    Attributes:
        test: for a row at hand.
        ids: selects the images in their order, where an index has them listed; else None.
        size: how many they are, as far as `LARGE`.
        scans: to look at each row of `facets` is cheaper than to join a long list.
        once: no image is listed twice.
    """

    test: ColumnElement[bool]
    ids: Select[Any] | None = None
    size: int = 0
    scans: bool = False
    once: bool = False

    def listed(self) -> ColumnElement[bool]:
        """Return the condition that starts from the list of the images."""
        return self.test if self.ids is None else Facet.image_id.in_(self.ids)


class Conditions:
    """The conditions of one query, with the names in it looked up once."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        self._query = query
        self.places = Places(connection, query)
        self._leaves: dict[Term, Leaf] = {}

    def leaf(self, term: Term) -> Leaf:
        """Return a term's conditions.

        Raises:
            UserInputError: it names a folder, user, gallery or tag that there is not.
        """
        if term not in self._leaves:
            self._leaves[term] = self._make(term)
        return self._leaves[term]

    def _make(self, term: Term) -> Leaf:
        if term.field in fields.RANGES:
            return Leaf(_in_range(term))
        if term.field == "name":
            return self._name(term.value)
        if term.field in ("user", "folder", "gallery", "tag"):
            return self._place(term)
        if term.field == "sha":
            ids = _with_sha256(term.value.lower())
            return Leaf(Facet.image_id.in_(ids), ids, once=True)
        return Leaf(_choice(term))

    def test(self, node: Node) -> ColumnElement[bool]:
        """Return the condition for a row at hand."""
        if isinstance(node, Term):
            return self.leaf(node).test
        if isinstance(node, Not):
            # What is not known is not what was asked for, and so is found here.
            return not_(func.coalesce(self.test(node.node), false()))
        tests = [self.test(one) for one in node.nodes]
        return and_(true(), *tests) if isinstance(node, All) else or_(false(), *tests)

    def demands(self, nodes: Sequence[Node]) -> list[ColumnElement[bool]]:
        """Return the conditions for all of these: the shortest list is walked along, its rows are looked up in others.

        Without a list that is short enough every row is looked at.
        """
        names = [node for node in nodes if isinstance(node, Term) and node.field == "name"]
        others = [node for node in nodes if node not in names]
        leaves = [self.leaf(node) for node in others if isinstance(node, Term)]
        leaves += [self.names(names)] if names else []
        driver = shortest(leaves)
        found = [leaf.listed() if leaf is driver else leaf.test for leaf in leaves]
        return found + [self.test(node) for node in others if not isinstance(node, Term)]

    def names(self, terms: Sequence[Term]) -> Leaf:
        """Return the conditions that the name holds all of these; their index answers them at once."""
        if len(terms) == 1:
            return self.leaf(terms[0])
        needles = [unicodedata.normalize("NFC", term.value) for term in terms]
        indexed = [needle for needle in needles if len(needle) >= _SHORTEST]
        test = and_(*(_holds(needle) for needle in needles))
        if not indexed:
            return Leaf(test)
        leaf = self._set(_matching(indexed), test, scans=True, once=True)
        if len(indexed) == len(needles):
            return leaf
        return Leaf(and_(test, leaf.listed()) if leaf.size < LARGE else test)

    def _place(self, term: Term) -> Leaf:
        if term.field == "user":
            return self._users(self.places.users(term))
        if term.field == "folder":
            users = self.places.users_with_all(self.places.folders(term))
            if users:
                return self._users(users)
            favorite = aliased(Favorite)
            return self._listed_in(favorite.image_id, self.places.in_folders(term, favorite))
        if term.field == "gallery":
            in_gallery = aliased(GalleryImage)
            return self._listed_in(in_gallery.image_id, in_gallery.gallery_id.in_(self.places.galleries(term)))
        tag = aliased(FacetTag)
        return self._listed_in(tag.image_id, tag.tag_id.in_(self.places.tags(term)))

    def _listed_in(self, image_id: Any, here: ColumnElement[bool]) -> Leaf:
        """Return the conditions for the images of some rows of another table."""
        return self._set(
            select(image_id).where(here), exists().where(image_id == Facet.image_id, here).correlate(Facet)
        )

    def _users(self, user_ids: list[int]) -> Leaf:
        favorite = aliased(Favorite)
        of_them = exists().where(favorite.image_id == Facet.image_id, favorite.user_id.in_(user_ids))
        among = of_them.correlate(Facet)

        def either(user_id: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
            return user_id.in_(user_ids), and_(user_id == SEVERAL_USERS, among)

        some = union_all(*(select(Facet.image_id).where(rows) for rows in either(Facet.user_id))).subquery()
        # What is computed has no index: SQLite would join the long list of one that `scans` is to avoid.
        return self._set(select(some.c.image_id), or_(*either(Facet.user_id + 0)), scans=True, once=True)

    def _name(self, value: str) -> Leaf:
        needle = unicodedata.normalize("NFC", value)
        if len(needle) < _SHORTEST:
            return Leaf(_holds(needle))
        return self._set(_matching([needle]), _holds(needle), scans=True, once=True)

    def _set(self, ids: Select[Any], test: ColumnElement[bool], *, scans: bool = False, once: bool = False) -> Leaf:
        some = ids.limit(LARGE).subquery()
        size = self._connection.execute(select(func.count()).select_from(some)).scalar_one()
        return Leaf(test, ids, size, scans, once)


def shortest(leaves: Iterable[Leaf]) -> Leaf | None:
    """Return the term from whose list the others are best looked at; None if every row is."""
    lists = [leaf for leaf in leaves if leaf.ids is not None and not (leaf.scans and leaf.size >= LARGE)]
    return min(lists, key=lambda leaf: leaf.size, default=None)


def _matching(needles: Sequence[str]) -> Select[Any]:
    """Return the select of the images whose names hold all of these texts."""
    quoted = " AND ".join('"' + needle.replace('"', '""') + '"' for needle in needles)
    return select(_NAME_ID).select_from(_NAMES).where(literal_column("facet_names").op("MATCH")(quoted))


def _in_range(term: Term) -> ColumnElement[bool]:
    column: Any = {
        "w": Facet.width,
        "h": Facet.height,
        "pixels": Facet.width * Facet.height,
        "size": Facet.size,
        "added": Facet.stored,
        "uploaded": Facet.uploaded,
        "id": Facet.image_id,
    }[term.field]
    read, _ = fields.RANGES[term.field]
    parts = fields.listed(term.value) if term.field == "id" else [term.value]
    found, single = [], set()
    for part in parts:
        least, most = values.bounds(part, read) or (None, None)
        if least is not None and least == most:
            single.add(least)
            continue
        ends = [column >= least] if least is not None else []
        found.append(and_(*ends, *([column <= most] if most is not None else [])))
    if single:
        found.append(column == min(single) if len(single) == 1 else column.in_(sorted(single)))
    return or_(*found)


def _choice(term: Term) -> ColumnElement[bool]:
    if term.field == "type":
        return Facet.format.in_({fields.FORMATS[part.lower()] for part in fields.listed(term.value)})
    if term.field == "status":
        return Facet.status.in_({part.lower() for part in fields.listed(term.value)})
    if term.field == "dup" and term.value.lower() == "open":
        return Facet.dup == 2
    column = {"animated": Facet.animated, "gone": Facet.gone, "dup": Facet.dup, "tagged": Facet.tags}[term.field]
    wanted = values.yes_or_no(term.value)
    return column > 0 if wanted else column == 0


def _with_sha256(digits: str) -> Select[Any]:
    """Return the select of the images that have, had, or are shown with bytes whose SHA-256 begins so."""

    def begins(column: Any) -> ColumnElement[bool]:
        # `g` is behind every hexadecimal digit.
        return and_(column >= digits, column < digits + "g")

    replaced = select(Blob.sha256).where(begins(Blob.kept_as))
    every = union(
        select(Image.image_id).where(begins(Image.sha256)),
        select(Image.image_id).where(Image.skipped_sha256.is_not(None), begins(Image.skipped_sha256)),
        select(Image.image_id).where(Image.skipped_sha256.is_not(None), Image.skipped_sha256.in_(replaced)),
    ).subquery()
    return select(every.c.image_id)


def _holds(needle: str) -> ColumnElement[bool]:
    """Return the condition that the name holds a text, whatever the case."""
    if needle.isascii():
        escaped = re.sub(r"([%_\\])", r"\\\1", needle)
        return Facet.name.like(f"%{escaped}%", escape="\\")
    # LIKE knows the case of ASCII letters alone. A pattern is quick if it begins with one certain letter.
    first, rest = needle[0], needle[1:]
    tail = "".join(_glob(_cases(char)) for char in rest)
    tests = [Facet.name.op("GLOB", is_comparison=True)(f"*{_glob(char)}{tail}*") for char in _cases(first)]
    return reduce(or_, tests)


def _cases(char: str) -> str:
    """Return a letter in its cases, as far as they are one letter each."""
    cases = {char, *(other for other in (char.lower(), char.upper()) if len(other) == 1)}
    return "".join(sorted(cases))


def _glob(chars: str) -> str:
    """Return the pattern for one of these characters."""
    return chars if len(chars) == 1 and chars not in "*?[" else f"[{chars}]"
