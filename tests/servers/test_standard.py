"""The dialect `standard`: a server that follows the Fetch standard, seen by a browser that does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.headers import get, get_decode_and_split, values
from corscope.fetch.preflight import announced_request, preflight_failure
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.policy import Policy
from corscope.servers.standard import STANDARD

URL = "https://api.test/items"
APP = "https://app.test"
EVIL = "https://evil.test"
OMIT, INCLUDE = CredentialsMode.OMIT, CredentialsMode.INCLUDE


def preflight_request(origin: str, method: str = "PUT", names: str | None = None) -> Request:
    headers: HeaderList = (("Origin", origin), ("Access-Control-Request-Method", method))
    if names is not None:
        headers += (("Access-Control-Request-Headers", names),)
    return Request("OPTIONS", URL, headers)


def preflight(policy: Policy, request: Request) -> Answer:
    answer = STANDARD.preflight(policy, request)
    assert answer is not None
    return answer


def actual(policy: Policy, origin: str | None, headers: HeaderList = ()) -> HeaderList:
    sent: HeaderList = () if origin is None else (("Origin", origin),)
    response = STANDARD.actual(policy, Request("GET", URL, sent), Response(200, headers))
    assert response.status == 200
    return response.headers


def test_the_whole_answer_to_an_allowed_preflight() -> None:
    policy = Policy(
        allow_origins=(APP, "https://*.preview.test"),
        allow_methods=("PUT", "DELETE"),
        allow_headers=("content-type", "x-a"),
        allow_credentials=True,
        max_age=600,
    )
    assert preflight(policy, preflight_request(APP)) == Answer(
        204,
        (
            ("access-control-allow-origin", APP),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "PUT, DELETE"),
            ("access-control-allow-headers", "content-type, x-a"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
        ),
    )


def test_a_refused_preflight_says_nothing_but_what_it_depends_on() -> None:
    policy = Policy(allow_origins=(APP,), allow_methods=("PUT",), max_age=1, allow_credentials=True)
    assert preflight(policy, preflight_request(EVIL)) == Answer(403, (("vary", "Origin"),))


@pytest.mark.parametrize(
    ("policy", "origin", "expected"),
    [
        pytest.param(Policy(allow_origins="*"), EVIL, "*", id="the wildcard is sent as it is"),
        pytest.param(Policy(allow_origins=("*",)), EVIL, "*", id="in a list too"),
        pytest.param(
            Policy(allow_origins="*", allow_credentials=True), EVIL, "*", id="with credentials too"
        ),
        pytest.param(Policy(allow_origins=APP), EVIL, APP, id="a string is sent to everybody"),
        pytest.param(Policy(allow_origins=APP), None, APP, id="even to those who don't ask"),
        pytest.param(Policy(allow_origins=(APP,)), APP, APP, id="one of a list is sent back"),
        pytest.param(Policy(allow_origins=(APP,)), EVIL, None, id="none of a list is not"),
        pytest.param(Policy(allow_origins=(APP,)), None, None, id="nor is who doesn't ask"),
        pytest.param(Policy(allow_origins="request"), EVIL, EVIL, id="request sends back any"),
        pytest.param(Policy(allow_origins="request"), "null", "null", id="also null"),
        pytest.param(Policy(allow_origins="request"), None, None, id="but nothing made up"),
        pytest.param(Policy(allow_origins="request"), "a\rb", None, id="and no second line"),
        pytest.param(Policy(), APP, None, id="without origins nobody is allowed"),
        pytest.param(Policy(allow_origins=()), APP, None, id="an empty list is nobody"),
        pytest.param(
            Policy(allow_origin_regex=r"https://[a-z]+\.test"), APP, APP, id="a regex allows"
        ),
        pytest.param(
            Policy(allow_origin_regex=r"https://[a-z]+\.test"),
            "https://a.test.evil",
            None,
            id="a regex has to match all of it",
        ),
        pytest.param(
            Policy(allow_origins=(EVIL,), allow_origin_regex=r".*app.*"),
            APP,
            APP,
            id="a regex adds to the list",
        ),
    ],
)
def test_allow_origin(policy: Policy, origin: str | None, expected: str | None) -> None:
    assert get(actual(policy, origin), "Access-Control-Allow-Origin") == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(Policy(allow_origins="*"), None, id="not for the wildcard"),
        pytest.param(Policy(allow_origins=APP), None, id="not for a fixed origin"),
        pytest.param(Policy(), None, id="not for nobody"),
        pytest.param(Policy(allow_origins=(APP,)), "Origin", id="for a list of one"),
        pytest.param(Policy(allow_origins="request"), "Origin", id="for the echo"),
        pytest.param(Policy(allow_origin_regex="a"), "Origin", id="for a regex"),
    ],
)
@pytest.mark.parametrize("origin", [APP, EVIL, None])
def test_vary_names_the_origin(policy: Policy, expected: str | None, origin: str | None) -> None:
    assert get(actual(policy, origin), "Vary") == expected


def test_vary_is_added_to() -> None:
    assert get(actual(Policy(allow_origins=(APP,)), EVIL, (("Vary", "A"),)), "vary") == "A, Origin"


def test_what_is_echoed_is_varied_by() -> None:
    policy = Policy(allow_origins="*", allow_methods="request", allow_headers="request")
    answer = preflight(policy, preflight_request(APP, "PURGE", "x-a,x-b"))
    assert get(answer.headers, "Access-Control-Allow-Methods") == "PURGE"
    assert get(answer.headers, "Access-Control-Allow-Headers") == "x-a,x-b"
    assert get(answer.headers, "Vary") == (
        "Access-Control-Request-Method, Access-Control-Request-Headers"
    )


def test_what_is_not_asked_for_is_not_echoed() -> None:
    answer = preflight(Policy(allow_origins="*", allow_headers="request"), preflight_request(APP))
    assert get(answer.headers, "Access-Control-Allow-Headers") is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((("Origin", APP),), id="an OPTIONS without a method asked for"),
        pytest.param((("Access-Control-Request-Method", "PUT"),), id="an OPTIONS without Origin"),
    ],
)
def test_other_options_requests_are_passed_on(headers: HeaderList) -> None:
    policy = Policy(allow_origins="*")
    assert STANDARD.preflight(policy, Request("OPTIONS", URL, headers)) is None


def test_the_backend_s_own_cors_headers_go_and_the_others_stay() -> None:
    backend = (
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Origin", EVIL),
        ("Access-Control-Max-Age", "9"),
        ("X-A", "1"),
    )
    headers = actual(Policy(allow_origins=(APP,), expose_headers=("x-a", "x-b")), APP, backend)
    assert headers == (
        ("Content-Type", "text/plain"),
        ("X-A", "1"),
        ("access-control-allow-origin", APP),
        ("access-control-expose-headers", "x-a, x-b"),
        ("vary", "Origin"),
    )


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        pytest.param(Policy(allow_origin_regex="("), "allow_origin_regex", id="no regex"),
        pytest.param(
            Policy(allow_origins="*", allow_origin_regex="a"),
            "allow_origin_regex",
            id="a regex beside a single value",
        ),
        pytest.param(Policy(allow_origins=("request",)), "allow_origins", id="request in a list"),
    ],
)
def test_contradictions_are_complained_of(policy: Policy, field: str) -> None:
    assert [complaint.field for complaint in STANDARD.complaints(policy)] == [field]


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy(allow_origin_regex="a"), id="a regex alone"),
        pytest.param(Policy(allow_origins=(APP,), allow_origin_regex="a"), id="beside a list"),
        pytest.param(Policy(allow_origins="request"), id="request alone"),
        pytest.param(Policy(allow_origins="*", allow_credentials=True), id="a useless wildcard"),
    ],
)
def test_anything_else_is_taken(policy: Policy) -> None:
    assert STANDARD.complaints(policy) == ()


# Against the browser's own logic: what the policy allows comes out allowed, what not refused.

ORIGINS = ["https://app.test", "https://a.preview.test", "http://localhost:3000", EVIL, "null"]
METHODS = ["GET", "POST", "PUT", "DELETE", "patch", "PATCH"]
NAMES = ["content-type", "x-a", "authorization"]

policies = st.builds(
    Policy,
    allow_origins=st.one_of(
        st.none(),
        st.sampled_from(["*", "request", APP]),
        st.lists(
            st.sampled_from([APP, "https://*.preview.test", "http://localhost:*", "null", "*"])
        ).map(tuple),
    ),
    allow_methods=st.one_of(
        st.sampled_from([None, "*", "request"]), st.lists(st.sampled_from(METHODS)).map(tuple)
    ),
    allow_headers=st.one_of(
        st.sampled_from([None, "*", "request"]),
        st.lists(st.sampled_from([*NAMES, "X-A", "*"])).map(tuple),
    ),
    allow_credentials=st.sampled_from([None, True, False]),
    max_age=st.sampled_from([None, 0, 600]),
)
modes = st.sampled_from([OMIT, INCLUDE])
header_values = st.text(st.characters(max_codepoint=255))


def says_origin_is_allowed(policy: Policy, origin: str, mode: CredentialsMode) -> bool:
    """What the policy's words mean, told without headers."""
    if mode is INCLUDE and not policy.allow_credentials:
        return False
    origins = policy.allow_origins
    if origins is None:
        return False
    if "*" in (origins if isinstance(origins, tuple) else (origins,)):
        return mode is OMIT
    if isinstance(origins, str):
        return origins in {"request", origin}
    meant = {
        "https://*.preview.test": "https://a.preview.test",
        "http://localhost:*": "http://localhost:3000",
    }
    return origin in {meant.get(pattern, pattern) for pattern in origins}


def says_all_are_allowed(
    listed: str | tuple[str, ...] | None, wanted: set[str], mode: CredentialsMode
) -> bool:
    if listed == "request" or not wanted:
        return True
    items = {listed} if isinstance(listed, str) else set(listed or ())
    if "*" in items and mode is OMIT:
        return wanted <= {*items} or "authorization" not in wanted - items
    return wanted <= items


@given(policies, st.sampled_from(ORIGINS), modes)
def test_an_actual_request_is_allowed_exactly_if_the_policy_says_so(
    policy: Policy, origin: str, mode: CredentialsMode
) -> None:
    failure = cors_check(origin, mode, actual(policy, origin))
    assert (failure is None) == says_origin_is_allowed(policy, origin, mode)


@given(
    policies,
    st.sampled_from(ORIGINS),
    st.sampled_from(METHODS),
    st.sets(st.sampled_from(NAMES)),
    modes,
)
def test_a_preflight_is_allowed_exactly_if_the_policy_says_so(
    policy: Policy, origin: str, method: str, names: set[str], mode: CredentialsMode
) -> None:
    request = preflight_request(origin, method, ",".join(sorted(names)) or None)
    answer = preflight(policy, request)
    response = Response(answer.status, answer.headers)
    allow_headers = policy.allow_headers
    if isinstance(allow_headers, tuple):
        allow_headers = tuple(name.lower() for name in allow_headers)
    allowed = (
        says_origin_is_allowed(policy, origin, mode)
        and says_all_are_allowed(policy.allow_methods, {method} - {"GET", "POST"}, mode)
        and says_all_are_allowed(allow_headers, names, mode)
    )
    assert (preflight_failure(announced_request(request), response, mode) is None) == allowed


@given(policies, st.sampled_from(ORIGINS), st.sampled_from(ORIGINS))
def test_answers_that_differ_by_origin_say_so(policy: Policy, one: str, other: str) -> None:
    first, second = (preflight(policy, preflight_request(origin)) for origin in (one, other))
    if first != second:
        assert "Origin" in (get_decode_and_split(first.headers, "Vary") or [])


@given(
    policies, st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255))
)
def test_no_request_can_split_an_answer(policy: Policy, origin: str, asked: str) -> None:
    answer = preflight(policy, preflight_request(origin, asked, asked))
    for name, value in answer.headers:
        assert {"\r", "\n", "\0"}.isdisjoint(name + value)
    assert len(values(answer.headers, "access-control-allow-origin")) <= 1
