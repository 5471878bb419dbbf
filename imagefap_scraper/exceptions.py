"""The errors of this project, one tree, one exit code a class.

    ArchiveError                    1   never raised itself
    ├── UserInputError             64   an argument that cannot be right
    │   └── ConflictError          64   what was looked at has changed meanwhile
    ├── NotFoundError              66   no such user or folder, or one that cannot be had
    ├── SiteError                  69   the site could not be reached
    │   ├── RateBlockedError       75   the site asks this address to slow down
    │   └── PageError              76   a page was read and is not what was asked for
    │       ├── PageNotFound       66   the site says that it is not there
    │       └── LayoutChanged      76   it is there and does not look as expected
    ├── StorageError               74   the disk refused to read or write
    │   └── OutputError            73   the output directory cannot be made or used
    ├── LockedError                75   another process holds the output directory
    ├── SettingError               78   a setting that cannot be right
    │   └── DatabaseError          78   the database is foreign, newer or damaged
    └── FaultError                  1   a mistake in this program, at which the crawl ends

Exit codes are those of sysexits.h, so that cron and systemd can act on them. A message says what failed,
why, and what to do about it, on one line.
"""

from __future__ import annotations

EX_OK = 0
#: A fault of this program: something raised that is not of this tree.
EX_FAULT = 1
#: Finished, but some images failed.
EX_FAILED_IMAGES = 3
EX_INTERRUPTED = 130


class ArchiveError(Exception):
    """Anything that this project refuses or cannot do, with a message for its user."""

    exit_code = 1


class UserInputError(ArchiveError):
    """An argument that cannot be right; nothing was asked of the site and nothing was written."""

    exit_code = 64


class ConflictError(UserInputError):
    """What somebody decided about has changed since they looked at it: nothing was done, look again."""


class NotFoundError(ArchiveError):
    """No such user or folder, or one that cannot be had (galleries folder, private, refused by robots.txt)."""

    exit_code = 66


class SiteError(ArchiveError):
    """The site could not be reached."""

    exit_code = 69


class RateBlockedError(SiteError):
    """The site asks this address to slow down; the same command later goes on."""

    exit_code = 75


class PageError(SiteError):
    """A page was read and is not what was asked for."""

    exit_code = 76


class PageNotFound(PageError):  # noqa: N818 - the field's word for this outcome
    """The site says that what was asked for is not there."""

    exit_code = 66


class LayoutChanged(PageError):  # noqa: N818 - the field's word for this outcome
    """A page is there and does not look as expected; nothing may be concluded from it."""

    exit_code = 76


class StorageError(ArchiveError):
    """The disk refused to read or write (full, read-only, I/O error)."""

    exit_code = 74


class OutputError(StorageError):
    """The output directory cannot be made or used."""

    exit_code = 73


class LockedError(ArchiveError):
    """Another process holds the output directory; the same command later goes on."""

    exit_code = 75


class SettingError(ArchiveError):
    """A setting that cannot be right."""

    exit_code = 78


class DatabaseError(SettingError):
    """The database is foreign, newer than this program, or damaged."""

    exit_code = 78


class FaultError(ArchiveError):
    """A mistake in this program; the crawl asks for nothing more, and what is stored stays."""

    exit_code = EX_FAULT
