"""How the command gets what it reads through a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment

RULES = """
[[rule]]
name = "the API"
match.host = "localhost"
[rule.policy]
allow_origins = ["https://app.test"]
"""
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@ON_POSIX
@pytest.mark.parametrize("words", [("check",), ("export", "--to", "nginx")])
def test_rules_can_come_through_a_named_pipe(tmp_path: Path, words: tuple[str, ...]) -> None:
    """As of `corscope check <(envsubst < rules.toml)`."""
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "corscope", *words, str(tmp_path / "pipe")],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    (tmp_path / "pipe").write_text(RULES)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert shown
