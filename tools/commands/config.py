"""`process.py config`: every setting with its value, and where that comes from."""

from __future__ import annotations

from pathlib import Path

import click

from tools.commands._options import directory_option, json_option


@click.command(
    epilog="""\b
Examples:
  python tools/process.py config --show-origin
  python tools/process.py config --json | jq -r '.settings[] | select(.origin != "default") | .name'
"""
)
@directory_option
@click.option("--show-origin", is_flag=True, help="Also say where each value comes from, and what the default is.")
@json_option("Write one JSON object instead, origins included.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, *, show_origin: bool, as_json: bool) -> None:
    """Show the settings with their values, units and effects; opens no archive.

    `-s NAME=VALUE` and scrapy.cfg hold for one crawl and are not seen here. Addresses that may hold a password are
    shown without it.
    """
    # Here and not above: --help must not wait for rich.
    from tools.commands import _config  # noqa: PLC0415

    settings = _config.read_settings(directory or ctx.find_object(Path))
    if as_json:
        _config.write_json(settings)
    else:
        _config.write_text(settings, show_origin=show_origin)
