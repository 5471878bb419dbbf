"""Queries on the command line: what cannot be read is shown with its place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from imagefap_scraper.exceptions import UserInputError
from tools.commands._text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def pointing() -> Iterator[None]:
    """Write the query with carets below the place to stderr, before the error of the command itself."""
    try:
        yield
    except UserInputError as error:
        for line in getattr(error, "__notes__", ()):
            click.echo(f"  {printable(line)}", err=True)
        raise
