"""Which user and folder a person means by a name or a number."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import NotFoundError, UserInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagefap_scraper.pages.urls import Target

#: Folders that an error message lists at most; more would bury what it says.
_LISTED = 40


def match_folder(wanted: str, folders: Mapping[int, str]) -> int:
    """Return the number of the folder that is meant: by name, then by name without regard to case, then by number.

    Args:
        wanted: what the person wrote.
        folders: name by number, of every folder that there is.

    Raises:
        UserInputError: if two folders are meant; names their numbers.
        NotFoundError: if none is; says what there is.
    """
    wanted = " ".join(wanted.split())
    exact = [folder_id for folder_id, name in folders.items() if name == wanted]
    hits = exact or [folder_id for folder_id, name in folders.items() if name.casefold() == wanted.casefold()]
    if len(hits) > 1:
        numbers = ", ".join(f"{folder_id} ({folders[folder_id]})" for folder_id in hits)
        raise UserInputError(f"{len(hits)} folders are called {wanted!r}: say -a folder_id=NUMBER, one of {numbers}")
    if hits:
        return hits[0]
    number = _number(wanted)
    if number is not None and number in folders:
        return number
    raise NotFoundError(f"there is no folder {wanted!r}: {_what_there_is(wanted, folders)}")


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _what_there_is(wanted: str, folders: Mapping[int, str]) -> str:
    if not folders:
        return "this user has no favorites folders"
    by_key = {name.casefold(): name for name in folders.values()}
    near = get_close_matches(wanted.casefold(), by_key, n=1)
    hint = f"did you mean {by_key[near[0]]!r}? " if near else ""
    names = [f"{name} ({folder_id})" for folder_id, name in folders.items()]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{hint}there are {', '.join(names[:_LISTED])}{more}"


def means(target: Target, user_id: int, name: str) -> bool:
    """Return whether a target is this known user."""
    if target.user_id is not None:
        return target.user_id == user_id
    return (target.user_name or "").casefold() == name.casefold()
