"""How far a long piece of work has come, for whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told what is done now and how far it has come."""

    def start(self, what: str, total: int | None) -> None:
        """Begin a piece of work of so many steps; None if that is not known."""

    def advance(self, steps: int) -> None:
        """Say how many steps were done since."""


class Silence:
    """Shows nothing."""

    def start(self, what: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, steps: int) -> None:
        """Show nothing."""
