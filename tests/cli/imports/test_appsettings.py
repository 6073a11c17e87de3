"""`corscope import` of ASP.NET Core's code whose origins an appsettings.json beside it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError

LISTED = ["https://a.test", "https://b.test"]
CODE = """\
var builder = WebApplication.CreateBuilder(args);
var origins = {};
builder.Services.AddCors(options => options.AddDefaultPolicy(policy =>
    policy.WithOrigins(origins).AllowAnyHeader()));
"""
TOLD = "a.cs:2: Cors:Origins is taken from appsettings.json: the environment may set it"


def read(folder: Path, value: str, settings: object, name: str = "appsettings.json") -> Found:
    text = settings if isinstance(settings, str) else json.dumps(settings)
    (folder / name).write_text(text)
    source = _source(folder, value)
    (found,) = IMPORTERS["aspnet-core"](source)
    assert list(source.notes) == [f"{folder}/{TOLD}"]
    return found


def _source(folder: Path, value: str) -> Source:
    return Source(str(folder / "a.cs"), CODE.format(value))


@pytest.mark.parametrize(
    "value",
    [
        'builder.Configuration.GetSection("Cors:Origins").Get<string[]>()',
        'builder.Configuration.GetSection("Cors:Origins").Get<string[]>()!',
        'builder.Configuration.GetSection("cors:origins").Get<List<string>>()?.ToArray()',
        'builder.Configuration.GetSection("Cors:Origins").Get<string[]>() ?? new[] { "x://y" }',
    ],
)
def test_a_list_is_what_the_file_says(tmp_path: Path, value: str) -> None:
    if "cors:origins" in value:
        (tmp_path / "appsettings.json").write_text(json.dumps({"Cors": {"Origins": LISTED}}))
        (found,) = IMPORTERS["aspnet-core"](_source(tmp_path, value))
    else:
        found = read(tmp_path, value, {"Cors": {"Origins": LISTED}})
    assert found.policy.allow_origins == tuple(LISTED)


@pytest.mark.parametrize(
    "value",
    [
        "builder.Configuration[\"Cors:Origins\"]?.Split(',')",
        'builder.Configuration["Cors:Origins"]?.Split(",", StringSplitOptions.RemoveEmptyEntries)',
        "builder.Configuration.GetValue<string>(\"Cors:Origins\").Split(',')",
    ],
)
def test_a_text_is_parted_as_the_code_says(tmp_path: Path, value: str) -> None:
    found = read(tmp_path, value, {"Cors": {"Origins": ",".join(LISTED)}})
    assert found.policy.allow_origins == tuple(LISTED)


def test_the_file_may_have_comments_and_that_for_production_says_more(tmp_path: Path) -> None:
    written = (
        '{ // ours\n"Cors": {"Origins": ["https://a.test", "http://dev.test",], /* , } */ },\n}'
    )
    (tmp_path / "appsettings.json").write_text(written)
    code = 'builder.Configuration.GetSection("Cors:Origins").Get<string[]>()'
    production = {"Cors": {"Origins": ["https://c.test"]}}
    found = read(tmp_path, code, production, "appsettings.Production.json")
    assert found.policy.allow_origins == ("https://c.test", "http://dev.test")  # by their numbers


def test_a_file_in_the_folder_above_counts(tmp_path: Path) -> None:
    (tmp_path / "appsettings.json").write_text(json.dumps({"Cors": {"Origins": LISTED}}))
    (tmp_path / "Extensions").mkdir()
    code = 'configuration.GetSection("Cors:Origins").Get<string[]>()'
    (found,) = IMPORTERS["aspnet-core"](_source(tmp_path / "Extensions", code))
    assert found.policy.allow_origins == tuple(LISTED)


@pytest.mark.parametrize(
    ("value", "settings"),
    [
        ('builder.Configuration.GetSection("Cors:Other").Get<string[]>()', {"Cors": {}}),
        (
            'builder.Configuration.GetSection("Cors:Origins").Get<string[]>()',
            {"Cors": {"Origins": ",".join(LISTED)}},
        ),
        (
            'builder.Configuration.GetSection("Cors").Get<CorsOptions>()',
            {"Cors": {"Origins": LISTED}},
        ),
        ('Environment.GetEnvironmentVariable("Cors:Origins")', {"Cors": {"Origins": "x"}}),
    ],
)
def test_what_the_file_does_not_say_is_refused(
    tmp_path: Path, value: str, settings: object
) -> None:
    (tmp_path / "appsettings.json").write_text(json.dumps(settings))
    with pytest.raises(UnreadableError, match=r"a\.cs:4: can't tell the value of `origins`"):
        list(IMPORTERS["aspnet-core"](_source(tmp_path, value)))


@pytest.mark.parametrize("text", ["{", '{"a": [' * 500, "[" * 100_000])
def test_a_file_that_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "appsettings.json").write_text(text)
    code = 'configuration.GetSection("Cors:Origins").Get<string[]>()'
    with pytest.raises(UnreadableError, match=r"a\.cs: appsettings\.json beside it can't be read"):
        list(IMPORTERS["aspnet-core"](_source(tmp_path, code)))


OPTIONS = """\
public class CorsOptions {
    public const string Section = "Cors";
    public string[] Origins { get; set; }
}
"""


@pytest.mark.parametrize(
    "section", ['"Cors"', "CorsOptions.Section", "nameof(Cors)"], ids=["text", "constant", "name"]
)
@pytest.mark.parametrize("end", ["", "!", " ?? new CorsOptions()", " ?? new()"])
@pytest.mark.parametrize("member", ["settings.Origins", "settings!.Origins.ToArray()"])
def test_a_property_of_what_a_section_is_bound_to_is_what_the_file_says(
    tmp_path: Path, section: str, end: str, member: str
) -> None:
    (tmp_path / "appsettings.json").write_text(json.dumps({"Cors": {"origins": LISTED}}))
    made = f"builder.Configuration.GetSection({section}).Get<CorsOptions>(){end};\n"
    text = f"{CODE.format(member).replace('var origins', f'var settings = {made}var origins')}"
    source = Source(str(tmp_path / "a.cs"), f"{text}{OPTIONS}")
    (found,) = IMPORTERS["aspnet-core"](source)
    assert found.policy.allow_origins == tuple(LISTED)
    assert [note.partition("a.cs:3: ")[2] for note in source.notes] == [
        "Cors:Origins is taken from appsettings.json: the environment may set it"
    ]


@pytest.mark.parametrize(
    "made",
    [
        'builder.Configuration.GetSection("Other").Get<CorsOptions>()',
        'other.GetSection("Cors").Get<CorsOptions>()',
        'builder.Configuration.GetSection("Cors")',
        "builder.Configuration.GetSection(name).Get<CorsOptions>()",
        "new CorsOptions()",
    ],
)
def test_a_property_of_anything_else_is_refused(tmp_path: Path, made: str) -> None:
    (tmp_path / "appsettings.json").write_text(json.dumps({"Cors": {"Origins": LISTED}}))
    text = CODE.format("settings.Origins").replace(
        "var origins", f"var settings = {made};\nvar origins"
    )
    with pytest.raises(UnreadableError, match=r"a\.cs:5: can't tell the value of `origins`"):
        list(IMPORTERS["aspnet-core"](Source(str(tmp_path / "a.cs"), text)))
