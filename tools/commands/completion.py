"""`process.py completion`: what makes a shell complete commands, options and names from the archive."""

from __future__ import annotations

import click

from tools.commands._options import directory_option


@click.command(
    epilog="""\b
Examples:
  source <(python tools/process.py completion bash)
  python tools/process.py completion fish > ~/.config/fish/completions/imagefap-process.fish

For every new shell: append the output to ~/.bashrc, or to ~/.zshrc behind compinit.
"""
)
@directory_option
@click.option(
    "--name",
    default="imagefap-process",
    show_default=True,
    metavar="NAME",
    help="What is typed. Unless there is a command of that name, the script makes it one: this program.",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str, name: str, **_unused: object) -> None:
    """Print a script that completes commands, options, users, folders and tags in a SHELL.

    A shell can only complete behind the name of a command, not behind `python tools/process.py`; hence NAME.
    """
    # Here and not above: the other commands' --help need none of it.
    from tools.commands import _completion  # noqa: PLC0415

    _completion.write_script(shell, name)
