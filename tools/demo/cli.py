"""The demo site's command line."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tools.demo.build import ID_ORDERS, ORDERS, WorldOptions, plain_world
from tools.demo.build_demo import demo_world
from tools.demo.requestlog import RequestLog
from tools.demo.server import DemoServer, serve
from tools.demo.site import Site
from tools.demo.windows import WindowRule
from tools.demo.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Drawings behind a big world, and the pixels of about 300 KB.
BIG_DRAWINGS = 16
BIG_PIXELS = (1200, 900)
BIG_IMAGES = 2000


def main(arguments: Sequence[str] | None = None, description: str = "") -> int:
    """Serve the world that the arguments describe until it is stopped; returns the exit code."""
    options = _parser(description).parse_args(arguments)
    site = Site(_world(options), options.signature_seconds)
    server = DemoServer(site, RequestLog(options.log))
    if options.faults:
        server.switch.order(json.loads(options.faults))
    parent = os.getppid() if options.with_parent == 0 else options.with_parent
    asyncio.run(serve(server, options.port, parent))
    return 0


def _world(options: argparse.Namespace) -> World:
    if options.world_file:
        return World.from_json(options.world_file.read_text(encoding="utf-8"))
    return demo_world(_demo_options(options)) if options.world == "demo" else plain_world(_plain_options(options))


def _demo_options(options: argparse.Namespace) -> WorldOptions:
    width, height = options.image_size or (160, 120)
    return WorldOptions(
        seed=options.seed,
        order=options.order,
        window=WindowRule(options.window),
        gid_in_link=options.gid_in_link == "yes",
        per_page=options.per_page,
        folders_per_page=options.folders_per_page,
        image_width=width,
        image_height=height,
        image_bytes=options.image_bytes,
        image_ids=options.image_ids,
        past_end=options.past_end,
    )


def _plain_options(options: argparse.Namespace) -> WorldOptions:
    common = vars(_demo_options(options))
    big = options.world == "big"
    if big and options.image_size is None:
        common["image_width"], common["image_height"] = BIG_PIXELS
    return WorldOptions(
        **{
            **common,
            "users": options.users,
            "folders": options.folders,
            "images": options.images or (BIG_IMAGES if big else WorldOptions.images),
            "image_bytes": options.image_bytes or (300_000 if big else 0),
            "drawings": options.drawings if options.drawings is not None else BIG_DRAWINGS * big,
            "gallery_sizes": options.gallery_sizes,
            "shares": options.shares,
        }
    )


def _pair(text: str) -> tuple[int, int]:
    first, second = map(int, text.replace("-", "x").split("x"))
    return first, second


def _shares(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--port", type=int, default=0, help="on 127.0.0.1; 0: any that is free")
    add("--with-parent", type=int, nargs="?", const=0, metavar="PID", help="end when the process that started it ends")
    add("--log", type=Path, help="append each request to this file as a JSON line")
    add("--faults", help="misbehaviour from the start: a JSON object as for POST /_demo/faults")
    add("--signature-seconds", type=float, default=3600.0, help="for how long addresses of pictures are good")
    add("--world", choices=("demo", "plain", "big"), default="demo", help="all oddities; none; none, and large files")
    add("--world-file", type=Path, help="a world described as JSON instead (tools.demo.world.World.to_json)")
    add("--seed", type=int, default=1, help="the same seed and options give the same world")
    add("--users", type=int, default=1, help="plain and big: how many")
    add("--folders", type=int, default=4, help="plain and big: how many each user has")
    add("--images", type=int, default=0, help="plain and big: favorites of each user")
    _add_shape(parser)
    return parser


def _add_shape(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--order", choices=ORDERS, default="gallery", help="of the favorites in a folder")
    add("--window", choices=[rule.value for rule in WindowRule], default=WindowRule.JD.value, help="start of strips")
    add("--gid-in-link", choices=("yes", "no"), default="no", help="does a listing name the gallery")
    add("--per-page", type=int, default=20, help="images on a listing page")
    add("--folders-per-page", type=int, default=10, help="folders on a page of the folder list")
    add("--past-end", choices=("empty", "last"), default="empty", help="what a page past the last one shows")
    add("--image-bytes", type=int, default=0, help="about how many each picture has")
    add("--image-size", type=_pair, help="pixels, as 160x120")
    add("--image-ids", choices=ID_ORDERS, default="ascending", help="numbers of images along a gallery")
    add("--drawings", type=int, help="plain and big: draw this many; others differ by a comment; 0: draw each")
    add("--gallery-sizes", type=_pair, default=(12, 160), help="plain and big: fewest and most images, as 12-160")
    add("--shares", type=_shares, default=(1.0, 0.6, 0.3, 0.1), help="plain and big: favorites' part of a gallery")
