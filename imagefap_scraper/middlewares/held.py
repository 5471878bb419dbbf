"""Requests that go back to where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

if TYPE_CHECKING:
    from scrapy import Request


class HeldBack(IgnoreRequest):
    """A robots.txt that could not be had now; whoever waits for it goes back to the queue.

    Attributes:
        request: the request for robots.txt, or for what it redirected to.
    """

    def __init__(self, request: Request) -> None:
        """Takes the request that could not be sent, or was not answered."""
        super().__init__("robots.txt cannot be asked for now")
        self.request = request


class Postponed(IgnoreRequest):
    """A page that met a 503, which may be its own trouble: its spider lets another page be the next probe."""


def put_back(request: Request, priority: int | None = None) -> Request:
    """The same request for the queue, past its filter of known ones; with the same callback."""
    return request.replace(dont_filter=True, priority=request.priority if priority is None else priority)
