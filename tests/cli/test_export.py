"""`corscope export`, `dialects` and `diff-dialects`, as a user runs them."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from corscope.servers.registry import dialects
from tests.cli.conftest import Command

RULE = """
[[rule]]
name = "api"
[rule.match]
host = "api.test"
[rule.policy]
allow_origins = ["https://app.test"]
allow_methods = ["PUT"]
allow_headers = ["content-type"]
"""

OTHER = """
[[rule]]
name = "broken"
[rule.match]
host = "b.test"
[rule.fault]
status = 500
"""

EXPORTED = """\
import cors from "cors";

app.use(cors({
  origin: ["https://app.test"],
  methods: ["PUT"],
  allowedHeaders: ["content-type"],
}));
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(RULE, encoding="utf-8")
    return file


class TestExport:
    def test_it_goes_from_pipe_to_pipe(self, corscope: Command, rules: Path) -> None:
        done = corscope("export", "-", "--to", "express", "-o", "-", stdin=rules.read_bytes())
        assert (done.returncode, done.stdout) == (0, EXPORTED)

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            pytest.param(
                ["--rule", "x"], 'no rule "x": with a policy there is "api"', id="another name"
            ),
            pytest.param(["--rule", "apy"], 'no rule "apy": did you mean "api"?', id="mistyped"),
            pytest.param(
                ["--rule", "broken"], 'rule "broken" has no [rule.policy]', id="no policy"
            ),
        ],
    )
    def test_a_rule_that_is_not_there_is_told_with_those_that_are(
        self, corscope: Command, words: list[str], told: str
    ) -> None:
        done = corscope("export", "-", "--to", "nginx", *words, stdin=f"{RULE}{OTHER}".encode())
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr

    def test_where_no_rule_has_a_policy_none_is_asked_for(self, corscope: Command) -> None:
        done = corscope("export", "-", "--to", "nginx", stdin=OTHER.encode())
        assert (done.returncode, done.stderr) == (1, "Error: no rule has a policy\n")

    def test_code_goes_to_standard_output_and_warnings_beside_it(
        self, corscope: Command, rules: Path
    ) -> None:
        done = corscope("export", str(rules), "--to", "express")
        assert (done.returncode, done.stdout) == (0, EXPORTED)
        assert (
            "warning: a preflight from another origin gets status 204 (status 403)" in done.stderr
        )

    def test_a_file_is_written_but_not_over_another(
        self, corscope: Command, rules: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "server.js"
        words = ("export", str(rules), "--to", "express", "-o", str(target))
        assert corscope(*words).returncode == 0
        assert target.read_text("utf-8") == EXPORTED
        again = corscope(*words)
        assert again.returncode == 1
        assert "--force overwrites it" in again.stderr
        assert corscope(*words, "--force").returncode == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="has no modes")
    def test_a_file_is_its_users_alone_unless_it_was_there(
        self, corscope: Command, rules: Path, tmp_path: Path
    ) -> None:
        new, there = tmp_path / "new.js", tmp_path / "there.js"
        there.touch()
        there.chmod(0o640)
        for target in (new, there):
            words = ("export", str(rules), "--to", "express", "-o", str(target), "--force")
            assert corscope(*words).returncode == 0
        assert [stat.S_IMODE(each.stat().st_mode) for each in (new, there)] == [0o600, 0o640]

    def test_a_folder_that_is_not_there_is_told(
        self, corscope: Command, rules: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "none" / "server.js"
        done = corscope("export", str(rules), "--to", "express", "-o", str(target))
        assert done.returncode == 1
        assert "server.js: can't be written: No such file" in done.stderr
        assert "check that its folder is there, and who may write there" in done.stderr

    def test_headers_and_faults_are_not_exported(self, corscope: Command, rules: Path) -> None:
        rules.write_text(RULE + '[rule.headers]\nremove = "vary"\n', encoding="utf-8")
        done = corscope("export", str(rules), "--to", "express")
        assert "warning: [rule.headers] is not exported" in done.stderr

    @pytest.mark.parametrize(
        ("match", "told"),
        [
            (
                'url = "https://api.test/v1/*"',
                "warning: match.url is not exported: put it where /v1/* is served\n",
            ),
            (
                'host = "api.test"\norigin = "https://admin.test"\nmethod = ["PUT", "POST"]',
                'warning: match.origin is not exported: it is ["https://admin.test"], but all '
                "others get the policy too\n"
                'warning: match.method is not exported: it is ["PUT", "POST"], but all others get '
                "the policy too\n",
            ),
            ('host = "api.test"\nkind = "actual"', 'it is ["actual"], but all others'),
            ('host = "api.test"\nfilter = "~hq x-a"', 'it is ["~hq x-a"], but all others'),
        ],
    )
    def test_whom_the_rule_alone_is_for_is_told(
        self, corscope: Command, rules: Path, match: str, told: str
    ) -> None:
        rules.write_text(RULE.replace('host = "api.test"', match), encoding="utf-8")
        assert told in corscope("export", str(rules), "--to", "express").stderr

    @pytest.mark.parametrize("url", ["https://api.test/*", "https://*", "http://localhost:8080/*"])
    def test_a_host_is_where_the_server_stands(
        self, corscope: Command, rules: Path, url: str
    ) -> None:
        rules.write_text(RULE.replace('host = "api.test"', f'url = "{url}"'), encoding="utf-8")
        assert "match." not in corscope("export", str(rules), "--to", "express").stderr

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            pytest.param(["--to", "expres"], 'did you mean "express"?', id="dialect, mistyped"),
            pytest.param(["--to", "x"], "there are standard, express", id="dialect, unknown"),
            pytest.param([], "standard has no configuration", id="nothing to export to"),
            pytest.param(["--rule", "apo"], 'did you mean "api"?', id="rule, mistyped"),
            pytest.param(["--rule", "broken"], "has no [rule.policy]", id="rule without policy"),
        ],
    )
    def test_bad_words_are_answered_with_the_way_out(
        self, corscope: Command, rules: Path, words: list[str], told: str
    ) -> None:
        rules.write_text(RULE + OTHER, encoding="utf-8")
        done = corscope("export", str(rules), *words)
        assert done.returncode != 0
        assert told in done.stderr
        assert "Traceback" not in done.stderr

    def test_several_rules_have_to_be_told_apart(self, corscope: Command, rules: Path) -> None:
        rules.write_text(RULE + RULE.replace('"api"', '"two"'), encoding="utf-8")
        done = corscope("export", str(rules), "--to", "express")
        assert done.returncode == 1
        assert 'there is "api", "two"; --rule NAME says it' in done.stderr

    def test_a_broken_rule_file_is_told_as_check_tells_it(
        self, corscope: Command, rules: Path
    ) -> None:
        rules.write_text("[[rule]]\nname = 1\n", encoding="utf-8")
        done = corscope("export", str(rules), "--to", "express")
        assert done.returncode == 1
        assert f"{rules}:2" in done.stderr


class TestDialects:
    def test_all_are_listed_with_how_they_are_known(self, corscope: Command) -> None:
        listed = corscope("dialects").stdout
        for dialect in dialects():
            assert dialect.name in listed
            assert dialect.version in listed

    def test_one_is_told_in_full(self, corscope: Command) -> None:
        told = corscope("dialects", "express").stdout
        assert "another origin's: 204, no origin" in told
        assert "- Every OPTIONS is answered as a preflight" in told

    def test_two_are_held_against_each_other(self, corscope: Command, rules: Path) -> None:
        done = corscope("diff-dialects", "standard", "express", str(rules))
        assert done.returncode == 1
        assert "a preflight from another origin:\n  standard: status 403" in done.stdout
        same = corscope("diff-dialects", "express", "express", str(rules))
        assert (same.returncode, same.stdout) == (0, "express and express answer alike\n")
