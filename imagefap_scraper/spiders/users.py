"""`scrapy crawl users`: who a user is and which folders there are; downloads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import UsersArguments
from imagefap_scraper.spiders.base import REPORT
from imagefap_scraper.spiders.roots import RootSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.spiders.steps import Step


class UsersSpider(RootSpider):
    """Makes a user and the folders known, so that `mode=read` without a user includes them."""

    name = "users"
    arguments_model = UsersArguments

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._first = [self.first_step(target) for target in reversed(self.targets())]
        self._lines: list[str] = []

    @classmethod
    def open_archive(cls, arguments: UsersArguments, settings: Any) -> Archive:
        """Return the archive that gets to know the user."""
        return open_archive(arguments.output, "blobs", settings)

    def next_step(self) -> Step | None:
        """Return the first page of the next user; the steps themselves add the others."""
        return self._first.pop() if self._first else None

    def folders_known(self, user_id: int, user_name: str, folders: dict[int, str]) -> Iterator[Any]:
        """Show what there is."""
        self._lines += [f"{user_name} (user {user_id}): {len(folders)} favorites folders"]
        self._lines += [f"  {folder_id:>12}  {name or '(no name shown)'}" for folder_id, name in folders.items()]
        self.stats.set_value(REPORT, "\n".join(self._lines))
        self.stats.inc_value("imagefap/folders/listed", len(folders))
        yield from ()
