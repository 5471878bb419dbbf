"""The duplicates' commands that change no decision: find, hash, list, show, rules (which may change a rule's mode)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imagefap_scraper.dedup.kinds import GroupState, PairKind
from imagefap_scraper.dedup.limits import DEFAULT_LIMITS
from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.review.queue import Order

#: Bits; see `review.options.LARGEST_DISTANCE`, which takes longer to import than help may.
_LARGEST_DISTANCE = 12


@click.command(
    short_help="Search for pictures that look alike.",
    epilog="""\b
Examples:
  python tools/process.py dups find
  python tools/process.py dups find --max-distance 12 --all

It may be stopped at any time (exit code 130); the same command goes on.
""",
)
@directory_option
@click.option(
    "--max-distance",
    type=click.IntRange(0, _LARGEST_DISTANCE),
    metavar="N",
    help="Bits of 64 in which the hashes of two pictures may differ, 0 to 12; "
    f"also by IMAGEFAP_DUPS_MAX_DISTANCE.  [default: {DEFAULT_LIMITS.phash}]",
)
@click.option("--all", "everything", is_flag=True, help="Compare all pictures again, not just those not compared yet.")
@json_option("Write one JSON object instead.")
@click.pass_context
def find(
    ctx: click.Context, directory: Path | None, *, max_distance: int | None, everything: bool, as_json: bool
) -> None:
    """Search for pictures that look alike; what was decided is never asked again."""
    # Here and not above, as in every command: --help must not wait for SQLAlchemy.
    from tools.commands import _dups_searching  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    _dups_searching.find(ctx, place, max_distance, everything=everything, as_json=as_json)


@click.command(
    "hash",
    short_help="Hash pictures that have no hashes.",
    epilog="""\b
Examples:
  python tools/process.py dups hash
  python tools/process.py dups hash --dir ~/Pictures/imagefap

It may be stopped at any time (exit code 130); the same command goes on. Exit code 3: some files are not whole.
""",
)
@directory_option
@json_option("Write one JSON object instead.")
@click.pass_context
def hash_(ctx: click.Context, directory: Path | None, *, as_json: bool) -> None:
    """Hash the pictures that were stored without hashes, so that they can be compared."""
    from tools.commands import _dups_searching  # noqa: PLC0415

    ctx.exit(_dups_searching.hash_all(ctx, archive_directory(ctx, directory), as_json=as_json))


@click.command(
    "list",
    short_help="List groups that ask.",
    epilog="""\b
Examples:
  python tools/process.py dups list --class pixel-identical --limit 20
  python tools/process.py dups list --json | jq -r 'select(.margin >= 30) | .id'
""",
)
@directory_option
@click.option(
    "--class",
    "kinds",
    type=click.Choice([str(kind) for kind in PairKind]),
    multiple=True,
    help="Only this; may repeat.  [default: all but look-alike]",
)
@click.option(
    "--state",
    "states",
    type=click.Choice([str(state) for state in GroupState]),
    multiple=True,
    help="Only in this state; may repeat.  [default: those that ask]",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(["gain", "new", "sure"]),
    default="gain",
    show_default=True,
    help="The most bytes to win first, the newest, or the surest.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show the first N.")
@json_option("Write JSON Lines instead, one object a group.")
@click.pass_context
def list_(
    ctx: click.Context,
    directory: Path | None,
    *,
    kinds: tuple[str, ...],
    states: tuple[str, ...],
    order: Order,
    limit: int | None,
    as_json: bool,
) -> None:
    """List groups of look-alikes: what asks for a decision, or what any other state holds."""
    from tools.commands import _dups_listing  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    _dups_listing.write_list(place, kinds=kinds, states=states, order=order, limit=limit, as_json=as_json)


@click.command(
    short_help="Show one group with everything.",
    epilog="""\b
Examples:
  python tools/process.py dups show 12
  python tools/process.py dups show 12 --json | jq .accept
""",
)
@click.argument("group", type=int, metavar="ID")
@directory_option
@json_option("Write one JSON object instead, with everything.")
@click.pass_context
def show(ctx: click.Context, group: int, directory: Path | None, *, as_json: bool) -> None:
    """Show one group: its members with their numbers, what is suggested and why, what accepting would do."""
    from tools.commands import _dups_showing  # noqa: PLC0415

    found = _dups_showing.collect(archive_directory(ctx, directory), group)
    if as_json:
        _dups_showing.write_json(found)
        return
    from tools.commands import _dups_shown  # noqa: PLC0415

    _dups_shown.write_text(found)


@click.command(
    short_help="Show, preview and switch rules.",
    epilog="""\b
Examples:
  python tools/process.py dups rules --preview dominated-copy
  python tools/process.py dups rules dominated-copy --mode suggest
""",
)
@click.argument("name", required=False)
@directory_option
@click.option("--mode", type=click.Choice(["off", "suggest", "auto"]), help="What the rule NAME may do from now on.")
@click.option("--override", is_flag=True, help="With --mode auto: whatever the rule's record.")
@click.option("--preview", metavar="NAME", help="Show what that rule would do: counts, bytes and samples.")
@click.option("--dry-run", is_flag=True, help="With --mode: change nothing, and say what would be proposed.")
@json_option("Write JSON Lines instead, one object a rule; with --mode or --preview one object.")
@click.pass_context
def rules(
    ctx: click.Context,
    name: str | None,
    directory: Path | None,
    *,
    mode: str | None,
    override: bool,
    preview: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show the rules with their records, preview one, or say what one may do."""
    if (name is None) != (mode is None):
        raise click.UsageError("a rule's mode is changed by NAME and --mode together", ctx)
    if mode is not None and preview is not None:
        raise click.UsageError("--preview changes nothing and goes without --mode", ctx)
    if mode is None and (override or dry_run):
        raise click.UsageError("--override and --dry-run go with NAME --mode", ctx)
    from imagefap_scraper.dedup.rules import RuleMode  # noqa: PLC0415
    from tools.commands import _dups_rules  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    if preview is not None:
        _dups_rules.write_preview(_dups_rules.preview(place, preview), as_json=as_json)
    elif name is not None and mode is not None:
        wanted = RuleMode(mode)
        _dups_rules.change_mode(place, name, wanted, override=override, dry_run=dry_run, as_json=as_json)
    else:
        _dups_rules.write_rules(place, as_json=as_json)
