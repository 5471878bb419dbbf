"""The archive's own command line: `python tools/process.py COMMAND`. One command a file in tools/commands/."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

_ROOT = Path(__file__).resolve().parents[1]
if not __package__:
    # Run as a file, from anywhere: Python has put tools/ first, the packages are beside it.
    sys.path[0] = str(_ROOT)

import click  # noqa: E402

import tools.commands  # noqa: E402
from imagefap_scraper.exceptions import EX_INTERRUPTED, ArchiveError, StorageError  # noqa: E402
from tools.commands._options import directory_option  # noqa: E402
from tools.commands._text import printable  # noqa: E402

if TYPE_CHECKING:
    from typing import TextIO


class _Commands(click.Group):
    """The modules of tools/commands as commands, each imported when it is asked for.

    A module `NAME.py` (or `NAME_.py`, where NAME is Python's own) holds the command as `command`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in order."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None if there is none."""
        module = _modules().get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(f"{tools.commands.__name__}.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; an unknown one is answered with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            names = self.list_commands(ctx)
            raise click.NoSuchCommand(error.command_name, possibilities=names, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what stops it becomes an error line with its notes, or none, and an exit code."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except ArchiveError as error:
            _refuse(ctx, error)
        except KeyboardInterrupt:
            ctx.exit(EX_INTERRUPTED)
        except OSError as error:
            _stop_writing(ctx, error)
        return result


def _modules() -> dict[str, str]:
    """Return the modules of the commands by the commands' names."""
    names = [module.name for module in pkgutil.iter_modules(tools.commands.__path__)]
    return {name.rstrip("_"): name for name in names if not name.startswith("_")}


def _refuse(ctx: click.Context, error: ArchiveError) -> NoReturn:
    """End with one line on stderr, below what shows its place if there is such a thing, and the class's exit code."""
    for note in getattr(error, "__notes__", ()):
        click.echo(f"  {printable(note)}", err=True)
    click.echo(f"Error: {printable(str(error))}", err=True)
    ctx.exit(error.exit_code)


def _stop_writing(ctx: click.Context, error: OSError) -> NoReturn:
    """End after the system refused: quietly if the reader of stdout has left (`| head`), else with a line."""
    # What is still buffered must not raise a second time when the interpreter ends.
    sys.stdout = None
    if error.errno == errno.EPIPE:
        ctx.exit(0)
    _refuse(ctx, StorageError(f"the system refused: {error}; free or repair the disk and run the same command again"))


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        click.echo(f"{project['name']} {project['version']}")
        ctx.exit()


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  python tools/process.py stats
  python tools/process.py print --json --dir ~/Pictures/imagefap
""",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@directory_option
@click.pass_context
def cli(ctx: click.Context, directory: Path | None) -> None:
    """Look into an archive of imagefap.com favorites, and work on it."""
    ctx.obj = directory


def _speak_utf8(stream: TextIO | None) -> None:
    """Write UTF-8 whatever the locale is; what has no UTF-8 is written as an escape instead of raising."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def main() -> None:
    """Run the command line of this process; does not return."""
    _speak_utf8(sys.stdout)
    _speak_utf8(sys.stderr)
    cli(prog_name="process.py")


if __name__ == "__main__":
    main()
