"""The users, folders, galleries and tags that a query names, looked up without regard to case."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import false, select, tuple_

from imagefap_scraper.database.models import Folder, Gallery, User
from imagefap_scraper.database.tags import TagTree, name_key
from imagefap_scraper.query.nodes import All, Not, Term
from imagefap_scraper.query.values import NUMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import ColumnElement, Connection

    from imagefap_scraper.database.models import Favorite
    from imagefap_scraper.query.nodes import Node, Query

#: Each folder is two of the 32,766 values that SQLite takes in a statement.
_MOST_FOLDERS = 5000
_MOST_GALLERIES = 10_000


class Places:
    """What the names in one query mean.

    A folder that is asked for together with a user is one of that user's, also within brackets.
    """

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        self._query = query
        #: The terms of users that hold wherever a folder's term does.
        self._users_of: dict[Term, list[Term]] = {}
        waiting: list[tuple[Node, list[Term]]] = [(query.root, [])]
        while waiting:
            node, users = waiting.pop()
            if isinstance(node, Term):
                self._users_of[node] = users
            elif isinstance(node, Not):
                # What is not to be is asked for on its own.
                waiting.append((node.node, []))
            else:
                here = [one for one in node.nodes if isinstance(one, Term) and one.field == "user"]
                within = [*users, *here] if isinstance(node, All) else users
                waiting += [(one, within) for one in node.nodes]

    @cached_property
    def _tree(self) -> TagTree:
        return TagTree(self._connection)

    def users(self, term: Term) -> list[int]:
        """Return the numbers of the users of that name.

        Raises:
            UserInputError: there is none.
        """
        rows = self._connection.execute(select(User.user_id, User.name)).all()
        is_called = _called(term.value)
        found = [user_id for user_id, name in rows if is_called(name, user_id)]
        self._refuse_none(term, found, "no user is called so; `process.py print` lists them")
        return found

    def folders(self, term: Term) -> list[tuple[int, int]]:
        """Return the user's and the folder's number of the folders of that name, in order.

        Raises:
            UserInputError: there is none, or far too many.
        """
        rows = self._connection.execute(select(Folder.user_id, Folder.folder_id, Folder.name)).all()
        is_called = _called(term.value)
        found = [(user, folder) for user, folder, name in rows if is_called(name, folder)]
        self._refuse_none(term, found, "no folder is called so; `process.py print` lists them, * stands for anything")
        for other in self._users_of[term]:
            users = set(self.users(other))
            found = [place for place in found if place[0] in users]
        if len(found) > _MOST_FOLDERS:
            self._query.refuse(term, f"these are {len(found):,} folders; write more of the name, or user:")
        return sorted(found)

    def users_with_all(self, places: list[tuple[int, int]]) -> list[int]:
        """Return the users of these folders if they have no others, else nothing: those are quicker to find."""
        users = {user for user, _ in places}
        rows = self._connection.execute(select(Folder.user_id).where(Folder.user_id.in_(users))).all()
        return sorted(users) if len(rows) == len(places) else []

    def in_folders(self, term: Term, favorite: type[Favorite]) -> ColumnElement[bool]:
        """Return the condition that a favorite is in one of the folders of that name."""
        places = self.folders(term)
        if len(places) == 1:
            ((user_id, folder_id),) = places
            return (favorite.user_id == user_id) & (favorite.folder_id == folder_id)
        return tuple_(favorite.user_id, favorite.folder_id).in_(places) if places else false()

    def galleries(self, term: Term) -> list[int]:
        """Return the numbers of the galleries of that name.

        Raises:
            UserInputError: there is none, or far too many.
        """
        query = select(Gallery.gallery_id, Gallery.name)
        if term.value.isascii() and term.value.isdecimal():
            query = query.where(Gallery.gallery_id == int(term.value))
        rows = self._connection.execute(query).all()
        is_called = _called(term.value)
        found = [gallery for gallery, name in rows if is_called(name, gallery)]
        self._refuse_none(term, found, "no gallery is called so, * stands for anything")
        if len(found) > _MOST_GALLERIES:
            self._query.refuse(term, f"these are {len(found):,} galleries; write more of the name")
        return found

    def tags(self, term: Term) -> list[int]:
        """Return the numbers of the tags of that path and of those below them.

        Raises:
            UserInputError: there is none.
        """
        found = sorted(self._tree.matching(term.value))
        if not found:
            # Here no * stands for anything.
            self._query.refuse(term, "there is no such tag; `process.py tags list` shows them")
        return found

    def _refuse_none(self, term: Term, found: Iterable[object], reason: str) -> None:
        if not found and "*" not in term.value:
            self._query.refuse(term, reason)


def _called(wanted: str) -> Callable[[str, int], bool]:
    """Return what tells whether a pattern means a name or its number; `#10` is the number alone, whatever is called so.

    No regular expression: with several `.*` it tries all ways to divide a name that does not fit, and holds up every
    other thread meanwhile. Here each part is looked for once, behind the one before it.
    """
    if NUMBERED.fullmatch(wanted):
        return lambda _name, number: wanted == f"#{number}"
    first, *others = name_key(wanted).split("*")
    if not others:
        return lambda name, number: wanted == str(number) or name_key(name) == first
    *middle, last = others
    middle = [part for part in middle if part]

    def fits(name: str, number: int) -> bool:
        key = name_key(name)
        place, end = len(first), len(key) - len(last)
        if place > end or not key.startswith(first) or not key.endswith(last):
            return False
        for part in middle:
            found = key.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return fits
