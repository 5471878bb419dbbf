"""Several users in one argument: names with commas between, or a file with one a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

#: A file with more bytes is no list of names.
_LARGEST_FILE = 1_000_000
#: Characters of the longest line that is taken: an address with a long name, every letter of it encoded.
_LONGEST = 1000
#: A comment: `#` at the beginning of a line or behind a space; names may hold one elsewhere.
_COMMENT = re.compile(r"(?:^|\s)#.*")
_ADDRESS = re.compile(r"https?://|(?:www\.)?imagefap\.com/", re.IGNORECASE)


@dataclass(frozen=True)
class ListedUser:
    """One user of a list.

    Attributes:
        text: a name, or an address of the user.
        where: where it stands, for messages: `line 3 of FILE`; empty in a list with commas.
    """

    text: str
    where: str = ""

    def __bool__(self) -> bool:
        """Whether it names anybody: an empty line does not."""
        return bool(self.text)

    @property
    def is_address(self) -> bool:
        """Whether it is an address and no name."""
        return _ADDRESS.match(self.text) is not None


def read_users(value: object) -> list[ListedUser]:
    """Return the users that `a,b` or `@FILE` names, each once, in order.

    Raises:
        ValueError: for a file that cannot be read, a line that cannot be a user, or nobody at all.
    """
    text = str(value).strip()
    found = _read_file(text[1:]) if text.startswith("@") else [ListedUser(part.strip()) for part in text.split(",")]
    users: dict[str, ListedUser] = {}
    for user in filter(None, found):
        _check(user)
        users.setdefault(user.text.casefold(), user)
    if not users:
        raise ValueError("names nobody: write users=ANNA,BERT or users=@FILE with one user a line")
    return list(users.values())


def _read_file(name: str) -> list[ListedUser]:
    path = Path(name).expanduser()
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path} cannot be read: {reason}") from error
    if len(raw) > _LARGEST_FILE:
        raise ValueError(f"{path} is larger than {_LARGEST_FILE:,} bytes: that is no list of users")
    users = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        where = f"line {number} of {path}"
        try:
            decoded = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{where} is not UTF-8 text") from error
        users.append(ListedUser(_COMMENT.sub("", decoded).strip(), where))
    return users


def _check(user: ListedUser) -> None:
    before = f"{user.where}: " if user.where else ""
    if not user.text.isprintable():
        raise ValueError(f"{before}has control characters")
    if len(user.text) > _LONGEST:
        raise ValueError(f"{before}is longer than {_LONGEST} characters: that is no user")
    if not user.is_address and ("/" in user.text or "\\" in user.text):
        raise ValueError(f"{before}{user.text[:80]!r} is neither a name nor an address of the site")
