"""What tests may ask and order under `/_demo/`: the truth, the request log, faults, changes of the world."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tools.demo.faults import kinds_named
from tools.demo.limits import BLOCK_STYLES, kinds_in
from tools.demo.pictures import Recipe
from tools.demo.world import Folder, Gallery, ImageState, Picture

if TYPE_CHECKING:
    from tools.demo.site import Site
    from tools.demo.world import User, World


class FaultSwitch:
    """Changes how a site misbehaves.

    Keys of an order, each of which replaces what was ordered under it before; keys that are missing change nothing:

        limits            [[requests, seconds], ...]: more than that starts a block; [] for no limit
        block_seconds     how long that block lasts; null: until it is lifted
        limit_scope       what counts: pages, images, robots, all, or a list of them
        block             {"seconds": s or null, "after": k}: a block now or after k more requests; null: none any more
        block_style       redirect, redirect_old, text, text_gzip, 429, 429_retry_after, 503, 503_retry_after
        block_scope       what a block refuses, as for limit_scope
        retry_after       seconds or a date, for the styles that name one
        rules             a list of rules, see `tools.demo.faults`
        seed              of the rules' rates
        latency           {kind: seconds} before each answer; kinds as in rules (page: every page, any: everything)
        signature_seconds for how long addresses of pictures are good
        expire            true: every address given out before is bad at once
        robots            text of robots.txt; null: there is none
        reset             true: first of all everything as it was at the start
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._start: dict[str, Any] = {
            "limits": [],
            "block_seconds": None,
            "limit_scope": ["pages", "robots"],
            "block": None,
            "block_style": site.block_style,
            "block_scope": "pages",
            "retry_after": site.retry_after,
            "rules": [],
            "seed": site.rules.seed,
            "latency": {},
            "signature_seconds": site.signer.lifetime,
            "robots": site.robots,
        }
        self.state = dict(self._start)

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Obey an order and give the whole state after it.

        Raises:
            ValueError: if a key or value is unknown; what comes before it in the order has been done.
        """
        if unknown := set(order) - set(self._start) - {"expire", "reset"}:
            raise ValueError(f"there is no fault {unknown.pop()!r}")
        wanted = {**self._start, **order} if order.get("reset") else order
        for key, value in wanted.items():
            if key in self._start:
                self._set(key, value)
                self.state[key] = value
        if order.get("expire"):
            self._site.signer.generation += 1
        left = self._site.limits.seconds_left(time.time())
        return {
            **self.state,
            "blocked": left is not None,
            "block_seconds_left": None if left is None else min(left, 1e9),
        }

    def _set(self, key: str, value: Any) -> None:
        site, limits = self._site, self._site.limits
        match key:
            case "limits":
                limits.windows = [(int(allowed), float(seconds)) for allowed, seconds in value]
            case "block_seconds":
                limits.block_seconds = value
            case "limit_scope":
                limits.counted = kinds_in(value)
            case "block_scope":
                limits.scope = kinds_in(value)
            case "block":
                limits.order_block(value)
            case "rules":
                site.rules.replace(value)
            case _:
                self._set_site(key, value)

    def _set_site(self, key: str, value: Any) -> None:
        site = self._site
        match key:
            case "block_style" if value not in BLOCK_STYLES:
                raise ValueError(f"block style {value!r} is none of {', '.join(BLOCK_STYLES)}")
            case "block_style":
                site.block_style = value
            case "retry_after":
                site.retry_after = str(value)
            case "seed":
                site.rules.seed = value
            case "latency":
                site.latency = {kind: float(seconds) for named, seconds in value.items() for kind in kinds_named(named)}
            case "signature_seconds":
                site.signer.lifetime = float(value)
            case "robots":
                site.robots = value


def change_world(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Let the world grow or shrink, and give the numbers of what is new.

    Keys of an order, done in this sequence:

        create      {"gallery": G, "count": n, "name": text with {} for the id}: new images at the end of the gallery
        add_folder  {"user": U, "folder": F, "name": N, "ids": [...]}: a new folder at the end of the list
        append      {"folder": F, "ids": [...]}: favorites added at the end (of a folder of galleries: their numbers);
                    without `ids`, what `create` made
        remove      {"folder": F, "ids": [...]}: these favorites; no `folder`: everywhere; no `ids`: the folder
        status      {"ids": [...], "status": S}: the site loses images, or has them back
        gallery     {"gallery": G, "ids": [...], "gone": false}: another order of its images; or it is gone
        rename      {"folder": F, "name": N}
        lock        {"folder": F, "locked": true}

    Each value may also be a list of such objects. `folder` may be [U, F] where several users have that number.

    Raises:
        ValueError: if a key, or a number that is named, is unknown.
        KeyError: if something that is needed is missing.
    """
    doers = {
        "create": _create,
        "add_folder": _add_folder,
        "append": _append,
        "remove": _remove,
        "status": _status,
        "gallery": _gallery,
        "rename": _rename,
        "lock": _lock,
    }
    if unknown := set(order) - set(doers):
        raise ValueError(f"the world has no change {unknown.pop()!r}")
    created: list[int] = []
    for key, doer in doers.items():
        orders = order.get(key, [])
        for one in orders if isinstance(orders, list) else [orders]:
            doer(world, one, created)
    return {"created": created}


def _folder(world: World, named: int | list[int]) -> tuple[User, Folder]:
    user_id, folder_id = named if isinstance(named, list) else (None, named)
    for user in world.users:
        folder = user.folder(folder_id)
        if folder is not None and user_id in (None, user.user_id):
            return user, folder
    raise ValueError(f"there is no folder {named}")


def _known(world: World, ids: list[int]) -> list[int]:
    if unknown := set(ids) - set(world.images):
        raise ValueError(f"there is no image {min(unknown)}")
    return ids


def _create(world: World, order: dict[str, Any], created: list[int]) -> None:
    gallery_id = order["gallery"]
    world.galleries.setdefault(gallery_id, Gallery(gallery_id, f"Gallery {gallery_id}"))
    template = next(iter(world.images.values())).recipe if world.images else Recipe()
    first = max(world.images, default=100_000_000) + 1
    for image_id in range(first, first + order.get("count", 1)):
        recipe = Recipe(seed=image_id, width=template.width, height=template.height)
        name = order.get("name", "new picture {}.jpg").format(image_id)
        created.append(world.add(Picture(image_id, gallery_id, name, recipe)).image_id)


def _add_folder(world: World, order: dict[str, Any], created: list[int]) -> None:
    user = world.user_numbered(order["user"])
    if user is None:
        raise ValueError(f"there is no user {order['user']}")
    ids = _known(world, order.get("ids", created))
    user.folders.append(Folder(order["folder"], order["name"], ids=list(ids)))


def _append(world: World, order: dict[str, Any], created: list[int]) -> None:
    folder, ids = _folder(world, order["folder"])[1], order.get("ids", created)
    if folder.holds == "images":
        _known(world, ids)
    elif unknown := set(ids) - set(world.galleries):
        raise ValueError(f"there is no gallery {min(unknown)}")
    folder.ids.extend(ids)


def _remove(world: World, order: dict[str, Any], _: list[int]) -> None:
    ids = order.get("ids")
    if ids is None:
        user, folder = _folder(world, order["folder"])
        user.folders.remove(folder)
        return
    every = [folder for user in world.users for folder in user.folders]
    for folder in [_folder(world, order["folder"])[1]] if "folder" in order else every:
        folder.ids = [number for number in folder.ids if number not in ids]


def _status(world: World, order: dict[str, Any], _: list[int]) -> None:
    world.set_state(_known(world, order["ids"]), ImageState(order["status"]))


def _gallery(world: World, order: dict[str, Any], _: list[int]) -> None:
    gallery = world.galleries.get(order["gallery"])
    if gallery is None:
        raise ValueError(f"there is no gallery {order['gallery']}")
    gallery.gone = order.get("gone", gallery.gone)
    ids = order.get("ids", gallery.ids)
    if sorted(ids) != sorted(gallery.ids):
        raise ValueError(f"these are not the images of gallery {gallery.gallery_id}")
    world.order_gallery(gallery, ids)


def _rename(world: World, order: dict[str, Any], _: list[int]) -> None:
    _folder(world, order["folder"])[1].name = order["name"]


def _lock(world: World, order: dict[str, Any], _: list[int]) -> None:
    _folder(world, order["folder"])[1].locked = order.get("locked", True)
