"""Starlette's application, and FastAPI's, which answers by the same middleware."""

from __future__ import annotations

from itertools import cycle

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .asgi import serve

__all__ = ["application", "serve"]

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]

# A real one and its bare one of each in turn.
_FRAMEWORKS = cycle((Starlette, Starlette, FastAPI, FastAPI))


def _ok(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _status(request: Request) -> Response:
    return Response(b"status", int(request.path_params["status"]))


def _vary(request: Request) -> Response:
    response = PlainTextResponse("vary")
    for line in request.path_params["lines"].split("+"):
        response.headers.append("Vary", line)
    return response


def _own(_request: Request) -> Response:
    return PlainTextResponse("own", headers={"Access-Control-Allow-Origin": "https://own.test"})


def _own_names(request: Request) -> Response:
    names = request.path_params["names"].split("+")
    return PlainTextResponse("own", headers=dict.fromkeys(names, "own"))


def _crash(_request: Request) -> Response:
    raise RuntimeError("crash")


def _thrown(_request: Request) -> Response:
    raise HTTPException(403)


_HANDLERS = {
    "/ok": _ok,
    "/status/{status}": _status,
    "/vary/{lines}": _vary,
    "/own": _own,
    "/own/{names}": _own_names,
    "/crash": _crash,
    "/thrown": _thrown,
}


def application(config: str | None) -> Starlette:
    """The application, with the configuration if there is one."""
    routes = [Route(path, handler, methods=METHODS) for path, handler in _HANDLERS.items()]
    app = next(_FRAMEWORKS)(routes=routes)
    if config is not None:
        exec(config, {"app": app})
    app.middleware_stack = app.build_middleware_stack()
    return app
