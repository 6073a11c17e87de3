"""What a server's regex engine knows, and what means something else to it."""

from __future__ import annotations

import pytest

from corscope.servers.complaints import regex_complaints
from corscope.servers.patterns.regexes import (
    DOTNET,
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


@pytest.mark.parametrize(
    ("engine", "pattern", "found"),
    [
        (JAVASCRIPT, r"(?ia)^https://app\.test$", "(?ia)"),
        (JAVASCRIPT, r"^(?i:https)://app\.test$", "(?i:"),
        (JAVASCRIPT, r"(?P<host>app)\.test", "(?P<"),
        (JAVASCRIPT, r"(?>a|ab)c", "(?>"),
        (JAVASCRIPT, r"app(?#why)", "(?#"),
        (JAVASCRIPT, r"a*+b", "*+"),
        (RE2, r"(?!https://evil)", "(?!"),
        (RE2, r"(?<=https://)app", "(?<="),
        (RE2, r"(a)\1", r"\1"),
        (RE2, r"app\Z", r"\Z"),
        (RE2, r"a{1,2}+", "{1,2}+"),
        (RE2, r"(?x)app", "(?x)"),
        (RUBY, r"(?P<host>app)", "(?P<"),
        (RUBY, r"(?s).", "(?s)"),
        (PCRE, r"(?a)\w", "(?a)"),
        (JAVASCRIPT, "(a)(?(1)b|c)", "(?(1)"),
        (RE2, r"[a\b]", r"[\b]"),
        (RE2, r"[\u0061-z]", r"[\u0061]"),
        (RE2, "a{2,01001}", "{2,01001}"),
        (RE2, "[a[:b:]]", "[:b:]"),
        (RUBY, r"a\xe9", r"\xe9"),
        (PCRE, r"\N{DIGIT ONE}", r"\N{DIGIT ONE}"),
        (PCRE_WITHOUT_NUMBERS, r"(a)\1", r"\1"),
        (DOTNET, "(?P<host>app)", "(?P<"),
        (DOTNET, "a++", "++"),
    ],
)
def test_what_an_engine_does_not_know_is_found(engine: Engine, pattern: str, found: str) -> None:
    assert unknown(pattern, engine) == found
    complaint = regex_complaints(Policy(allow_origin_regex=pattern), engine)[0]
    assert complaint.at_start
    assert repr(found) in complaint.message
    assert engine.name in complaint.message


@pytest.mark.parametrize("engine", [JAVASCRIPT, RE2, RUBY, PCRE])
@pytest.mark.parametrize(
    "pattern",
    [
        r"^https://(app|www)\.example\.com(:\d+)?$",
        r"^https://(?:[a-z0-9-]+\.)+example\.com$",
        r"[(?P<a]+\(\?=[^a*+\]]",
        r"\\A\\Z",
        r"a\++",
        r"[{}(),3}:.=-]{2,}",
        "a{}+{,a}{a,3}",
        "",
    ],
)
def test_what_all_engines_know_is_not_complained_of(engine: Engine, pattern: str) -> None:
    assert unknown(pattern, engine) is None
    assert misread(pattern, engine) is None


@pytest.mark.parametrize(
    ("engine", "pattern"),
    [
        (RE2, r"(?i)^https://app\.test$"),
        (RE2, r"(?P<host>app)\.test"),
        (RUBY, r"(?i)^https://(?!evil)app\.test\Z"),
        (PCRE, r"(?i)^https://(?!evil)a*+pp\.test\Z"),
        (JAVASCRIPT, r"(?ims)^https://app\.test$"),
        (JAVASCRIPT, r"^(?!https://evil)https://(?<=//)app\.test"),
        (RE2, r"\101[\12\0]a{1000}{2}?"),
        (RE2, r"[[:][a[:]"),
        (RUBY, "a{,3}"),
        (PCRE, r"(a)\1[\1\b]"),
        (PCRE_WITHOUT_NUMBERS, "(?P<n>a)(?P=n)(?(n)b|c)"),
    ],
)
def test_what_one_engine_knows_is_not_complained_of_there(engine: Engine, pattern: str) -> None:
    assert unknown(pattern, engine) is None
    assert misread(pattern, engine) is None


@pytest.mark.parametrize(
    ("engine", "pattern", "found", "hint"),
    [
        (JAVASCRIPT, r"\Ahttps://", r"\A", "write ^ and $"),
        (JAVASCRIPT, r"https://\Z", r"\Z", "write ^ and $"),
        (JAVASCRIPT, r"[a-f\a]", r"[\a]", "write the character itself"),
        (JAVASCRIPT, r"[^]/]", "[^]", r"write \] for a bracket"),
        (RE2, "a{,3}", "{,3}", "write a 0 before the comma"),
        (PCRE, "[a[:digit:]]", "[:digit:]", "write out which characters, as in a-z"),
        (RUBY, "[a[b]", "[[", r"write \[ for a bracket"),
        (RUBY, "[a&&b]", "[&&]", "write & once"),
        (RUBY, "a{2}?", "{2}?", "leave out the question mark"),
        (DOTNET, "[+-[a]", "[-[", r"write \[ for a bracket"),
    ],
)
def test_what_means_something_else_to_an_engine_is_complained_of_with_the_way_out(
    engine: Engine, pattern: str, found: str, hint: str
) -> None:
    assert misread(pattern, engine) == found
    complaint = regex_complaints(Policy(allow_origin_regex=pattern), engine)[0]
    assert not complaint.at_start
    assert complaint.message == f"holds {found!r}, which means something else to {engine.name}"
    assert complaint.hint == hint


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [
        ("laravel", "(?a)app", "(?a)"),
        ("laravel", "[[:alpha:]]", "[:alpha:]"),
        ("aspnet-core", "(?P<host>app)", "(?P<"),
        ("haproxy", r"(a)\1", r"\1"),
        ("caddy", "app{$HOME}", "{$"),
        ("apache", "app${HOME}", "${"),
        ("traefik", "app{{.Host}}", "{{"),
    ],
)
def test_a_server_complains_once_of_what_its_engine_or_file_reads_otherwise(
    name: str, pattern: str, found: str
) -> None:
    dialect = find(name)
    assert dialect is not None
    (complaint,) = dialect.complaints(Policy(allow_origin_regex=pattern))
    assert found in complaint.message.replace("\\\\", "\\")
    assert complaint.hint


@pytest.mark.parametrize("name", ["express", "fastify", "koa", "hono", "h3"])
def test_a_javascript_server_refuses_flags_that_are_pythons_own(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    complaints = dialect.complaints(Policy(allow_origin_regex="(?x)app"))
    assert [each.at_start for each in complaints] == [True]


@pytest.mark.parametrize("name", ["express", "fastify", "koa", "hono", "h3"])
def test_javascript_has_flags_beside_the_regex(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    assert dialect.export is not None
    policy = Policy(allow_origin_regex=r"(?isi)^https://app\.test$")
    assert dialect.complaints(policy) == ()
    assert r'new RegExp("^https://app\\.test$", "is")' in dialect.export(policy).text
