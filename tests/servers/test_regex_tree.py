"""What Python itself says of a regex while it reads it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import environment

_LOAD = """
import sys, threading
from corscope.rules.load import Source, load

rule = "[[rule]]\\nname = 'a'\\nmatch.host = 'api.test'\\n" + sys.argv[1]
thread = threading.Thread(target=load, args=([Source("a.toml", rule.encode())],))
thread.start()
thread.join()
"""
"""Reads a rule file in a thread, as is done beside traffic."""

_OTHERS = """
import re, warnings
import corscope.servers.patterns.origins

re.compile("[[z]")
warnings.warn_explicit("Soon gone", FutureWarning, "a.py", 1, "corscope.servers.patterns.origins")
"""


def _said(program: str, *arguments: str) -> str:
    """What goes to standard error; in a process of its own, for pytest has filters of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program, *arguments],
        capture_output=True,
        env=environment(),
        check=True,
        timeout=60,
    )
    return done.stderr.decode()


@pytest.mark.parametrize(
    "keys",
    [
        "policy.allow_origin_regex = '{}'",
        "policy = {{ like = 'starlette', allow_origin_regex = '{}' }}",
        "policy = {{ like = 'flask-cors', allow_origins = ['{}'] }}",
        "policy.allow_origins = '*'\nmatch.filter = '~u \"{}\"'",
    ],
)
def test_nothing_is_printed_of_what_a_later_python_may_read_otherwise(keys: str) -> None:
    regex = r"https://(?:[[a]|[+--]|(?:[a&&b]|(?:x[||]|(?:[.~~]))))\.test"
    assert _said(_LOAD, keys.format(regex)) == ""


def test_other_warnings_and_those_of_others_are_printed() -> None:
    said = _said(_OTHERS)
    assert "Possible nested set" in said
    assert "Soon gone" in said
