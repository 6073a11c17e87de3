"""`cors.export` in a running mitmproxy: a rule that works, as a real server's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .proxy import Proxy

RULES = """
[[rule]]
name = "the API"
match.host = "api.test"
policy = { allow_origins = ["https://app.test"], allow_methods = ["PUT"] }

[[rule]]
name = "no policy"
match.host = "b.test"
fault.status = 500
"""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("export")
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    with Proxy(folder, options={"cors_rules": rules}) as running:
        yield running


def export(proxy: Proxy, *words: object) -> dict[str, Any]:
    return proxy.control(command="cors.export", arguments=[str(word) for word in words])


def test_a_rule_is_written_to_a_file(proxy: Proxy, tmp_path: Path) -> None:
    target = tmp_path / "server.js"
    assert "error" not in export(proxy, "the API", "express", target)
    assert 'origin: ["https://app.test"]' in target.read_text("utf-8")
    proxy.told(r"CORS export: a preflight from another origin gets status 204 \(status 403\)")
    proxy.told(r"CORS export: .*server\.js written; it belongs into server\.js")


@pytest.mark.parametrize(
    ("rule", "dialect", "told"),
    [
        pytest.param("the APO", "express", 'did you mean "the API"?', id="rule, mistyped"),
        pytest.param("no policy", "express", "has no [rule.policy]", id="rule without policy"),
        pytest.param("the API", "expres", 'did you mean "express"?', id="dialect, mistyped"),
        pytest.param("the API", "standard", "no configuration to export to", id="the standard"),
    ],
)
def test_bad_words_are_answered_with_the_way_out(
    proxy: Proxy, tmp_path: Path, rule: str, dialect: str, told: str
) -> None:
    target = tmp_path / "file"
    assert told in export(proxy, rule, dialect, target)["error"]
    assert not target.exists()


def test_what_is_missing_is_told_by_its_name(proxy: Proxy) -> None:
    told = proxy.control(command="cors.export", arguments=["the API"])["error"]
    assert "dialect: dialect" in told
    assert " object at " not in told


def test_a_folder_that_is_not_there_is_told(proxy: Proxy, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    told = export(proxy, "the API", "express", missing / "x")["error"]
    assert f"there is no folder {missing}" in told
