"""Addresses of the site: built from ids, recognised, and never anybody else's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from imagefap_scraper.exceptions import LayoutChanged, SettingError, UserInputError
from imagefap_scraper.pages._address import Address
from imagefap_scraper.pages._text import parse_folder_id, parse_id

DEFAULT_SITE_URL = "https://www.imagefap.com"
SITE_DOMAIN = "imagefap.com"

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: A host as this project accepts it: a DNS name without a trailing dot, or a bracketed IPv6 address.
_HOST = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*|[0-9a-f:.]*:[0-9a-f:.]*")
#: Characters that clients read differently from one another; an address with one of them is nobody's.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_BROWSERS_DROP = re.compile(r"[\t\r\n]")
#: All that may stand in an address as it is; anything else (spaces, letters beyond ASCII) is percent-encoded.
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_USER_SCRIPTS = ("showfavorites.php", "userfavorites.php", "profile.php", "usergallery.php")
_FAVORITES_SCRIPTS = ("showfavorites.php", "userfavorites.php")
_IMAGE_FILE = re.compile(r"([0-9]{1,18})\.[A-Za-z0-9]{1,5}")


class Origin(NamedTuple):
    """Scheme, host and port that an address leads to."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """The origin of an absolute http(s) address; None for anything unusual: credentials, odd characters, bad port."""
    if _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return Origin(parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port)


def on_site_domain(host: str) -> bool:
    """True for imagefap.com and every host below it."""
    return host == SITE_DOMAIN or host.endswith("." + SITE_DOMAIN)


@dataclass(frozen=True)
class Site:
    """Where the site is, and what belongs to it.

    Attributes:
        base_url: scheme, host and perhaps port, without a slash at its end. On imagefap.com (the default) every
            https host below that domain belongs to the site; with any other origin (tests, the demo) that one alone.

    Raises:
        SettingError: if `base_url` is anything else.
    """

    base_url: str = DEFAULT_SITE_URL

    def __post_init__(self) -> None:
        """Checks the origin and writes it in its one usual form."""
        object.__setattr__(self, "base_url", _usual_form(self.base_url))

    @property
    def is_public(self) -> bool:
        """True if this is imagefap.com itself, False for another origin."""
        return on_site_domain(urlsplit(self.base_url).hostname or "")

    def profile(self, name: str) -> str:
        """Address of a user's profile by name, any letter case."""
        if set(name) <= {"."}:  # "/profile/.." would be resolved away by every client
            return f"{self.base_url}/profile.php?user={name}"
        return f"{self.base_url}/profile/{quote(name, safe='', errors='replace')}"

    def favorites_root(self, user_id: int, page: int = 0) -> str:
        """Address of a user's list of favorites folders; pages count from 0."""
        return f"{self.base_url}/showfavorites.php?userid={user_id}" + (f"&page={page}" if page else "")

    def favorites_folder(self, user_id: int, folder_id: int, page: int = 0) -> str:
        """Address of one listing page of a favorites folder; pages count from 0."""
        return f"{self.base_url}/showfavorites.php?userid={user_id}&page={page}&folderid={folder_id}"

    def photo(self, image_id: int, gallery_id: int | None = None) -> str:
        """Address of an image's own page, in the context of a gallery if one is given."""
        return f"{self.base_url}/photo/{image_id}/" + (f"?gid={gallery_id}" if gallery_id else "")

    def strip(self, image_id: int, gallery_id: int, start: int) -> str:
        """Address of the partial answer with the strip of a gallery from position `start` (from 0).

        Any image id does, but the site answers 404 to an empty one.
        """
        return f"{self.base_url}/photo/{image_id}/?gid={gallery_id}&idx={start}&partial=true"

    def gallery(self, gallery_id: int, page: int = 0) -> str:
        """Address of a gallery page; pages count from 0.

        The path needs a slug, and any does. The short form without one redirects to this, which costs a second page.
        """
        return f"{self.base_url}/pictures/{gallery_id}/gallery?gid={gallery_id}&page={page}&view=0"

    def is_ours(self, url: str) -> bool:
        """True if a request to `url` stays on the site: the one origin, or https on imagefap.com's default port."""
        origin = origin_of(url)
        if origin is None:
            return False
        if self.is_public:
            return origin.scheme == "https" and origin.port == 443 and on_site_domain(origin.host)
        return origin == origin_of(self.base_url)

    def adopt(self, href: str, base: str) -> str:
        r"""The absolute address of a link: joined to its page, `\/` and `&amp;` unescaped, fragment dropped.

        With another origin a link to imagefap.com is moved onto that origin, path and query kept. On imagefap.com
        itself hosts stay as they are and old `http` links become `https`.

        Raises:
            LayoutChanged: if it leads elsewhere.
        """
        url = self._joined(href, base)
        origin = origin_of(url)
        if origin is not None:
            default_port = origin.port == _DEFAULT_PORTS[origin.scheme]
            if on_site_domain(origin.host) and default_port:
                parts = urlsplit(url)
                front = f"https://{origin.host}" if self.is_public else self.base_url
                return front + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            if self.is_ours(url):
                return url.partition("#")[0]
        raise LayoutChanged(f"a link on {_shown(base)} leads away from the site: {_shown(href)}; it is not followed")

    def _joined(self, href: str, base: str) -> str:
        unescaped = _BROWSERS_DROP.sub("", href.strip().replace("\\/", "/").replace("&amp;", "&"))
        try:
            joined = urljoin(base or self.base_url + "/", unescaped)
        except ValueError:
            return ""
        return quote(joined, safe=_URL_SAFE, errors="replace") if "\\" not in joined else ""


def without_signature(url: str) -> str:
    """An image address as it may be kept and shown: without query (it holds the signature) and fragment."""
    return url.partition("#")[0].partition("?")[0]


def image_id_from_address(url: str) -> int | None:
    """The image id that is the file name of an image address; None if the name is not a number."""
    match = _IMAGE_FILE.fullmatch(without_signature(url).rpartition("/")[2])
    return parse_id(match[1]) if match else None


def is_full_size(url: str) -> bool:
    """True if the path says `full`, and not `thumb`, `mini` or `frame-thumb`.

    The site redirects a vanished file to its framed preview: only the path of the final address tells.
    """
    segments = without_signature(url).lower().split("/")[3:-1]
    return "full" in segments and not any("thumb" in segment or segment == "mini" for segment in segments)


@dataclass(frozen=True)
class Target:
    """What a pasted address names.

    Attributes:
        user_name: the user by name, decoded, in the address's letter case; None if it names the number.
        user_id: the user's number; None if the address has the name alone.
        folder_id: the favorites folder; None for the whole list.
    """

    user_name: str | None = None
    user_id: int | None = None
    folder_id: int | None = None


def parse_target(url: str, site: Site) -> Target:
    """What an address of a user, favorites list or favorites folder names, pasted from a browser in any of its forms.

    Raises:
        UserInputError: if it is none of these, or of another site.
    """
    address = Address.of(_pasted(url, site))
    favorites = any(map(address.is_script, _FAVORITES_SCRIPTS))
    if not favorites and not any(map(address.is_script, _USER_SCRIPTS)) and not address.path.startswith("/profile/"):
        raise _no_target(url, "is no address of a user, favorites list or favorites folder")
    given_id, given_folder = address.params.get("userid"), address.params.get("folderid")
    user_name = None if address.user_id else address.user_name
    if (given_id and address.user_id is None) or (user_name is None and address.user_id is None):
        raise _no_target(url, "does not say which user")
    # Elsewhere `folderid` counts the folders of the user's own galleries, which are no favorites.
    if not favorites or not given_folder:
        return Target(user_name, address.user_id)
    folder_id = parse_folder_id(given_folder)
    if folder_id is None:
        raise _no_target(url, "has a folderid that is no number")
    return Target(user_name, address.user_id, folder_id)


@dataclass(frozen=True)
class PictureTarget:
    """What a pasted address of pictures names: one gallery, or one image; the other is None."""

    gallery_id: int | None = None
    image_id: int | None = None


def parse_picture_target(url: str, site: Site) -> PictureTarget:
    """What an address of a gallery or of a photo page names, pasted from a browser in any of its forms.

    Raises:
        UserInputError: if it is neither, or of another site.
    """
    address = Address.of(_pasted(url, site))
    old_photo = address.is_script("image.php")
    image_id = parse_id(address.params.get("id")) if old_photo else address.image_id
    if image_id is not None:
        return PictureTarget(image_id=image_id)
    of_gallery = address.is_script("gallery.php") or address.path.startswith(("/gallery/", "/pictures/"))
    if address.gallery_id is not None and of_gallery:
        return PictureTarget(gallery_id=address.gallery_id)
    raise _no_target(url, "is no address of a gallery or a photo", "paste the address of the gallery's page")


def _pasted(url: str, site: Site) -> str:
    """The pasted address with scheme and without spare slashes, checked to be of the site."""
    text = _BROWSERS_DROP.sub("", url.strip()).replace("&amp;", "&")
    absolute = text if _SCHEME.match(text) else f"https://{text.lstrip('/')}"
    quoted = quote(absolute, safe=_URL_SAFE, errors="replace")
    origin = origin_of(quoted)
    standard = origin is not None and origin.port == _DEFAULT_PORTS[origin.scheme]
    of_domain = origin is not None and on_site_domain(origin.host) and standard
    if origin is None or not (
        of_domain or site.is_ours(quoted) or origin[1:] == (origin_of(site.base_url) or origin)[1:]
    ):
        raise _no_target(url, f"is no address of {site.base_url}")
    parts = urlsplit(quoted)
    path = re.sub("/{2,}", "/", parts.path)
    return f"{site.base_url}{path}" + (f"?{parts.query}" if parts.query else "")


def _no_target(url: str, why: str, advice: str = "paste the address as the browser shows it") -> UserInputError:
    return UserInputError(f"url={_shown(url, query=True)} {why}; {advice}")


def _usual_form(base_url: str) -> str:
    refused = f"IMAGEFAP_SITE_URL is {_shown(base_url)!r}"
    origin = origin_of(base_url.strip())
    if origin is None:
        raise SettingError(f"{refused}, which is no address: give scheme and host, for example {DEFAULT_SITE_URL}")
    parts = urlsplit(base_url.strip())
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise SettingError(f"{refused}, which is more than scheme, host and port: leave out what follows them")
    default_port = origin.port == _DEFAULT_PORTS[origin.scheme]
    if on_site_domain(origin.host) and (origin.scheme != "https" or not default_port):
        raise SettingError(f"{refused}, but {SITE_DOMAIN} is only asked by https: set {DEFAULT_SITE_URL}")
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{origin.scheme}://{host}" + ("" if default_port else f":{origin.port}")


def _shown(url: str, *, query: bool = False) -> str:
    """An address for a message: one line, not endless, and without its query, which may be a signature."""
    return ascii((url if query else without_signature(url))[:200])[1:-1]
