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


APACHE_MODULES = (
    *("mpm_event", "authz_core", "headers", "setenvif", "rewrite", "proxy", "proxy_http"),
)


def _apache(folder: Path, sites: Sequence[tuple[int, Site]]) -> str:
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in APACHE_MODULES
    )
    hosts = [
        f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\n{site.config}\n"
        f"ProxyPass / http://{site.backend}/\n</VirtualHost>\n"
        for port, site in sites
    ]
    return (
        f"ServerName localhost\nUser www-data\nGroup www-data\nPidFile {folder}/pid\n"
        f"DefaultRuntimeDir {folder}\nErrorLog /dev/stderr\n{modules}{''.join(hosts)}"
    )


def _haproxy(_: Path, sites: Sequence[tuple[int, Site]]) -> str:
    sections = [
        f"listen site{port}\nbind 127.0.0.1:{port}\n{site.config}\nserver backend {site.backend}\n"
        for port, site in sites
    ]
    timeouts = "".join(f"timeout {name} 30s\n" for name in ("connect", "client", "server"))
    return f"defaults\nmode http\n{timeouts}{''.join(sections)}"


def _caddy(_: Path, sites: Sequence[tuple[int, Site]]) -> str:
    blocks = [
        f"http://127.0.0.1:{port} {{\n{site.config.replace('localhost:8080', site.backend)}\n}}\n"
        for port, site in sites
    ]
    return f"{{\nadmin off\nauto_https off\n}}\n{''.join(blocks)}"


SERVERS = {
    "caddy": Server(
        "Caddyfile",
        ("caddy", "run", "--adapter", "caddyfile", "--config"),
        _caddy,
        without="reverse_proxy localhost:8080",
    ),
    "haproxy": Server("haproxy.cfg", ("haproxy", "-db", "-f"), _haproxy),
    "apache": Server("apache.conf", ("apache2", "-D", "FOREGROUND", "-f"), _apache),
    "nginx": Server("nginx.conf", ("nginx", "-e", "stderr", "-c"), _nginx, is_alone=True),
}
