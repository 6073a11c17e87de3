"""How the command ends where its reader leaves, or Ctrl-C is pressed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.cli.test_check_log import line

RULES = """
[[rule]]
name = "the API"
match.host = "localhost"
[rule.policy]
allow_origins = ["https://app.test"]
"""
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def left_at_once(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it into a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "corscope", *words],
            stdout=writing,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)


@ON_POSIX
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("new", "bug"), 0),
        (("why",), 0),
        (("--help",), 0),
        (("check", "RULES"), 0),
        (("export", "RULES", "--to", "traefik"), 0),
        (("diff-dialects", "standard", "standard", "RULES"), 0),
        (("diff-dialects", "standard", "express", "RULES"), 1),
        (("check-log", "JOURNAL"), 1),
        (("explain", "JOURNAL"), 0),
    ],
)
def test_the_status_does_not_hang_on_when_the_reader_leaves(
    tmp_path: Path, words: tuple[str, ...], status: int
) -> None:
    """With `| head -1` it was that of the work or 1, as it came."""
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "cors.jsonl").write_text((line() + "\n") * 5000)
    files = {"RULES": str(tmp_path / "rules.toml"), "JOURNAL": str(tmp_path / "cors.jsonl")}
    done = left_at_once(*(files.get(word, word) for word in words))
    assert (done.returncode, "Traceback" in done.stderr) == (status, False)


@pytest.mark.parametrize(
    "words",
    [
        ("new", "bug", "any-origin-with-credentials"),
        ("export", "RULES", "--to", "nginx"),
        ("import", "BUCKET", "--from", "s3"),
        ("report", "JOURNAL"),
        ("report", "JOURNAL", "--format", "markdown"),
        ("repro", "JOURNAL", "--last", "-o", "-"),
        ("infer", "JOURNAL"),
        ("rule-from", "JOURNAL"),
        ("check-log", "JOURNAL", "--format", "junit"),
    ],
)
def test_a_file_by_standard_output_has_the_bytes_that_it_would_have_by_itself(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Python gives a pipe or a file on Windows what is the code page there, 1252 say."""
    files = {"RULES": "rules.toml", "BUCKET": "cors.json", "JOURNAL": "cors.jsonl"}
    (tmp_path / "rules.toml").write_text(RULES.replace("the API", "größer → 中"), "utf-8")
    rule = '{"ID": "größer → 中", "AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}'
    (tmp_path / "cors.json").write_text(f'{{"CORSRules": [{rule}]}}', "utf-8")
    answered = line((("Access-Control-Allow-Origin", "größer"),))
    (tmp_path / "cors.jsonl").write_text(f"{answered}\n", "utf-8")
    printed = [
        subprocess.run(
            [sys.executable, "-m", "corscope", *(files.get(word, word) for word in words)],
            capture_output=True,
            cwd=tmp_path,
            env={**environment(), "PYTHONIOENCODING": encoding},
            timeout=60,
            check=False,
        ).stdout
        for encoding in ("cp1252", "utf-8")
    ]
    assert printed[0].decode("utf-8") == printed[1].decode("utf-8") != ""


@ON_POSIX
@pytest.mark.parametrize("command", ["explain", "check-log", "check", "import", "report"])
def test_ctrl_c_ends_it_by_the_signal(tmp_path: Path, command: str) -> None:
    """Which shells show as 130; bash ends a loop around it then, and by no other status."""
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "corscope", command, str(tmp_path / "pipe")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with (tmp_path / "pipe").open("wb"):  # waits until it is read
        process.send_signal(signal.SIGINT)
        shown = process.communicate(timeout=60)
    assert (process.returncode, *shown) == (-signal.SIGINT, "", "\n")


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
