"""Changes of tags: what they concern, whether that is wanted, and then the change, journaled."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.filesize import decimal

from imagefap_scraper import query as queries
from imagefap_scraper.database import tags
from imagefap_scraper.database.bulk_journal import BulkJournal
from imagefap_scraper.review.grouping import regroup_tagged
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from tools.commands._archive import open_archive
from tools.commands._console import counted
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

#: Raised when a field of the changes' `--json` changes its meaning or goes away.
SCHEMA = 1

#: More images than that are asked about.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that can be made.

    Attributes:
        what: in words, without the verb's end: `put TAG on`.
        done: the same when it has been done.
        apply: makes it, with a journal and the tags as they are then.
        concerns: the blobs that it changes, with their sizes in bytes.
        paths: the tags that it is about.
    """

    what: str
    done: str
    apply: Callable[[BulkJournal, tags.TagTree], Any]
    concerns: dict[str, int]
    paths: Sequence[str]


class Tagging:
    """An archive whose tags are changed; what is to be done is found out by reading alone."""

    def __init__(self, directory: Path) -> None:
        with open_archive(directory) as archive:
            path = archive.path
        self._workplace = Workplace(ArchiveDirectory(directory), path)
        self.directory = directory

    def read(self, plan: Callable[[Connection, tags.TagTree], Plan]) -> Plan:
        """Return a plan made of what the archive holds now.

        Raises:
            UserInputError: it cannot be.
        """
        with open_archive(self.directory) as archive:
            return plan(archive.connection, tags.TagTree(archive.connection))

    def write(self, plan: Plan) -> int | None:
        """Make the change and return the number of its action; None if there was nothing to change."""
        with self._workplace.transaction() as connection:
            journal = BulkJournal(connection, actor="you", kind="tag")
            plan.apply(journal, tags.TagTree(connection))
            regroup_tagged(journal, read_options())
            return journal.close(plan.done) if journal.changes else None


def add(work: Tagging, path: str) -> Plan:
    """Return the plan to make a tag."""

    def plan(_connection: Connection, tree: tags.TagTree) -> Plan:
        new = tags.missing(tree, _spelled(tree, path))
        named = ", ".join(new)
        return Plan(f"add {named}", f"added {named}", lambda journal, now: tags.add(journal, now, path), {}, new)

    return work.read(plan)


def _spelled(tree: tags.TagTree, path: str) -> str:
    """Return a path with the tags that are there written as they are there."""
    found = ""
    for name in tags.split(path):
        known = tree.at(f"{found}/{name}")
        found = known.path if known else f"{found}/{name}".removeprefix("/")
    return found


def rename(work: Tagging, path: str, name: str) -> Plan:
    """Return the plan to give a tag another name."""

    def plan(_connection: Connection, tree: tags.TagTree) -> Plan:
        tag = tree.need(path)
        tidy = tags.renamed(tree, tag, name)
        words = f"{tag.path} to {tidy}"
        return Plan(
            f"rename {words}",
            f"renamed {words}",
            lambda journal, now: tags.rename(journal, now, now.need(path), name),
            {},
            [tag.path],
        )

    return work.read(plan)


def move(work: Tagging, path: str, parent: str) -> Plan:
    """Return the plan to put a tag below another one, or at the top."""

    def above(tree: tags.TagTree) -> tags.TagRow | None:
        return None if parent == "/" else tree.need(parent)

    def plan(_connection: Connection, tree: tags.TagTree) -> Plan:
        tag, target = tree.need(path), above(tree)
        tags.refuse_move(tree, tag, target)
        words = f"{tag.path} below {target.path}" if target else f"{tag.path} to the top"
        return Plan(
            f"move {words}",
            f"moved {words}",
            lambda journal, now: tags.move(journal, now, now.need(path), above(now)),
            {},
            [tag.path],
        )

    return work.read(plan)


def delete(work: Tagging, path: str) -> Plan:
    """Return the plan to remove a tag."""

    def plan(connection: Connection, tree: tags.TagTree) -> Plan:
        tag = tree.need(path)
        tags.refuse_parent(tree, tag)
        carrying = tags.sizes(connection, tags.blobs_with(connection, tag.tag_id))
        return Plan(
            f"delete {tag.path}, taking it off",
            f"deleted {tag.path}, taking it off",
            lambda journal, now: tags.delete(journal, now, now.need(path)),
            carrying,
            [tag.path],
        )

    return work.read(plan)


def assign(work: Tagging, query: str, path: str) -> Plan:
    """Return the plan to put a tag on the images of a query."""

    def plan(connection: Connection, tree: tags.TagTree) -> Plan:
        tag = tree.need(path)
        shown = _shown(connection, query)
        has = set(tags.blobs_with(connection, tag.tag_id))
        new = {sha256: size for sha256, size in shown.items() if sha256 not in has}
        return Plan(
            f"put {tag.path} on",
            f"put {tag.path} on",
            lambda journal, now: tags.assign(journal, now.need(path), new),
            new,
            [tag.path],
        )

    return work.read(plan)


def remove(work: Tagging, query: str, path: str) -> Plan:
    """Return the plan to take a tag off the images of a query."""

    def plan(connection: Connection, tree: tags.TagTree) -> Plan:
        tag = tree.need(path)
        shown = _shown(connection, query)
        has = set(tags.blobs_with(connection, tag.tag_id))
        old = {sha256: size for sha256, size in shown.items() if sha256 in has}
        return Plan(
            f"take {tag.path} off",
            f"took {tag.path} off",
            lambda journal, now: tags.remove(journal, now.need(path), old),
            old,
            [tag.path],
        )

    return work.read(plan)


def _shown(connection: Connection, query: str) -> dict[str, int]:
    return tags.blobs_shown(connection, queries.image_ids(connection, query))


def carry_out(
    ctx: click.Context,
    work: Tagging,
    change: Callable[[Tagging], Plan],
    *,
    yes: bool,
    rehearse: bool,
    as_json: bool,
) -> None:
    """Say what would be done, or ask, do it, and say so."""
    plan = change(work)
    if not rehearse and not yes and len(plan.concerns) > _MANY:
        _ask(ctx, plan)
    action = None if rehearse else work.write(plan)
    if as_json:
        write(json_text(_document(plan, action, rehearse)) + "\n")
    elif rehearse:
        write(f"would {_words(plan, plan.what)}\n")
    else:
        words = "nothing to change" if action is None else f"{_words(plan, plan.done)}; `process.py undo` takes it back"
        write(f"{words}\n")


def _ask(ctx: click.Context, plan: Plan) -> None:
    """Go on only if the user says yes."""
    if not _is_terminal():
        message = f"this would {_words(plan, plan.what)}: give --yes to do it, --dry-run to look"
        raise click.UsageError(message, ctx)
    click.confirm(f"This would {_words(plan, plan.what)}. Go on?", abort=True, err=True)


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _words(plan: Plan, verb: str) -> str:
    if not plan.concerns and not verb.endswith((" on", " off")):
        return printable(verb)
    return f"{printable(verb)} {counted(len(plan.concerns), 'image')} ({decimal(sum(plan.concerns.values()))})"


def _document(plan: Plan, action: int | None, rehearse: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dry_run": rehearse,
        "tags": list(plan.paths),
        "images": len(plan.concerns),
        "bytes": sum(plan.concerns.values()),
        "action": action,
    }
