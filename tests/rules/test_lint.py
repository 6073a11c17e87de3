"""What is allowed but probably not meant: `rules.lint`."""

import pytest

from corscope.rules.load import Source, load
from corscope.rules.problems import Problem

APP = "https://app.example"


def warnings(text: str) -> tuple[Problem, ...]:
    return load([Source("a.toml", text.encode())]).warnings


def policy(lines: str) -> str:
    allowed = "" if "allow_origin" in lines else f'allow_origins = ["{APP}"]\n'
    return f'[[rule]]\nname = "r"\nmatch.host = "api.example"\n[rule.policy]\n{allowed}{lines}\n'


@pytest.mark.parametrize(
    ("lines", "path", "says"),
    [
        pytest.param(
            'allow_origins = ["https://a.example/"]',
            "policy.allow_origins[0]",
            'ends in a slash, so no Origin ever equals it. Hint: write "https://a.example"',
            id="a slash",
        ),
        pytest.param(
            'allow_origins = "https://a.example/"',
            "policy.allow_origins",
            "ends in a slash",
            id="in a single value too",
        ),
        pytest.param(
            'allow_origins = ["https://a.example/x"]',
            "policy.allow_origins[0]",
            "has a path",
            id="a path",
        ),
        pytest.param(
            'allow_origins = ["https://A.example"]',
            "policy.allow_origins[0]",
            'write "https://a.example"',
            id="upper case",
        ),
        pytest.param(
            'allow_origins = ["HTTPS://a.example"]',
            "policy.allow_origins[0]",
            "upper-case",
            id="in the scheme",
        ),
        pytest.param(
            'allow_origins = ["https://a.example:443"]',
            "policy.allow_origins[0]",
            "default port",
            id="a default port",
        ),
        pytest.param(
            'allow_origins = ["a.example"]',
            "policy.allow_origins[0]",
            'has no scheme, so no Origin ever equals it. Hint: write "https://a.example"',
            id="no scheme",
        ),
        pytest.param(
            'allow_origins = ["https://*.A.example/"]',
            "policy.allow_origins[0]",
            "ends in a slash and has upper-case",
            id="two at once, in a pattern",
        ),
        pytest.param(
            'allow_origins = ["https://a b.example"]',
            "policy.allow_origins[0]",
            "is no origin",
            id="no origin",
        ),
        pytest.param(
            'allow_origins = ["https://a.*"]',
            "policy.allow_origins[0]",
            "is no origin",
            id="a star elsewhere",
        ),
        pytest.param(
            'allow_origins = ["null"]', "policy.allow_origins[0]", "sandboxed frame", id="null"
        ),
        pytest.param(
            'allow_origins = ["https://*.com"]',
            "policy.allow_origins[0]",
            "allows everybody",
            id="a public suffix",
        ),
        pytest.param(
            'allow_origins = ["https://*.co.uk"]',
            "policy.allow_origins[0]",
            "below co.uk",
            id="of two labels",
        ),
        pytest.param(
            'allow_origins = ["https://*.github.io"]',
            "policy.allow_origins[0]",
            "below github.io",
            id="of a hoster",
        ),
        pytest.param(
            'allow_origins = []\nallow_methods = ["GET"]',
            "policy.allow_methods[0]",
            "is safelisted",
            id="a safelisted method",
        ),
        pytest.param(
            'allow_methods = ["PUT", "patch"]',
            "policy.allow_methods[1]",
            "PATCH is another method",
            id="patch",
        ),
        pytest.param(
            'allow_methods = ["put"]', "policy.allow_methods[0]", "browsers send PUT", id="put"
        ),
        pytest.param(
            'allow_methods = ["TRACE"]',
            "policy.allow_methods[0]",
            "can't use",
            id="a forbidden method",
        ),
        pytest.param(
            'allow_headers = ["Origin"]',
            "policy.allow_headers[0]",
            "set by the browser",
            id="a forbidden header",
        ),
        pytest.param(
            'allow_headers = ["sec-fetch-mode"]',
            "policy.allow_headers[0]",
            "set by the browser",
            id="by its prefix",
        ),
        pytest.param(
            'allow_headers = ["Access-Control-Allow-Origin"]',
            "policy.allow_headers[0]",
            "response header",
            id="a response header",
        ),
        pytest.param(
            'allow_headers = ["accept"]',
            "policy.allow_headers[0]",
            "seldom needs",
            id="a needless header",
        ),
        pytest.param(
            'expose_headers = ["Content-Type"]',
            "policy.expose_headers[0]",
            "is safelisted",
            id="a needless exposed one",
        ),
        pytest.param(
            'expose_headers = ["set-cookie"]',
            "policy.expose_headers[0]",
            "never shown",
            id="one never exposed",
        ),
        pytest.param(
            'allow_methods = "*"\nallow_credentials = true',
            "policy.allow_methods",
            "is no wildcard",
            id="* methods with credentials",
        ),
        pytest.param(
            'allow_headers = ["*"]\nallow_credentials = true',
            "policy.allow_headers",
            "is no wildcard",
            id="* in a list of headers with them",
        ),
        pytest.param(
            'expose_headers = "*"\nallow_credentials = true',
            "policy.expose_headers",
            "is no wildcard",
            id="* exposed with them",
        ),
        pytest.param(
            "max_age = 601", "policy.max_age", "keep: WebKit (600).", id="an age above one cap"
        ),
        pytest.param(
            "max_age = 86401",
            "policy.max_age",
            "Chromium (7200), Firefox (86400)",
            id="above all caps",
        ),
        pytest.param("max_age = -1", "policy.max_age", "no number of seconds", id="a negative age"),
        pytest.param(
            'allow_origins = "*"',
            "policy.allow_origins",
            'read "api.example"',
            id="any origin at a far host",
        ),
        pytest.param(
            'allow_origins = "request"',
            "policy.allow_origins",
            "lets any site",
            id="an echo at a far host",
        ),
        pytest.param(
            'allow_origins = ["*"]', "policy.allow_origins", "lets any site", id="a star in a list"
        ),
        pytest.param(
            'allow_origin_regex = "https://.*"',
            "policy.allow_origin_regex",
            "lets any site",
            id="a regex that takes all",
        ),
    ],
)
def test_a_suspicious_policy(lines: str, path: str, says: str) -> None:
    found = warnings(policy(lines))
    assert [warning.path for warning in found] == [path]
    assert says in str(found[0])


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param('allow_origins = ["https://a.example:8443"]', id="another port"),
        pytest.param(
            'allow_origins = ["http://a.example:443"]', id="another scheme's default port"
        ),
        pytest.param(
            'allow_origins = ["https://*.a.example", "http://localhost:*"]', id="patterns"
        ),
        pytest.param('allow_origins = ["https://*.example.com"]', id="below a name of one's own"),
        pytest.param('allow_origins = ["https://*.example"]', id="below a name that isn't listed"),
        pytest.param("allow_origins = []", id="nobody"),
        pytest.param('allow_origin_regex = "https://a[0-9]\\\\.example"', id="a narrow regex"),
        pytest.param('allow_methods = ["PUT", "PATCH", "PURGE"]', id="methods that need leave"),
        pytest.param(
            'allow_headers = ["content-type", "authorization", "range"]', id="headers too"
        ),
        pytest.param('expose_headers = ["etag"]', id="a header that script can't read otherwise"),
        pytest.param(
            'allow_methods = "*"\nallow_headers = "*"', id="wildcards without credentials"
        ),
        pytest.param('allow_methods = "request"\nallow_credentials = true', id="echoes with them"),
        pytest.param("max_age = 600", id="an age that all browsers keep"),
        pytest.param("max_age = 0", id="no age at all"),
    ],
)
def test_an_innocent_policy(lines: str) -> None:
    assert warnings(policy(lines)) == ()


def test_a_wildcard_with_credentials_is_told() -> None:
    found = warnings(policy('allow_origins = "*"\nallow_credentials = true'))
    assert "is no wildcard for a request with credentials" in str(found[0])


def test_a_policy_that_names_no_origin_is_told() -> None:
    text = '[[rule]]\nname = "r"\nmatch.host = "a.test"\npolicy.max_age = 1\n'
    assert [warning.path for warning in warnings(text)] == ["policy"]


@pytest.mark.parametrize(
    "match",
    [
        pytest.param('host = "localhost"', id="localhost"),
        pytest.param('host = "localhost:8080"', id="its ports"),
        pytest.param('host = "*.localhost"', id="names below it"),
        pytest.param(
            'host = ["127.0.0.1", "[::1]", "192.168.0.7", "10.*"]', id="private addresses"
        ),
        pytest.param('host = ["a.test", "a.local", "a.internal"]', id="names kept for it"),
        pytest.param('host = "backend"', id="a name without a dot"),
        pytest.param('url = "http://localhost:3000/*"', id="a URL of theirs"),
        pytest.param('host = "a.example"\norigin = "https://app.example"', id="one origin"),
        pytest.param('host = "a.example"\norigin = "https://*.app.example"', id="some origins"),
    ],
)
@pytest.mark.parametrize(
    "does", ['policy.allow_origins = "*"', 'headers.set.Access-Control-Allow-Origin = "{origin}"']
)
def test_opening_what_is_local_or_to_few_is_innocent(match: str, does: str) -> None:
    assert warnings(f'[[rule]]\nname = "r"\n{does}\n[rule.match]\n{match}\n') == ()


@pytest.mark.parametrize(
    "match",
    [
        pytest.param('host = "*"', id="any host"),
        pytest.param('host = ["localhost", "a.example"]', id="a far host beside a local one"),
        pytest.param('host = "localhost.example"', id="a name that only begins like it"),
        pytest.param('host = "8.8.8.8"', id="a public address"),
        pytest.param('url = "*"', id="any URL"),
        pytest.param('host = "a.example"\norigin = "https://*"', id="any secure origin"),
    ],
)
@pytest.mark.parametrize(
    "does", ['policy.allow_origins = "*"', 'headers.add.access-control-allow-origin = " * "']
)
def test_opening_a_far_host_to_any_origin_is_told(match: str, does: str) -> None:
    found = warnings(f'[[rule]]\nname = "r"\n{does}\n[rule.match]\n{match}\n')
    assert ["lets any site" in str(warning) for warning in found] == [True]


@pytest.mark.parametrize("off", ["enabled = false", 'mode = "shadow"'])
def test_a_rule_that_does_not_act_opens_nothing(off: str) -> None:
    rule = 'match.host = "a.example"\npolicy.allow_origins = "*"'
    assert warnings(f'[[rule]]\nname = "r"\n{off}\n{rule}\n') == ()


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        pytest.param("{ abort = true, status = 500 }", "fault.abort", id="a status after a drop"),
        pytest.param('{ redirect = "/", status = 500 }', "fault.status", id="500 as redirect"),
    ],
)
def test_faults_that_contradict_themselves(fault: str, path: str) -> None:
    text = f'[[rule]]\nname = "r"\nmatch.host = "a.test"\nfault = {fault}\n'
    assert [warning.path for warning in warnings(text)] == [path]


@pytest.mark.parametrize(
    "fault", ['{ redirect = "/", status = 307 }', "{ abort = true, delay = 1 }", "{ status = 500 }"]
)
def test_faults_that_do_not(fault: str) -> None:
    assert warnings(f'[[rule]]\nname = "r"\nmatch.host = "a.test"\nfault = {fault}\n') == ()


@pytest.mark.parametrize(
    ("origin", "says"),
    [("https://a.example/", "slash"), ("a.example", "no scheme"), ("https://*.A.example", "upper")],
)
def test_an_origin_glob_that_nothing_equals(origin: str, says: str) -> None:
    match = f'match.host = "a.test"\nmatch.origin = "{origin}"\nfault.status = 401'
    (found,) = warnings(f'[[rule]]\nname = "r"\n{match}\n')
    assert found.path == "match.origin[0]"
    assert says in str(found)


@pytest.mark.parametrize("origin", ["*", "https://*", "null", "*.example", "http://localhost:*"])
def test_an_origin_glob_that_something_equals(origin: str) -> None:
    match = f'match.host = "a.test"\nmatch.origin = "{origin}"\nfault.status = 401'
    assert warnings(f'[[rule]]\nname = "r"\n{match}\n') == ()


def two(first: str, second: str) -> str:
    return "".join(
        f'[[rule]]\nname = "{name}"\nheaders.remove = "x"\n[rule.match]\n{match}\n'
        for name, match in (("first", first), ("second", second))
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param('host = "a.test"', 'host = "a.test"', id="the same host"),
        pytest.param('host = "A.test"', 'host = "a.test:8080"', id="any port of it"),
        pytest.param('host = "*.test"', 'host = "*.a.test"', id="a wider glob"),
        pytest.param('host = "*"', 'url = "https://a.test/*"', id="a host glob over a URL"),
        pytest.param('url = "*"', 'url = "https://a.test/*"', id="any URL"),
        pytest.param('url = "https://a.test/*"', 'url = "https://a.test/v1/*"', id="a longer path"),
        pytest.param('host = "a.test"', 'host = "a.test"\nstatus = 404', id="before the status"),
        pytest.param(
            'host = "a.test"\nstatus = 404', 'host = "a.test"\nstatus = 404', id="the same status"
        ),
        pytest.param(
            'host = "a.test"\nmethod = ["PUT", "GET"]', 'host = "a.test"\nmethod = "PUT"', id="more"
        ),
        pytest.param(
            'host = "a.test"\norigin = "*"', 'host = "a.test"\norigin = "https://a"', id="origins"
        ),
        pytest.param(
            'host = "a.test"\nfilter = "~q"', 'host = "a.test"\nfilter = "~q"', id="one filter"
        ),
    ],
)
def test_a_rule_that_an_earlier_one_leaves_nothing(first: str, second: str) -> None:
    (found,) = warnings(two(first, second))
    assert (found.rule, found.line) == ("second", 6 + first.count("\n"))
    assert 'rule "first" (a.toml:1) takes all it could' in str(found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param('host = "a.test"', 'host = "b.test"', id="another host"),
        pytest.param('host = "a.test:80"', 'host = "a.test"', id="one port of it"),
        pytest.param('host = "a.test"', 'host = ["a.test", "b.test"]', id="a host more"),
        pytest.param('host = "*.a.test"', 'host = "*.test"', id="a narrower glob"),
        pytest.param('host = "*.a.test"', 'host = "a.test"', id="only what is below"),
        pytest.param('url = "https://a.test/*"', 'host = "a.test"', id="a scheme"),
        pytest.param('host = "a.test"\nstatus = 404', 'host = "a.test"', id="a status"),
        pytest.param('host = "a.test"\nkind = "actual"', 'host = "a.test"', id="a kind"),
        pytest.param('host = "a.test"\norigin = "*"', 'host = "a.test"', id="no origin at all"),
        pytest.param('host = "a.test"\nfilter = "~q"', 'host = "a.test"', id="a filter"),
    ],
)
def test_a_rule_that_an_earlier_one_leaves_something(first: str, second: str) -> None:
    assert warnings(two(first, second)) == ()


def test_a_rule_that_is_off_takes_nothing() -> None:
    text = two('host = "a.test"', 'host = "a.test"').replace('"first"', '"first"\nenabled = false')
    assert warnings(text) == ()
