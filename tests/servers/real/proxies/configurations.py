"""How each proxy is configured to serve several sites, each on a port of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

BIN = Path(__file__).parents[1] / "python" / ".venv" / "bin"

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
        text: the configuration file for several sites on their ports, given its folder; it may put
            more files there.
        without: the piece of configuration of a site without CORS.
        is_alone: whether each site needs a process of its own.
        refusal: what it says where it goes on without a configuration that it doesn't take.
        early: the status of its answers as long as it hasn't got to its configuration.
    """

    file: str
    program: tuple[str, ...]
    text: Callable[[Path, Sequence[tuple[int, Site]]], str]
    without: str = ""
    is_alone: bool = False
    refusal: bytes = b""
    early: int | None = None

    def is_refused(self, words: bytes) -> bool:
        """Whether it has said that it doesn't take its configuration."""
        return bool(self.refusal) and self.refusal in words

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


ENVOY_LISTENER = """\
 - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
   filter_chains:
   - filters:
     - name: envoy.filters.network.http_connection_manager
       typed_config:
         "@type": {types}.network.http_connection_manager.v3.HttpConnectionManager
         stat_prefix: site
         http_filters:
         - name: envoy.filters.http.cors
           typed_config: {{"@type": {types}.http.cors.v3.Cors}}
         - name: envoy.filters.http.router
           typed_config: {{"@type": {types}.http.router.v3.Router}}
         route_config:
           virtual_hosts:
           - name: site
             domains: ["*"]
             routes: [{{match: {{prefix: /}}, route: {{cluster: behind}}}}]
{config}
"""
ENVOY_CLUSTER = """\
 - name: behind
   load_assignment:
     cluster_name: behind
     endpoints:
     - lb_endpoints:
       - endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}
"""


def _envoy(_: Path, sites: Sequence[tuple[int, Site]]) -> str:
    types = "type.googleapis.com/envoy.extensions.filters"
    listeners = [
        ENVOY_LISTENER.format(types=types, port=number, config=indent(site.config, " " * 13))
        for number, site in sites
    ]
    host, port = sites[0][1].backend.split(":")
    clusters = ENVOY_CLUSTER.format(host=host, port=port)
    return f"static_resources:\n listeners:\n{''.join(listeners)} clusters:\n{clusters}"


TRAEFIK_SITE = """\
  routers:
    site{port}:
      entryPoints: [site{port}]
      rule: PathPrefix(`/`)
      service: site{port}
      middlewares: {middlewares}
  services:
    site{port}:
      loadBalancer: {{servers: [{{url: "http://{backend}"}}]}}
"""


def _traefik(folder: Path, sites: Sequence[tuple[int, Site]]) -> str:
    """What routes lies in a folder of its own, which Traefik asks for; a file for each site."""
    routing = folder / "routing"
    routing.mkdir()
    for port, site in sites:
        cors = site.config.replace(" cors:\n", f" cors{port}:\n") or "http:\n"
        named = f"[cors{port}]" if site.config else "[]"
        routed = TRAEFIK_SITE.format(port=port, middlewares=named, backend=site.backend)
        (routing / f"{port}.yml").write_text(cors + routed, encoding="utf-8")
    points = "".join(f"  site{port}: {{address: '127.0.0.1:{port}'}}\n" for port, _ in sites)
    providers = f"providers: {{file: {{directory: {routing}}}}}\n"
    return f"log: {{noColor: true}}\nentryPoints:\n{points}{providers}"


SERVERS = {
    "caddy": Server(
        "Caddyfile",
        ("caddy", "run", "--adapter", "caddyfile", "--config"),
        _caddy,
        without="reverse_proxy localhost:8080",
    ),
    "haproxy": Server("haproxy.cfg", ("haproxy", "-db", "-f"), _haproxy),
    "apache": Server("apache.conf", ("apache2", "-D", "FOREGROUND", "-f"), _apache),
    "envoy": Server("envoy.yaml", (f"{BIN}/envoy", "--use-dynamic-base-id", "-c"), _envoy),
    "traefik": Server(
        "traefik.yml",
        (f"{BIN}/traefik", "--configFile"),
        _traefik,
        refusal=b" ERR ",
        early=404,
    ),
    "nginx": Server("nginx.conf", ("nginx", "-e", "stderr", "-c"), _nginx, is_alone=True),
}
