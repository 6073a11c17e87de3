"""The real libraries: where they are installed, and how they are started.

Each is served by a small program in `node/`, `python/`… that takes configurations on standard
input and gives each a port; see `node/serve.mjs`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

__all__ = ["LIBRARIES", "NEST", "VITE", "Library", "Running", "require_program"]

HERE = Path(__file__).parent
STOP_SECONDS = 20.0
HINT = "`make servers` installs it"
ON_DEBIAN = f"{HINT}, where root runs it on Debian"


@dataclass(frozen=True, slots=True)
class Library:
    """How a dialect's real server is started.

    Attributes:
        command: the program and its arguments.
        needs: what has to be there: a file, or a program by its bare name.
        hint: how it is installed.
        is_ordered: whether the server's own order of header lines is stable.
        knows_routes: whether a preflight for a path without a route is answered otherwise. A proxy
            can't know the routes, so such preflights aren't compared.
        has_stable_lists: whether the members of its lists have the same order in every process.
    """

    command: tuple[str, ...]
    needs: tuple[str, ...]
    hint: str
    is_ordered: bool = True
    knows_routes: bool = False
    has_stable_lists: bool = True

    def require(self) -> None:
        """Skip the test where the server isn't installed, unless the environment forbids that."""
        missing = [
            each for each in self.needs if not shutil.which(each) and not Path(each).exists()
        ]
        if not missing:
            return
        message = f"{', '.join(missing)} is missing: {self.hint}"
        if os.environ.get("CORSCOPE_REQUIRE_SERVERS") == "1":
            pytest.fail(message)
        pytest.skip(message)


def require_program(name: str) -> None:
    """Skip the test where a server's program isn't installed, unless that is forbidden."""
    Library((name,), (name,), ON_DEBIAN).require()


def _node(framework: str, package: str, *, knows_routes: bool = False) -> Library:
    folder = HERE / "node"
    return Library(
        ("node", str(folder / "serve.mjs"), framework),
        ("node", str(folder / "node_modules" / package)),
        HINT,
        knows_routes=knows_routes,
    )


def _python(backend: str, *, knows_routes: bool = False, has_stable_lists: bool = True) -> Library:
    folder = HERE / "python"
    python = str(folder / ".venv" / "bin" / "python")
    return Library(
        (python, str(folder / "serve.py"), backend),
        (python,),
        HINT,
        knows_routes=knows_routes,
        has_stable_lists=has_stable_lists,
    )


def _proxy(server: str, program: str, hint: str = HINT) -> Library:
    return Library((sys.executable, "-m", f"{__package__}.proxies.serve", server), (program,), hint)


def _go(name: str, package: str) -> Library:
    return Library(
        (sys.executable, "-m", f"{__package__}.debian.go_program", name),
        ("go", f"/usr/share/gocode/src/github.com/{package}"),
        ON_DEBIAN,
    )


LIBRARIES: dict[str, Library] = {
    "rs-cors": _go("rs-cors", "rs/cors"),
    "chi": _go("chi", "go-chi/cors"),
    "tomcat": Library(
        (sys.executable, "-m", f"{__package__}.debian.java_program", "Tomcat"),
        ("javac", "/usr/share/java/tomcat9-catalina.jar"),
        ON_DEBIAN,
    ),
    "aspnet-core": Library(
        (sys.executable, "-m", f"{__package__}.aspnet.program"),
        ("mcs", str(HERE / "node" / "node_modules" / "@azure" / "mcp-linux-x64")),
        ON_DEBIAN,
    ),
    "rack-cors": Library(
        ("ruby", str(HERE / "debian" / "rack.rb")),
        ("ruby", "/usr/share/doc/ruby-rack-cors", "puma"),
        ON_DEBIAN,
    ),
    "gin": _go("gin", "gin-contrib/cors"),
    "echo": _go("echo", "labstack/echo"),
    "gorilla": _go("gorilla", "gorilla/handlers"),
    "caddy": _proxy("caddy", "caddy", ON_DEBIAN),
    "haproxy": _proxy("haproxy", "haproxy", ON_DEBIAN),
    "apache": _proxy("apache", "apache2", ON_DEBIAN),
    "nginx": _proxy("nginx", "nginx", ON_DEBIAN),
    "envoy": _proxy("envoy", str(HERE / "python" / ".venv" / "bin" / "envoy")),
    "traefik": _proxy("traefik", str(HERE / "python" / ".venv" / "bin" / "traefik")),
    "express": _node("express", "cors"),
    "fastify": _node("fastify", "@fastify/cors"),
    "koa": _node("koa", "@koa/cors"),
    "hono": _node("hono", "hono"),
    "hapi": _node("hapi", "@hapi/hapi", knows_routes=True),
    "h3": _node("h3", "h3"),
    "starlette": _python("starlette"),
    "flask-cors": _python("flask_cors", knows_routes=True),
    "django": _python("django"),
    "aiohttp": _python("aiohttp", knows_routes=True, has_stable_lists=False),
    "litestar": _python("litestar"),
    "quart-cors": _python("quart_cors", knows_routes=True, has_stable_lists=False),
}
"""The libraries by the name of the dialect that imitates them."""

NEST = {
    "express": _node("nest", "@nestjs/platform-express"),
    "fastify": _node("nest-fastify", "@nestjs/platform-fastify"),
}
"""NestJS by the dialect of the framework that it runs on, whose errors it answers itself."""

VITE = Library(
    ("node", str(HERE / "node" / "vite.mjs")),
    ("node", str(HERE / "node" / "node_modules" / "vite")),
    HINT,
)
"""Vite's development server, which hands the package cors what its configuration says."""


class Running:
    """A server's program while it runs: `real` and `bare` ports, one of each per configuration.

    A configuration that the server refuses has the server's words in `errors` by its number.
    """

    def __init__(self, library: Library, configs: Sequence[str]) -> None:
        self._library = library
        self._configs = configs
        self.real: list[int] = []
        self.bare: list[int] = []
        self.errors: dict[int, str] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._library.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"configs": list(self._configs)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._end()
            raise AssertionError(f"{self._library.command} gave no ports; see standard error")
        self._take(json.loads(line))
        return self

    def _take(self, told: dict[str, Any]) -> None:
        self.real = [each.get("port", 0) for each in told["real"]]
        self.errors = {n: e["error"] for n, e in enumerate(told["real"]) if "error" in e}
        self.bare = told["bare"]

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        """Close its standard input, which ends it; by its pid where that doesn't."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
