"""`process.py dups`: pictures that look alike, found and decided about, one subcommand a step."""

from __future__ import annotations

import importlib

import click

#: Subcommands in the order in which they are used: module and name there.
_COMMANDS = {
    "hash": ("_dups_read", "hash_"),
    "find": ("_dups_read", "find"),
    "list": ("_dups_read", "list_"),
    "show": ("_dups_read", "show"),
    "decide": ("_dups_write", "decide"),
    "accept": ("_dups_write", "accept"),
    "defer": ("_dups_write", "defer"),
    "apply": ("_dups_write", "apply"),
    "undo": ("undo", "command"),
    "history": ("history", "command"),
    "rules": ("_dups_read", "rules"),
}


class _Steps(click.Group):
    """The subcommands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands, in the order in which they are used."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of that name; None if there is none."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"tools.commands.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that the arguments name; an unknown one is answered with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            names = self.list_commands(ctx)
            raise click.NoSuchCommand(error.command_name, possibilities=names, ctx=ctx) from None


@click.command(
    cls=_Steps,
    epilog="""\b
Examples:
  python tools/process.py dups find
  python tools/process.py dups accept --class pixel-identical --dry-run
""",
)
def command() -> None:
    """Find pictures that look alike and decide what to keep; every decision can be undone."""
