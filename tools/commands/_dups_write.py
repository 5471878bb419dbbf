"""The duplicates' commands that decide: decide, accept, apply, defer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imagefap_scraper.dedup.kinds import PairKind
from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

_dry_run = click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
_yes = click.option("--yes", is_flag=True, help="Do not ask first.")
_json = json_option("Write one JSON object instead.")


def _verdict(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds an option which names members, by itself or with commas."""
    return click.option(f"--{name}", multiple=True, metavar="N", help=text)


@click.command(
    short_help="Decide about one group.",
    epilog="""\b
Examples:
  python tools/process.py dups decide 12 --keep 1
  python tools/process.py dups decide 12 --keep 1 --variant 3 --false 4,5

N is a member's number in `dups show`, or at least 6 digits of its SHA-256; several go with commas between them, or the
option once more for each. --keep alone skips every other member that is asked about; with any other option, members
that are not named stay as they are.
""",
)
@click.argument("group", type=int, metavar="ID")
@directory_option
@_verdict("keep", "Keep it; the first one kept takes the places and tags of those skipped.")
@_verdict("skip", "Throw it out: its file goes to the trash.")
@_verdict("false", "It is not like the others.")
@_verdict("variant", "Keep it too, as a variant of the one kept.")
@click.option("--none", is_flag=True, help="None of those asked about is like another.")
@click.option("--later", is_flag=True, help="Throw nothing out yet; `dups apply` does.")
@_dry_run
@_json
@click.pass_context
def decide(
    ctx: click.Context,
    group: int,
    directory: Path | None,
    *,
    none: bool,
    later: bool,
    dry_run: bool,
    as_json: bool,
    keep: tuple[str, ...],
    skip: tuple[str, ...],
    false: tuple[str, ...],
    variant: tuple[str, ...],
) -> None:
    """Decide about one group: what is kept, what goes to the trash, what is something else."""
    words = {"keep": keep, "skip": skip, "false": false, "variant": variant}
    if none == any(words.values()):
        raise click.UsageError("say what to --keep, --skip, or that is --false or a --variant; or --none alone", ctx)
    # Here and not above, as in every command: --help must not wait for SQLAlchemy.
    from tools.commands import _dups_deciding  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    code = _dups_deciding.decide(place, group, words, none=none, later=later, dry_run=dry_run, as_json=as_json)
    ctx.exit(code)


@click.command(
    short_help="Follow all suggestions of a class.",
    epilog="""\b
Examples:
  python tools/process.py dups accept --class pixel-identical --dry-run
  python tools/process.py dups accept --class copy --rule dominated-copy --yes

Exit code 3: some groups were left alone (their keeper is damaged, say); stderr names them.
""",
)
@directory_option
@click.option(
    "--class",
    "kinds",
    type=click.Choice([str(kind) for kind in PairKind]),
    multiple=True,
    required=True,
    help="Of which class; may repeat.",
)
@click.option("--rule", metavar="NAME", help="Only what this rule proposes.")
@_dry_run
@_yes
@_json
@click.pass_context
def accept(
    ctx: click.Context,
    directory: Path | None,
    *,
    kinds: tuple[str, ...],
    rule: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Follow the suggestions of a whole class: keep the suggested copies, throw the others out."""
    from tools.commands import _dups_deciding  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    ctx.exit(_dups_deciding.accept(ctx, place, kinds, rule=rule, dry_run=dry_run, yes=yes, as_json=as_json))


@click.command(
    short_help="Carry out what was decided --later.",
    epilog="""\b
Examples:
  python tools/process.py dups apply --dry-run
  python tools/process.py dups apply 12 13 --yes

Exit code 3: some groups were left alone; stderr names them.
""",
)
@click.argument("groups", type=int, nargs=-1, metavar="[ID]...")
@directory_option
@_dry_run
@_yes
@_json
@click.pass_context
def apply(
    ctx: click.Context,
    groups: tuple[int, ...],
    directory: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Throw out what was decided with --later: in these groups, or in all."""
    from tools.commands import _dups_deciding  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    ctx.exit(_dups_deciding.apply(ctx, place, groups, dry_run=dry_run, yes=yes, as_json=as_json))


@click.command(
    epilog="""\b
Examples:
  python tools/process.py dups defer 12 13
  python tools/process.py dups defer 12 --until 2030-01-31
"""
)
@click.argument("groups", type=int, nargs=-1, required=True, metavar="ID...")
@directory_option
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="[default: until the next search]")
@_dry_run
@_json
@click.pass_context
def defer(
    ctx: click.Context,
    groups: tuple[int, ...],
    directory: Path | None,
    *,
    until: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put groups aside."""
    from tools.commands import _dups_deciding  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    ctx.exit(_dups_deciding.defer(place, groups, until, dry_run=dry_run, as_json=as_json))
