"""What a request asks for: its address taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Kinds of requests that are pages, which the site counts against its limits.
PAGE_KINDS = frozenset({"profile", "root", "folder", "photo", "strip", "gallery", "other"})
#: Kinds that are files of the image hosts.
IMAGE_KINDS = frozenset({"image", "thumb"})

_IMAGE = re.compile(r"/images/(?P<size>full|thumb|mini|frame-thumb)/\d+/\d+/(?P<image>\d+)\.\w+")
_PHOTO = re.compile(r"/photo/(?P<image>\d+)(?P<slash>/?)")
_GALLERY = re.compile(r"/gallery/(?P<gallery>\d+)|/pictures/(?P<pictures>\d+)/[^/]+/?")
_PROFILE = re.compile(r"/profile/(?P<user>[^/]+)(?P<galleries>/galleries)?/?")
_CHECKS = frozenset({"/human-verification", "/rl_captcha.php"})


@dataclass(frozen=True)
class Target:
    """What a request asks for.

    Attributes:
        kind: `profile`, `root`, `folder`, `photo`, `strip`, `gallery`, `image`, `thumb`, `robots`, `check` or `other`.
        path: the path, percent-decoded.
        image_id: of a photo page, strip or image file.
        folder_id: of a folder's listing page.
        gallery_id: of a gallery, or the `gid` of a photo page or strip.
        user_id: of a favorites page.
        user: a user's name, as asked for.
        page: number of a listing page, from 0.
        idx: where a partial strip starts.
        size: `full`, `thumb`, `mini` or `frame-thumb`.
        secure: signature of a picture's address.
        redirect: where a short or old form of an address leads; empty for none.
    """

    kind: str
    path: str
    image_id: int | None = None
    folder_id: int | None = None
    gallery_id: int | None = None
    user_id: int | None = None
    user: str | None = None
    page: int | None = None
    idx: int | None = None
    size: str = ""
    secure: str = ""
    redirect: str = ""


def classify(path: str, query: Mapping[str, str]) -> Target:
    """What the address asks for; `other` if it is none that the site has."""
    if path == "/robots.txt":
        return Target("robots", path)
    if path in _CHECKS:
        return Target("check", path)
    if path == "/showfavorites.php":
        return _favorites(path, query)
    if found := _IMAGE.fullmatch(path):
        size = found["size"]
        return Target(
            "image" if size == "full" else "thumb",
            path,
            image_id=int(found["image"]),
            size=size,
            secure=query.get("secure", ""),
        )
    return _photo(path, query) or _gallery(path, query) or _profile(path, query) or Target("other", path)


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else None


def _favorites(path: str, query: Mapping[str, str]) -> Target:
    folder_id = _number(query.get("folderid"))
    kind = "root" if folder_id is None else "folder"
    page = max(0, _number(query.get("page")) or 0)
    return Target(kind, path, folder_id=folder_id, user_id=_number(query.get("userid")), page=page)


def _photo(path: str, query: Mapping[str, str]) -> Target | None:
    if path == "/image.php" and (image_id := _number(query.get("id"))) is not None:
        return Target("photo", path, image_id=image_id, redirect=f"/photo/{image_id}/")
    found = _PHOTO.fullmatch(path)
    if not found:
        return None
    image_id, gallery_id = int(found["image"]), _number(query.get("gid"))
    if query.get("partial") == "true":
        idx = _number(query.get("idx")) or 0
        return Target("strip", path, image_id=image_id, gallery_id=gallery_id, idx=idx)
    redirect = "" if found["slash"] else f"/photo/{image_id}/"
    return Target("photo", path, image_id=image_id, gallery_id=gallery_id, redirect=redirect)


def _gallery(path: str, query: Mapping[str, str]) -> Target | None:
    page = max(0, _number(query.get("page")) or 0)
    if path == "/gallery.php" and (gallery_id := _number(query.get("gid"))) is not None:
        return Target("gallery", path, gallery_id=gallery_id, page=page, redirect=f"/pictures/{gallery_id}/x")
    found = _GALLERY.fullmatch(path)
    if not found:
        return None
    gallery_id = int(found["gallery"] or found["pictures"])
    redirect = f"/pictures/{gallery_id}/x" if found["gallery"] else ""
    return Target("gallery", path, gallery_id=gallery_id, page=page, redirect=redirect)


def _profile(path: str, query: Mapping[str, str]) -> Target | None:
    if path == "/profile.php" and query.get("user"):
        return Target("profile", path, user=query["user"])
    if path == "/usergallery.php":
        return Target("gallery", path, user=query.get("user"), user_id=_number(query.get("userid")))
    found = _PROFILE.fullmatch(path)
    if not found:
        return None
    return Target("gallery" if found["galleries"] else "profile", path, user=found["user"])
