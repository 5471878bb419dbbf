"""`process.py tags`: the user's own tree of tags, and the images in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tools.commands._complete import query_completion, tag_completion
from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHANGE = "Write one JSON object instead, with what was changed."
_QUERY_HELP = (
    "A QUERY that begins with a minus sign needs -- before it. Its fields: name (also without the field), folder, "
    "user, gallery, tag, tagged, type, animated, w, h, pixels, size, added, uploaded, status, gone, dup, id, sha; "
    "joined by spaces (all of them), `or`, `-` (not) and brackets."
)


def _changing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that changes tags."""
    for option in (
        json_option(_CHANGE),
        click.option("--yes", "-y", is_flag=True, help="Do not ask, however many images it concerns."),
        click.option("--dry-run", is_flag=True, help="Only say what would be done."),
        directory_option,
    ):
        function = option(function)
    return click.pass_context(function)


@click.group(
    epilog="""\b
Examples:
  python tools/process.py tags add plants/trees
  python tools/process.py tags assign 'folder:Trees w:>2000 -dup:yes' plants/trees
"""
)
@directory_option
@click.pass_context
def command(ctx: click.Context, directory: Path | None) -> None:
    """Keep a tree of tags, and put images into it; `process.py undo` takes a change back."""
    ctx.obj = directory or ctx.obj


@command.command(
    "list",
    epilog="""\b
Examples:
  python tools/process.py tags list
  python tools/process.py tags list --json | jq -r '.tags[].path'
""",
)
@directory_option
@json_option("Write one JSON object instead.")
@click.pass_context
def list_tags(ctx: click.Context, directory: Path | None, *, as_json: bool) -> None:
    """Show the tags with the images and bytes that carry them."""
    # Here, as everywhere below, and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _tags_list  # noqa: PLC0415

    show = _tags_list.write_json if as_json else _tags_list.write_text
    show(archive_directory(ctx, directory))


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags add plants
  python tools/process.py tags add plants/trees/oaks
"""
)
@click.argument("path", metavar="PARENT/NAME", shell_complete=tag_completion)
@_changing
def add(ctx: click.Context, path: str, **options: Any) -> None:
    """Make a tag, and those above it that are not there."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.add(work, path), options)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags rename plants/trees Trees
  python tools/process.py tags rename plants flora --dry-run
"""
)
@click.argument("tag", shell_complete=tag_completion)
@click.argument("name")
@_changing
def rename(ctx: click.Context, tag: str, name: str, **options: Any) -> None:
    """Give a TAG (its whole path) another NAME."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.rename(work, tag, name), options)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags move trees plants
  python tools/process.py tags move plants/trees /
"""
)
@click.argument("tag", shell_complete=tag_completion)
@click.argument("parent", shell_complete=tag_completion)
@_changing
def move(ctx: click.Context, tag: str, parent: str, **options: Any) -> None:
    """Put a TAG with all below it under another PARENT; / is the top."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.move(work, tag, parent), options)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags delete plants/trees
  python tools/process.py tags delete plants/trees --yes
"""
)
@click.argument("tag", shell_complete=tag_completion)
@_changing
def delete(ctx: click.Context, tag: str, **options: Any) -> None:
    """Remove a TAG from all that carries it, and itself; refused while there are tags below it."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.delete(work, tag), options)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags assign 'folder:Trees w:>2000' plants/trees
  python tools/process.py tags assign 'type:gif -tag:moving' moving --dry-run
""",
    help=f"Put a TAG on all images of a QUERY.\n\n{_QUERY_HELP}",
)
@click.argument("query", shell_complete=query_completion)
@click.argument("tag", shell_complete=tag_completion)
@_changing
def assign(ctx: click.Context, query: str, tag: str, **options: Any) -> None:
    """Put a TAG on all images of a QUERY."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.assign(work, query, tag), options)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py tags remove 'w:<500' plants/trees
  python tools/process.py tags remove gone:yes plants/trees --yes
""",
    help=f"Take a TAG off all images of a QUERY.\n\n{_QUERY_HELP}",
)
@click.argument("query", shell_complete=query_completion)
@click.argument("tag", shell_complete=tag_completion)
@_changing
def remove(ctx: click.Context, query: str, tag: str, **options: Any) -> None:
    """Take a TAG off all images of a QUERY."""
    from tools.commands import _tags  # noqa: PLC0415

    _run(ctx, lambda work: _tags.remove(work, query, tag), options)


def _run(ctx: click.Context, change: Callable[[Any], Any], options: dict[str, Any]) -> None:
    """Carry out a change as the options say."""
    from tools.commands import _tags  # noqa: PLC0415

    work = _tags.Tagging(archive_directory(ctx, options["directory"]))
    _tags.carry_out(ctx, work, change, yes=options["yes"], rehearse=options["dry_run"], as_json=options["as_json"])
