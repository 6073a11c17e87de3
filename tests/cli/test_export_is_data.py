"""What stands in a rule is text to the server that it is written for, whatever characters it has.

Read back by `corscope import`, which parses each configuration and language, it is the same text:
had it ended a string or a comment, something else would stand there, or nothing that can be read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.messages import Request
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from corscope.rules.problems import RulesError
from corscope.rules.write import rule_text
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy
from corscope.servers.registry import find

HOSTILE = st.lists(
    st.sampled_from(
        [
            *("'", '"', "`", "\\", "\n", "\r", "\u2028", "\0", "${evil()}", "#{evil()}", "$evil"),
            *("{", "}", "<", ">", "-->", "]]>", "*/", "//", "#", ";", "%", "{{evil}}", "&quot;"),
            *("evil()", "$(evil)", "@evil", "%>", "?>", "\u00e9", "\t", " ", ",", "=", "!", "|"),
        ]
    ),
    min_size=1,
    max_size=6,
).map("".join)


def as_a_rule(policy: Policy, server: Dialect) -> Policy | None:
    """The policy of a rule file that says this; None where it may not be said."""
    if server.complaints(policy):
        return None
    with suppress(RulesError, ValueError):
        text = rule_text("a", {"host": "api.test"}, policy, server)
        return load([RuleFile("a.toml", text.encode())]).rules[0].policy
    return None


@pytest.mark.parametrize("name", IMPORTERS)
@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@example(origin="\\'", header="\\\\", method="'")
@given(origin=HOSTILE, header=HOSTILE, method=HOSTILE)
def test_no_value_of_a_rule_ends_the_string_that_it_stands_in(
    name: str, origin: str, header: str, method: str
) -> None:
    server = find(name)
    assert server is not None
    assert server.export is not None
    usual = Policy(allow_origins=("https://app.test", "https://b.test"))
    for hostile in (
        replace(usual, allow_origins=("https://app.test", f"https://a{origin}.test")),
        replace(usual, allow_headers=("x-a", f"x-{header}")),
        replace(usual, allow_methods=("PUT", f"M{method}")),
        replace(usual, expose_headers=("x-a", f"x-{header}")),
    ):
        policy = as_a_rule(hostile, server)
        if policy is None:
            continue
        written = server.export(policy)
        imported = _read_back(server, written.file, written.text)
        if imported is None:
            continue
        for asked in _asked(policy):
            assert server.preflight(imported, asked) == server.preflight(policy, asked)


def _read_back(server: Dialect, file: str, text: str) -> Policy | None:
    """What the server has been told; None for text that its reader takes for unknown.

    That is text in which these servers fill something in, though only Tomcat does so in this file.
    """
    try:
        (found,) = IMPORTERS[server.name](Source(file, text))
    except UnreadableError as error:
        is_unknown = re.search(r"can't tell .*[$#]", str(error)) is not None
        if is_unknown and server.name in {"spring", "haproxy", "tomcat"}:
            return None
        raise
    return found.policy


def _asked(policy: Policy) -> list[Request]:
    """What tells apart policies that differ in what they allow."""
    origins = policy.allow_origins if isinstance(policy.allow_origins, tuple) else ()
    lists = (policy.allow_methods, policy.allow_headers)
    methods, headers = (each if isinstance(each, tuple) else ("PUT",) for each in lists)
    return [
        Request(
            "OPTIONS",
            "https://api.test/",
            (
                ("Origin", origin),
                ("Access-Control-Request-Method", methods[-1]),
                ("Access-Control-Request-Headers", headers[-1]),
            ),
        )
        for origin in origins
    ]
