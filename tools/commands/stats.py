"""`process.py stats`: the archive in numbers."""

from __future__ import annotations

from pathlib import Path

import click

from tools.commands._options import archive_directory, directory_option, json_option


@click.command(
    epilog="""\b
Examples:
  python tools/process.py stats
  python tools/process.py stats --json | jq .images.failed
  python tools/process.py stats --plots archive.svg
"""
)
@directory_option
@json_option("Write one JSON object instead.")
@click.option(
    "--plots",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg",
    help="Also draw growth, sizes, formats, folders and the pages of the latest hour; needs matplotlib.",
)
@click.pass_context
def command(ctx: click.Context, directory: Path | None, *, as_json: bool, plots: Path | None) -> None:
    """Show the archive in numbers: images, sizes, folders, duplicates."""
    if plots is not None and plots.suffix.lower() != ".svg":
        raise click.UsageError(f"--plots {plots}: name a file that ends in .svg, it would be replaced", ctx)
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _stats  # noqa: PLC0415

    if plots is not None:
        from tools.commands import _stats_plot  # noqa: PLC0415

        _stats_plot.write_plots(archive_directory(ctx, directory), plots)
    show = _stats.write_json if as_json else _stats.write_text
    show(archive_directory(ctx, directory))
