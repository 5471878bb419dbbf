"""A site of three kinds of address for the tests of the pace: /p/N pages, /i/N.jpg image files, /robots.txt.

Run as `python pace_server.py LOG OPTIONS`: prints its port, writes each request as a JSON line to LOG. OPTIONS is JSON:
    blocks        [{"at": 5, "seconds": 2, "style": "redirect", "retry_after": "2"}]: the page request number `at`
                  (robots.txt counts; from 1) and all for so many seconds after it meet a block
    image_blocks  the same for image files
    limit         [count, seconds]: more pages than that in any stretch of so many seconds are written down as "over"
    image_delay   seconds that an image file takes
    page_delay    seconds that a page takes
    images        links to image files on each page
    robots        text of robots.txt, which redirects to /rules.txt for it
    failures      {"/p/3": 2}: so many answers of 500 first
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from aiohttp import web

CHECK = (
    "<html><body><div class='mt-4'>Your IP made too many requests to our servers and we need to check that you are a"
    " real human being</div></body></html>"
)


class Blocks:
    def __init__(self, plans: list[dict[str, Any]]) -> None:
        self.plans = list(plans)
        self.asked = 0
        self.until = 0.0
        self.plan: dict[str, Any] = {}

    def meets(self) -> dict[str, Any] | None:
        self.asked += 1
        for plan in self.plans:
            if self.asked == plan["at"]:
                self.until, self.plan = time.time() + plan["seconds"], plan
        return self.plan if time.time() < self.until else None


class Site:
    def __init__(self, log: Path, options: dict[str, Any]) -> None:
        self.options = options
        self.log = log.open("a", buffering=1)
        self.pages = Blocks(options.get("blocks", []))
        self.images = Blocks(options.get("image_blocks", []))
        self.failures = dict(options.get("failures", {}))
        self.seen: deque[float] = deque(maxlen=10_000)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        image = request.path.startswith("/i/")
        plan = (self.images if image else self.pages).meets()
        line = {"t": time.time(), "path": request.path, "blocked": plan is not None, "over": self._over(image)}
        self.log.write(json.dumps(line) + "\n")
        if plan is not None:
            return _block(plan)
        if self.failures.get(request.path, 0) > 0:
            self.failures[request.path] -= 1
            return web.Response(status=500, text="broken")
        if image:
            await asyncio.sleep(self.options.get("image_delay", 0.0))
            return web.Response(body=b"\xff\xd8image", content_type="image/jpeg")
        if request.path == "/robots.txt":
            return web.Response(status=302, headers={"Location": "/rules.txt"})
        if request.path == "/rules.txt":
            return web.Response(text=self.options.get("robots", ""))
        await asyncio.sleep(self.options.get("page_delay", 0.0))
        number = request.path.rpartition("/")[2]
        links = "".join(f"<a href='/i/{number}-{n}.jpg'>x</a>" for n in range(self.options.get("images", 0)))
        return web.Response(text=f"<html><body>page {number} {links}</body></html>", content_type="text/html")

    def _over(self, image: bool) -> bool:
        if image or "limit" not in self.options:
            return False
        count, seconds = self.options["limit"]
        now = time.time()
        self.seen.append(now)
        return sum(1 for moment in self.seen if moment > now - seconds) > count


def _block(plan: dict[str, Any]) -> web.Response:
    headers = {}
    if "retry_after" in plan:
        headers["Retry-After"] = plan["retry_after"]
    style = plan["style"]
    if style == "redirect":
        return web.Response(status=302, headers={"Location": "/human-verification"} | headers)
    if style == "text":
        return web.Response(text=CHECK, content_type="text/html", headers=headers)
    if style == "gzip":
        packed = gzip.compress(CHECK.encode())
        return web.Response(body=packed, content_type="text/html", headers={"Content-Encoding": "gzip"} | headers)
    return web.Response(status=int(style), text="slow down", headers=headers)


async def main() -> None:
    site = Site(Path(sys.argv[1]), json.loads(sys.argv[2]))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - how the test learns the port
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
