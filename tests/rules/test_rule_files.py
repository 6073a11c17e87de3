"""The rule files that people begin from, and those of the reference, load and do what they say."""

import re
from pathlib import Path

import pytest

from corscope.messages import HeaderList, Request
from corscope.rules.apply import answer
from corscope.rules.load import Source, load
from corscope.rules.match import choose_at_request, subject_of
from corscope.servers.registry import dialects

ROOT = Path(__file__).parents[2]
POLICIES = sorted((ROOT / "rules" / "policies").glob("*.toml"))
REFERENCE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
DIALECTS = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", REFERENCE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_a_starter_policy_loads(file: Path) -> None:
    assert load([Source(file.name, file.read_bytes())]).rules


def test_all_starter_policies_load_together_with_the_warnings_that_their_readme_counts() -> None:
    ruleset = load([Source(file.name, file.read_bytes()) for file in POLICIES])
    assert [(warning.file, warning.path) for warning in ruleset.warnings] == [
        ("embedded-widget.toml", "policy.allow_origins"),
        ("public-api.toml", "policy.allow_origins"),
    ]


def test_the_readme_lists_every_starter_policy_and_no_other() -> None:
    readme = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\(policies/([^)]+)\)", readme)) == [file.name for file in POLICIES]


@pytest.mark.parametrize(
    ("url", "origin", "method", "names", "status"),
    [
        ("https://api.example.com/", "https://app.example.com", "PUT", "content-type", 204),
        ("https://api.example.com/", "https://evil.example", "PUT", "content-type", 403),
        ("https://public.example.com/", "https://evil.example", "PUT", "authorization", 204),
        ("http://localhost:8080/", "http://localhost:5173", "PUT", "x-any", 204),
        ("http://[::1]:8080/", "http://[::1]:5173", "PUT", "x-any", 204),
        ("http://localhost:8080/", "https://evil.example", "PUT", "x-any", 403),
        ("https://tenants-api.example.com/", "https://a.tenants.example.com", "PUT", None, 204),
        ("https://tenants-api.example.com/", "https://tenants.example.com", "PUT", None, 403),
        ("https://widget.example.com/api/a", "https://www.partner-two.example", "PUT", None, 204),
        ("https://widget.example.com/api/a", "https://evil.example", "GET", "x-a", 403),
        ("https://widget.example.com/a", "https://evil.example", "GET", "x-a", 204),
        ("https://cdn.example.com/fonts/a", "https://www.example.com", "GET", "x-a", 204),
    ],
)
def test_a_starter_policy_answers_preflights(
    url: str, origin: str, method: str, names: str | None, status: int
) -> None:
    ruleset = load([Source(file.name, file.read_bytes()) for file in POLICIES])
    headers: HeaderList = (("Origin", origin), ("Access-Control-Request-Method", method))
    if names is not None:
        headers += (("Access-Control-Request-Headers", names),)
    subject = subject_of(Request("OPTIONS", url, headers))
    chosen = choose_at_request(ruleset, subject, lambda _filter: False)
    assert chosen is not None
    given = answer(chosen, subject, fresh=True)
    assert given is not None
    assert given.status == status


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split('"')[1])
def test_an_example_of_the_reference_loads(text: str) -> None:
    assert load([Source("docs/rules.md", text.encode())]).rules


def test_the_examples_of_the_reference_use_every_key_that_it_explains() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", REFERENCE, re.MULTILINE))
    assert len(explained) > 20
    unused = {key for key in explained if not re.search(rf"\b{key}\b", "\n".join(EXAMPLES))}
    assert unused == set()


def test_the_reference_explains_every_key_and_dialect() -> None:
    from corscope.rules.schema import FAULT, HEADERS, MATCH, POLICY, RULE

    for table in (RULE, MATCH, POLICY, HEADERS, FAULT):
        for field in table.fields:
            assert re.search(rf"^\|.*`{field.name}`.*\|", REFERENCE, re.MULTILINE), field.name
    for dialect in dialects():
        assert f"`{dialect.name}`" in DIALECTS
