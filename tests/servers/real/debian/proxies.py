"""How each proxy is configured to serve several sites, each on a port of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SERVERS", "Server", "Site"]


@dataclass(frozen=True)
class Site:
    """A piece of configuration as the dialect exports it, and where the backend is."""

    config: str
    backend: str


@dataclass(frozen=True)
class Server:
    """A proxy.

    Attributes:
        file: the name of its configuration file.
        program: the program and its arguments, without the file that comes last.
        text: the configuration file for several sites on their ports, given its folder.
        without: the piece of configuration of a site without CORS.
        is_alone: whether each site needs a process of its own.
    """

    file: str
    program: tuple[str, ...]
    text: Callable[[Path, Sequence[tuple[int, Site]]], str]
    without: str = ""
    is_alone: bool = False

    def command(self, folder: Path) -> list[str]:
        """The command line that runs it in the foreground."""
        return [*self.program, str(folder / self.file)]


IN_LOCATION = "# In the location, beside its proxy_pass:\n"


def _nginx(folder: Path, sites: Sequence[tuple[int, Site]]) -> str:
    in_http = [site.config.partition(IN_LOCATION)[0] for _, site in sites]
    servers = [
        f"server {{ listen 127.0.0.1:{port};\nlocation / {{\n"
        f"{site.config.partition(IN_LOCATION)[2]}\nproxy_pass http://{site.backend};\n}}\n}}\n"
        for port, site in sites
    ]
    paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in paths)
    return (
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}"
        f"{''.join(in_http)}{''.join(servers)}}}\n"
    )


SERVERS = {
    "nginx": Server("nginx.conf", ("nginx", "-e", "stderr", "-c"), _nginx, is_alone=True),
}
