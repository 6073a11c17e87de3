"""A dialect's further settings stand among a policy's keys: `rules.schema.policy_table`."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from corscope.rules.kinds.place import At, Remark
from corscope.rules.schema import policy_table
from corscope.servers.dialect import Complaint, Setting
from corscope.servers.policy import Policy
from corscope.servers.standard import STANDARD

PICKY = replace(
    STANDARD,
    name="picky",
    settings=(
        Setting("always", "boolean", default=False, doc="Also on errors."),
        Setting("success_status", "integer", default=204, doc="The status of a preflight."),
        Setting("joined_by", "string", default=", ", doc="What stands between names."),
        Setting("kept", "strings", default=("vary",), doc="Headers to keep."),
    ),
    complaints=lambda policy: (
        (Complaint("success_status", "is no success", "try 204"),) if policy.settings == BAD else ()
    ),
)
BAD: tuple[tuple[str, int], ...] = (("success_status", 500),)
TABLE = policy_table((STANDARD, PICKY))


def read(raw: object) -> tuple[object, list[Remark]]:
    remarks: list[Remark] = []
    return TABLE.read(raw, At(("policy",), remarks, lambda _text: None)), remarks


def test_settings_are_read_in_the_order_of_the_file() -> None:
    raw = {"kept": ["a"], "like": "picky", "joined_by": "", "always": True, "max_age": 1}
    settings = (("kept", ("a",)), ("joined_by", ""), ("always", True))
    assert read(raw) == ((PICKY, Policy(max_age=1, settings=settings)), [])


@pytest.mark.parametrize(
    ("raw", "path", "says"),
    [
        pytest.param({"always": True}, ("always",), "no key", id="not of the standard"),
        pytest.param({"like": "standard", "always": True}, ("always",), "no key", id="by name too"),
        pytest.param({"like": "picky", "alway": True}, ("alway",), "no key", id="misspelt"),
        pytest.param({"like": "picky", "always": 1}, ("always",), "a boolean", id="a wrong type"),
        pytest.param({"like": "picky", "kept": []}, ("kept",), "be empty", id="an empty list"),
        pytest.param(
            {"like": "picky", "success_status": 500},
            ("success_status",),
            "is no success",
            id="what the dialect itself refuses",
        ),
    ],
)
def test_settings_that_are_refused(raw: object, path: tuple[str, ...], says: str) -> None:
    _, remarks = read(raw)
    assert [remark.path for remark in remarks] == [("policy", *path)]
    assert says in remarks[0].message


def test_editors_know_all_settings_and_their_defaults() -> None:
    schema = TABLE.schema()
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["like"]["enum"] == ["standard", "picky"]
    assert schema["properties"]["kept"]["default"] == ["vary"]
    assert "Only for picky" in schema["properties"]["always"]["description"]
