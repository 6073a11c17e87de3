"""`corscope import`: header lines that no policy says stand beside it, as the server sends them.

Of a second origin, or credentials that are no `true`, browsers make what a console tells: the rule
has both from the real server, before a backend that says something of CORS itself, or nothing.
"""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from corscope.messages import HeaderList, Request, Response
from corscope.mitm.rules.treatment import InForce
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from tests.cli.conftest import Command
from tests.cli.imports.reading import read
from tests.servers.real.libraries import LIBRARIES, Running
from tests.servers.real.proxies.configurations import IN_LOCATION

APP = "https://app.test"
ASKS: HeaderList = (("Origin", APP), ("Access-Control-Request-Method", "PUT"))
OF_ALL = "/own/Access-Control-Allow-Origin+Access-Control-Allow-Credentials"
PATHS = ("/ok", "/status/404", OF_ALL)

Lines = list[tuple[str, str]]


def ours(headers: HeaderList) -> Lines:
    lines = [(name.lower(), value) for name, value in headers]
    counting = ("access-control-allow-origin", "access-control-allow-credentials")
    return sorted(line for line in lines if line[0] in counting)


def asked(port: int, path: str, method: str = "GET", headers: HeaderList = ()) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=dict(headers))
    response = connection.getresponse()
    response.read()
    connection.close()
    return Response(response.status, tuple(response.getheaders()))


def differing(rules: str, real: int, bare: int) -> list[tuple[str, Lines, Lines]]:
    """What the rules send otherwise than the server, each with the path and both."""
    in_force = InForce(load([RuleFile("a.toml", rules.encode())]), fresh=False)
    found = []
    for method, path, headers in (
        *(("GET", path, (("Origin", origin),)) for path in PATHS for origin in (APP, "https://b")),
        ("OPTIONS", "/ok", ASKS),
    ):
        treatment = in_force.treatment(Request(method, f"http://api.test{path}", headers))
        rule = treatment.answering()
        made = treatment.answer(rule) if rule else None
        ruled = made or treatment.edited(asked(bare, path, method, headers))[1]
        both = ours(asked(real, path, method, headers).headers), ours(ruled.headers)
        found += [(f"{method} {path}", *both)] if both[0] != both[1] else []
    return found


NGINX = "add_header Access-Control-Allow-%s always;\n"
APACHE = "Header always set Access-Control-Allow-Origin *\n"
SETS = "http-response set-header Access-Control-Allow-%s\n"
KEEPS = "http-request set-var(txn.o) req.hdr(Origin)\n"
IF_OURS = f"{APP} if {{ var(txn.o) -m str {APP} }}"
DELETES = "http-response del-header Access-Control-Allow-%s\n"
ANSWERS = "http-request return status 204 hdr Access-Control-Allow-Origin * %s if METH_OPTIONS\n"
CADDY = "header Access-Control-Allow-%s\n"
PROXY = "reverse_proxy localhost:8080\n"
HANDLE = f"@o method OPTIONS\nhandle @o {{\n{CADDY % 'Origin *'}respond 204\n}}\n"
SEVERAL = {
    "caddy": [
        CADDY % "Origin *" + CADDY.replace(" A", " +A") % f"Origin {APP}" + PROXY,
        f"header {{\n+Access-Control-Allow-Origin *\nAccess-Control-Allow-Origin b\n}}\n{PROXY}",
        CADDY % "Origin *" + CADDY % "Credentials True" + PROXY,
        f"header -Access-Control-Allow-Origin\n{CADDY % 'Methods PUT'}{PROXY}",
        f"{HANDLE}{CADDY % f'Origin {APP}'}{PROXY}",
        f"@a header Origin {APP}\n{CADDY % 'Origin *'}{PROXY}".replace(
            PROXY, f"header @a Access-Control-Allow-Origin {APP}\n{PROXY}"
        ),
    ],
    "nginx": [
        NGINX % f"Origin {APP}" + NGINX % "Origin https://b.test",
        NGINX % "Origin $http_origin" + NGINX % "Credentials True",
        f"{IN_LOCATION}if ($request_method = OPTIONS) {{ {NGINX % 'Origin *' * 2} return 204; }}\n"
        + NGINX % "Origin *",
    ],
    "apache": [
        f"{APACHE}Header always set Access-Control-Allow-Credentials True\n",
        f"{APACHE}{APACHE.replace('always set', 'always add')}",
    ],
    "haproxy": [
        SETS % "Origin *" + SETS.replace("set-", "add-") % f"Origin {APP}",
        SETS % f"Origin {APP}" + SETS % "Credentials True",
        f"{KEEPS}{SETS % f'Origin {IF_OURS}'}",
        f"{SETS % f'Origin {APP}'}{DELETES % 'Credentials'}",
        f"{SETS % 'Origin *'}{DELETES % 'Origin'}{SETS % 'Credentials true'}",
        ANSWERS % "hdr Access-Control-Allow-Origin *",
        f"{SETS % 'Origin *'}http-after-response del-header Access-Control- -m beg\n",
    ],
}


@pytest.mark.parametrize("name", SEVERAL)
def test_what_no_policy_says_stands_beside_it(corscope: Command, tmp_path: Path, name: str) -> None:
    LIBRARIES[name].require()
    file = tmp_path / "site.conf"
    with Running(LIBRARIES[name], SEVERAL[name]) as server:
        assert server.errors == {}
        for text, real, bare in zip(SEVERAL[name], server.real, server.bare, strict=True):
            file.write_text(text)
            run = corscope("import", file, "--from", name, "--host", "api.test")
            assert run.returncode == 0, run.stderr
            assert not differing(run.stdout, real, bare), text


LISTED = {
    "haproxy": (SETS.replace("set-", "add-"), SETS % "Origin *"),
    "caddy": (CADDY.replace(" A", " +A"), CADDY % "Origin *" + PROXY),
}


@pytest.mark.parametrize("name", LISTED)
def test_a_list_in_several_lines_is_one(name: str) -> None:
    line, rest = LISTED[name]
    (found,) = read(name, "site.conf", line % "Methods PUT" + line % "Methods PATCH" + rest)
    assert found.policy.allow_methods == ("PUT", "PATCH")


TOLD = {
    "Caddy, what of a backend's stays": (
        "caddy",
        PROXY.replace("\n", " {\nheader_down Access-Control-Allow-Origin *\n}\n"),
        "site.conf: a backend's own Access-Control-Allow-Credentials and "
        "Access-Control-Expose-Headers stay; the rule removes them",
    ),
    "Caddy, of some answers": (
        "caddy",
        f"{CADDY % 'Origin *'}handle_errors {{\n{CADDY % 'Origin b'}}}\n{PROXY}",
        "site.conf:2: what handle_errors says of CORS is of some answers only, and not imported",
    ),
    "Caddy, of some origins": (
        "caddy",
        f"@a header Origin {APP}\nheader @a Access-Control-Allow-Credentials no\n"
        f"{CADDY % 'Origin *'}{PROXY}",
        "site.conf:2: Access-Control-Allow-Credentials: no allows no credentials; the rule leaves "
        "it out",
    ),
    "nginx, of errors": (
        "nginx",
        (NGINX % "Origin *" + NGINX % "Credentials no").replace(" always", ""),
        "site.conf:2: Access-Control-Allow-Credentials: no allows no credentials; the rule leaves "
        "it out",
    ),
    "HAProxy, of some": (
        "haproxy",
        f"{KEEPS}{SETS % f'Origin {IF_OURS}'}{SETS % f'Credentials {IF_OURS}'}".replace(
            f"Credentials {APP}", "Credentials no"
        ),
        "site.conf:3: Access-Control-Allow-Credentials: no allows no credentials; the rule leaves "
        "it out",
    ),
    "HAProxy, beside a backend's": (
        "haproxy",
        SETS.replace("set-", "add-") % "Origin *",
        "site.conf:1: Access-Control-Allow-Origin is added beside a backend's own; the rule sets "
        "it in its place",
    ),
    "HAProxy, what is deleted for all": (
        "haproxy",
        f"{KEEPS}{DELETES % 'Origin'}{SETS % f'Origin {IF_OURS}'}",
        "site.conf:3: a backend's own Access-Control-Allow-Credentials and "
        "Access-Control-Expose-Headers stay; the rule removes them",
    ),
    "HAProxy, what goes on": (
        "haproxy",
        f"http-response allow if {{ status 404 }}\n{SETS % 'Origin *'}",
        "site.conf:1: what allow keeps from the rules behind it isn't imported",
    ),
    "HAProxy, preflights of some": (
        "haproxy",
        f"http-request redirect location /x if METH_OPTIONS {{ path /a }}\n{SETS % 'Origin *'}",
        "site.conf:1: the condition path /a is not imported, nor is what is answered then",
    ),
    "HAProxy, what is returned to some": (
        "haproxy",
        (ANSWERS % "").replace("\n", " { path /a }\n"),
        "site.conf:1: the condition path /a is not imported",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_can_t_stand_beside_a_policy_is_told(
    corscope: Command, tmp_path: Path, case: str
) -> None:
    name, text, said = TOLD[case]
    file = tmp_path / "site.conf"
    file.write_text(text)
    run = corscope("import", file, "--from", name, "--host", "api.test")
    assert f"warning: {tmp_path}/{said}" in run.stderr.splitlines()


def test_preflights_that_haproxy_redirects_are_refused(corscope: Command, tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(
        f"http-request redirect location /x code 307 if METH_OPTIONS\n{SETS % 'Origin *'}"
    )
    run = corscope("import", file, "--host", "api.test")
    assert "haproxy.cfg:1: preflights fail, as they are answered by 307" in run.stderr
