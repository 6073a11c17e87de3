"""How does a browser reach the proxy? As a proxy, or in reverse mode as the server behind it.

Told of a proxy that runs, and of one that is yet to be started: its options are then read as
mitmproxy reads them.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from mitmproxy import exceptions, optmanager
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode, RegularMode, ReverseMode, UpstreamMode

from corscope.explain.escape import escaped

__all__ = [
    "NoWayInError",
    "WayIn",
    "authority",
    "first_way_in",
    "no_room_for_authority",
    "options_of",
    "way_in",
]

_BROWSABLE: Final = ((RegularMode, UpstreamMode), (ReverseMode,))
"""The modes that a browser can use, those first in which it reaches all servers."""

_FLAGS: Final = {"mode": "m", "server": "n", "listen_host": None, "listen_port": "p"}
"""The options that count, and their letters on mitmproxy's command line."""

_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104


class NoWayInError(ValueError):
    """A browser can't use this proxy; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """How a browser reaches the proxy.

    Attributes:
        host: the address that it connects to.
        port: the port there.
        is_proxy: whether it asks there for all servers, or for the one behind it.
    """

    host: str
    port: int
    is_proxy: bool

    @property
    def proxy(self) -> tuple[str, int] | None:
        """The proxy to set in the browser, if any."""
        return (self.host, self.port) if self.is_proxy else None

    @property
    def url(self) -> str:
        """What to open first."""
        return "about:blank" if self.is_proxy else f"http://{self.host}:{self.port}/"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise NoWayInError(message)


def options_of(arguments: Sequence[str]) -> Options:
    """What these arguments, and mitmproxy's configuration file, set its own options to.

    Raises:
        NoWayInError: it would refuse them.
    """
    options = Options()
    parser = _Parser(add_help=False)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    for name, short in _FLAGS.items():
        options.make_parser(parser, name, short=short)
    given = vars(parser.parse_known_args(arguments)[0])
    try:
        options.set(*given.pop("settings"), defer=True)
        files = (Path(options.confdir) / name for name in ("config.yaml", "config.yml"))
        optmanager.load_paths(options, *map(str, files))
        options.update(**{name: value for name, value in given.items() if value is not None})
    except exceptions.OptionsError as error:
        raise NoWayInError(str(error)) from error
    return options


def way_in(options: Options) -> WayIn:
    """The way into a proxy that is started with these options.

    Raises:
        NoWayInError: there is none, or it isn't known before the proxy runs.
    """
    modes = map(_parsed, options.mode if options.server else ())
    found = first_way_in(
        (mode, mode.listen_host(options.listen_host), mode.listen_port(options.listen_port) or 0)
        for mode in modes
    )
    if found.port == 0:
        raise NoWayInError("for a browser the port has to be known: choose one with -p PORT")
    return found


def _parsed(mode: str) -> ProxyMode:
    try:
        return ProxyMode.parse(mode)
    except ValueError as error:
        raise NoWayInError(f"mode {mode}: {error}") from error


def first_way_in(listening: Iterable[tuple[ProxyMode, str, int]]) -> WayIn:
    """The best of these modes that listen, each with its host and port.

    Raises:
        NoWayInError: a browser can use none of them.
    """
    ways = tuple(listening)
    for kinds in _BROWSABLE:
        for mode, host, port in ways:
            if isinstance(mode, kinds):
                return WayIn(_ANYWHERE.get(host, host), port, not isinstance(mode, ReverseMode))
    modes = ", ".join(mode.full_spec for mode, *_ in ways) or "none"
    raise NoWayInError(
        f"a browser can be opened for the modes regular, upstream and reverse; running: {modes}"
    )


def authority(options: optmanager.OptManager) -> Path | None:
    """The certificate with which the proxy signs, where it has been made."""
    file = _folder(options) / "mitmproxy-ca-cert.pem"
    return file if file.is_file() else None


def no_room_for_authority(options: optmanager.OptManager) -> str | None:
    """Why the proxy can't make its certificate, without which it ends at once; None if it can."""
    folder = _folder(options)
    if (folder / "mitmproxy-ca.pem").exists():
        return None
    there = next((each for each in (folder, *folder.parents) if each.exists()), Path())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return None
    why = "may not be written to" if there.is_dir() else "is no folder"
    return (
        f"mitmproxy makes its certificates in {escaped(str(folder))}, and {escaped(str(there))} "
        f"{why}; choose another folder with --set confdir=FOLDER"
    )


def _folder(options: optmanager.OptManager) -> Path:
    """Where mitmproxy keeps what is its own; without a home that is where it is started."""
    return Path(os.path.expanduser(options.confdir))  # noqa: PTH111 - Path's raises without a home
