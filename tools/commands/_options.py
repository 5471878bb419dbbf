"""Options that commands share, and how their values are found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where a crawl puts everything unless it is told otherwise.
DEFAULT_DIRECTORY = "~/Downloads/imagefap"


class _Directory(click.Path):
    """A directory's path, `~` expanded also where the shell did not (quoted, or after `=`)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or end with a usage error."""
        if not str(value):
            self.fail("it is empty; write --dir DIR", param, ctx)
        try:
            return Path(value).expanduser()
        except RuntimeError:
            self.fail(f"{value!r}: there is no such user's home", param, ctx)


def directory_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dir` to a group or a command, as `directory`: None unless it is given.

    It may stand before or after the command's name; `archive_directory` says which holds.
    """
    return click.option(
        "--dir",
        "directory",
        type=_Directory(file_okay=False),
        metavar="DIR",
        help=f"Where the archive is, also by IMAGEFAP_OUTPUT.  [default: {DEFAULT_DIRECTORY}]",
    )(function)


def json_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds `--json`, with what is written in its help."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def archive_directory(ctx: click.Context, directory: Path | None) -> Path:
    """Return the archive's directory: the command's own, else the group's, else the environment's, else the default."""
    return directory or ctx.find_object(Path) or _default_directory(ctx)


def _default_directory(ctx: click.Context) -> Path:
    path: Path = _Directory().convert(os.environ.get("IMAGEFAP_OUTPUT") or DEFAULT_DIRECTORY, None, ctx)
    return path
