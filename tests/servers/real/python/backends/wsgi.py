"""Serves WSGI applications with uvicorn too: it leaves the order of header lines alone."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from a2wsgi import WSGIMiddleware

from . import asgi


def serve(applications: Mapping[socket.socket, Any]) -> None:
    """Serve each at its socket."""
    asgi.serve({each: WSGIMiddleware(application, 1) for each, application in applications.items()})
