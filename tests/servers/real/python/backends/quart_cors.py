"""Quart's application."""

from __future__ import annotations

import logging
from typing import Any

from quart import Quart, Response
from werkzeug.exceptions import Forbidden

from .asgi import serve

__all__ = ["application", "serve"]

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


async def _ok() -> str:
    return "ok"


async def _status(status: int) -> tuple[str, int]:
    return "status", status


async def _vary(lines: str) -> Any:
    response = Response("vary")
    for line in lines.split("+"):
        response.headers.add("Vary", line)
    return response


async def _own() -> tuple[str, dict[str, str]]:
    return "own", {"Access-Control-Allow-Origin": "https://own.test"}


async def _own_names(names: str) -> tuple[str, dict[str, str]]:
    return "own", dict.fromkeys(names.split("+"), "own")


async def _crash() -> str:
    raise RuntimeError("crash")


async def _thrown() -> str:
    raise Forbidden


def application(config: str | None) -> Any:
    """The application, with the configuration if there is one."""
    app = Quart("real")
    app.logger.setLevel(logging.CRITICAL + 1)
    if config is not None:
        exec(config, {"app": app})
    app.add_url_rule("/ok", view_func=_ok, methods=METHODS)
    app.add_url_rule("/status/<int:status>", view_func=_status, methods=METHODS)
    app.add_url_rule("/vary/<lines>", view_func=_vary, methods=METHODS)
    app.add_url_rule("/own", view_func=_own, methods=METHODS)
    app.add_url_rule("/own/<names>", view_func=_own_names, methods=METHODS)
    app.add_url_rule("/crash", view_func=_crash, methods=METHODS)
    app.add_url_rule("/thrown", view_func=_thrown, methods=METHODS)
    return app
