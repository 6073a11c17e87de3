"""What is allowed but probably not meant: `rules.lint`."""

import re
from pathlib import Path
from random import Random

import pytest

from corscope.rules.glob import HostName
from corscope.rules.lint import lint_rule
from corscope.rules.lint.filters import lint_filters
from corscope.rules.lint.ids import LINTS
from corscope.rules.load import Source, load
from corscope.rules.model import Match, Place, Rule
from corscope.rules.problems import Problem, RulesError
from corscope.servers.dialect import Dialect
from corscope.servers.registry import dialects
from tests.servers.real.policies import POLICIES, generate_policies

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
            'allow_origins = ["localhost:3000"]',
            "policy.allow_origins[0]",
            'Hint: write "http://localhost:3000"',
            id="no scheme, nearby",
        ),
        pytest.param(
            'allow_origins = ["https:a.example"]',
            "policy.allow_origins[0]",
            'Hint: write "https://a.example"',
            id="no slashes",
        ),
        pytest.param(
            'allow_origins = ["http//a.example/x"]',
            "policy.allow_origins[0]",
            'Hint: write "http://a.example"',
            id="no colon",
        ),
        pytest.param(
            'allow_origins = "https://a.example, https://b.example"',
            "policy.allow_origins",
            'Hint: write ["https://a.example", "https://b.example"] [several-in-one]',
            id="two in one text",
        ),
        pytest.param(
            'allow_origins = ["https://a.example,https://b.example"]',
            "policy.allow_origins[0]",
            "is taken for one origin",
            id="two in one of a list",
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


@pytest.mark.parametrize(
    ("dialect", "origin"),
    [
        ("rack-cors", "a.example"),
        ("rack-cors", "localhost:3000"),
        ("rs-cors", "https://*.a.example"),
        ("rs-cors", "https://b-*.a.example"),
        ("nginx", "https://A.example"),
        ("spring", "https://a.example/"),
        ("spring", "https://A.example"),
        ("spring", "https://a.example, https://b.example"),
        ("spring", "http://localhost:*"),
        ("spring", "http://localhost:[3000,5173]"),
        ("spring", "http://localhost:[*]"),
    ],
)
def test_what_a_dialect_knows_is_innocent(dialect: str, origin: str) -> None:
    assert warnings(policy(f'like = "{dialect}"\nallow_origins = ["{origin}"]')) == ()


@pytest.mark.parametrize(
    ("dialect", "origin", "id_"),
    [
        ("rack-cors", "a.example, b.example", "several-in-one"),
        ("express", "a.example", "origin-without-scheme"),
        ("rs-cors", "https://a.example/", "origin-ends-in-slash"),
        ("fastify", "https://A.example", "origin-upper-case"),
        ("nginx", "https://b-*.a.example", "origin-invalid"),
        ("express", "http://localhost:*", "pattern-not-understood"),
    ],
)
def test_what_a_dialect_does_not_know_is_told(dialect: str, origin: str, id_: str) -> None:
    found = warnings(policy(f'like = "{dialect}"\nallow_origins = ["{origin}"]'))
    assert [warning.id for warning in found] == [id_]


@pytest.mark.parametrize(
    ("dialect", "origins", "ids"),
    [
        ("flask-cors", r"['^https://[^.]+[.]a[.]example$']", []),
        ("flask-cors", r"['https://.*\.a\.example']", ["regex-unanchored"]),
        ("flask-cors", "['https://a.example/*']", ["regex-unanchored", "regex-unescaped-dot"]),
        ("flask-cors", "['http://localhost:*']", ["regex-unanchored"]),
        ("flask-cors", "['https://*.a.example']", ["pattern-not-understood"]),
        ("flask-cors", "'https://*.a.example'", ["pattern-not-understood"]),
        ("flask-cors", "['https://.*']", ["pattern-not-understood", "any-origin"]),
        ("starlette", "'https://*.a.example'", ["pattern-not-understood", "any-origin"]),
        ("starlette", "['https://*.a.example']", ["pattern-not-understood"]),
        (
            "flask-cors",
            "['https://*.a.example', 'https://x.a.example']",
            ["pattern-not-understood"],
        ),
        ("express", "['https://*.a.example', 'https://x.a.example']", ["pattern-not-understood"]),
    ],
)
def test_what_a_dialect_reads_otherwise_is_told(dialect: str, origins: str, ids: list[str]) -> None:
    """Flask-CORS takes regexes in the list; Starlette looks for `*` in a text as in a list."""
    found = warnings(policy(f'like = "{dialect}"\nallow_origins = {origins}'))
    assert sorted(warning.id for warning in found) == sorted(ids)


@pytest.mark.parametrize(
    ("pattern", "says", "regex"),
    [
        (
            "https://*.a.example",
            'before it: "https://xa.example" is',
            "^https://[^.]+[.]a[.]example$",
        ),
        ("http://localhost:*", "others fit too", "^http://localhost(:[0-9]+)?$"),
        ("http://*.a.test:*", '"http://xa.test" is let in', "^http://[^.]+[.]a[.]test(:[0-9]+)?$"),
    ],
)
def test_a_pattern_that_is_a_regex_there_is_told_what_it_fits(
    pattern: str, says: str, regex: str
) -> None:
    [found] = warnings(policy(f"like = 'flask-cors'\nallow_origins = ['{pattern}']"))
    assert says in found.message
    assert found.hint == f'write "{regex}"'
    assert warnings(policy(f"like = 'flask-cors'\nallow_origins = ['{regex}']")) == ()


@pytest.mark.parametrize(
    ("dialect", "pattern", "says"),
    [
        ("flask-cors", "https://.*", "is a regex to Flask (Flask-CORS), and any origin fits it"),
        (
            "starlette",
            "https://*.a.test",
            "(CORSMiddleware), for the * in it: any origin is let in",
        ),
    ],
)
def test_what_opens_to_all_is_told_why(dialect: str, pattern: str, says: str) -> None:
    found = warnings(policy(f"like = '{dialect}'\nallow_origins = '{pattern}'"))
    assert says in "\n".join(each.message for each in found)


def test_an_open_regex_is_told_as_its_dialect_looks_for_it() -> None:
    text = '[[rule]]\nname = "r"\nmatch.host = "a.example"\n[rule.policy]\nlike = "express"\n'
    found = warnings(f"{text}allow_origin_regex = '^https://'")
    assert {"any-origin", "regex-unanchored"} == {warning.id for warning in found}


def test_a_wildcard_with_credentials_is_told() -> None:
    found = warnings(policy('allow_origins = "*"\nallow_credentials = true'))
    assert [warning.id for warning in found] == ["wildcard-with-credentials", "any-origin"]


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
            'host = ["127.0.0.1", "[::1]", "192.168.0.7", "10.*", "172.16.*"]',
            id="private addresses",
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
        pytest.param('host = "10.downing.example"', id="a name that only begins like an address"),
        pytest.param('host = "127.*.example"', id="names that only begin like one"),
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
    ("fault", "says"),
    [
        (
            'redirect = "//{host}/x/"',
            'headers.set = { Location = "//{host}/x/" } [fault-redirect-p',
        ),
        (
            'redirect = "localhost:3000/x"',
            'Hint: write "http://localhost:3000/x" [fault-redirect-w',
        ),
        ('redirect = "sso.a.test/?x"', 'Hint: write "http://sso.a.test/?x"'),
        ('redirect = "sso.example.com:8443"', 'Hint: write "https://sso.example.com:8443"'),
        (
            "status = 308\nheaders.set.X = '1'",
            "redirects to no place, so that browsers follow noth",
        ),
        (
            "delay = 250.5",
            "250.5: is in seconds, and longer than people wait. Hint: write 0.2505 if",
        ),
    ],
)
def test_faults_that_break_another_thing_than_is_meant(fault: str, says: str) -> None:
    (found,) = warnings(rule(f"fault.{fault}"))
    assert says in str(found)


@pytest.mark.parametrize(
    "fault",
    [
        'redirect = "https://a.example/{id}?q={origins}"',
        'redirect = "/login?back=a.example.com"',
        'redirect = "login.html"',
        'redirect = "../a.example.com"',
        'redirect = "app:open"',
        'redirect = "login"',
        'status = 302\nheaders.set.location = "https://{host}/x/"',
        'status = 302\nmatch.status = "4xx"',
        "status = 304",
        "delay = 99",
    ],
)
def test_faults_that_may_be_meant(fault: str) -> None:
    assert warnings(rule(f"fault.{fault}")) == ()


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


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ('method = "*"', '"*": is no wildcard here, but a method of that name. Hint: leave method'),
        ('method = "TRACK"', "can't use. Hint: drop it [method-forbidden]"),
        (
            'method = "OPTIONS"',
            'Hint: write kind = "preflight"; for script that sends OPTIONS, name',
        ),
        ('host = "a.test,b.test"', 'Hint: write ["a.test", "b.test"] [several-in-one]'),
        ('url = "https://a.test,b.test/x"', 'write ["https://a.test/x", "https://b.test/x"]'),
        (
            'url = "https://a.test/x, *://b.test/y"',
            'write ["https://a.test/x", "*://b.test/y"] [several-in-one]',
        ),
        ('host = "a..test"', 'has an empty label, as no host has. Hint: write "a.test" [host-inv'),
        ('host = ".a.test:8080"', 'Hint: write "*.a.test:8080" [host-invalid]'),
        ('url = "https://*..test/x"', 'Hint: write "https://*.test/x" [host-invalid]'),
        ('host = "localhost:99999"', "is no host of any URL. Hint: write it as"),
        ('url = "http://localhost:http/*"', "is no host of any URL. Hint: write it as"),
        ('host = "a.test:0443"', 'Hint: write "a.test:443" [host-spelling]'),
        ('url = "https://a.test:08443/*"', 'Hint: write "https://a.test:8443/*" [host-spelling]'),
        ('url = "http://[0::1]:*/*"', 'Hint: write "http://[::1]:*/*" [host-spelling]'),
        ('host = "127.1"', 'Hint: write "127.0.0.1" [host-spelling]'),
        ('url = "https://user:pw@a.test/*"', 'Hint: write "https://a.test/*" [host-spelling]'),
        ('url = "wss://a.test/*"', 'sees. Hint: write "*://a.test/*" [url-scheme]'),
        ('url = "https://a.test/x#y"', 'Hint: write "https://a.test/x" [url-spelling]'),
        ('url = "https://a.test/a b?q={c d}"', 'write "https://a.test/a%20b?q={c%20d}" [url-sp'),
        ('url = "https://a.test/\u00fc?\u00fc"', 'Hint: write "https://a.test/%C3%BC?%C3%BC"'),
        ('url = "*/a b"', 'Hint: write "*/a%20b" [url-spelling]'),
        ('url = "https://a.test/users/{id}/x"', 'Hint: write "https://a.test/users/*/x" [url-sp'),
    ],
)
def test_what_no_request_has(match: str, says: str) -> None:
    place = "" if match.startswith(("host", "url")) else 'match.host = "a.test"\n'
    (found,) = warnings(f'[[rule]]\nname = "r"\n{place}match.{match}\nfault.status = 401\n')
    assert says in str(found)


@pytest.mark.parametrize(
    "match",
    [
        'host = ["*", "*.a.test", "a.*.test:8080", "10.0.*.1", "10.0.*", "a_b.test."]',
        'host = ["a.test:*", "[::1]:8080", "[::1]", "127.0.0.1", "a.test:443", "*:80"]',
        'method = ["OPTIONS", "PUT"]\nmatch.kind = "actual"',
        'method = "OPTIONS"\nmatch.kind = ["preflight", "actual"]',
        'url = ["*", "*/v1", "http*://a.test/*", "http://localhost:8080*", "https://a.test:443/*"]',
        'url = ["https://a.test/a,b;c=(d)!|~\'@:%20[]?e={f}`^|&g=*,https://b.test", "*://*:*/*"]',
    ],
)
def test_what_some_request_has(match: str) -> None:
    place = "" if match.startswith(("host", "url")) else 'match.host = "a.test"\n'
    assert warnings(f'[[rule]]\nname = "r"\n{place}match.{match}\nfault.status = 401\n') == ()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a.test", "https://b.test/*"),
        ("a.test", "https://*.a.test/*"),
        ("*.a.test", "https://a.test/*"),
        ("*.a.test", "https://*.b.test/*"),
        ("a.*", "https://b.*/*"),
        ("a.test:8080", "https://a.test/*"),
        ("a.test:8080", "http://a.test:8081/*"),
        ("a.test:443", "http://a.test/*"),
        ("localhost", "http://127.0.0.1*"),
        ("[::1]", "http://localhost:*/*"),
    ],
)
def test_a_host_that_no_url_beside_it_has(host: str, url: str) -> None:
    (found,) = warnings(both(host, url))
    assert (found.id, found.path, found.value) == ("host-not-of-url", "match.host", f'"{host}"')


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a.test", "https://a.test/*"),
        ("a.test", "*/v1/*"),
        ("a.test", "*"),
        ("a.test", "https://*/v1"),
        ("*.a.test", "https://b.a.test/*"),
        ("*.a.test", "https://b.*/*"),
        ("b.*", "https://*.a.test/*"),
        ("a.test:443", "https://a.test/*"),
        ("a.test:80", "*://a.test/*"),
        ("a.test:*", "https://a.test:8443/*"),
        ("a.test:8080", "http://a.test:*/*"),
        ("localhost:8080", "http://localhost*"),
        ("localhost:8080", "http://localhost:8*"),
        ("localhost", "http://localhost:8080*"),
        ("[::1]:3000", "http://[::1]:3000/*"),
        ("A.test", "https://a.TEST/*"),
    ],
)
def test_a_host_that_some_url_beside_it_has(host: str, url: str) -> None:
    assert warnings(both(host, url)) == ()
    assert warnings(both('elsewhere.test", "' + host, url)) == ()


def both(host: str, url: str) -> str:
    return (
        f'[[rule]]\nname = "r"\nmatch.host = ["{host}"]\nmatch.url = "{url}"\nfault.abort = true\n'
    )


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        ('headers.remove = ["Vary", "x-*"]', ["headers.remove[1]"]),
        (
            'headers.set."x-*" = "1"\nheaders.add."*" = "2"',
            ['headers.set."x-*"', 'headers.add."*"'],
        ),
        ('policy.allow_headers = ["*", "x-*"]', ["policy.allow_headers[1]"]),
        ('policy.like = "s3"\npolicy.allow_headers = ["x-*"]', []),
        ('policy.like = "azure-blob"\npolicy.expose_headers = ["x-*"]', []),
        ('policy.expose_headers = ["x-*-b"]', ["policy.expose_headers[0]"]),
    ],
)
def test_a_header_name_is_no_pattern(lines: str, paths: list[str]) -> None:
    found = warnings(f'[[rule]]\nname = "r"\nmatch.host = "localhost"\n{lines}\n')
    assert [each.path for each in found if each.id == "header-wildcard"] == paths


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "Acces-Control-Allow-Origin",
            "did you mean Access-Control-Allow-Origin? [header-misspelt]",
        ),
        ("Access-Control-Allow-Method", "did you mean Access-Control-Allow-Methods?"),
        ("access-control-exposed-headers", "did you mean Access-Control-Expose-Headers?"),
        ("Access-Control-MaxAge", "did you mean Access-Control-Max-Age?"),
        ("Access-Control-Request-Headers", "is a request header: a rule edits responses, where"),
        ("Origin", "is a request header: a rule edits responses, where browsers don't look at it"),
    ],
)
def test_a_header_that_browsers_pass_over(name: str, says: str) -> None:
    for edit in (f'remove = "{name}"', f'set.{name} = "x"', f'add.{name} = "x"'):
        (found,) = warnings(rule(f"headers.{edit}"))
        assert says in str(found)


@pytest.mark.parametrize(
    "name",
    [
        "ACCESS-CONTROL-ALLOW-ORIGIN",
        "Access-Control-Allow-Private-Network",
        "Timing-Allow-Origin",
        "X-Allow-Origin",
    ],
)
def test_a_header_that_may_be_meant(name: str) -> None:
    assert warnings(rule(f'headers.remove = "{name}"')) == ()


@pytest.mark.parametrize("value", ["{{origin}}", "${origin}", "{origin}/", "https://{origin}"])
def test_an_origin_that_is_sent_back_with_something_around_it(value: str) -> None:
    (found,) = warnings(rule(SET.format(value)))
    assert found.id == "origin-invalid"
    assert found.hint == "write {origin} alone"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("Allow-Methods", "GET PUT", 'write "GET, PUT"'),
        ("Allow-Headers", "x-a;x-b , x-c", 'write "x-a, x-b, x-c"'),
        ("Expose-Headers", "x-a: x-b", 'write "x-a, x-b"'),
        ("Max-Age", "1 hour", 'write "3600"'),
        ("Max-Age", "2D", 'write "172800"'),
        ("Max-Age", "long", 'write "600", say'),
        ("Allow-Origin", "", "write an origin, or remove the header"),
    ],
)
def test_a_value_by_hand_that_browsers_can_not_read(name: str, value: str, hint: str) -> None:
    (found,) = warnings(rule(f'headers.set.Access-Control-{name} = "{value}"'))
    assert found.hint == hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Allow-Methods", "GET,, PUT ,"),
        ("Allow-Headers", ""),
        ("Expose-Headers", "*"),
        ("Allow-Headers", "{headers}"),
        ("Max-Age", "-1"),
    ],
)
def test_a_value_by_hand_that_they_can(name: str, value: str) -> None:
    assert warnings(rule(f'headers.set.Access-Control-{name} = "{value}"')) == ()


def test_a_placeholder_that_no_request_of_the_rule_fills_in() -> None:
    text = rule('headers.set.Access-Control-Allow-Headers = "x-a,{headers}"\nmatch.kind = "actual"')
    (found,) = warnings(text)
    assert "only preflights have what {headers} stands for" in str(found)
    assert warnings(text.replace("actual", "preflight")) == ()
    assert warnings(text.replace("{headers}", "{{headers}}")) == ()


@pytest.mark.parametrize(
    ("key", "way_out"),
    [
        ("match.origin", 'leave it out to match any, or write "*"'),
        ("policy.allow_origins", 'to send back any origin write allow_origins = "request"'),
        (
            "headers.set.Access-Control-Allow-Origin",
            "to send back the request's origin write {origin}",
        ),
    ],
)
def test_what_is_meant_for_any_origin_is_told_how_it_is_said(key: str, way_out: str) -> None:
    alone = "" if key.startswith(("policy", "headers")) else "\nfault.status = 401"
    for word in ("any", "Reflect", "$http_origin", "<origin>"):
        (found,) = warnings(rule(f'{key} = "{word}"{alone}'))
        assert (found.id, found.hint) == ("origin-without-scheme", way_out)


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


def rule(lines: str) -> str:
    has_place = "match.host" in lines or "match.url" in lines
    host = "" if has_place else 'match.host = "api.test"\n'
    return f'[[rule]]\nname = "r"\n{host}{lines}\n'


ORIGINS = f'policy.allow_origins = ["{APP}"]\n'
SET = 'headers.set.Access-Control-Allow-Origin = "{}"'
BY_ID = {
    "origin-has-path": 'policy.allow_origins = ["https://a.example/x"]',
    "origin-ends-in-slash": 'policy.allow_origins = ["https://a.example/"]',
    "origin-upper-case": 'match.origin = "https://A.example"\nfault.status = 401',
    "origin-default-port": 'policy.allow_origins = ["http://a.example:80"]',
    "origin-without-scheme": SET.format("a.example"),
    "origin-not-ascii": 'policy.allow_origins = ["https://bücher.example"]',
    "origin-of-files": 'policy.allow_origins = ["file://"]',
    "origin-invalid": 'policy.allow_origins = ["https://a.*"]',
    "origin-null": 'policy.allow_origins = ["null"]',
    "origin-covered": 'policy.allow_origins = ["https://*.a.example", "https://b.a.example"]',
    "origin-insecure": 'policy.allow_origins = ["http://a.example"]\n'
    "policy.allow_credentials = true",
    "public-suffix": 'policy.allow_origins = ["https://*.github.io"]',
    "pattern-not-understood": 'policy.like = "express"\n'
    'policy.allow_origins = ["https://*.a.example"]',
    "no-origins": "policy.max_age = 1",
    "regex-literal": "policy.allow_origin_regex = '/^https:a$/'",
    "regex-unanchored": 'policy.like = "express"\n'
    "policy.allow_origin_regex = '^https://a\\.example'",
    "regex-unescaped-dot": 'policy.allow_origin_regex = "https://app.example"',
    "several-in-one": 'match.host = "a.test,b.test"\nfault.status = 401',
    "host-invalid": 'match.host = "localhost:99999"\nfault.status = 401',
    "host-spelling": 'match.host = "[0::1]"\nfault.status = 401',
    "url-scheme": 'match.url = "ws://api.test/*"\nfault.status = 401',
    "url-spelling": 'match.url = "https://api.test/a b"\nfault.status = 401',
    "host-not-of-url": 'match.host = "a.test"\nmatch.url = "https://b.test/*"\nfault.status = 401',
    "method-wildcard": 'match.method = "*"\nfault.status = 401',
    "filter-explosive": "match.filter = '~hq \"(a+)+b\"'\nfault.status = 401",
    "any-origin": 'match.host = "api.example"\npolicy.allow_origins = "*"',
    "any-origin-with-credentials": 'match.host = "api.example"\n'
    'policy.allow_origins = "request"\npolicy.allow_credentials = true',
    "wildcard-with-credentials": 'policy.allow_origins = "*"\npolicy.allow_credentials = true',
    "wildcard-with-others": 'policy.allow_origins = ["*", "https://a.example"]',
    "duplicate-entry": ORIGINS + 'policy.allow_headers = ["x-a", "X-A"]',
    "request-in-list": ORIGINS + 'policy.allow_methods = ["request"]',
    "method-forbidden": ORIGINS + 'policy.allow_methods = ["CONNECT"]',
    "method-safelisted": ORIGINS + 'policy.allow_methods = ["POST"]',
    "method-options": ORIGINS + 'policy.allow_methods = ["OPTIONS"]',
    "method-case": 'match.method = "put"\nfault.status = 401',
    "header-forbidden": ORIGINS + 'policy.allow_headers = ["cookie"]',
    "header-of-responses": ORIGINS + 'policy.allow_headers = ["access-control-max-age"]',
    "header-safelisted": ORIGINS + 'policy.allow_headers = ["accept"]',
    "header-wildcard": 'headers.remove = "Access-Control-*"',
    "header-misspelt": 'headers.remove = "Access_Control_Allow_Origin"',
    "header-no-list": 'headers.set.Access-Control-Allow-Methods = "PUT; DELETE"',
    "expose-forbidden": ORIGINS + 'policy.expose_headers = ["set-cookie"]',
    "expose-safelisted": ORIGINS + 'policy.expose_headers = ["expires"]',
    "expose-of-requests": ORIGINS + 'policy.expose_headers = ["origin"]',
    "max-age-negative": ORIGINS + "policy.max_age = -1",
    "max-age-above-cap": ORIGINS + "policy.max_age = 7200",
    "max-age-no-number": 'headers.set.Access-Control-Max-Age = "10m"',
    "field-without-use": ORIGINS + 'policy.max_age = 1\nmatch.kind = "actual"',
    "allow-origin-twice": ORIGINS + f'headers.add.Access-Control-Allow-Origin = "{APP}"',
    "allow-origin-several": SET.format("https://a.example, https://b.example"),
    "credentials-not-true": 'headers.set.Access-Control-Allow-Credentials = "True"',
    "vary-removed": SET.format("{origin}") + '\nheaders.remove = "vary"',
    "removed-and-set": 'headers.remove = "x-a"\nheaders.set.X-A = "1"',
    "header-set-again": 'headers.set = { "x-a" = "1", "X-A" = "2" }',
    "fault-without-use": "fault.delay = 0",
    "fault-abort-with-answer": "fault = { abort = true, status = 500 }",
    "fault-status-no-redirect": 'fault = { redirect = "/", status = 500 }',
    "fault-status-without-location": "fault.status = 302",
    "fault-redirect-placeholder": 'fault.redirect = "https://a.example/?for={origin}"',
    "fault-redirect-without-scheme": 'fault.redirect = "login.example.com/"',
    "fault-delay-long": "fault.delay = 500",
    "rule-unreachable": 'match.host = "api.test"\nfault.status = 401\n\n'
    '[[rule]]\nname = "s"\nmatch.host = "api.test"\nfault.status = 402',
}


@pytest.mark.parametrize(("id_", "lines"), BY_ID.items(), ids=BY_ID)
def test_a_warning_says_the_way_out_and_ends_in_its_id(id_: str, lines: str) -> None:
    (found,) = warnings(rule(lines))
    assert found.id == id_
    assert found.hint
    assert str(found).endswith(f" [{id_}]")


def test_every_warning_is_tested_and_in_the_manual() -> None:
    assert list(BY_ID) == list(LINTS)
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", manual, re.M)).items() >= LINTS.items()
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", id_) for id_ in LINTS)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param('policy.allow_origins = ["app://."]', id="an Electron app's origin"),
        pytest.param(
            f'policy.allow_origins = ["{APP}", "http://localhost:3000", "http://127.0.0.1"]\n'
            "policy.allow_credentials = true",
            id="credentials for this machine",
        ),
        pytest.param('policy.allow_origins = ["http://a.example"]', id="no TLS, no credentials"),
        pytest.param(
            'policy.like = "s3"\npolicy.allow_origins = ["https://*.a.example"]',
            id="a pattern that the server knows",
        ),
        pytest.param(
            ORIGINS + 'policy.like = "starlette"\npolicy.allow_headers = "*"\n'
            "policy.allow_credentials = true",
            id="a wildcard that the server never sends",
        ),
        pytest.param(
            ORIGINS + 'policy.allow_headers = ["*", "authorization"]', id="the one that * is not"
        ),
        pytest.param(
            SET.format("{origin}") + '\nheaders.remove = "vary"\nheaders.add.Vary = "Origin"',
            id="Vary written anew",
        ),
        pytest.param('headers.remove = "vary"', id="Vary where nothing depends on it"),
        pytest.param(
            'headers.set.Access-Control-Allow-Credentials = "true"\n' + SET.format("{origin}"),
            id="credentials by hand",
        ),
        pytest.param(ORIGINS + 'policy.expose_headers = ["x-a"]\nmatch.kind = "actual"', id="kind"),
        pytest.param(
            'match.method = ["PUT", "patch"]\nfault.status = 401', id="a method's own case"
        ),
    ],
)
def test_what_only_looks_like_it(lines: str) -> None:
    assert warnings(rule(lines)) == ()


@pytest.mark.parametrize(
    ("like", "hint"),
    [
        pytest.param("standard", 'write ["https://*.a.example"]', id="as an array it would be one"),
        pytest.param("express", "list the origins", id="nor would it in an array"),
        pytest.param("s3", None, id="a server with patterns in either form"),
        pytest.param("django", None, id="or one that takes no single value, which is an error"),
    ],
)
def test_a_pattern_that_is_a_single_value_is_one_to_few_servers(
    like: str, hint: str | None
) -> None:
    lines = f'policy.like = "{like}"\npolicy.allow_origins = "https://*.a.example"'
    try:
        found = warnings(rule(lines))
    except RulesError:
        assert hint is None
        return
    assert [each.hint.startswith(hint) for each in found] == [True] if hint else found == ()


def test_a_regex_of_javascript_s_is_written_without_its_slashes_and_flags() -> None:
    (found,) = warnings(rule("policy.allow_origin_regex = '/^https:a$/gi'"))
    assert found.hint == 'write "(?i)^https:a$"'


@pytest.mark.parametrize(
    ("like", "pattern", "is_open"),
    [
        pytest.param("express", r"^https://a\.example$", False, id="both ends"),
        pytest.param("express", r"https://a\.example$", True, id="no beginning"),
        pytest.param("express", r"^https://(a|b)\.example$", False, id="a choice within"),
        pytest.param("express", r"^(https://a\.example|https://b\.example)$", False, id="around"),
        pytest.param("express", r"^https://a\.example|https://b\.example$", True, id="one each"),
        pytest.param("express", r"^https://a\.x$|^https://b\.x$", False, id="both each"),
        pytest.param("express", r"(?:^https://a\.x$)|(?:^https://b\.x$)", False, id="in groups"),
        pytest.param("express", r"^https://a\.example\$", True, id="an escaped dollar"),
        pytest.param("express", r"^https://[|(]\.example$", False, id="signs in a class"),
        pytest.param("django", r"https://a\.example$", False, id="matched from the beginning"),
        pytest.param("django", r"https://a\.example", True, id="but not to the end"),
        pytest.param("starlette", r"https://a\.example", False, id="matched as a whole"),
        pytest.param("standard", r"https://a\.example", False, id="here too"),
    ],
)
def test_whether_a_regex_is_anchored_depends_on_the_server(
    like: str, pattern: str, is_open: bool
) -> None:
    lines = f"policy.like = '{like}'\npolicy.allow_origin_regex = '{pattern}'"
    assert ["regex-unanchored"] * is_open == [w.id for w in warnings(rule(lines))]


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_every_policy_of_every_dialect_can_be_linted(dialect: Dialect) -> None:
    policies = (*POLICIES, *generate_policies(Random(dialect.name), dialect, 50))
    for policy in policies:
        complaints = dialect.complaints(policy)
        assert all(complaint.hint for complaint in complaints)
        if not complaints:
            place = Place("a.toml", 1)
            match = Match(host=(HostName("api.example", None),))
            found = list(lint_rule(Rule("r", match, place, policy=policy, dialect=dialect)))
            assert {remark.id for remark in found} <= LINTS.keys()


@pytest.mark.parametrize(
    ("expression", "pattern"),
    [
        ("~u (a+)+$", None),  # mitmproxy's words hold no brackets
        ('~u "(a+)+$"', "(a+)+$"),
        ("~m PUT & ~hq '(x|xy)*z'", "(x|xy)*z"),
        ('!~d "^(\\\\w+\\\\.)*test"', r"^(\w+\.)*test"),
        ('"a.*b" | ~c 200', None),
        ("~u .*a.*b & ~hq x-tenant", None),
    ],
)
def test_a_filter_that_can_stop_the_proxy_is_told_by_its_regex(
    expression: str, pattern: str | None
) -> None:
    match = Match(host=(HostName("api.example", None),), filter=(expression,))
    told = [each.message for each in lint_filters(match)]
    assert [f"holds the regex {pattern!r}, " in each for each in told] == [True] * bool(pattern)
