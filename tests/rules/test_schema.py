"""The JSON Schema that editors use, held against what the reader itself takes and refuses."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import corscope.rules
from corscope.rules.load import Source, load
from corscope.rules.problems import RulesError
from corscope.rules.schema import json_schema, schema_text
from corscope.servers.dialect import Dialect
from corscope.servers.registry import dialects
from tests.rules.mistakes import MISTAKES, Mistake, rule

SHIPPED = Path(corscope.rules.__file__).with_name("schema.json")
RULES = Path(__file__).parents[2] / "rules"
VALIDATOR = Draft202012Validator(json.loads(SHIPPED.read_text(encoding="utf-8")))


lines = st.sampled_from(
    sorted({line for mistake in MISTAKES for line in mistake.right.splitlines() if "=" in line})
)
toml_texts = st.lists(lines, max_size=6, unique_by=lambda line: line.split("=")[0]).map(
    lambda drawn: rule("\n".join(drawn))
)


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_the_shipped_schema_is_the_generated_one() -> None:
    """If not, see the docstring of `corscope.rules.schema`."""
    assert SHIPPED.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(json_schema())


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """All schemas of tables within a schema."""
    found = [schema] if "properties" in schema else []
    inner = list(schema.get("properties", {}).values())
    for each in inner + ([schema["items"]] if "items" in schema else []):
        found += objects(each)
    return found


def test_every_key_is_explained_to_the_editor() -> None:
    for table in objects(json_schema())[1:]:
        for name, field in table["properties"].items():
            assert field["description"].endswith("."), name


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.sentence)
def test_an_editor_takes_what_the_reader_takes(mistake: Mistake) -> None:
    assert errors(rule(mistake.right)) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.sentence)
def test_an_editor_sees_the_mistakes_that_a_schema_can_tell(mistake: Mistake) -> None:
    assert bool(errors(rule(mistake.wrong))) is mistake.seen_by_schema


def test_an_editor_wants_a_name_of_one_line() -> None:
    wanted = rule('match.host = "a"\nfault.status = 401')
    assert errors(wanted) == []
    assert errors(wanted.replace('"r"', r'"r\ns"')) != []


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_an_editor_takes_a_dialects_settings_there_alone(dialect: Dialect) -> None:
    for setting in dialect.settings:
        value = json.dumps(setting.default)
        text = rule(f'match.host = "a"\npolicy = {{ like = "LIKE", {setting.name} = {value} }}')
        assert errors(text.replace("LIKE", dialect.name)) == []
        assert errors(text.replace("LIKE", "standard")) != []


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_an_editor_tells_what_a_setting_is_to_each_dialect(dialect: Dialect) -> None:
    policy = json_schema()["properties"]["rule"]["items"]["properties"]["policy"]
    for setting in dialect.settings:
        told = policy["properties"][setting.name]["description"]
        assert re.search(
            rf"[Ff]or [\w, -]*\b{dialect.name}\b[\w, -]*: {re.escape(setting.doc)}", told
        )


@given(toml_texts)
def test_an_editor_complains_of_nothing_that_the_reader_takes(text: str) -> None:
    try:
        load([Source("a.toml", text.encode())])
    except RulesError:
        return
    assert errors(text) == []


@pytest.mark.parametrize("file", sorted(RULES.rglob("*.toml")), ids=lambda file: file.stem)
def test_every_rule_file_names_the_schema_and_fits_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    keyword, _, named = text.partition("\n")[0].partition(" ")
    assert keyword == "#:schema"
    assert (file.parent / named).resolve() == SHIPPED.resolve()
    assert errors(text) == []
