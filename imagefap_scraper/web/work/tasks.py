"""The kinds of jobs: what each does, and what it is called. A `spec` names one, for forms, programs, a later server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper.database import groups as stored
from imagefap_scraper.dedup.kinds import GroupState
from imagefap_scraper.exceptions import ConflictError, UserInputError
from imagefap_scraper.review import applying, deciding, sections, trashing, undoing
from imagefap_scraper.review.options import LARGEST_DISTANCE
from imagefap_scraper.web.answers import LARGEST
from imagefap_scraper.web.duplicates.batch_plan import read_subject, seen_of
from imagefap_scraper.web.render import counted
from imagefap_scraper.web.work.jobs import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imagefap_scraper.review.batches import Report
    from imagefap_scraper.web.archive import WebArchive
    from imagefap_scraper.web.work.jobs import Reach

#: Missing files that a sentence names.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Work:
    """A task; see `jobs.Task`."""

    title: str
    spec: dict[str, Any]
    total: int
    run: Callable[[Reach], Outcome]


def task(archive: WebArchive, spec: Mapping[str, Any]) -> Work:
    """Return the work that a specification names, as there is now.

    Args:
        archive: which is worked on.
        spec: its `kind` is `accept` (of a `class` or a `rule`; with `seen` only if the groups are still those),
            `apply`, `undo` (of a `batch`), `restore` (all of the trash), `empty` (what went to the trash `before` a
            moment) or `search` (within a `distance`).

    Raises:
        UserInputError: there is nothing to do, or what is asked for cannot be.
        ConflictError: the groups are not those that were seen.
        NotFoundError: what it is about is not there.
    """
    maker = _MAKERS.get(str(spec.get("kind")))
    if maker is None:
        raise UserInputError(f"there is no kind of job {spec.get('kind')!r}")
    return maker(archive, spec)


def _whole(spec: Mapping[str, Any], name: str, most: int) -> int:
    """Return a whole number of a specification.

    Raises:
        UserInputError: it is none from 0 to the most.
    """
    value = spec.get(name)
    if not isinstance(value, int) or not 0 <= value <= most:
        raise UserInputError(f"{name}: {value!r} is no number from 0 to {most}")
    return value


def _outcome(report: Report) -> Outcome:
    return Outcome(refused=report.refused, message="".join(missing_text(report)), stopped=report.stopped)


def missing_text(report: Report) -> list[str]:
    """Return which files did not come back, as one part of a sentence; none if all did."""
    if not report.missing:
        return []
    named = ", ".join(report.missing[:_NAMED])
    more = f" and {len(report.missing) - _NAMED:,} more" if len(report.missing) > _NAMED else ""
    return [f"not there any more, so a crawl fetches them again: {named}{more}"]


def _accept(archive: WebArchive, spec: Mapping[str, Any]) -> Work:
    subject = read_subject(str(spec.get("class") or ""), str(spec.get("rule") or ""))
    with archive.reading() as connection:
        choices = sections.choices(connection, subject.filter)
    if not choices:
        raise UserInputError("there is nothing to apply: no such group has a suggestion")
    if spec.get("seen") and spec["seen"] != seen_of(choices):
        raise ConflictError("the groups have changed since you looked at them: look at the preview again")

    def run(reach: Reach) -> Outcome:
        options = archive.options
        return _outcome(
            deciding.decide(reach.workplace, choices, options, kind="accept", strict=False, on_progress=reach)
        )

    what = f"the rule {subject.rule}" if subject.rule else subject.section
    title = f"Follow the suggestions of {counted(len(choices), 'group')} ({what})"
    return Work(title, {"kind": "accept", **subject.query}, len(choices), run)


def _apply(archive: WebArchive, _spec: Mapping[str, Any]) -> Work:
    with archive.reading() as connection:
        count = len(stored.group_ids(connection, states=[GroupState.DECIDED]))
    if not count:
        raise UserInputError("there is nothing to apply: every decision is carried out")

    def run(reach: Reach) -> Outcome:
        return _outcome(applying.apply_decisions(reach.workplace, archive.options, on_progress=reach))

    return Work(f"Carry out the decisions about {counted(count, 'group')}", {"kind": "apply"}, count, run)


def _undo(archive: WebArchive, spec: Mapping[str, Any]) -> Work:
    batch = _whole(spec, "batch", LARGEST)
    with archive.reading() as connection:
        entries = undoing.entries_of(connection, batch, whole_batch=True)

    def run(reach: Reach) -> Outcome:
        return _outcome(undoing.undo(reach.workplace, entries, archive.options, on_progress=reach))

    title = f"Undo {counted(len(entries), 'change')} (number {batch} of the history)"
    return Work(title, {"kind": "undo", "batch": batch}, len(entries), run)


def _empty(archive: WebArchive, spec: Mapping[str, Any]) -> Work:
    try:
        before = datetime.fromisoformat(str(spec.get("before"))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UserInputError(f"{spec.get('before')!r} is no moment") from error
    with archive.reading() as connection:
        count = len(trashing.in_trash(connection, before))

    def run(reach: Reach) -> Outcome:
        return _outcome(trashing.empty(reach.workplace, before, on_progress=reach))

    # Also of none: then what an emptying has left that ended too early is deleted.
    title = f"Delete {counted(count, 'picture')} in the trash for good" if count else "Delete what is left in the trash"
    return Work(title, {"kind": "empty", "before": before.isoformat()}, count, run)


def _restore(archive: WebArchive, _spec: Mapping[str, Any]) -> Work:
    with archive.reading() as connection:
        wanted = [one.sha256 for one in trashing.in_trash(connection)]
    if not wanted:
        raise UserInputError("the trash is empty")

    def run(reach: Reach) -> Outcome:
        # In portions: a crawl beside it writes in between.
        return _outcome(trashing.restore(reach.workplace, wanted, archive.options, strict=False, on_progress=reach))

    return Work(f"Bring {counted(len(wanted), 'picture')} back from the trash", {"kind": "restore"}, len(wanted), run)


def _search(archive: WebArchive, spec: Mapping[str, Any]) -> Work:
    distance = _whole(spec, "distance", LARGEST_DISTANCE)
    options = replace(archive.options, max_distance=distance)

    def run(reach: Reach) -> Outcome:
        # Here and not above: it loads numpy, which no page needs.
        from imagefap_scraper.review import finding  # noqa: PLC0415

        found = finding.find(reach.workplace, options, reach)
        # From now on decisions see the groups that this search has made.
        archive.options = options
        asking = sum(found.asking.values())
        message = f"{counted(found.pictures, 'picture')} compared within {distance} bits, {found.looked_at:,} new pairs"
        return Outcome(message=f"{message} looked at; {counted(asking, 'group')} to look at.")

    return Work(f"Search for look-alikes within {distance} bits", {"kind": "search", "distance": distance}, 0, run)


_MAKERS: Final[dict[str, Callable[[WebArchive, Mapping[str, Any]], Work]]] = {
    "accept": _accept,
    "apply": _apply,
    "undo": _undo,
    "restore": _restore,
    "empty": _empty,
    "search": _search,
}
