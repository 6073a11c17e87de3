"""Serves a framework's application many times over, as `node/serve.mjs` does.

    python serve.py starlette    <  {"configs": ["from starlette …", …]}
    {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}

One server listens on all the ports, and hands each request to the application of its port.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from importlib import import_module
from typing import Any

LOOPBACK = ("127.0.0.1", 0)


def main() -> None:
    """Serve until standard input ends."""
    backend: Any = import_module(f"backends.{sys.argv[1]}")
    applications: dict[socket.socket, Any] = {}

    def port(config: str | None) -> int:
        application = backend.application(config)
        listening = socket.create_server(LOOPBACK, backlog=64)
        # Else a body waits 40 ms for its head to be acknowledged; connections inherit it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        applications[listening] = application
        number: int = listening.getsockname()[1]
        return number

    real: list[dict[str, object]] = []
    bare: list[int] = []
    for config in json.loads(sys.stdin.readline())["configs"]:
        try:
            real.append({"port": port(config)})
        except Exception as error:
            real.append({"error": f"{type(error).__name__}: {error}"})
        bare.append(port(None))
    threading.Thread(target=backend.serve, args=[applications], daemon=True).start()
    sys.stdout.write(json.dumps({"real": real, "bare": bare}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
