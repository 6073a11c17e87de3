"""What holds for every dialect, whatever the policy and whoever asks."""

from dataclasses import replace
from random import Random

import pytest

from corscope.fetch.headers import get
from corscope.messages import HeaderList, Request, Response
from corscope.rules.load import Source, load
from corscope.rules.write import rule_text
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.parts import is_sendable
from corscope.servers.policy import Policy, SettingValue
from corscope.servers.registry import dialects, find, nearest

from .real.asked import ASKED, Asked, generate_asked
from .real.policies import POLICIES, generate_policies

every_dialect = pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)

OWN: HeaderList = (("Access-Control-Allow-Origin", "https://own.test"), ("Vary", "Accept"))


def request_of(asked: Asked) -> Request:
    return Request(asked.method, f"https://api.test{asked.path}", asked.headers)


@every_dialect
def test_nothing_trips_it(dialect: Dialect) -> None:
    """What it sends can always be sent, and it takes any policy that it has no complaint about."""
    random = Random(1)
    for policy in (*POLICIES, *generate_policies(random, dialect, 100)):
        if dialect.complaints(policy):
            continue
        for asked in (*ASKED, *generate_asked(random, policy, 5)):
            request = request_of(asked)
            made = dialect.preflight(policy, request)
            got = dialect.actual(policy, request, Response(200, OWN))
            for headers in (made.headers if made else (), got.headers):
                assert all(is_sendable(value) for _, value in headers)


@every_dialect
@pytest.mark.parametrize("url", ["https://api.]test/", "https://[", "http://a\\[b/", "x", ""])
def test_a_url_that_is_none_trips_it_neither(dialect: Dialect, url: str) -> None:
    """A flow file or a HAR may hold one, and so may an Origin that somebody made up."""
    fitting = [policy for policy in POLICIES if not dialect.complaints(policy)]
    for headers in ((), (("Origin", url),), (("Origin", "https://app.test"),)):
        preflight = Request("OPTIONS", url, (*headers, ("Access-Control-Request-Method", "PUT")))
        for policy in fitting:
            dialect.preflight(policy, preflight)
            dialect.actual(policy, Request("PUT", url, headers), Response(200, OWN))


@pytest.mark.parametrize("name", ["gin", "tomcat", "spring"])
def test_its_own_origin_is_known_however_the_url_is_written(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    for url in ("https://api.test/", "https://API.test:443/", "https://me@api.test\\a/"):
        asked = Request("PUT", url, (("Origin", "https://api.test"),))
        policy = Policy(allow_origins=("https://app.test",))
        assert dialect.actual(policy, asked, Response(200, ())).status == 200, url


@every_dialect
def test_a_rule_file_holds_its_policies(dialect: Dialect) -> None:
    """Each policy is a rule that loads, and loads as what it was."""
    fitting = [policy for policy in POLICIES if not dialect.complaints(policy)]
    for policy in fitting:
        text = rule_text("it", {"host": "api.test"}, policy, dialect)
        [rule] = load([Source("it.toml", text.encode())]).rules
        assert (rule.policy, rule.dialect) == (policy, dialect)
    assert fitting


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("fastapi", "starlette"),
        ("FastAPI", "starlette"),
        ("nestjs", "express"),
        ("istio", "envoy"),
        ("gateway-api", "envoy"),
        ("rails", "rack-cors"),
        ("flask", "flask-cors"),
        ("expres", "express"),
    ],
)
def test_a_server_that_goes_by_another_name_is_suggested(word: str, name: str) -> None:
    assert nearest(word, [dialect.name for dialect in dialects()]) == name


@pytest.mark.parametrize("name", ["express", "fastify", "h3", "hapi"])
@pytest.mark.parametrize("status", [-1, 0, 199, 600, 99999])
def test_a_setting_that_is_no_status_is_complained_of(name: str, status: int) -> None:
    dialect = find(name)
    assert dialect is not None
    setting = next(each for each in dialect.settings if each.kind == "integer")
    policy = Policy(allow_origins=("https://app.test",), settings=((setting.name, status),))
    assert [each.field for each in dialect.complaints(policy)] == [setting.name]


@pytest.mark.parametrize("name", ["django", "aiohttp"])
def test_a_negative_max_age_is_refused_where_the_server_refuses_it(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    complaints = dialect.complaints(Policy(allow_origins=("https://app.test",), max_age=-1))
    assert [(each.field, each.at_start) for each in complaints] == [("max_age", True)]


def test_what_goes_through_a_web_headers_object_is_normalized() -> None:
    """Two empty lines are read as a comma and a space; the space at the end isn't sent."""
    dialect = find("h3")
    assert dialect is not None
    empty = ("Access-Control-Request-Headers", "")
    asked = (("Origin", "https://app.test"), ("Access-Control-Request-Method", "PUT"), empty, empty)
    answer = dialect.preflight(Policy(), Request("OPTIONS", "https://api.test/", asked))
    assert answer is not None
    assert get(answer.headers, "Access-Control-Allow-Headers") == ","


def test_go_trims_characters_where_others_trim_bytes() -> None:
    """A no-break space is two bytes of UTF-8, of which the second by itself is none."""
    dialect = find("gorilla")
    assert dialect is not None
    policy = Policy(allow_origins=("https://app.test",), allow_headers=("x-a", "x-b"))
    asked = (("Origin", "https://app.test"), ("Access-Control-Request-Method", "GET"))
    for names, status in (("x-a,\xc2\xa0x-b", 200), ("x-a,\xa0x-b", 403), ("x-a,\xc2x-b", 403)):
        lines = (*asked, ("Access-Control-Request-Headers", names))
        answer = dialect.preflight(policy, Request("OPTIONS", "https://api.test/", lines))
        assert answer is not None
        assert answer.status == status


def test_fastify_s_export_says_what_answers_a_preflight_that_is_passed_on() -> None:
    dialect = find("fastify")
    assert dialect is not None
    assert dialect.export is not None
    [warning] = dialect.export(Policy(forward_preflight=True)).warnings
    assert "without a route" in warning
    assert dialect.export(Policy()).warnings == ()


@pytest.mark.parametrize("name", ["express", "fastify", "koa"])
def test_a_function_that_refuses_has_something_to_compare_with(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    refusing = (("other_origins", "error"),)
    nothing = Policy(settings=refusing)
    for policy in (nothing, *(replace(nothing, allow_origins=each) for each in ("*", "x://a"))):
        assert [each.field for each in dialect.complaints(policy)] == ["other_origins"]
    compared = (("https://app.test",), "request")
    for policy in (
        replace(nothing, allow_origin_regex="app"),
        *(replace(nothing, allow_origins=each) for each in compared),
    ):
        assert dialect.complaints(policy) == ()


@pytest.mark.parametrize("name", ["express", "fastify", "koa"])
@pytest.mark.parametrize("status", [200, 302, 399, 600])
def test_what_is_no_status_of_an_error_is_complained_of(name: str, status: int) -> None:
    dialect = find(name)
    assert dialect is not None
    policy = Policy(allow_origins=("https://app.test",), settings=(("error_status", status),))
    assert [each.field for each in dialect.complaints(policy)] == ["error_status"]


def _refusal(name: str, origin: str | None, *settings: tuple[str, SettingValue]) -> Answer:
    dialect = find(name)
    assert dialect is not None
    refusing = (("other_origins", "error"), ("missing_origin", False), ("error_status", 403))
    policy = Policy(allow_origins=("https://app.test",), settings=(*refusing, *settings))
    assert dialect.complaints(policy) == ()
    lines = () if origin is None else (("Origin", origin),)
    answer = dialect.preflight(policy, Request("GET", "https://api.test/", lines))
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("name", "origin", "told"),
    [
        ("fastify", "https://evil.test", '"message":"https://evil.test isn\'t é"'),
        ("fastify", 'a"b', '"message":"a\\"b isn\'t é"'),
        ("fastify", None, '"message":"undefined isn\'t é"'),
        ("koa", "https://evil.test", "https://evil.test isn't é"),
        ("koa", None, " isn't é"),
        ("express", "https://evil.test", "<pre>Forbidden</pre>"),
    ],
)
def test_the_words_of_an_error_are_sent_where_the_framework_does_so(
    name: str, origin: str | None, told: str
) -> None:
    answer = _refusal(name, origin, ("error_message", "{origin} isn't é"))
    assert told in answer.body.decode()


@pytest.mark.parametrize("name", ["express", "fastify"])
@pytest.mark.parametrize(
    ("kind", "origin", "content_type", "body"),
    [
        ("json", 'a"b', "application/json; charset=utf-8", '{"no":"a\\"b"}'),
        ("text", 'a"b', "text/plain; charset=utf-8", '{"no":"a"b"}'),
        ("html", None, "text/html; charset=utf-8", '{"no":"undefined"}'),
    ],
)
def test_a_handler_answers_an_error_with_its_own_body(
    name: str, kind: str, origin: str | None, content_type: str, body: str
) -> None:
    said = ("error_body", '{"no":"{origin}"}')
    answer = _refusal(name, origin, said, ("error_type", kind))
    assert (answer.status, answer.body.decode()) == (403, body)
    assert ("content-type", content_type) in answer.headers


def test_the_tag_of_a_body_is_what_express_makes_of_it() -> None:
    """As NestJS 12.5 was seen to send it."""
    answer = _refusal("express", None, ("error_body", '{"message":"Forbidden","statusCode":403}'))
    assert ("etag", 'W/"28-/A0r2gBi62UEXdaQT52VOJ1+hp4"') in answer.headers
