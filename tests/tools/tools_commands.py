"""Every command of process.py, found as a person would: by asking the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def paths(*, groups: bool = False) -> list[tuple[str, click.Command]]:
    """Return (words, command) of each command, by words; with `groups` those that only hold others, too."""
    return sorted(_below(cli, "", click.Context(cli), groups), key=lambda found: found[0])


def _below(group: click.Group, words: str, ctx: click.Context, groups: bool) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        path = f"{words} {name}".strip()
        if isinstance(command, click.Group):
            yield from _below(command, path, click.Context(command, parent=ctx, info_name=name), groups)
            if not groups:
                continue
        yield path, command
