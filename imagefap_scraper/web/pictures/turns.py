"""Whose turn it is: a limit on how much is done at once, which lets the latest go first."""

from __future__ import annotations

import asyncio
from typing import Self


class Turns:
    """Lets a number of tasks of one event loop work at the same time; of those that wait, the last to come is next.

    async with turns:
        ...
    """

    def __init__(self, count: int) -> None:
        """Prepare for `count` tasks at a time."""
        self._free = count
        self._waiting: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> Self:
        """Wait for a turn."""
        if self._free > 0:
            self._free -= 1
            return self
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():
                # It was given in the same moment.
                self._pass_on()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give the turn to the next."""
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
