"""The page answers whom it may, and nobody else: asked of the real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

import pytest

from corscope.web.access import TOKEN_HEADER, Asked, refusal
from corscope.web.handlers import Clear
from corscope.web.views import VIEWS
from tests.support.web import Answer, Served
from tests.web.scenes import told

CHANGES = (
    ("POST", "clear"),
    ("POST", "rules/toggle"),
    ("POST", "rules/check/0"),
    ("PUT", "rules/file/0"),
)
PATHS = ("", "static/page.js", "view/exchanges", "exchange/exchange-1", "events", "clear", "else")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served(told().store) as page:
        yield page


def is_refused(answer: Answer) -> bool:
    return answer.status == 403 and answer.text.startswith("corscope: ")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "wrong", "%C3%A9"])
def test_without_the_right_token_nothing_is_told(served: Served, path: str, token: str) -> None:
    """Not even what there is."""
    assert is_refused(served.ask(path, token=token))


@pytest.mark.parametrize("target", ["", "else", "{token}", "{token}/", "*", "http:"])
def test_a_path_without_a_slash_is_refused_as_any_other(served: Served, target: str) -> None:
    target = target.format(token=served.page.token)
    with socket.create_connection(("127.0.0.1", served.page.port), timeout=30) as client:
        head = f"GET {target} HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        answer = client.makefile("rb").read()
    assert answer[:12] in {b"HTTP/1.1 403", b"HTTP/1.1 400"}  # newer tornados take no empty one


def test_a_token_that_begins_right_is_wrong(served: Served) -> None:
    assert is_refused(served.ask(token=served.page.token[:-1]))
    assert is_refused(served.ask(token=served.page.token + "a"))


def test_each_page_has_a_token_of_its_own(served: Served) -> None:
    with Served(told().store) as other:
        assert other.page.token != served.page.token
        assert is_refused(other.ask(token=served.page.token))


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.test:{port}", ""],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_refused(served: Served, host: str, path: str) -> None:
    """A site's name that now means 127.0.0.1: the browser takes the page for the site's own."""
    assert is_refused(served.ask(path, headers={"Host": host.format(port=served.page.port)}))


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_the_machines_own_names_are_answered(served: Served, host: str) -> None:
    own = host.format(port=served.page.port)
    assert served.ask(headers={"Host": own}).status == 200


@pytest.mark.parametrize(
    ("host", "port", "is_answered"),
    [
        ("127.0.0.1", 80, True),
        ("localhost", 80, True),
        ("127.0.0.1:80", 80, True),
        ("127.0.0.1", 8085, False),
        ("127.0.0.1.evil.test", 80, False),
    ],
)
def test_browsers_leave_the_default_port_out(host: str, port: int, is_answered: bool) -> None:
    """Not of the real server: only root may have that port."""
    own = {"Host": host, "Origin": f"http://{host}", TOKEN_HEADER: "token"}
    for method in ("GET", "POST"):
        assert (refusal(Asked(method, "token", own), "token", port) is None) is is_answered


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", PATHS)
def test_another_site_is_refused_even_with_the_token(
    served: Served, path: str, headers: Mapping[str, str]
) -> None:
    assert is_refused(served.ask(path, headers=headers))


def test_a_person_may_come_from_anywhere(served: Served) -> None:
    """A link in a chat, or in mitmweb."""
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert served.ask(headers={**opened, "Sec-Fetch-Dest": "document"}).status == 200


def own(served: Served, **other: str) -> dict[str, str]:
    """The headers of the page's own POST, with some otherwise."""
    headers = {
        "Origin": f"http://{served.host}",
        "Sec-Fetch-Site": "same-origin",
        TOKEN_HEADER: served.page.token,
    }
    return headers | {name.replace("_", "-"): value for name, value in other.items()}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"X_Corscope_Token": "wrong"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_what_changes_something_is_for_the_page_alone(
    served: Served, headers: Mapping[str, str], method: str, path: str
) -> None:
    named = {name: value.format(port=served.page.port) for name, value in headers.items()}
    assert is_refused(served.ask(path, method, own(served, **named)))
    assert len(served.store) > 0


def test_all_that_changes_something_is_among_these() -> None:
    """Every handler that takes more than GET: a new one has to be tried here too."""
    handlers = [handler for view in VIEWS for handler in view.handlers]
    changing = {
        (method.upper(), path.replace("([0-9]{1,4})", "0"))
        for path, handler in (*handlers, ("clear", Clear))
        for method in ("post", "put", "delete", "patch")
        if method in vars(handler)
    }
    assert changing == set(CHANGES)


@pytest.mark.parametrize("missing", ["Origin", TOKEN_HEADER])
def test_what_changes_something_needs_each_proof(served: Served, missing: str) -> None:
    headers = {name: value for name, value in own(served).items() if name != missing}
    assert is_refused(served.ask("clear", "POST", headers))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(served: Served, method: str) -> None:
    assert served.ask("clear", method).status == 405
    assert len(served.store) > 0


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [*PATHS[:4], "clear", "else"])
@pytest.mark.parametrize("origin", [None, "https://evil.test"])
def test_every_answer_keeps_other_sites_out(
    served: Served, path: str, method: str, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = served.ask(path, method, headers)
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name",
    ["../server.py", "..%2fserver.py", "%2e%2e/server.py", "/etc/passwd", "views", "page.js/"],
)
def test_no_file_but_those_of_the_folder_is_served(served: Served, name: str) -> None:
    assert served.ask(f"static/{name}").status == 404
