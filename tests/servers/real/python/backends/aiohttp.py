"""aiohttp's application, on its own server."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping

from aiohttp import web

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _status(request: web.Request) -> web.Response:
    return web.Response(text="status", status=int(request.match_info["status"]))


async def _vary(request: web.Request) -> web.Response:
    response = web.Response(text="vary")
    for line in request.match_info["lines"].split("+"):
        response.headers.add("Vary", line)
    return response


async def _own(_request: web.Request) -> web.Response:
    return web.Response(text="own", headers={"Access-Control-Allow-Origin": "https://own.test"})


async def _own_names(request: web.Request) -> web.Response:
    names = request.match_info["names"].split("+")
    return web.Response(text="own", headers=dict.fromkeys(names, "own"))


async def _crash(_request: web.Request) -> web.Response:
    raise RuntimeError("crash")


async def _thrown(_request: web.Request) -> web.Response:
    raise web.HTTPForbidden


_HANDLERS = {
    "/ok": _ok,
    "/status/{status}": _status,
    "/vary/{lines}": _vary,
    "/own": _own,
    "/own/{names}": _own_names,
    "/crash": _crash,
    "/thrown": _thrown,
}


def application(config: str | None) -> web.Application:
    """The application, with the configuration if there is one."""
    app = web.Application()
    for path, handler in _HANDLERS.items():
        resource = app.router.add_resource(path)
        for method in METHODS:
            resource.add_route(method, handler)
    if config is not None:
        exec(config, {"app": app})
    return app


def serve(applications: Mapping[socket.socket, web.Application]) -> None:
    """Serve each at its socket."""
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL + 1)
    asyncio.run(_serve(applications))


async def _serve(applications: Mapping[socket.socket, web.Application]) -> None:
    for listening, application in applications.items():
        runner = web.AppRunner(application)
        await runner.setup()
        await web.SockSite(runner, listening).start()
    await asyncio.Event().wait()
