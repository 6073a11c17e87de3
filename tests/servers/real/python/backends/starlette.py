"""Starlette's application, and FastAPI's, which answers by the same middleware."""

from __future__ import annotations

from itertools import cycle

from fastapi import FastAPI
from starlette.applications import Starlette
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


def _vary(_request: Request) -> Response:
    response = PlainTextResponse("vary")
    response.headers.add_vary_header("Accept-Encoding")
    return response


def _vary_origin(_request: Request) -> Response:
    response = PlainTextResponse("vary")
    response.headers.add_vary_header("Origin")
    return response


def _own(_request: Request) -> Response:
    return PlainTextResponse("own", headers={"Access-Control-Allow-Origin": "https://own.test"})


def _crash(_request: Request) -> Response:
    raise RuntimeError("crash")


_HANDLERS = {
    "/ok": _ok,
    "/status/{status}": _status,
    "/vary": _vary,
    "/vary-origin": _vary_origin,
    "/own": _own,
    "/crash": _crash,
}


def application(config: str | None) -> Starlette:
    """The application, with the configuration if there is one."""
    routes = [Route(path, handler, methods=METHODS) for path, handler in _HANDLERS.items()]
    app = next(_FRAMEWORKS)(routes=routes)
    if config is not None:
        exec(config, {"app": app})
    app.middleware_stack = app.build_middleware_stack()
    return app
