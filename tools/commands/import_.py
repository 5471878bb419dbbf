"""`process.py import`: what people bring along, one subcommand a source."""

from __future__ import annotations

import importlib
import pkgutil

import click

import tools.commands

_PREFIX = "_import_"


class _Sources(click.Group):
    """The modules `_import_NAME.py` of tools/commands as subcommands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands, in order."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of that name; None if there is none."""
        module = _modules().get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(f"{tools.commands.__name__}.{module}").command
        return command


def _modules() -> dict[str, str]:
    """Return the modules of the subcommands by the subcommands' names."""
    names = [module.name for module in pkgutil.iter_modules(tools.commands.__path__)]
    return {name.removeprefix(_PREFIX).replace("_", "-"): name for name in names if name.startswith(_PREFIX)}


@click.command(
    cls=_Sources,
    epilog="""\b
Examples:
  python tools/process.py import legacy ~/old/imagefap.database --dir ~/Pictures/imagefap
  python tools/process.py import legacy --help
""",
)
def command() -> None:
    """Bring along what other programs saved; what is imported is never changed."""
