"""What the real servers' regex engines don't know, and what they read otherwise than Python's."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Sequence
from contextlib import closing

import pytest

from corscope.cli.imports.regexes import from_javascript
from corscope.servers.dialect import Dialect
from corscope.servers.patterns.regexes import (
    JAVASCRIPT,
    PCRE,
    PCRE_WITHOUT_NUMBERS,
    RE2,
    RUBY,
    Engine,
    misread,
    unknown,
)
from corscope.servers.policy import Policy
from corscope.servers.registry import find

from .libraries import LIBRARIES, Running

pytestmark = pytest.mark.server

ENGINES = {
    "express": JAVASCRIPT,
    "rs-cors": RE2,
    "rack-cors": RUBY,
    "nginx": PCRE,
    "haproxy": PCRE_WITHOUT_NUMBERS,
}
IN_ONE_FILE = {"nginx", "haproxy"}
"""The servers for which one bad regex is the end of all configurations that stand beside it."""

POSSESSIVE = ("a*+b", "a{1,2}+b")
UNICODE = (r"\U00000061", r"[\U00000061]", r"\N{DIGIT ONE}", r"[\N{DIGIT ONE}]")
POSIX = ("[[:foo:]]", "[a[:b:]]")

UNKNOWN = {
    "express": ("(?x)a", "(?i:a)b", "(?P<n>a)", "(?>a)b", "a(?#b)", "(a)(?(1)b|c)", *POSSESSIVE),
    "rs-cors": (
        *("(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)b", "a(?#b)", "(?x)a", "(?a)a", "(?u:a)"),
        *(r"(a)\1", "(?P<n>a)(?P=n)", "(a)(?(1)b|c)", r"a\Z", r"\u0061", r"[\u0061]", r"[\b]"),
        *(r"[\1]", "a{1001}", "a{2,1001}?", r"\é", *POSSESSIVE, *UNICODE, *POSIX),
    ),
    "rack-cors": ("(?P<n>a)", "(?s)a", r"\377", r"[\377]", r"\xe9", *POSIX),
    "nginx": ("(?a)a", "(?u:a)", r"\u0061", r"[\u0061]", "[[.a.]]", "[[=a=]]", *UNICODE, *POSIX),
    "haproxy": (r"(a)\1", "(a)(?(1)b|c)", "(?a)a", r"\u0061", *UNICODE, *POSIX),
}

OTHERWISE = {
    "express": (
        *((r"\Aa", "Aa"), (r"a\Z", "aZ"), (r"\ab", "ab"), (r"[\a]", "a"), ("xa{,2}b", "xab")),
        *(("[]a]", "a"), ("[^]a]", "bb"), (r"\U00000061", "a"), (r"[\N{DIGIT ONE}]", "N")),
    ),
    "rs-cors": (("xa{,2}b", "xab"), ("xa{,}b", "xab"), ("[[:alpha:]]", "a"), ("[[:^alpha:]]", "1")),
    "rack-cors": (
        *(("xa{,}b", "xab"), ("xa{2}?b", "xb"), ("[[:alpha:]]", "a"), ("[a[b]]", "a")),
        *(("[a&&b]", "a"), (r"\U00000061", "a"), (r"\N{DIGIT ONE}", "1"), ("[A-[b]]", "b")),
    ),
    "nginx": (("xa{,2}b", "xab"), ("[[:alpha:]]", "a"), ("[x[:digit:]]", "1")),
    "haproxy": (("xa{,2}b", "xab"), ("[[:alpha:]]", "a"), ("[[:^alpha:]]", "1")),
}
"""Regexes, each with an Origin of which it shows."""

by_server = pytest.mark.parametrize(("name", "engine"), ENGINES.items(), ids=ENGINES)


def _configs(name: str, patterns: Sequence[str]) -> list[str]:
    dialect: Dialect | None = find(name)
    assert dialect is not None
    assert dialect.export is not None
    return [dialect.export(_policy(pattern)).text for pattern in patterns]


def _policy(pattern: str) -> Policy:
    return Policy(allow_origin_regex=pattern)


@by_server
def test_the_server_does_not_start_with_what_its_engine_does_not_know(
    name: str, engine: Engine
) -> None:
    LIBRARIES[name].require()
    assert [each for each in UNKNOWN[name] if unknown(each, engine) is None] == []
    configs = _configs(name, UNKNOWN[name])
    groups = [[config] for config in configs] if name in IN_ONE_FILE else [configs]
    refused = 0
    for group in groups:
        with Running(LIBRARIES[name], group) as server:
            refused += len(server.errors)
    assert refused == len(configs)


@by_server
def test_the_server_reads_otherwise_what_it_is_said_to(name: str, engine: Engine) -> None:
    LIBRARIES[name].require()
    patterns = [pattern for pattern, _ in OTHERWISE[name]]
    assert [each for each in patterns if misread(each, engine) is None] == []
    with Running(LIBRARIES[name], _configs(name, patterns)) as server:
        assert server.errors == {}
        as_python = [
            (pattern, origin)
            for (pattern, origin), port in zip(OTHERWISE[name], server.real, strict=True)
            if _allows(port, origin) is (re.search(pattern, origin) is not None)
        ]
    assert as_python == []


OF_JAVASCRIPT = (
    *(
        r"^https://[\w-.]+\.test$",
        r"[.-\d]",
        r"[\w\-.]",
        r"[\\-\w]",
        r"[a-c-\d-z]",
        r"[\d-]",
        r"[-\d]",
    ),
    *(
        "(?<sub>a)b",
        "(?<=a)b",
        "(?<!a)b",
        "[]",
        "[^]",
        "a[]|b",
        "x{,2}",
        "x{2,}",
        r"x\{,2}",
        "[{,2}]",
    ),
    *(r"[(?<n>]", r"[\]]a", "[[]", r"\[a-\d]"),
)
SUBJECTS = (
    *("", "a", "b", "ab", "bb", "x", "xx", "xxx", "x{,2}", "{", ",", "1", "z", "]", "[", "]a", "-"),
    *(
        ".",
        "\\",
        "/",
        "<",
        "(",
        "c",
        "[a-1]",
        "https://a-b.c.test",
        "https://a/b.test",
        "https://.test",
    ),
)


def test_a_regex_of_javascript_means_the_same_once_it_is_imported() -> None:
    LIBRARIES["express"].require()
    code = (
        "const [patterns, subjects] = JSON.parse(process.argv[1]);"
        "console.log(JSON.stringify("
        "patterns.map((p) => subjects.map((s) => new RegExp(p).test(s)))))"
    )
    asked = json.dumps([OF_JAVASCRIPT, SUBJECTS])
    told = subprocess.run(["node", "-e", code, asked], check=True, capture_output=True, text=True)
    read = [
        [re.search(from_javascript(pattern), subject) is not None for subject in SUBJECTS]
        for pattern in OF_JAVASCRIPT
    ]
    assert dict(zip(OF_JAVASCRIPT, read, strict=True)) == dict(
        zip(OF_JAVASCRIPT, json.loads(told.stdout), strict=True)
    )


@pytest.mark.parametrize(("name", "pattern"), [("apache", "app${EMPTY}"), ("caddy", "app{$EMPTY}")])
def test_a_variable_that_a_server_would_replace_is_complained_of(
    name: str, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever quotes it stands."""
    LIBRARIES[name].require()
    monkeypatch.setenv("EMPTY", "")
    dialect = find(name)
    assert dialect is not None
    assert dialect.complaints(_policy(pattern)) != ()
    with Running(LIBRARIES[name], _configs(name, [pattern])) as server:
        assert _allows(server.real[0], "https://app.test")


def _allows(port: int, origin: str) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/ok", headers={"Origin": origin})
        return connection.getresponse().getheader("Access-Control-Allow-Origin") == origin
