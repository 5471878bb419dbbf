"""Numbers of what never was on the site: users, folders and images of the local disk."""

from __future__ import annotations

__all__ = ["LOCAL_USER", "Ids"]

#: The user of everything that comes from the local disk. The site counts users from 1.
LOCAL_USER = -1
#: The original gave files of the disk to this user of the site, a closed account, under this name.
_ORIGINAL_USER = 1
_ORIGINAL_NAME = "LOCAL DISK"
#: SQLite's integers have 64 bits; the original numbers what is on the disk by 128 bits of a hash.
_TOO_LARGE = 2**63
_KEPT = 2**62 - 1


class Ids:
    """Turns the original's numbers into ours: those of the site stay, those of the disk become negative.

    The same numbers in the same order always become the same.
    """

    def __init__(self, users: dict[int, str]) -> None:
        """Take the names of the original's users, by their numbers."""
        self._local = users.get(_ORIGINAL_USER) == _ORIGINAL_NAME
        self._chosen: dict[int, int] = {}
        self._taken: set[int] = set()

    def user(self, number: int) -> int:
        """Return the number of a user."""
        return LOCAL_USER if self._local and number == _ORIGINAL_USER else self.other(number)

    def other(self, number: int) -> int:
        """Return the number of a folder or an image."""
        if number < _TOO_LARGE:
            return number
        if number not in self._chosen:
            # 62 bits of a hash: two of a million files meet once in ten million archives, and then one moves on.
            candidate = -2 - (number & _KEPT)
            while candidate in self._taken:
                candidate -= 1
            self._taken.add(candidate)
            self._chosen[number] = candidate
        return self._chosen[number]
