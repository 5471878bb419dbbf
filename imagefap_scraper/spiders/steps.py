"""A step of the way: one page to ask for, what it yields, and what its failure means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.exceptions import ArchiveError


class Step(ABC):
    """One page to ask for: where it is, what it yields, and what its failure means."""

    #: For statistics: profile, root, folder, photo, strip.
    kind: ClassVar[str]
    #: Whether other pages may go before this one when it meets trouble of its own.
    may_wait: ClassVar[bool] = False

    def __init__(self) -> None:
        self.tries = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """Address of the page."""

    @abstractmethod
    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield the items and the image requests of the page; raises PageError for anything else."""

    @abstractmethod
    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Yield what follows from not getting the page."""

    def postpone(self) -> None:  # noqa: B027 - most steps have nothing to do
        """Take note that other pages go before this one."""

    def is_needless(self) -> bool:
        """Return whether other pages have shown by now what this one was to show."""
        return False
