"""Serves ASGI applications with uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import uvicorn


def serve(applications: Mapping[socket.socket, Any]) -> None:
    """Serve each at its socket."""
    by_port = {each.getsockname()[1]: application for each, application in applications.items()}

    async def at_port(scope: Any, receive: Any, send: Any) -> None:
        await by_port[scope["server"][1]](scope, receive, send)

    config = uvicorn.Config(at_port, lifespan="off", log_level="critical")
    uvicorn.Server(config).run(list(applications))
