"""Many decisions as one batch: some at a time in a transaction, then the files follow their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import IntegrityError

from imagefap_scraper.database.session import refusal
from imagefap_scraper.exceptions import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.review.workplace import Workplace

T = TypeVar("T")

#: Groups in one transaction at most: it ends earlier if somebody waits for the lock, a decision or a running crawl.
_AT_A_TIME = 25


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one group: its action, the copies that went or came back, their files and bytes.

    `missing` are the files that should have come back and are not there any more, by the paths where they belong.
    """

    group_id: int
    action_id: int
    keeper: str | None = None
    moved: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What a batch did, or would do.

    Attributes:
        batch: its number in the history; 0 if nothing was changed.
        done: one a group.
        refused: groups that were left alone, each with the reason.
        stopped: whether it ended before its last group because somebody said so.
    """

    batch: int = 0
    done: list[Done] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    stopped: bool = False

    @property
    def files(self) -> int:
        """Files that were moved."""
        return sum(one.files for one in self.done)

    @property
    def missing(self) -> list[str]:
        """Files that should have come back and are not there any more, by the paths where they belong."""
        return [path for one in self.done for path in one.missing]

    @property
    def bytes(self) -> int:
        """Bytes of the blobs whose files were moved, each once."""
        return sum(one.bytes for one in self.done)


class Stopped(Exception):  # noqa: N818 - no failure: somebody said so
    """Raised by whoever is told of progress: go no farther. What is done stays done."""


class _Rehearsed(Exception):  # noqa: N818 - no failure: it takes a transaction back
    """A dry run has come to its end."""


def run_batch(
    workplace: Workplace,
    items: Sequence[T],
    step: Callable[[Connection, T, int | None], tuple[int, Done]],
    name: Callable[[T], int],
    *,
    dry_run: bool = False,
    strict: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Take each item's step; each is an action of its own, all of them one batch.

    Rows first, then the files. After a kill in between, the next command that writes, or crawl, moves the files; what
    was not decided yet is as it was.

    Args:
        workplace: the archive.
        items: what is decided about.
        step: decides about one, in a journal of that batch (None: it begins one); returns the batch and what was done.
        name: the group's number of an item, for those that are refused.
        dry_run: change nothing, and say what would be.
        strict: refuse everything if one is refused; otherwise leave that one alone and say why.
        on_progress: told how many have been decided; may raise Stopped. Where all or nothing is done it is told on the
            way as well, inside the transaction.

    Raises:
        ArchiveError: what a step refuses, if `strict`; what disk or database refuse.
        Stopped: all or nothing was to be done, and it is nothing. Otherwise the report says what is done.
    """
    report = Report()
    if not dry_run:
        # What a killed command left: a file must be where its row says before anything is decided about it.
        workplace.carry_out_moves()
    # Strict means all or nothing; so does a rehearsal, whose later steps build on the earlier ones.
    gives_way = not (strict or dry_run)
    size = _AT_A_TIME if gives_way else len(items)
    reached = 0
    while reached < len(items):
        try:
            with workplace.transaction() as connection:
                for item in items[reached : reached + size]:
                    _take(connection, item, step, name, report, strict=strict)
                    reached += 1
                    if gives_way and workplace.is_awaited():
                        break
                    if on_progress is not None and not gives_way and reached % _AT_A_TIME == 0:
                        on_progress(reached)
                if dry_run:
                    raise _Rehearsed
        except _Rehearsed:
            report.batch = 0
        else:
            workplace.carry_out_moves()
        if on_progress is not None and _is_stopped(on_progress, reached, len(items)):
            report.stopped = True
            break
    return report


def _is_stopped(on_progress: Callable[[int], None], reached: int, total: int) -> bool:
    """Tell how far a batch has come; return whether it is to end there, before its last group."""
    try:
        on_progress(reached)
    except Stopped:
        return reached < total
    return False


def _take(
    connection: Connection,
    item: T,
    step: Callable[[Connection, T, int | None], tuple[int, Done]],
    name: Callable[[T], int],
    report: Report,
    *,
    strict: bool,
) -> None:
    savepoint = connection.begin_nested()
    try:
        report.batch, done = step(connection, item, report.batch or None)
    except (ArchiveError, IntegrityError) as error:
        savepoint.rollback()
        refused = refusal(error) if isinstance(error, IntegrityError) else error
        if strict or refused is None:
            raise
        report.refused.append((name(item), str(refused)))
    else:
        savepoint.commit()
        report.done.append(done)
