"""From a user's name, number or address to the list of the favorites folders."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError, NotFoundError, PageNotFound, UserInputError
from imagefap_scraper.items import FolderItem, UserItem
from imagefap_scraper.pages.folders import FavoritesRootPage
from imagefap_scraper.pages.profile import ProfilePage
from imagefap_scraper.pages.urls import Site, Target, parse_target
from imagefap_scraper.spiders.base import ArchiveSpider
from imagefap_scraper.spiders.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

    from imagefap_scraper.spiders.arguments import UsersArguments
    from imagefap_scraper.spiders.user_lists import ListedUser


class ProfileStep(Step):
    """The profile of a user of whom only the name is known."""

    kind = "profile"

    def __init__(self, spider: RootSpider, name: str) -> None:
        super().__init__()
        self._spider = spider
        self._name = name

    @property
    def url(self) -> str:
        """Address of the profile."""
        return self._spider.site.profile(self._name)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Go on to the user's favorites."""
        profile = ProfilePage(text, url, self._spider.site).profile
        if url != self.url and profile.name.casefold() != self._name.casefold():
            raise PageNotFound(f"{self.url} leads to another user, {profile.name!r}")
        self._spider.ask_first(RootStep(self._spider, profile.user_id))
        yield UserItem(profile.user_id, profile.name)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Nothing of this user can be had."""
        if isinstance(error, PageNotFound):
            error = NotFoundError(f"there is no user {self._name!r} on the site; check the spelling")
        self._spider.user_missed(error)
        yield from ()


class RootStep(Step):
    """One page of a user's list of favorites folders; pages follow until one brings nothing new.

    Args:
        spider: whose step it is.
        user_id: the user.
        before: the page before; None for the first one.
    """

    kind = "root"

    def __init__(self, spider: RootSpider, user_id: int, before: RootStep | None = None) -> None:
        super().__init__()
        self._spider = spider
        self._user_id = user_id
        self._user_name = ""
        self._page: int = before._page + 1 if before else 0
        self._folders: dict[int, str] = before._folders if before else {}

    @property
    def url(self) -> str:
        """Address of the page."""
        return self._spider.site.favorites_root(self._user_id, self._page)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield the folders that the page shows for the first time, and at the end the user with all of them."""
        root = FavoritesRootPage(text, url, self._spider.site).root(self._user_id)
        if self._page == 0:
            yield UserItem(self._user_id, root.user_name)
        shown = {folder.folder_id: folder.name for folder in root.folders}
        shown |= {folder_id: "" for folder_id in root.unlinked if folder_id not in shown}
        new = {folder_id: name for folder_id, name in shown.items() if folder_id not in self._folders}
        self._folders |= new
        if new:
            following = RootStep(self._spider, self._user_id, self)
            following._user_name = root.user_name
            self._spider.ask_first(following)
            for folder_id, name in new.items():
                yield FolderItem(self._user_id, folder_id, name)
            return
        yield from self._end(root.user_name)

    def _end(self, user_name: str) -> Iterator[Any]:
        yield UserItem(self._user_id, user_name, folder_ids=list(self._folders))
        yield from self._spider.folders_known(self._user_id, user_name, self._folders)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Nothing can be said of the folders; but a page behind the last one may well not be there."""
        if isinstance(error, PageNotFound) and self._page > 0:
            yield from self._end(self._user_name)
            return
        if isinstance(error, PageNotFound):
            error = NotFoundError(f"user {self._user_id} has no favorites that can be seen; check name and number")
        self._spider.user_missed(error)


class RootSpider(ArchiveSpider):
    """A spider that begins with the folders of a user."""

    arguments: UsersArguments

    @classmethod
    def check(cls, arguments: UsersArguments, settings: BaseSettings) -> None:
        """Refuse an address that is none of a user's; raises UserInputError."""
        targets_of(arguments, Site(settings["IMAGEFAP_SITE_URL"]))

    def targets(self) -> list[Target]:
        """Return the users (and the folder) that the arguments name."""
        return targets_of(self.arguments, self.site)

    def first_step(self, target: Target) -> Step:
        """Return the first page to ask for a user."""
        if target.user_id is not None:
            return RootStep(self, target.user_id)
        assert target.user_name is not None
        return ProfileStep(self, target.user_name)

    def user_missed(self, error: ArchiveError) -> None:
        """Note that nothing of a user could be had; where no single one was named, the next one still can."""
        if self.names_a_user() and self.arguments.users is None:
            self.stop(error)
        else:
            self.note(error)

    def names_a_user(self) -> bool:
        """Return whether the arguments name one."""
        given = (self.arguments.user, self.arguments.id, self.arguments.url, self.arguments.users)
        return any(value is not None for value in given)

    @abstractmethod
    def folders_known(self, user_id: int, user_name: str, folders: dict[int, str]) -> Iterator[Any]:
        """Yield what follows once all folders of a user are known."""


def targets_of(arguments: UsersArguments, site: Site) -> list[Target]:
    """Return the users (and the folder) that arguments name; none if they name nobody.

    Raises:
        UserInputError: for an address that is none of a user's, with its line if it stands in a file.
    """
    if arguments.url is not None:
        return [parse_target(arguments.url, site)]
    if arguments.user is not None or arguments.id is not None:
        return [Target(arguments.user, arguments.id, None)]
    return [_listed_target(user, site) for user in arguments.users or []]


def _listed_target(user: ListedUser, site: Site) -> Target:
    if not user.is_address:
        return Target(user.text)
    try:
        target = parse_target(user.text, site)
    except UserInputError as error:
        raise UserInputError(f"-a users: {user.where + ': ' if user.where else ''}{error}") from None
    return Target(target.user_name, target.user_id)
