"""What the page's server does with rules: shows, checks, tries, switches and saves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corscope.web.access import TOKEN_HEADER
from tests.support.web import Answer, Served
from tests.web.rule_folder import ALLOW, HOSTILE_RULE, NAME, OTHER, folder_of
from tests.web.scenes import Recording, answers, asks, preflight, told


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(told().store, rules=folder_of(tmp_path, a=ALLOW, b=OTHER)) as page:
        yield page


def sent(served: Served, path: str, body: object, method: str = "POST") -> Answer:
    headers = {"Origin": f"http://{served.host}", TOKEN_HEADER: served.page.token}
    return served.ask(path, method, headers, body=json.dumps(body))


def told_of(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


# The list


def test_the_rules_stand_in_their_files_with_what_they_did(served: Served) -> None:
    html = served.ask("rules/list").text
    assert (
        html.index("a.toml") < html.index(NAME) < html.index("b.toml") < html.index("off for now")
    )
    assert "2 exchanges" in html, "those of the recording that name the rule"
    assert 'aria-checked="true"' in html
    assert 'aria-checked="false"' in html


def test_mistakes_stand_at_their_lines(tmp_path: Path) -> None:
    rules = folder_of(tmp_path, a=ALLOW)
    (tmp_path / "a.toml").write_text(ALLOW.replace("host", "hots"), "utf-8")
    rules.read_again()
    with Served(told().store, rules=rules) as served:
        html = served.ask("rules/list").text
    assert "The rules before stay in force" in html
    assert "a.toml:8:1" in html
    assert NAME in html


def test_a_rule_is_switched_for_this_run(served: Served) -> None:
    assert told_of(sent(served, "rules/toggle", {"name": NAME})) == {"on": False}
    assert served.rules is not None
    assert not served.rules.ruleset.rules[0].enabled
    assert "for this run" in served.ask("rules/list").text
    assert told_of(sent(served, "rules/toggle", {"name": NAME})) == {"on": True}
    unknown = sent(served, "rules/toggle", {"name": "the APY"})
    assert unknown.status == 404


# A file


def test_a_file_is_read_with_its_stamp(served: Served) -> None:
    first = told_of(served.ask("rules/file/0"))
    assert first["text"] == ALLOW
    assert first["path"].endswith("a.toml")
    assert told_of(served.ask("rules/file/1"))["stamp"] != first["stamp"]


@pytest.mark.parametrize("number", ["2", "9999", "-1", "..%2fa.toml", "x"])
def test_only_files_in_force_are_read(served: Served, number: str) -> None:
    assert served.ask(f"rules/file/{number}").status == 404
    body = {"text": "", "stamp": ""}
    assert sent(served, f"rules/file/{number}", body, "PUT").status == 404


def test_a_file_is_saved_and_holds_at_once(served: Served, tmp_path: Path) -> None:
    stamp = told_of(served.ask("rules/file/0"))["stamp"]
    text = ALLOW.replace('"PUT", "DELETE"', '"PATCH"')
    saved = told_of(sent(served, "rules/file/0", {"text": text, "stamp": stamp}, "PUT"))
    assert (tmp_path / "a.toml").read_bytes() == text.encode()
    assert saved["stamp"] == told_of(served.ask("rules/file/0"))["stamp"]
    assert served.rules is not None
    policy = served.rules.ruleset.rules[0].policy
    assert policy is not None
    assert policy.allow_methods == ("PATCH",)


def test_a_file_that_has_changed_meanwhile_is_not_overwritten(
    served: Served, tmp_path: Path
) -> None:
    stamp = told_of(served.ask("rules/file/0"))["stamp"]
    (tmp_path / "a.toml").write_text(OTHER.replace("off for now", "new"), "utf-8")
    refused = sent(served, "rules/file/0", {"text": ALLOW, "stamp": stamp}, "PUT")
    assert refused.status == 409
    assert "has changed since" in refused.text
    assert 'name = "new"' in (tmp_path / "a.toml").read_text("utf-8")


def test_what_does_not_load_is_not_saved(served: Served, tmp_path: Path) -> None:
    stamp = told_of(served.ask("rules/file/0"))["stamp"]
    for text in ("[[rule]", ALLOW.replace(NAME, "off for now")):
        refused = sent(served, "rules/file/0", {"text": text, "stamp": stamp}, "PUT")
        assert refused.status == 422
    assert (tmp_path / "a.toml").read_text("utf-8") == ALLOW


def test_a_files_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    """A browser's text has line feeds alone."""
    rules = folder_of(tmp_path, a="")
    file = tmp_path / "a.toml"
    file.write_bytes(ALLOW.replace("\n", "\r\n").encode())
    with Served(told().store, rules=rules) as served:
        read = told_of(served.ask("rules/file/0"))
        assert read["text"] == ALLOW
        body = {"text": ALLOW.replace("PUT", "PATCH"), "stamp": read["stamp"]}
        told_of(sent(served, "rules/file/0", body, "PUT"))
    assert file.read_bytes() == ALLOW.replace("PUT", "PATCH").replace("\n", "\r\n").encode()


def test_where_line_ends_differ_the_file_gets_those_that_most_have(tmp_path: Path) -> None:
    """One line that was pasted from elsewhere doesn't change all others."""
    rules = folder_of(tmp_path, a="")
    file = tmp_path / "a.toml"
    file.write_bytes(ALLOW.encode() + b"# pasted\r\n")
    with Served(told().store, rules=rules) as served:
        read = told_of(served.ask("rules/file/0"))
        body = {"text": read["text"], "stamp": read["stamp"]}
        told_of(sent(served, "rules/file/0", body, "PUT"))
    assert file.read_bytes() == ALLOW.encode() + b"# pasted\n"


def test_a_file_in_another_encoding_is_not_spoiled(tmp_path: Path) -> None:
    rules = folder_of(tmp_path, a="")
    (tmp_path / "a.toml").write_bytes("# f\xfcr".encode("latin-1"))
    with Served(told().store, rules=rules) as served:
        refused = served.ask("rules/file/0")
    assert refused.status == 422
    assert "UTF-8" in refused.text


def test_a_file_that_can_not_be_written_says_so(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    stamp = told_of(served.ask("rules/file/0"))["stamp"]
    file.unlink()
    gone = sent(served, "rules/file/0", {"text": ALLOW, "stamp": stamp}, "PUT")
    assert gone.status in {404, 409}
    assert not file.exists()


def test_writing_needs_what_all_that_changes_needs(served: Served, tmp_path: Path) -> None:
    """As in test_access, for the one thing that writes to the disk."""
    stamp = told_of(served.ask("rules/file/0"))["stamp"]
    body = json.dumps({"text": OTHER.replace("off for now", "evil"), "stamp": stamp})
    own = {"Origin": f"http://{served.host}", TOKEN_HEADER: served.page.token}
    for headers in (
        {},
        own | {"Origin": "https://evil.test"},
        own | {TOKEN_HEADER: "wrong"},
        own | {"Host": f"evil.test:{served.page.port}"},
    ):
        assert served.ask("rules/file/0", "PUT", headers, body=body).status == 403
    assert (tmp_path / "a.toml").read_text("utf-8") == ALLOW


# Checking and trying


def test_a_mistake_is_told_with_its_line(served: Served) -> None:
    text = ALLOW.replace("allow_credentials = true", 'allow_credentials = "yes"')
    found = told_of(sent(served, "rules/check/0", {"text": text}))
    [problem] = found["problems"]
    assert problem["line"] == 14
    assert problem["error"]
    assert problem["where"] == f'rule "{NAME}", policy.allow_credentials'
    assert found["whatIf"] is None


def test_a_warning_is_none_that_counts(served: Served) -> None:
    text = ALLOW.replace('"PUT", "DELETE"', '"PUT", "DELETE", "GET"')
    found = told_of(sent(served, "rules/check/0", {"text": text}))
    assert [(each["error"], each["id"]) for each in found["problems"]] == [
        (False, "method-safelisted")
    ]
    assert found["whatIf"] is not None


def test_a_mistake_in_another_file_is_told_by_its_name(served: Served) -> None:
    text = ALLOW.replace(NAME, "off for now")
    found = told_of(sent(served, "rules/check/0", {"text": text}))
    [problem] = found["problems"]
    assert problem["line"] is None
    assert problem["file"].endswith("b.toml")


def test_what_would_change_is_told_before_it_is_saved(served: Served, tmp_path: Path) -> None:
    found = told_of(sent(served, "rules/check/0", {"text": ALLOW}))
    assert "become allowed" in found["whatIf"]
    assert "https://api.example.com/me" in found["whatIf"]
    nothing = told_of(sent(served, "rules/check/0", {"text": ""}))
    assert "https://api.example.com/me" not in nothing["whatIf"]
    assert (tmp_path / "a.toml").read_text("utf-8") == ALLOW


def test_many_changes_are_listed_in_part(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(250):
        recording.exchange(asks("GET", f"/a{number}"), answers())
    with Served(recording.store, rules=folder_of(tmp_path, a="")) as served:
        found = told_of(sent(served, "rules/check/0", {"text": ALLOW}))
    assert "250 blocked become allowed" in found["whatIf"]
    assert "50 more aren't listed" in found["whatIf"].replace("&#39;", "'")


@pytest.mark.parametrize("body", [None, [], {}, {"text": 1}, {"text": None}, "text"])
def test_what_is_no_text_is_refused(served: Served, body: object) -> None:
    assert sent(served, "rules/check/0", body).status == 400


def test_a_lone_surrogate_is_no_way_to_break_it(served: Served) -> None:
    found = told_of(sent(served, "rules/check/0", {"text": 'x = "\ud800"'}))
    assert found["problems"]


# A rule from an exchange


def test_a_rule_is_made_of_an_exchange(tmp_path: Path) -> None:
    recording = Recording()
    id_ = recording.exchange(preflight("PUT"), answers(204))
    good = recording.exchange(asks("GET"), None, error="gone")
    with Served(recording.store, rules=folder_of(tmp_path, a="")) as served:
        text = told_of(served.ask(f"rules/from/{id_}"))["text"]
        found = told_of(sent(served, "rules/check/0", {"text": text}))
        assert "1 blocked becomes allowed" in found["whatIf"]
        assert found["problems"] == []
        refused = served.ask(f"rules/from/{good}")
        assert refused.status == 422
        assert "no rule helps" in refused.text
        assert served.ask("rules/from/else").status == 404


def test_hostile_names_are_text(tmp_path: Path) -> None:
    with Served(told().store, rules=folder_of(tmp_path, a=HOSTILE_RULE)) as served:
        html = served.ask("rules/list").text
    assert "<script>" not in html
    assert "<img" not in html


def test_without_rules_there_is_nothing_to_do_but_the_view_says_what_to_do() -> None:
    with Served(told().store) as served:
        assert "cors_rules" in served.ask("view/rules").text
        assert served.ask("rules/list").status == 200
        assert served.ask("rules/file/0").status == 404
        assert sent(served, "rules/toggle", {"name": "x"}).status == 404
