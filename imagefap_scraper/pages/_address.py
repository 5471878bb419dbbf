"""An address of the site, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from imagefap_scraper.pages._text import collapse, decode_percent, parse_count, parse_id

_PHOTO_PATH = re.compile(r"/photo/([0-9]{1,18})(?:/|$)")
_GALLERY_PATH = re.compile(r"/(?:gallery|pictures)/([0-9]{1,18})(?:/|$)")
_PROFILE_PATH = re.compile(r"/profile/([^/]+)", re.IGNORECASE)
#: The name is not always encoded: an `&` belongs to it unless another parameter follows.
_USER_PARAMETER = re.compile(r"(?:^|&)user=(.*?)(?=&\w+=|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The parts of an address of the site.

    Attributes:
        path: lower-case path.
        params: the query's parameters; the last one stands where a name is repeated, as on the site.
        url: the absolute address.
    """

    path: str
    params: dict[str, str]
    url: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Takes an absolute address apart; nonsense has an empty path."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return cls("", {}, url)
        params = {name.lower(): value.strip() for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        return cls(parts.path.lower(), params, url)

    def is_script(self, name: str) -> bool:
        """True if the path is that of the site's script `name`, for example `showfavorites.php`."""
        return self.path.rstrip("/").rpartition("/")[2] == name

    @property
    def page(self) -> int:
        """The page number from 0; an empty or missing one is the first page."""
        return parse_count(self.params.get("page")) or 0

    @property
    def user_id(self) -> int | None:
        """The user's number in `userid=`."""
        return parse_id(self.params.get("userid"))

    @property
    def image_id(self) -> int | None:
        """The image that a `/photo/` address shows."""
        match = _PHOTO_PATH.match(self.path)
        return parse_id(match[1]) if match else None

    @property
    def gallery_id(self) -> int | None:
        """The gallery that the address names in `gid=` or in its path."""
        match = _GALLERY_PATH.match(self.path)
        return parse_id(self.params.get("gid")) or (parse_id(match[1]) if match else None)

    @property
    def user_name(self) -> str | None:
        """The user that a profile address (or any with `user=`) names, decoded."""
        parts = urlsplit(self.url)
        in_query = _USER_PARAMETER.search(parts.query)
        if in_query:
            return collapse(decode_percent(in_query[1].replace("+", " "))) or None
        in_path = _PROFILE_PATH.match(parts.path)
        return (collapse(decode_percent(in_path[1])) or None) if in_path else None
