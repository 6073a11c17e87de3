"""`corscope new`, as a user runs it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Command

NEW_POLICY = ("new", "policy", "single-page-app")


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("policy", "public-api         A public API: any site may call it from the browser,"),
        ("bug", "credentials-sent-twice                `true` twice is `true, true`."),
    ],
)
def test_without_a_name_all_are_listed(corscope: Command, kind: str, line: str) -> None:
    listed = corscope("new", kind).stdout
    assert any(each.startswith(line) for each in listed.splitlines()), listed


def test_what_it_says_to_run_can_be_pasted_where_the_name_has_spaces(
    corscope: Command, tmp_path: Path
) -> None:
    file = tmp_path / "my rules.toml"
    told = corscope(*NEW_POLICY, "-o", file).stdout.partition("corscope run --rules ")[2]
    assert shlex.split(told.replace("\\", "/")) == [str(file).replace("\\", "/")]


def test_the_copy_has_the_users_hosts_and_can_be_used(corscope: Command, tmp_path: Path) -> None:
    file = tmp_path / "my-rules.toml"
    hosts = ("--host", "api.my.test", "--origin", "https://my.test")
    done = corscope(*NEW_POLICY, *hosts, "-o", file)
    assert (done.returncode, done.stdout) == (
        0,
        f"{file} written: corscope run --rules {file}\n",
    )
    text = file.read_text("utf-8")
    assert 'host = "api.my.test"' in text
    assert 'allow_origins = ["https://my.test"]' in text
    assert "example.com" not in text
    assert "schema" not in text
    checked = corscope("check", file)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_without_a_file_it_is_printed(corscope: Command) -> None:
    printed = corscope("new", "bug", "origin-null", "--host", "http://localhost:8080").stdout
    assert '# try: fetch("http://localhost:8080/")' in printed
    assert 'match.host = "localhost:8080"' in printed


def test_a_file_is_not_written_over_another(corscope: Command, tmp_path: Path) -> None:
    file = tmp_path / "my-rules.toml"
    file.write_text("mine")
    done = corscope(*NEW_POLICY, "-o", file)
    assert done.returncode == 1
    assert "--force overwrites it" in done.stderr
    assert file.read_text() == "mine"
    assert corscope(*NEW_POLICY, "-o", file, "--force").returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        pytest.param(["rule"], 2, "'rule' is not one of 'bug', 'policy'", id="kind"),
        pytest.param(["policy", "singel-page-app"], 1, "did you mean single-page-app?", id="name"),
        pytest.param(
            ["policy", "origin-null.toml"],
            1,
            'there is no policy "origin-null", but a bug: corscope new bug origin-null',
            id="the other kind",
        ),
        pytest.param(["bug", "nope"], 1, "Without a name, all are listed", id="like none"),
        pytest.param([*NEW_POLICY[1:], "--host", "a/b"], 1, '"a/b" is no host', id="host"),
        pytest.param([*NEW_POLICY[1:], "--origin", "a.test"], 1, "is no origin", id="origin"),
        pytest.param(
            ["policy", "public-api", "--origin", "https://a.test"],
            1,
            "public-api has no origin to fill in",
            id="nothing to fill in",
        ),
        pytest.param([*NEW_POLICY[1:], "-o", "/none/a.toml"], 1, "No such file", id="folder"),
        pytest.param([*NEW_POLICY[1:], "-o", "/"], 1, "/: this is a folder", id="a folder itself"),
        pytest.param([*NEW_POLICY[1:], "-o", ""], 1, "this is a folder", id="an empty path"),
    ],
)
def test_bad_words_are_answered_with_the_way_out(
    corscope: Command, words: list[str], status: int, told: str
) -> None:
    done = corscope("new", *words)
    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr
