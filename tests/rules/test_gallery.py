"""The files to begin from: what they say of themselves, and how one becomes the user's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corscope.cli.new import index_text, starters
from corscope.rules.gallery import Kind, Starter, fill_in, find_starter, read_starter
from corscope.rules.load import Source, load
from corscope.rules.model import Ruleset

ROOT = Path(__file__).parents[2]
BUGS = starters(Kind.BUG)
ALL = (*starters(Kind.POLICY), *BUGS)

TEXT = """\
#:schema ../schema.json
# It goes wrong. Often, too.
#
# A paragraph: not a note.
# cause: because
#   it can
# try: fetch("https://api.example.com/")

# fix: not in the head
[[rule]]
name = "it"
match.host = "api.example.com"
policy.allow_origins = ["https://app.example.com"]
policy.allow_origin_regex = 'https://app\\.example\\.com'
"""

every_file = pytest.mark.parametrize("starter", ALL, ids=lambda starter: starter.name)
every_bug = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)


def _loaded(text: str) -> Ruleset:
    return load([Source("it.toml", text.encode())])


class TestTheFiles:
    def test_the_classic_bugs_are_there(self) -> None:
        assert len(BUGS) >= 45

    @every_file
    def test_a_file_is_checked_without_warnings_or_says_why_not(self, starter: Starter) -> None:
        warnings = _loaded(starter.text).warnings
        assert bool(warnings) == ("check" in starter.notes), warnings

    @every_bug
    def test_a_bug_says_what_is_seen_why_and_how_it_is_mended(self, bug: Starter) -> None:
        assert bug.title
        assert {"cause", "fix", "try"} <= bug.notes.keys()
        assert {"chromium", "firefox"} <= bug.notes.keys() or "bug gives" in bug.notes

    @every_bug
    def test_the_bug_comes_first_and_its_fix_is_disabled(self, bug: Starter) -> None:
        rules = _loaded(bug.text).rules
        sides = [rule.name.removeprefix(f"{bug.name}: ").split()[0] for rule in rules]
        assert sides == sorted(sides)
        assert set(sides) == {"bug", "fix"}
        assert [rule.enabled for rule in rules] == [side == "bug" for side in sides]

    @every_file
    def test_a_file_takes_the_users_hosts(self, starter: Starter) -> None:
        text = starter.text
        if "api.example.com" in text:
            text = fill_in(starter, host="http://localhost:8080")
            assert "api.example.com" not in text
        if "https://app.example.com" in text:
            text = fill_in(starter, host="http://localhost:8080", origin="http://localhost:5173")
            assert "https://app.example.com" not in text
        assert _loaded(text).rules

    def test_the_readme_is_their_index(self) -> None:
        """`make index` writes it."""
        assert (ROOT / "rules" / "README.md").read_text("utf-8") == index_text()


class TestReading:
    def test_the_title_is_the_first_sentence(self) -> None:
        assert read_starter("it", TEXT).title == "It goes wrong."

    def test_a_note_goes_on_in_indented_lines_and_ends_with_the_head(self) -> None:
        notes = read_starter("it", TEXT).notes
        assert notes == {"cause": "because it can", "try": 'fetch("https://api.example.com/")'}

    @pytest.mark.parametrize("name", ["origin-null", "origin-null.toml"])
    def test_a_file_is_found_by_its_name(self, name: str) -> None:
        assert find_starter(name, BUGS).name == "origin-null"

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            pytest.param("origin-nul", "did you mean origin-null?", id="mistyped"),
            pytest.param("405", "did you mean preflight-route-missing-405?", id="a number"),
            pytest.param("preflight-redirect", "preflight-redirected-to-", id="a reason"),
            pytest.param("PreflightInvalidStatus", "preflight-route-missing-40", id="Chromium's"),
            pytest.param(
                "nginx",
                "did you mean nginx-add-header-in-location or nginx-add-header-without-always?",
                id="part of a name",
            ),
            pytest.param("nope", "did you mean connection-dropped, ", id="like none"),
            pytest.param("?", "Without a name, all are listed", id="no letter"),
            pytest.param("", "Without a name, all are listed", id="empty"),
            pytest.param("x" * 100_000, "Without a name, all are listed", id="endless"),
        ],
    )
    def test_a_name_that_is_none_is_told_what_there_is(self, name: str, told: str) -> None:
        with pytest.raises(ValueError, match="there is no") as raised:
            find_starter(name, BUGS)
        assert told in str(raised.value)


class TestFillingIn:
    def test_host_and_origin_are_replaced_wherever_they_stand(self) -> None:
        filled = fill_in(read_starter("it", TEXT), "api.my.test:8443", "http://my.test:3000")
        assert filled.endswith(
            """\
# try: fetch("https://api.my.test:8443/")

# fix: not in the head
[[rule]]
name = "it"
match.host = "api.my.test:8443"
policy.allow_origins = ["http://my.test:3000"]
policy.allow_origin_regex = 'http://my\\.test:3000'
"""
        )

    def test_a_host_with_a_scheme_brings_it_along(self) -> None:
        filled = fill_in(read_starter("it", TEXT), host="http://[::1]:8080")
        assert 'fetch("http://[::1]:8080/")' in filled
        assert 'match.host = "[::1]:8080"' in filled
        assert "https://app.example.com" in filled

    def test_what_is_filled_in_is_not_replaced_again(self) -> None:
        filled = fill_in(read_starter("it", TEXT), "app.example.com", "https://api.example.com")
        assert 'match.host = "app.example.com"' in filled
        assert 'allow_origins = ["https://api.example.com"]' in filled

    def test_a_file_may_have_other_examples_and_keeps_its_notes_on_them(self) -> None:
        text = "# It.\n#\n# host: cdn.test\n\nmatch.host = 'cdn.test'\n"
        assert fill_in(read_starter("it", text), "a.test") == "# It.\n\nmatch.host = 'a.test'\n"

    @pytest.mark.parametrize(
        ("key", "given", "meant"),
        [
            ("host", "https://a.test/", "https://a.test"),
            ("host", "a.test/x", "a.test"),
            ("host", "b\u00fccher.test", "xn--bcher-kva.test"),
            ("origin", "a.test", "http://a.test"),
            ("origin", "https://a.test/", "https://a.test"),
            ("origin", "https://A.test", "https://a.test"),
            ("origin", "https://a.test:443", "https://a.test"),
            ("origin", "https://b\u00fccher.test", "https://xn--bcher-kva.test"),
        ],
    )
    def test_what_browsers_write_otherwise_is_told_as_they_do(
        self, key: str, given: str, meant: str
    ) -> None:
        with pytest.raises(ValueError, match=f'is no {key}: write it "{re.escape(meant)}"$'):
            fill_in(read_starter("it", TEXT), **{key: given})

    @pytest.mark.parametrize("host", ["a test", "", 'a"', "a.test:0x", "::1"])
    def test_what_is_no_host_is_refused(self, host: str) -> None:
        with pytest.raises(ValueError, match="is no host: write it as api"):
            fill_in(read_starter("it", TEXT), host=host)

    @pytest.mark.parametrize("origin", ["null", "*", "a b", "file:///a", ""])
    def test_what_is_no_origin_is_refused(self, origin: str) -> None:
        with pytest.raises(ValueError, match="is no origin: write it as https:"):
            fill_in(read_starter("it", TEXT), origin=origin)

    def test_a_file_with_nothing_to_fill_in_says_so(self) -> None:
        starter = find_starter("local-development", ALL)
        with pytest.raises(ValueError, match="local-development has no host to fill in"):
            fill_in(starter, host="a.test")
