"""The demo site as an HTTP server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from tools.demo.control import FaultSwitch, change_world
from tools.demo.reply import send
from tools.demo.routing import classify
from tools.demo.truth import truth

if TYPE_CHECKING:
    from tools.demo.requestlog import RequestLog
    from tools.demo.site import Site

HOST = "127.0.0.1"
PARENT_POLL_SECONDS = 0.5


class DemoServer:
    """Answers requests for a site and keeps their log; what stands under `/_demo/` is neither logged nor limited."""

    def __init__(self, site: Site, log: RequestLog) -> None:
        self.site = site
        self.log = log
        self.switch = FaultSwitch(site)

    def application(self) -> web.Application:
        """The application that answers every address."""
        application = web.Application()
        application.router.add_get("/_demo/truth", self._truth)
        application.router.add_get("/_demo/requests", self._requests)
        application.router.add_get("/_demo/faults", self._faults)
        application.router.add_post("/_demo/faults", self._faults)
        application.router.add_post("/_demo/world", self._world)
        application.router.add_post("/_demo/reset-log", self._reset_log)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        target = classify(request.path, request.query)
        origin = f"{request.scheme}://{request.host}"
        headers = {
            "referer": request.headers.get("Referer", ""),
            "user_agent": request.headers.get("User-Agent", ""),
            "host": request.host,
        }
        query = urlsplit(request.path_qs).query
        entry = self.log.begin(time.time(), request.method, query, target, headers)
        if delay := self.site.latency.get(target.kind):
            await asyncio.sleep(delay)
        if self.site.is_slow(target):
            await asyncio.to_thread(self.site.draw, target)
        reply, more = self.site.answer(target, origin)
        self.log.finish(entry, reply.status, **more)
        return await send(reply)

    async def _truth(self, _: web.Request) -> web.Response:
        """The truth; drawing all pictures takes a while, so not on the event loop."""
        text = await asyncio.to_thread(lambda: json.dumps(truth(self.site.world), sort_keys=True, ensure_ascii=False))
        return web.Response(text=text, content_type="application/json")

    async def _requests(self, _: web.Request) -> web.Response:
        return web.json_response(self.log.entries)

    async def _reset_log(self, _: web.Request) -> web.Response:
        self.log.reset()
        return web.json_response({})

    async def _faults(self, request: web.Request) -> web.Response:
        order = await request.json() if request.method == "POST" else {}
        try:
            return web.json_response(self.switch.order(order))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _world(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(change_world(self.site.world, await request.json()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)


async def serve(server: DemoServer, port: int = 0, parent: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT, printing the address on a line of its own once requests are taken.

    Args:
        server: what answers.
        port: on loopback; 0 for any that is free.
        parent: number of the process with which the server ends; None: it outlives everybody.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=512)
    await site.start()
    watch = asyncio.create_task(_end_with(parent, stop)) if parent is not None else None
    try:
        bound = runner.addresses[0][1]
        print(f"http://{HOST}:{bound}", flush=True)
        await stop.wait()
    finally:
        if watch:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await runner.cleanup()
        server.log.close()


async def _end_with(parent: int, stop: asyncio.Event) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a process that its parent has ended
        await asyncio.sleep(PARENT_POLL_SECONDS)
    stop.set()
