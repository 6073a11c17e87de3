"""What a rule does to an exchange: `rules.apply`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corscope.fetch.headers import get, values
from corscope.messages import HeaderList, Request, Response
from corscope.rules.apply import answer, answers_by_itself, edit
from corscope.rules.load import Source, load
from corscope.rules.match import Subject, subject_of
from corscope.rules.model import Rule
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.policy import ECHO, Policy
from corscope.servers.registry import dialects

APP = "https://app.test"
EVIL = "https://evil.test"
URL = "https://api.test:8443/items"
POLICY = f'policy.allow_origins = ["{APP}"]\npolicy.allow_methods = ["PUT"]'
LISTED: HeaderList = (
    ("access-control-allow-origin", APP),
    ("access-control-allow-methods", "PUT"),
    ("vary", "Origin"),
)


def rule(lines: str, name: str = "r") -> Rule:
    match = "" if "match.status" in lines else 'match.url = "*"\n'
    text = f'[[rule]]\nname = "{name}"\n{match}{lines}\n'
    return load([Source("a.toml", text.encode())]).rules[0]


def preflight(origin: str = APP, names: str | None = None) -> Subject:
    headers: HeaderList = (("Origin", origin), ("Access-Control-Request-Method", "PUT"))
    if names is not None:
        headers += (("Access-Control-Request-Headers", names),)
    return subject_of(Request("OPTIONS", URL, headers))


def actual(origin: str | None = APP) -> Subject:
    headers: HeaderList = () if origin is None else (("Origin", origin),)
    return subject_of(Request("GET", URL, headers))


@pytest.mark.parametrize(
    ("lines", "about", "itself"),
    [
        pytest.param(POLICY, preflight(), True, id="a policy answers a preflight"),
        pytest.param(POLICY, preflight(EVIL), True, id="also one that it refuses"),
        pytest.param(POLICY, actual(), False, id="but no actual request"),
        pytest.param(f'{POLICY}\npolicy.preflight = "forward"', preflight(), False, id="forwarded"),
        pytest.param('headers.remove = "x"', preflight(), False, id="edits need a response"),
        pytest.param("fault.status = 401", actual(), True, id="a status is an answer"),
        pytest.param('fault.redirect = "/"', actual(), True, id="so is a redirect"),
        pytest.param("fault.abort = true", actual(), True, id="a drop asks no server"),
        pytest.param("fault.abort = false", actual(), False, id="unless it is switched off"),
        pytest.param("fault.delay = 1", actual(), False, id="a delay alone answers nothing"),
    ],
)
def test_answers_by_itself(lines: str, about: Subject, *, itself: bool) -> None:
    found = rule(lines)
    assert answers_by_itself(found, about) is itself
    answers = itself and "abort" not in lines
    assert (answer(found, about, fresh=False) is not None) is answers


@pytest.mark.parametrize(
    ("lines", "about", "expected"),
    [
        pytest.param(POLICY, preflight(), Answer(204, LISTED), id="a policy's preflight"),
        pytest.param(
            POLICY, preflight(EVIL), Answer(403, (("vary", "Origin"),)), id="a refused preflight"
        ),
        pytest.param(
            "fault.status = 401", actual(), Answer(401), id="a status has no CORS headers"
        ),
        pytest.param(
            'fault.redirect = "/login"',
            actual(),
            Answer(302, (("location", "/login"),)),
            id="a redirect is a 302",
        ),
        pytest.param(
            'fault = { redirect = "/", status = 307 }',
            actual(),
            Answer(307, (("location", "/"),)),
            id="or another redirect status",
        ),
        pytest.param(
            'fault = { redirect = "/", status = 401 }',
            actual(),
            Answer(302, (("location", "/"),)),
            id="but no other status",
        ),
        pytest.param(
            'fault.status = 302\nheaders.set.location = "/login?for={origin}"',
            actual(),
            Answer(302, (("location", f"/login?for={APP}"),)),
            id="a redirect to what the request says, by headers",
        ),
        pytest.param(
            f"{POLICY}\nfault.status = 503",
            preflight(),
            Answer(503, LISTED),
            id="a policy beside a status says its headers on a preflight",
        ),
        pytest.param(
            f'{POLICY}\npolicy.preflight = "forward"\nfault.status = 503',
            preflight(),
            Answer(503, LISTED),
            id="also on one that it would forward",
        ),
        pytest.param(
            f"{POLICY}\nfault.status = 503",
            actual(),
            Answer(503, (("access-control-allow-origin", APP), ("vary", "Origin"))),
            id="and on an actual request",
        ),
        pytest.param(
            f'{POLICY}\npolicy.like = "nginx"\npolicy.always = false\nfault.status = 404',
            actual(),
            Answer(404),
            id="to the policy's server the status is the application's",
        ),
        pytest.param(
            'fault.status = 401\nheaders.set.Access-Control-Allow-Origin = "*"',
            actual(),
            Answer(401, (("Access-Control-Allow-Origin", "*"),)),
            id="headers beside a status are sent",
        ),
        pytest.param(
            f'{POLICY}\nheaders.remove = ["Access-Control-Allow-Methods", "vary"]',
            preflight(),
            Answer(204, LISTED[:1]),
            id="headers edit what the policy says",
        ),
    ],
)
def test_answer(lines: str, about: Subject, expected: Answer) -> None:
    assert answer(rule(lines), about, fresh=False) == expected


SERVER: HeaderList = (
    ("Content-Type", "text/plain"),
    ("Access-Control-Allow-Origin", EVIL),
    ("Vary", "Accept"),
)


@pytest.mark.parametrize(
    ("lines", "about", "status", "headers"),
    [
        pytest.param(
            POLICY,
            actual(),
            200,
            (
                ("Content-Type", "text/plain"),
                ("Vary", "Accept, Origin"),
                ("access-control-allow-origin", APP),
            ),
            id="a policy replaces the server's CORS headers and adds to Vary",
        ),
        pytest.param(
            f'{POLICY}\npolicy.preflight = "forward"',
            preflight(),
            200,
            (("Content-Type", "text/plain"), ("Vary", "Accept, Origin"), *LISTED[:2]),
            id="on a forwarded preflight too, which keeps its status",
        ),
        pytest.param(
            f'{POLICY}\npolicy.preflight = "forward"',
            preflight(EVIL),
            200,
            (("Content-Type", "text/plain"), ("Vary", "Accept, Origin")),
            id="a refused one says nothing",
        ),
        pytest.param(
            'headers.remove = "access-control-allow-ORIGIN"',
            actual(),
            200,
            (SERVER[0], SERVER[2]),
            id="removed by name in any case",
        ),
        pytest.param(
            'headers.set.access-control-allow-origin = "{origin}"',
            actual(),
            200,
            (SERVER[0], ("Access-Control-Allow-Origin", APP), SERVER[2]),
            id="set in place",
        ),
        pytest.param(
            'headers.add.access-control-allow-origin = ["a", "b"]',
            actual(),
            200,
            (*SERVER, *(("Access-Control-Allow-Origin", text) for text in "ab")),
            id="added as lines of their own",
        ),
        pytest.param(
            'headers = { remove = "Vary", set = { Vary = "a" }, add = { Vary = "b" } }',
            actual(),
            200,
            (*SERVER[:2], ("Vary", "a"), ("Vary", "b")),
            id="removed, set, added, in this order",
        ),
        pytest.param(
            'match.url = "*"\nmatch.status = 200\nfault.status = 500',
            actual(),
            500,
            (SERVER[0], SERVER[2]),
            id="a status takes the server's CORS headers away",
        ),
        pytest.param(
            'match.url = "*"\nmatch.status = 200\nfault.redirect = "/a"',
            actual(),
            302,
            (SERVER[0], SERVER[2], ("location", "/a")),
            id="so does a redirect",
        ),
        pytest.param(
            f'{POLICY}\npolicy.like = "nginx"\npolicy.always = false\n'
            'match.url = "*"\nmatch.status = 200\nfault.status = 404',
            actual(),
            404,
            (SERVER[0], SERVER[2]),
            id="a policy's server sees the status",
        ),
    ],
)
def test_edit(lines: str, about: Subject, status: int, headers: HeaderList) -> None:
    given_ = Response(200, SERVER)
    assert edit(rule(lines), about, given_, fresh=False) == Response(status, headers)


@pytest.mark.parametrize("fault", ["delay = 1", "abort = true"])
def test_a_rule_with_nothing_to_edit_leaves_the_response_alone(fault: str) -> None:
    response = Response(200, SERVER)
    assert edit(rule(f"fault.{fault}"), actual(), response, fresh=True) is response


@pytest.mark.parametrize(
    ("value", "about", "sent"),
    [
        pytest.param("{origin}", actual(), APP, id="the origin"),
        pytest.param("{origin}", actual(None), None, id="which isn't always sent"),
        pytest.param("{method}", actual(), "GET", id="the method"),
        pytest.param("{method}", preflight(), "PUT", id="of the fetch"),
        pytest.param("{headers}", preflight(names="x-a, x-b"), "x-a, x-b", id="the headers"),
        pytest.param("{headers}", preflight(), None, id="which aren't always asked for"),
        pytest.param("{host}", actual(), "api.test:8443", id="the host with its port"),
        pytest.param("{origin}", actual("a\rb"), None, id="a carriage return is never sent"),
        pytest.param("{origin}", actual("a\nb"), None, id="nor a line feed"),
        pytest.param("{origin}", actual("a\0b"), None, id="nor a NUL"),
        pytest.param("{origin}", actual("é"), "é", id="other odd bytes are"),
    ],
)
@pytest.mark.parametrize("how", ["set", "add"])
def test_placeholders(value: str, about: Subject, sent: str | None, how: str) -> None:
    edited = edit(rule(f'headers.{how}.X = "{value}"'), about, Response(200, ()), fresh=False)
    assert get(edited.headers, "x") == sent


def test_a_set_header_without_anything_to_fill_in_is_left_out_altogether() -> None:
    response = Response(200, (("X", "old"), ("Y", "old")))
    edited = edit(rule('headers.set.X = "{origin}"'), actual(None), response, fresh=False)
    assert edited.headers == (("Y", "old"),)


@pytest.mark.parametrize(
    ("lines", "max_age"),
    [
        pytest.param(POLICY, "0", id="an answer that allows something is kept for no time"),
        pytest.param(f"{POLICY}\npolicy.max_age = 600", "600", id="unless the policy says one"),
        pytest.param(f"{POLICY}\npolicy.max_age = 0", "0", id="even if it is the same"),
        pytest.param(f'{POLICY}\nheaders.set.ACCESS-CONTROL-MAX-AGE = "7"', "7", id="or it is set"),
        pytest.param(f'{POLICY}\nheaders.remove = "Access-Control-Max-Age"', None, id="or removed"),
        pytest.param("fault.status = 401", None, id="where nothing is allowed nothing is kept"),
    ],
)
def test_a_fresh_preflight(lines: str, max_age: str | None) -> None:
    given_ = answer(rule(lines), preflight(), fresh=True)
    assert given_ is not None
    assert get(given_.headers, "Access-Control-Max-Age") == max_age
    assert get(given_.headers, "Cache-Control") is None


def test_a_refused_preflight_needs_no_freshness() -> None:
    given_ = answer(rule(POLICY), preflight(EVIL), fresh=True)
    assert given_ == Answer(403, (("vary", "Origin"),))


@pytest.mark.parametrize(
    ("lines", "cache_control"),
    [
        pytest.param(POLICY, ("no-store",), id="what a policy touches isn't stored"),
        pytest.param('headers.remove = "x"', ("no-store",), id="nor what an edit touches"),
        pytest.param(f"{POLICY}\npolicy.max_age = 600", ("max-age=9",), id="unless by choice"),
        pytest.param('headers.set.cache-control = "a"', ("a",), id="or set by hand"),
        pytest.param('headers.remove = "Cache-Control"', (), id="or removed by hand"),
    ],
)
def test_a_fresh_response(lines: str, cache_control: tuple[str, ...]) -> None:
    response = Response(200, (("Cache-Control", "max-age=9"),))
    edited = edit(rule(lines), actual(), response, fresh=True)
    assert values(edited.headers, "Cache-Control") == cache_control


def test_a_fresh_status_is_not_stored() -> None:
    given_ = answer(rule("fault.status = 404"), actual(), fresh=True)
    assert given_ == Answer(404, (("cache-control", "no-store"),))


BUSY = rule(
    'policy.allow_origins = "request"\npolicy.allow_methods = "request"\n'
    'policy.allow_headers = "request"\n'
    'headers.set = { A = "{origin}", B = "{method}", C = "{headers}", D = "{host}" }\n'
    'headers.add = { A = "{origin}" }'
)
odd = st.text(st.characters(max_codepoint=255))


@given(odd, odd, odd, odd, st.booleans())
def test_no_request_can_split_a_response(
    origin: str, method: str, names: str, host: str, fresh: bool
) -> None:
    headers = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", names),
    )
    about = subject_of(Request("OPTIONS", f"https://{host}/", headers))
    given_ = answer(BUSY, about, fresh=fresh)
    assert given_ is not None
    edited = edit(BUSY, about, Response(200, ()), fresh=fresh)
    for name, value in (*given_.headers, *edited.headers):
        assert {"\r", "\n", "\0"}.isdisjoint(name + value)


@pytest.mark.parametrize("dialect", dialects(), ids=lambda each: each.name)
@settings(max_examples=30, deadline=None)
@given(odd, odd, odd, st.booleans())
def test_no_request_can_split_what_a_dialect_sends_back(
    dialect: Dialect, origin: str, method: str, names: str, credentials: bool
) -> None:
    allows = [
        Policy(allow_origins=ECHO, allow_methods=ECHO, allow_headers=ECHO),
        Policy(allow_origins=ECHO, allow_credentials=credentials),
        Policy(allow_origins=("*",), allow_methods=("*",), allow_headers=("*",)),
    ]
    headers = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", names),
    )
    for policy in allows:
        made = dialect.preflight(policy, Request("OPTIONS", URL, headers))
        sent = dialect.actual(policy, Request("PUT", URL, headers), Response(200, ()))
        for name, value in (*(made.headers if made else ()), *sent.headers):
            assert {"\r", "\n", "\0"}.isdisjoint(name + value)
