"""Litestar's application."""

from __future__ import annotations

from typing import Any

from litestar import Response, route
from litestar.enums import MediaType
from litestar.exceptions import PermissionDeniedException

from .asgi import serve

__all__ = ["application", "serve"]

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def _response(text: str | None, status: int = 200, headers: Any = None) -> Any:
    return Response(text, status_code=status, headers=headers, media_type=MediaType.TEXT)


@route("/ok", http_method=METHODS)
async def _ok() -> Any:
    return _response("ok")


@route("/status/{status:int}", http_method=METHODS)
async def _status(status: int) -> Any:
    return _response(None if status in {204, 304} else "status", status)


@route("/vary/{lines:str}", http_method=METHODS)
async def _vary(lines: str) -> Any:
    return _response("vary", headers={"Vary": lines.replace("+", ", ")})


@route("/own", http_method=METHODS)
async def _own() -> Any:
    return _response("own", headers={"Access-Control-Allow-Origin": "https://own.test"})


@route("/own/{names:str}", http_method=METHODS)
async def _own_names(names: str) -> Any:
    return _response("own", headers=dict.fromkeys(names.split("+"), "own"))


@route("/crash", http_method=METHODS)
async def _crash() -> Any:
    raise RuntimeError("crash")


@route("/thrown", http_method=METHODS)
async def _thrown() -> Any:
    raise PermissionDeniedException


HANDLERS = [_ok, _status, _vary, _own, _own_names, _crash, _thrown]


def application(config: str | None) -> Any:
    """The application, with the configuration if there is one."""
    configured: dict[str, Any] = {"route_handlers": HANDLERS}
    exec(config or "from litestar import Litestar\napp = Litestar(route_handlers)", configured)
    return configured["app"]
