"""At which port is the page, and what if nobody else can be let in?

Where the process has no descriptor left, tornado tries again at each turn of the loop, and each
time it fails: the proxy's own work would hardly get on, and its log would be full of that.
"""

import errno
import socket
from typing import Any, Final

from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

__all__ = ["PORTS_TRIED", "bound"]

PORTS_TRIED: Final = 20

PAUSE: Final = 1.0
"""Seconds, as asyncio's own servers wait."""

_PORTS: Final = 65_536
_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
_USED_UP: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class _Patient(socket.socket):
    """A listening socket that asks nobody in for a while where there is nothing left for them."""

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _USED_UP:
                raise
            loop = IOLoop.current()
            loop.update_handler(self, 0)
            loop.call_later(PAUSE, self._go_on, loop)
            raise BlockingIOError(error.errno, "later") from error

    def _go_on(self, loop: IOLoop) -> None:
        if self.fileno() >= 0:  # it isn't closed
            loop.update_handler(self, IOLoop.READ)


def bound(address: str, port: int) -> list[socket.socket]:
    """Bind to the port, or to the first of those after it that is free.

    Args:
        address: where; an IP address.
        port: 0 for any.

    Raises:
        OSError: none of the ports that were tried is free.
    """
    if not 0 <= port < _PORTS:
        raise OSError(errno.EINVAL, f"{port} is no port: they go from 0 to {_PORTS - 1}")
    last = min(port + PORTS_TRIED, _PORTS) if port else 1
    for candidate in range(port, last):
        try:
            return [_patient(each) for each in bind_sockets(candidate, address)]
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
    raise OSError(errno.EADDRINUSE, f"none of the ports {port} to {last - 1} is free")


def _patient(listening: socket.socket) -> socket.socket:
    made = _Patient(fileno=listening.detach())
    made.setblocking(False)
    return made
