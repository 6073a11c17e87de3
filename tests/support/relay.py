"""A SOCKS proxy whose connections can fall silent, as those of a laptop that sleeps do.

Nobody closes them, and nothing comes any more; new ones work.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Self

__all__ = ["Relay"]

_GRANTED = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


class Relay:
    """Relays while used as a context manager; `port` is where it listens."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def silence(self) -> None:
        """Let nothing come any more over the connections that are open now."""
        self._silent = set(self._sockets)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        """Do what https://www.rfc-editor.org/rfc/rfc1928 has done before a connection."""
        with suppress(OSError, struct.error):
            client.recv(257)
            client.sendall(b"\x05\x00")
            asked = client.recv(262)
            kind, rest = asked[3], asked[4:]
            host = socket.inet_ntoa(rest[:4]) if kind == 1 else rest[1 : 1 + rest[0]].decode()
            server = socket.create_connection((host, struct.unpack("!H", asked[-2:])[0]))
            self._sockets += [client, server]
            client.sendall(_GRANTED)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                if one in self._silent:
                    return
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)
