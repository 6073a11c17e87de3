"""What a server's regex engine knows, and what means something else to it."""

from __future__ import annotations

import pytest

from corscope.servers.complaints import regex_complaints
from corscope.servers.policy import Policy
from corscope.servers.regexes import JAVASCRIPT, PCRE, RE2, RUBY, Engine, misread, unknown
from corscope.servers.registry import find


@pytest.mark.parametrize(
    ("engine", "pattern", "found"),
    [
        (JAVASCRIPT, r"(?i)^https://app\.test$", "(?i)"),
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
        r"[(?P<a]+\(\?=[^]*+]",
        r"\\A\\Z",
        r"a\++",
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
        (JAVASCRIPT, r"^(?!https://evil)https://(?<=//)app\.test"),
    ],
)
def test_what_one_engine_knows_is_not_complained_of_there(engine: Engine, pattern: str) -> None:
    assert unknown(pattern, engine) is None


@pytest.mark.parametrize("sign", [r"\A", r"\Z"])
def test_an_anchor_that_javascript_takes_for_a_letter_is_complained_of(sign: str) -> None:
    complaints = regex_complaints(Policy(allow_origin_regex=f"{sign}https://"), JAVASCRIPT)
    assert [each.at_start for each in complaints] == [False]
    assert repr(sign) in complaints[0].message
    assert "^ and $" in complaints[0].hint


@pytest.mark.parametrize("name", ["express", "fastify", "koa", "hono", "h3"])
def test_a_javascript_server_refuses_pythons_inline_flags(name: str) -> None:
    dialect = find(name)
    assert dialect is not None
    complaints = dialect.complaints(Policy(allow_origin_regex="(?i)app"))
    assert [each.at_start for each in complaints] == [True]
