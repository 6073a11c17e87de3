"""`corscope import` of HAProxy's and Caddy's: what a real one sends with its own answers."""

from __future__ import annotations

import http.client
import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError
from corscope.messages import Request, Response
from tests.cli.imports.reading import APP, dialect
from tests.servers.real.libraries import require_program

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


def of_haproxy(folder: Path, rules: str, port: int, backend: int, before: str) -> list[str]:
    """Its command line, once its configuration is written."""
    assert not before
    rules = rules.replace("localhost:1", f"127.0.0.1:{backend}")
    timeouts = "".join(f"timeout {name} 10s\n" for name in ("connect", "client", "server"))
    (folder / "haproxy.cfg").write_text(
        f"defaults\nmode http\n{timeouts}listen site\nbind 127.0.0.1:{port}\n{rules}"
        f"server backend 127.0.0.1:{backend}\n"
    )
    return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]


def of_caddy(folder: Path, rules: str, port: int, backend: int, before: str) -> list[str]:
    """Its command line, once its configuration is written."""
    rules = rules.replace("localhost:1", f"127.0.0.1:{backend}")
    (folder / "Caddyfile").write_text(
        f"{{\nadmin off\nauto_https off\n}}\n{before}http://127.0.0.1:{port} {{\n{rules}\n}}\n"
    )
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def of_nginx(folder: Path, rules: str, port: int, backend: int, before: str) -> list[str]:
    """Its command line, once its configuration is written; the backend's is localhost:1."""
    rules = rules.replace("localhost:1", f"127.0.0.1:{backend}")
    paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in paths)
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{before}\n"
        f"server {{\nlisten 127.0.0.1:{port};\n{rules}}}\n}}\n"
    )
    return ["nginx", "-c", str(folder / "nginx.conf")]


@contextmanager
def running(folder: Path, name: str, rules: str, before: str = "") -> Iterator[int]:
    """A real proxy with these rules before a backend."""
    require_program(name)
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port = free_port()
    command = {"haproxy": of_haproxy, "caddy": of_caddy, "nginx": of_nginx}[name]
    process = subprocess.Popen(
        command(folder, rules, port, backend.server_port, before), stderr=subprocess.DEVNULL
    )
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


def by_rule(name: str, found: list[Found], method: str, headers: dict[str, str]) -> dict[str, str]:
    """What the first rule that fits sends; the backend's answer has none of ours."""
    kind = "preflight" if method == "OPTIONS" else "actual"
    policy = next(each.policy for each in found if each.match.get("kind", kind) == kind)
    request = Request(method, "http://api.test/", tuple(headers.items()))
    server = dialect(name)
    answer = server.preflight(policy, request)
    if policy.forward_preflight and method == "OPTIONS":
        assert server.forwarded is not None
        sent = server.forwarded(policy, request, Response(200, ())).headers
    elif answer is not None:
        sent = answer.headers
    else:
        sent = server.actual(policy, request, Response(200, ())).headers
    return {k.lower(): v for k, v in sent if k.lower().startswith("access-")}


def compare(folder: Path, name: str, rules: str, found: list[Found], before: str = "") -> None:
    """Hold a real proxy's answers against the rules'; `before` stands outside Caddy's site."""
    preflight = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    with running(folder, name, rules, before) as port:
        for method, headers in (("OPTIONS", preflight), ("GET", {"Origin": APP})):
            counts = ["allow-origin", "allow-credentials"]
            counts.append("allow-methods" if method == "OPTIONS" else "expose-headers")
            real, ours = asked(port, method, headers), by_rule(name, found, method, headers)
            for key in counts:
                both = [each.get(f"access-control-{key}") for each in (real, ours)]
                assert both[0] == both[1], (method, key)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_haproxy_returns_has_no_headers_of_responses(tmp_path: Path, name: str) -> None:
    rules, count = CONFIGURATIONS[name]
    found = list(IMPORTERS["haproxy"](Source("haproxy.cfg", f"listen site\n{rules}")))
    assert len(found) == count
    compare(tmp_path, "haproxy", rules, found)


MATCHER = "@o method OPTIONS\n"
ORIGIN = f"header Access-Control-Allow-Origin {APP}\n"
LIST = 'header Access-Control-Allow-Methods "GET, PUT"\n'
PROXY = "reverse_proxy localhost:1\n"
DOWN = (
    f"reverse_proxy localhost:1 {{\nheader_down Access-Control-Allow-Origin {APP}\n"
    'header_down Access-Control-Allow-Methods "GET, PUT"\n}\n'
)
CADDYFILES = {
    "what the proxy adds reaches only what is proxied": (f"{MATCHER}respond @o 204\n{DOWN}", 2),
    "handles are alternatives": (
        f"{MATCHER}handle @o {{\nrespond 204\n}}\nhandle {{\n{ORIGIN}{LIST}{PROXY}}}\n",
        2,
    ),
    "a route goes in order": (
        f"{MATCHER}route {{\nrespond @o 204\n{ORIGIN}{LIST}{PROXY}}}\n",
        2,
    ),
    "a route goes in order, the header first": (
        f"{MATCHER}route {{\n{ORIGIN}{LIST}respond @o 204\n{PROXY}}}\n",
        1,
    ),
    "a matcher alone answers nothing": (
        f"{MATCHER}{ORIGIN}header @o Access-Control-Allow-Methods GET\n{PROXY}",
        1,
    ),
    "a handle in which nothing answers": (
        f"{MATCHER}handle @o {{\n{ORIGIN}{LIST}}}\nhandle {{\n{ORIGIN}{PROXY}}}\n",
        1,
    ),
    "headers come first elsewhere": (f"{MATCHER}respond @o 204\n{ORIGIN}{LIST}{PROXY}", 1),
    "a handle comes before what responds": (
        f"{ORIGIN}{LIST}{MATCHER}respond @o 204\nhandle {{\n{PROXY}}}\n",
        1,
    ),
    "a route does, too": (
        f"{ORIGIN}{LIST}{MATCHER}respond @o 204\nroute {{\nhandle {{\n{PROXY}}}\n}}\n",
        1,
    ),
    "one that doesn't answer all goes on": (
        f"{ORIGIN}{LIST}{MATCHER}respond @o 204\nroute {{\nrespond /x 403\n}}\n{PROXY}",
        1,
    ),
    "in a route what stands behind comes after": (
        f"{ORIGIN}{LIST}{MATCHER}route {{\nrespond @o 204\nhandle {{\n{PROXY}}}\n}}\n",
        1,
    ),
    "those around count": (
        f"{ORIGIN}{MATCHER}handle @o {{\n{LIST}respond 204\n}}\nhandle {{\n{PROXY}}}\n",
        1,
    ),
    "each has its own": (
        f"{MATCHER}handle @o {{\n{ORIGIN}{LIST}respond 204\n}}\n"
        f"handle {{\n{ORIGIN}header Access-Control-Expose-Headers x-a\n{PROXY}}}\n",
        1,
    ),
}


@pytest.mark.parametrize("name", CADDYFILES)
def test_what_caddy_responds_has_the_headers_of_its_blocks(tmp_path: Path, name: str) -> None:
    rules, count = CADDYFILES[name]
    found = list(IMPORTERS["caddy"](Source("Caddyfile", f"http://a.test {{\n{rules}}}\n")))
    assert len(found) == count
    compare(tmp_path, "caddy", rules, found)


STATUS = {
    "all": (f"handle {{\n{PROXY}}}\n", [True], "respond is never reached"),
    "some paths": (
        f"@p path /a\nhandle @p {{\n{PROXY}}}\n",
        [False],
        "respond isn't reached for /a, where handle comes first; the rule answers there too",
    ),
    "nothing": ("", [False], ""),
}


@pytest.mark.parametrize("name", STATUS)
def test_what_caddy_never_responds_is_left_to_the_backend(tmp_path: Path, name: str) -> None:
    handles, forwards, told = STATUS[name]
    rules = f"{ORIGIN}{MATCHER}respond @o 204\n{handles}"
    found = list(IMPORTERS["caddy"](Source("Caddyfile", rules)))
    assert [each.policy.forward_preflight for each in found] == forwards
    assert told in " ".join(warning for each in found for warning in each.warnings)
    preflight = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    with running(tmp_path, "caddy", rules) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("OPTIONS", "/", headers=preflight)
        assert (connection.getresponse().status == 200) is forwards[0]
        connection.close()


SET = f"header_down Access-Control-Allow-Origin {APP}\n"
TAKEN = {
    "by the proxy that sets it": f"reverse_proxy localhost:1 {{\nheader_down -%s\n{SET}}}\n",
    "wherever it stands": f"reverse_proxy localhost:1 {{\n{SET}header_down -%s\n}}\n",
    "by the block that sets it": f"header {{\n-%s\n{SET.removeprefix('header_down ')}}}\n{PROXY}",
}


@pytest.mark.parametrize("taken", ["Access-Control-Allow-Origin", "Access-Control-*", "*-Origin"])
@pytest.mark.parametrize("where", TAKEN)
def test_what_caddy_takes_away_again_is_refused(tmp_path: Path, where: str, taken: str) -> None:
    rules = TAKEN[where] % taken
    with running(tmp_path, "caddy", rules) as port:
        assert asked(port, "GET", {"Origin": APP}) == {}
    with pytest.raises(UnreadableError, match=r"takes away what is set here too"):
        list(IMPORTERS["caddy"](Source("Caddyfile", rules)))


CAPTURED = "@o header_regexp o Origin {}\nheader @o Access-Control-Allow-Origin {}\n" + PROXY
ONE = r"^https://([a-z]+)\.test$"


@pytest.mark.parametrize(
    ("regex", "value"),
    [
        (ONE, "{re.o.0}"),
        (ONE, "{http.regexp.o.0}"),
        (r"^(https://[a-z]+\.test|https://b)$", "{re.o.1}"),
    ],
)
def test_all_of_what_caddys_regex_has_found_is_the_origin(
    tmp_path: Path, regex: str, value: str
) -> None:
    rules = CAPTURED.format(regex, value)
    found = list(IMPORTERS["caddy"](Source("Caddyfile", rules)))
    assert found[0].policy.allow_origin_regex == regex
    compare(tmp_path, "caddy", rules, found)


@pytest.mark.parametrize(
    ("regex", "value"),
    [(ONE, "{re.o.1}"), (ONE, "{re.x.0}"), (r"https://[a-z]+\.test", "{re.o.0}")],
)
def test_a_part_of_what_caddys_regex_has_found_is_refused(regex: str, value: str) -> None:
    with pytest.raises(UnreadableError, match="can't tell the value of"):
        list(IMPORTERS["caddy"](Source("Caddyfile", CAPTURED.format(regex, value))))


def test_another_proxys_headers_are_not_taken_away(tmp_path: Path) -> None:
    other = "handle /other {\nreverse_proxy localhost:1 {\nheader_down -Access-Control-*\n}\n}\n"
    rules = f"{other}handle {{\nreverse_proxy localhost:1 {{\n{SET}}}\n}}\n"
    compare(tmp_path, "caddy", rules, list(IMPORTERS["caddy"](Source("Caddyfile", rules))))


def test_an_origin_of_a_map_that_is_empty_for_others_is_told() -> None:
    text = (
        f'map {{header.Origin}} {{o}} {{\n{APP} {APP}\ndefault ""\n}}\n'
        "header Access-Control-Allow-Origin {o}\n"
    )
    (found,) = IMPORTERS["caddy"](Source("Caddyfile", text))
    told = "other origins get an empty one, of no use to them; the rule sends none"
    assert found.warnings == (f"Caddyfile:5: {told}",)
