"""Any rule file: rules or the listed problems; and whatever rules it holds can be applied."""

from __future__ import annotations

from corscope.messages import Request, Response
from corscope.mitm.rules.filters import check_filter
from corscope.rules.apply import answer, answers_by_itself, edit
from corscope.rules.load import Source, load
from corscope.rules.match import Subject, choose_at_request, choose_at_response, subject_of
from corscope.rules.model import Rule
from corscope.rules.problems import RulesError, Severity
from corscope.servers.parts import is_sendable

__all__ = ["fuzz_one"]

FILE = "rules.toml"
ASKED = (
    Request(
        "OPTIONS",
        "https://api.example.com/items",
        (
            ("Origin", "https://app.example.com"),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "content-type,x-a"),
        ),
    ),
    Request("PUT", "https://api.example.com/items", (("Origin", "https://app.example.com"),)),
    Request("GET", "http://localhost:8080/a?b", (("Origin", "null\r\nX-Injected: 1"),)),
)
ANSWERED = Response(200, (("Vary", "Accept"), ("Access-Control-Allow-Origin", "*")))


def fuzz_one(data: bytes) -> None:
    """Load the file, and have every rule act on a few requests."""
    try:
        ruleset = load([Source(FILE, data)], check_filter)
    except RulesError as error:
        _check_problems(error)
        return
    for request in ASKED:
        subject = subject_of(request)
        choose_at_request(ruleset, subject, lambda _: True)
        choose_at_response(ruleset, subject, 200, lambda _: True)
        for rule in ruleset.rules:
            _check_applied(rule, subject)


def _check_problems(error: RulesError) -> None:
    assert any(problem.severity is Severity.ERROR for problem in error.problems)
    for problem in error.problems:
        assert problem.file == FILE
        assert problem.message
        assert FILE in str(problem)


def _check_applied(rule: Rule, subject: Subject) -> None:
    for fresh in (False, True):
        made = answer(rule, subject, fresh=fresh)
        assert made is None or answers_by_itself(rule, subject)
        edited = edit(rule, subject, ANSWERED, fresh=fresh)
        for headers in (made.headers if made else (), edited.headers):
            for name, value in headers:
                assert is_sendable(value), (name, value)
                assert is_sendable(name), (name, value)
