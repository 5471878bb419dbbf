"""The demo site without its server: an answer for every address, misbehaving as it is told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tools.demo import markup, markup_favorites, markup_photo, pictures
from tools.demo.addresses import Signer, picture_path
from tools.demo.faults import TWEAKS, RuleBook, strike
from tools.demo.limits import Limits, block_reply
from tools.demo.markup_favorites import View
from tools.demo.pictures import Recipe
from tools.demo.reply import Reply, page, redirect
from tools.demo.world import ImageState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.demo.faults import Rule
    from tools.demo.routing import Target
    from tools.demo.world import Picture, User, World

DEFAULT_ROBOTS = "User-agent: *\nDisallow: /admin/\n"
MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "avif": "image/avif",
}
#: Pixels of the small pictures.
SMALL_SIZES = {"thumb": (64, 48), "mini": (40, 30), "frame-thumb": (96, 72)}
#: Small pictures are drawn this many times at most; they only have to be pictures.
SMALL_DRAWINGS = 16


class Site:
    """A world, and how it answers.

    Attributes:
        world: what there is.
        signer: makes and checks the addresses of pictures.
        limits: pages allowed, and blocks.
        rules: misbehaviour of single requests.
        block_style: how a block looks, one of `limits.BLOCK_STYLES`.
        retry_after: what a block that names a time says: seconds, or a date.
        robots: text of robots.txt; None: there is none (404).
        latency: seconds before each answer, by kind of request.
    """

    def __init__(self, world: World, signature_seconds: float = 3600.0) -> None:
        self.world = world
        self.signer = Signer(world.seed, signature_seconds)
        self.limits = Limits()
        self.rules = RuleBook()
        self.block_style = "redirect"
        self.retry_after = "5"
        self.robots: str | None = DEFAULT_ROBOTS
        self.latency: dict[str, float] = {}

    def is_slow(self, target: Target) -> bool:
        """True if the answer needs a picture that is not drawn yet, so that it must not be made on the event loop."""
        picture = self.world.images.get(target.image_id or 0)
        return target.kind == "image" and picture is not None and not pictures.is_ready(picture.recipe)

    def draw(self, target: Target) -> None:
        """Draw the picture that is asked for, so that the answer is quick."""
        pictures.content(self.world.images[target.image_id or 0].recipe)

    def answer(self, target: Target, origin: str) -> tuple[Reply, dict[str, object]]:
        """The answer to a request, and what its log entry has to add: `blocked` or `fault`.

        Args:
            target: what is asked for.
            origin: scheme, host and port that it was asked at.
        """
        now = time.time()
        if self.limits.is_refused(target.kind, now):
            return block_reply(self.block_style, origin, self.retry_after), {"blocked": True}
        rule = self.rules.rule_for(target)
        tweak = rule.do if rule and rule.do in TWEAKS else ""
        reply = self._reply(target, View(self.world, origin, self.signer, now, tweak))
        if rule:
            return strike(rule, reply, target, self._thumb_address(rule, target, origin, now)), {"fault": rule.do}
        return reply, {}

    def _thumb_address(self, rule: Rule, target: Target, origin: str, now: float) -> str:
        picture = self.world.images.get(target.image_id or 0)
        if rule.do != "redirect_thumb" or picture is None:
            return ""
        return self.signer.address(origin, picture, "frame-thumb", now)

    def _reply(self, target: Target, view: View) -> Reply:
        if target.redirect:
            return redirect(target.redirect, 301)
        answers: dict[str, Callable[[Target, View], Reply]] = {
            "image": self._file,
            "thumb": self._file,
            "photo": self._photo,
            "strip": self._strip,
            "root": self._favorites,
            "folder": self._favorites,
            "profile": self._user,
            "gallery": self._gallery,
            "check": lambda *_: page(markup.check_page()),
            "robots": self._robots,
        }
        answer = answers.get(target.kind)
        return answer(target, view) if answer else page(markup.missing_page(), 404)

    def _robots(self, _: Target, __: View) -> Reply:
        if self.robots is None:
            return page(markup.missing_page(), 404)
        return Reply(200, self.robots.encode(), "text/plain")

    def _strip(self, target: Target, view: View) -> Reply:
        return page(markup_photo.partial_strip(view, target.gallery_id, target.idx or 0))

    def _photo(self, target: Target, view: View) -> Reply:
        picture = self.world.images.get(target.image_id or 0)
        if picture is None:
            return page(markup.missing_page(), 404)
        if picture.state is ImageState.PAGE_MISSING:
            return page(markup.gone_image_page()) if picture.gone_text else page(markup.missing_page(), 404)
        return page(markup_photo.photo_page(view, picture))

    def _favorites(self, target: Target, view: View) -> Reply:
        user = self.world.user_numbered(target.user_id or 0)
        if user is None:
            return page(markup.missing_page("User not found."), 404)
        if target.folder_id is None:
            return page(markup_favorites.root_page(view, user, self._root_page(user, target.page or 0)))
        folder = user.folder(target.folder_id)
        if folder is None:
            return page(markup_favorites.missing_folder_page(view, user))
        if folder.locked:
            return page(markup_favorites.locked_page(user))
        return page(markup_favorites.folder_page(view, user, folder, target.page or 0))

    def _root_page(self, user: User, asked: int) -> int:
        last = max(0, -(-len(user.folders) // self.world.folders_per_page) - 1)
        return min(asked, last) if self.world.past_end == "last" else asked

    def _gallery(self, target: Target, view: View) -> Reply:
        if target.gallery_id is None:
            return self._user(target, view)
        gallery = self.world.galleries.get(target.gallery_id)
        if gallery is None or gallery.gone:
            return page(markup_photo.gone_gallery_page())
        return page(markup_photo.gallery_page(view, gallery, target.page or 0))

    def _user(self, target: Target, _: View) -> Reply:
        user = self.world.user_named(target.user) if target.user else self.world.user_numbered(target.user_id or 0)
        if user is None:
            return page(markup.missing_page("User not found."), 404)
        return page(markup.profile_page(user))

    def _file(self, target: Target, view: View) -> Reply:
        picture = self.world.images.get(target.image_id or 0)
        if picture is None or target.path != picture_path(picture, target.size):
            return page(markup.missing_page(), 404)
        if not self.signer.is_good(target.path, target.secure, view.now):
            return Reply(403, b"403 Forbidden\n", "text/plain")
        small = target.kind == "thumb"
        if picture.state is ImageState.PAGE_MISSING or (picture.state is not ImageState.AVAILABLE and not small):
            return page(markup.missing_page(), 404)
        if small:
            return Reply(200, _small(picture, target.size), "image/jpeg")
        media_type = MEDIA_TYPES.get(picture.ext, "application/octet-stream")
        return Reply(200, pictures.content(picture.recipe), media_type)


def _small(picture: Picture, size: str) -> bytes:
    width, height = SMALL_SIZES[size]
    return pictures.content(Recipe("jpeg", picture.image_id % SMALL_DRAWINGS, width, height))
