"""`corscope import` of a CloudFormation or SAM template whose parameters have defaults."""

from __future__ import annotations

import json

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError

PARAMETERS = """\
Parameters:
  Origin: {Type: String, Default: "https://app.test"}
  Domain: {Type: String, Default: app.test}
  Origins: {Type: CommaDelimitedList, Default: "https://app.test, https://b.test"}
  Age: {Type: Number, Default: 600}
  Asked: {Type: String}
"""
TOLD = "t.yaml:{}: taken as if {} weren't set: what stands here then counts"


def read(text: str, name: str = "t.yaml", form: str = "api-gateway") -> tuple[Found, list[str]]:
    source = Source(name, text)
    (found,) = IMPORTERS[form](source)
    return found, list(source.notes)


def template(origins: str, age: str = "5") -> str:
    return (
        f"{PARAMETERS}Resources:\n  Api:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n"
        f"      CorsConfiguration:\n        AllowOrigins: {origins}\n        MaxAge: {age}\n"
    )


@pytest.mark.parametrize(
    ("written", "origins", "name"),
    [
        ("[!Ref Origin]", ("https://app.test",), "Origin"),
        ("!Ref Origins", ("https://app.test", "https://b.test"), "Origins"),
        ('[!Sub "https://${Domain}"]', ("https://app.test",), "Domain"),
        ('["https://x.test", !Sub "${Origin}"]', ("https://x.test", "https://app.test"), "Origin"),
        ("[{Ref: Origin}]", ("https://app.test",), "Origin"),
        ('[{"Fn::Sub": "https://${Domain}"}]', ("https://app.test",), "Domain"),
    ],
)
def test_a_parameter_is_its_default(written: str, origins: tuple[str, ...], name: str) -> None:
    found, notes = read(template(written))
    assert found.policy.allow_origins == origins
    assert notes == [TOLD.format(12, name)]


def test_a_number_too_and_what_sub_leaves_alone() -> None:
    found, notes = read(template('[!Sub "https://${!Domain}.test"]', "!Ref Age"))
    assert (found.policy.allow_origins, found.policy.max_age) == (("https://${Domain}.test",), 600)
    assert notes == [TOLD.format(13, "Age")]


def test_of_parameters_that_have_to_do_with_other_things_nothing_is_told() -> None:
    text = template("['https://x.test']") + "  Table: {Properties: {TableName: !Ref Domain}}\n"
    assert read(text)[1] == []


def test_a_rest_api() -> None:
    text = PARAMETERS + "Globals:\n  Api:\n    Cors: !Sub \"'https://${Domain}'\"\n"
    assert read(text)[0].policy.allow_origins == "https://app.test"


def test_a_bucket_in_json() -> None:
    rule = {"AllowedOrigins": [{"Ref": "Origin"}], "AllowedMethods": ["GET"]}
    text = json.dumps(
        {
            "Parameters": {"Origin": {"Type": "String", "Default": "https://app.test"}},
            "Resources": {"B": {"Properties": {"CorsConfiguration": {"CorsRules": [rule]}}}},
        }
    )
    assert read(text, "t.json", "s3")[0].policy.allow_origins == ("https://app.test",)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[!Ref Asked]", "!Ref Asked"),
        ("[!Ref Api]", "!Ref Api"),
        ('[!Sub "https://${AWS::StackName}.test"]', "!Sub https://${AWS::StackName}.test"),
        ('[!Sub "https://${Domain}.${Asked}"]', "!Sub https://${Domain}.${Asked}"),
        ("[!GetAtt Site.Url]", "!GetAtt Site.Url"),
        ("[{Ref: Asked}]", "Ref: Asked"),
        ("!Split [',', !Ref Origin]", "!Split"),
    ],
)
def test_what_shows_only_when_it_is_deployed_is_refused(written: str, shown: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read(template(written))
    assert str(refused.value).startswith(f"t.yaml:12: can't tell the value of `{shown}`")
