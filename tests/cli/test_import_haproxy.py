"""`corscope import` of HAProxy's: what a real one answers to preflights that it returns itself."""

from __future__ import annotations

import http.client
import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source
from corscope.messages import Request, Response
from tests.cli.test_import import APP, dialect

EARLY = f"http-after-response set-header Access-Control-Allow-Origin {APP}\n"
LATE = f"http-response set-header Access-Control-Allow-Origin {APP}\n"
METHODS = 'http-response set-header Access-Control-Allow-Methods "GET, PUT"\n'
CREDENTIALS = "http-response set-header Access-Control-Allow-Credentials true\n"
EXPOSED = "http-response set-header Access-Control-Expose-Headers x-a\n"
RETURN = "http-request return status 204 if METH_OPTIONS\n"
WITH_ORIGIN = (
    f"http-request return status 204 hdr Access-Control-Allow-Origin {APP} if METH_OPTIONS\n"
)
CONFIGURATIONS = {
    "nothing reaches what is returned": (RETURN + LATE + METHODS + CREDENTIALS, 2),
    "it has an origin of its own": (WITH_ORIGIN + LATE + METHODS + EXPOSED, 1),
    "it has an origin, and no credentials": (WITH_ORIGIN + LATE + CREDENTIALS, 2),
    "the origin is sent after it too": (RETURN + EARLY + METHODS, 1),
    "all of it goes to the backend": (LATE + METHODS + CREDENTIALS, 1),
}


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers all by nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_OPTIONS = do_GET  # noqa: N815 (the module's)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def haproxy(folder: Path, rules: str) -> Iterator[int]:
    """A real HAProxy with these rules before a backend."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is missing")
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port = free_port()
    timeouts = "".join(f"timeout {name} 10s\n" for name in ("connect", "client", "server"))
    (folder / "haproxy.cfg").write_text(
        f"defaults\nmode http\n{timeouts}listen site\nbind 127.0.0.1:{port}\n{rules}"
        f"server backend 127.0.0.1:{backend.server_port}\n"
    )
    process = subprocess.Popen(["haproxy", "-db", "-f", str(folder / "haproxy.cfg")])
    try:
        for _ in range(200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)
        backend.shutdown()
        backend.server_close()


def asked(port: int, method: str, headers: dict[str, str]) -> dict[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return {k.lower(): v for k, v in response.getheaders() if k.lower().startswith("access-")}


def by_rule(found: list[Found], method: str, headers: dict[str, str]) -> dict[str, str]:
    """What the first rule that fits sends; the backend's answer has none of ours."""
    kind = "preflight" if method == "OPTIONS" else "actual"
    policy = next(each.policy for each in found if each.match.get("kind", kind) == kind)
    request = Request(method, "http://api.test/", tuple(headers.items()))
    server = dialect("haproxy")
    answer = server.preflight(policy, request)
    if policy.forward_preflight and method == "OPTIONS":
        assert server.forwarded is not None
        sent = server.forwarded(policy, request, Response(200, ())).headers
    elif answer is not None:
        sent = answer.headers
    else:
        sent = server.actual(policy, request, Response(200, ())).headers
    return {k.lower(): v for k, v in sent if k.lower().startswith("access-")}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_haproxy_returns_has_no_headers_of_responses(tmp_path: Path, name: str) -> None:
    rules, count = CONFIGURATIONS[name]
    found = list(IMPORTERS["haproxy"](Source("haproxy.cfg", f"listen site\n{rules}")))
    assert len(found) == count
    preflight = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    counts = ("allow-origin", "allow-methods", "allow-credentials")
    with haproxy(tmp_path, rules) as port:
        real, ours = asked(port, "OPTIONS", preflight), by_rule(found, "OPTIONS", preflight)
        for key in counts:
            assert real.get(f"access-control-{key}") == ours.get(f"access-control-{key}"), key
        real, ours = asked(port, "GET", {"Origin": APP}), by_rule(found, "GET", {"Origin": APP})
        for key in ("allow-origin", "allow-credentials", "expose-headers"):
            assert real.get(f"access-control-{key}") == ours.get(f"access-control-{key}"), key
