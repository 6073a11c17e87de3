"""Which rule applies: `rules.match`, and its index of hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.messages import HeaderList, Request
from corscope.rules.glob import split_host, split_url_glob
from corscope.rules.load import Source, load
from corscope.rules.match import Subject, choose_at_request, choose_at_response, subject_of
from corscope.rules.model import Fault, Match, Place, Rule, Ruleset

APP = "https://app.test"
PREFLIGHT: HeaderList = (("Origin", APP), ("Access-Control-Request-Method", "PUT"))


def subject(
    url: str = "https://api.test/items", method: str = "GET", headers: HeaderList = ()
) -> Subject:
    return subject_of(Request(method, url, headers))


def rules(*matches: str) -> Ruleset:
    text = "".join(
        f'[[rule]]\nname = "{number}"\nfault.status = 401\n[rule.match]\n{match}\n'
        for number, match in enumerate(matches)
    )
    return load([Source("a.toml", text.encode())])


def chosen(ruleset: Ruleset, about: Subject, *, filters: str = "") -> str | None:
    rule = choose_at_request(ruleset, about, lambda text: text == filters)
    return rule.name if rule else None


@pytest.mark.parametrize(
    ("request_", "kind", "origin", "method", "host"),
    [
        pytest.param(
            Request("OPTIONS", "https://api.test/", PREFLIGHT),
            "preflight",
            APP,
            "PUT",
            "api.test",
            id="a preflight has the method that it asks for",
        ),
        pytest.param(
            Request("OPTIONS", "https://api.test/", PREFLIGHT[:1]),
            "actual",
            APP,
            "OPTIONS",
            "api.test",
            id="another OPTIONS is an actual request",
        ),
        pytest.param(
            Request("GET", "http://API.test:8080/", PREFLIGHT[1:]),
            "actual",
            None,
            "GET",
            "api.test:8080",
            id="so is a GET that asks for a method",
        ),
        pytest.param(
            Request("GET", "https://user@api.test/", (("Origin", "a"), ("Origin", "b"))),
            "actual",
            "a, b",
            "GET",
            "api.test",
            id="two origins are combined, a user is no host",
        ),
        pytest.param(
            Request("CONNECT", "api.test:443", ()),
            "actual",
            None,
            "CONNECT",
            "",
            id="what is no URL has no host",
        ),
    ],
)
def test_subject_of(
    request_: Request, kind: str, origin: str | None, method: str, host: str
) -> None:
    found = subject_of(request_)
    assert (found.kind, found.origin, found.method, found.host) == (kind, origin, method, host)
    assert found.request is request_


@pytest.mark.parametrize(
    ("match", "about", "matches"),
    [
        pytest.param('host = "api.test"', subject(), True, id="a host"),
        pytest.param('host = "app.test"', subject(), False, id="another host"),
        pytest.param('host = ["app.test", "api.test"]', subject(), True, id="one of two hosts"),
        pytest.param('host = "*.test"', subject(), True, id="a glob of hosts"),
        pytest.param('host = "api.*"', subject(), True, id="a glob with an open end"),
        pytest.param('host = "api.test:443"', subject(), True, id="the default port"),
        pytest.param('host = "api.test:80"', subject(), False, id="another port"),
        pytest.param(
            'host = "[::1]"', subject("http://[::1]:8080/"), True, id="an address with its port"
        ),
        pytest.param('url = "https://api.test/*"', subject(), True, id="a URL"),
        pytest.param('url = "http://api.test/*"', subject(), False, id="of another scheme"),
        pytest.param('url = "https://api.test/items"', subject(), True, id="a whole URL"),
        pytest.param('url = "https://api.test/item"', subject(), False, id="is not a part"),
        pytest.param(
            'url = "https://api.test:*/*"', subject("https://api.test:1/"), True, id="any port"
        ),
        pytest.param('url = "https://*/items"', subject(), True, id="a URL of any host"),
        pytest.param('url = "*"', subject(), True, id="any URL"),
        pytest.param(
            'url = "https://api.test/*"\nhost = "app.test"', subject(), False, id="both must hold"
        ),
        pytest.param(
            'host = "*"\norigin = "https://*.test"',
            subject(headers=PREFLIGHT[:1]),
            True,
            id="an origin",
        ),
        pytest.param(
            'host = "*"\norigin = "https://*.test"',
            subject(headers=(("origin", "https://app.test.example"),)),
            False,
            id="and no other",
        ),
        pytest.param('host = "*"\norigin = "*"', subject(), False, id="no origin is no origin"),
        pytest.param(
            'host = "*"\norigin = "null"', subject(headers=(("origin", "null"),)), True, id="null"
        ),
        pytest.param('host = "*"\nmethod = ["PUT", "GET"]', subject(), True, id="a method"),
        pytest.param('host = "*"\nmethod = "get"', subject(), False, id="in its own case"),
        pytest.param(
            'host = "*"\nmethod = "PUT"\nkind = "preflight"',
            subject(method="OPTIONS", headers=PREFLIGHT),
            True,
            id="a preflight for a method",
        ),
        pytest.param('host = "*"\nkind = "preflight"', subject(), False, id="of that kind only"),
        pytest.param('host = "*"\nkind = ["preflight", "actual"]', subject(), True, id="or both"),
        pytest.param('host = "*"\nfilter = ["~no", "~yes"]', subject(), True, id="a filter"),
        pytest.param('host = "*"\nfilter = "~no"', subject(), False, id="that doesn't match"),
        pytest.param('host = "*"', subject("nonsense"), False, id="nonsense has no host"),
        pytest.param('url = "*"', subject("nonsense"), False, id="and is no URL"),
    ],
)
def test_a_rule_matches(match: str, about: Subject, *, matches: bool) -> None:
    assert (chosen(rules(match), about, filters="~yes") is not None) is matches


def test_the_first_one_that_matches_applies_whatever_its_kind_of_host() -> None:
    matches = ['host = "x.test"', 'host = "*"', 'host = "api.test"', 'host = "*.test"']
    for start in range(1, len(matches)):
        assert chosen(rules(*matches[start:], *matches[:start]), subject()) == "0"
    assert chosen(rules(*matches), subject()) == "1"


def test_a_rule_that_is_off_is_passed_over() -> None:
    text = '[[rule]]\nname = "off"\nenabled = false\nmatch.host = "*"\nfault.status = 401\n'
    more = text.replace("off", "on").replace("false", "true")
    assert chosen(load([Source("a.toml", (text + more).encode())]), subject()) == "on"


def test_filters_are_asked_last() -> None:
    asked: list[str] = []

    def matches(expression: str) -> bool:
        asked.append(expression)
        return True

    found = rules('host = "*"\nmethod = "PUT"\nfilter = "~a"', 'host = "*"\nfilter = "~b"')
    choose_at_request(found, subject(), matches)
    assert asked == ["~b"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        pytest.param(404, "0", id="the status that is asked for"),
        pytest.param(500, "0", id="or one of the class"),
        pytest.param(599, "0", id="to its end"),
        pytest.param(403, "1", id="any other is for the next rule"),
        pytest.param(600, "1", id="none beyond"),
    ],
)
def test_a_status_is_looked_at_once_it_is_known(status: int, name: str) -> None:
    found = rules('host = "*"\nstatus = [404, "5xx"]', 'host = "*"')
    assert chosen(found, subject()) == "1"
    rule = choose_at_response(found, subject(), status, lambda _text: True)
    assert rule is not None
    assert rule.name == name


# Against the obvious way: every rule is tried in turn.

labels = st.sampled_from(["a", "b", "*", "*a", "a*"])
hosts = st.lists(labels, min_size=1, max_size=3).map(".".join)
ports = st.sampled_from(["", ":80", ":8080", ":*"])
addresses = st.tuples(hosts, ports).map("".join)
paths = st.sampled_from(["/*", "/", "/a*"])
host_sets = st.lists(addresses, max_size=2)
url_sets = st.lists(st.tuples(addresses, paths).map("".join), max_size=2)
subjects = st.tuples(
    st.lists(st.sampled_from(["a", "b", "aa"]), min_size=1, max_size=3).map(".".join),
    st.sampled_from(["", ":8080"]),
    st.sampled_from(["/", "/a"]),
).map(lambda drawn: subject(f"http://{''.join(drawn)}"))


@given(st.lists(st.tuples(host_sets, url_sets), max_size=8), subjects)
def test_the_index_finds_what_trying_all_rules_finds(
    drawn: list[tuple[list[str], list[str]]], about: Subject
) -> None:
    ordered = []
    for number, (host_texts, url_texts) in enumerate(drawn):
        globs = [split_url_glob(f"http://{text}") for text in url_texts]
        match = Match(
            host=tuple(split_host(text) for text in host_texts),
            url=tuple(glob for glob in globs if glob is not None),
        )
        fault = Fault(status=401)
        ordered.append(Rule(name=str(number), match=match, place=Place("", 1), fault=fault))
    tried = (rule.name for rule in ordered if chosen(Ruleset.of([rule]), about))
    naive = next(tried, None)
    assert chosen(Ruleset.of(ordered), about) == naive


@given(st.lists(addresses, min_size=1, max_size=2), subjects)
def test_no_single_rule_is_lost_by_the_index(patterns: list[str], about: Subject) -> None:
    match = Match(host=tuple(split_host(text) for text in patterns))
    rule = Rule(name="r", match=match, place=Place("", 1), fault=Fault(status=401))
    unindexed = Ruleset.of([Rule(name="r", match=Match(), place=Place("", 1))])
    everywhere = Ruleset((rule,), index=unindexed.index)
    assert chosen(Ruleset.of([rule]), about) == chosen(everywhere, about)
