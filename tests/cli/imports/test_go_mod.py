"""A Go program's rs/cors or Echo is read as the version that its go.mod requires."""

from pathlib import Path

import pytest

from tests.cli.imports.reading import read

MAIN = """package main

import "github.com/rs/cors"

func main() {
\thandler = cors.Default().Handler(handler)
}
"""
CHI = MAIN.replace("rs/cors", "go-chi/cors").replace(
    "cors.Default().Handler(", "cors.AllowAll().Handler("
)
REQUIRED = {
    "module app\n\nrequire github.com/rs/cors v1.11.1\n": "1.11",
    "module app\n\nrequire (\n\tgithub.com/x/y v1.8.1\n\tgithub.com/rs/cors v1.12.0\n)\n": "1.11",
    "module app\n\nrequire github.com/rs/cors v1.7.0\n": "",
}


@pytest.mark.parametrize(("text", "version"), REQUIRED.items())
def test_the_version_is_that_of_go_mod(tmp_path: Path, text: str, version: str) -> None:
    (tmp_path / "go.mod").write_text(text, "utf-8")
    main = tmp_path / "cmd" / "api" / "main.go"
    main.parent.mkdir(parents=True)
    (found,) = read("rs-cors", str(main), MAIN)
    assert dict(found.policy.settings).get("version", "") == version
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "without a go.mod"),
        (b"module app\n", "without a go.mod"),
        (b"\xff\xfe", "without a go.mod"),
        (b"require github.com/rs/cors v1.9.0\n", "1.9"),
    ],
)
def test_a_version_that_is_open_is_told_of(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "go.mod").write_bytes(content)
    (found,) = read("rs-cors", str(tmp_path / "main.go"), MAIN)
    assert found.policy.settings == ()
    (warning,) = found.warnings
    assert f"main.go:6: rs/cors {told} is read as 1.7" in warning


def test_chi_has_no_version() -> None:
    (found,) = read("chi", "main.go", CHI)
    assert (found.policy.settings, found.warnings) == ((), ())


ECHO = """package main

import "github.com/labstack/echo/v4/middleware"

func main() {
\te.Use(middleware.CORSWithConfig(middleware.CORSConfig{
\t\tAllowOrigins: []string{"*"},
\t\tAllowCredentials: true,
\t\tUnsafeWildcardOriginWithAllowCredentials: true,
\t}))
}
"""


@pytest.mark.parametrize(
    ("required", "version", "told"),
    [
        ("v4.13.4", "4.15", None),
        ("v4.11.0", "4.15", None),
        ("v4.6.3", "", None),
        ("v4.9.0", "", "Echo 4.9 is read as 4.2"),
        (None, "", "Echo without a go.mod is read as 4.2"),
    ],
)
def test_echo_is_read_as_its_version(
    tmp_path: Path, required: str | None, version: str, told: str | None
) -> None:
    if required is not None:
        require = f"module app\n\nrequire (\n\tgithub.com/labstack/echo/v4 {required}\n)\n"
        (tmp_path / "go.mod").write_text(require, "utf-8")
    (found,) = read("echo", str(tmp_path / "main.go"), ECHO)
    assert dict(found.policy.settings).get("version", "") == version
    assert found.policy.allow_origins == "request"  # by the option that says it is unsafe
    assert [told is not None and told in each for each in found.warnings] == [True] * bool(told)


def test_the_path_of_echo_5_says_its_version() -> None:
    (found,) = read("echo", "main.go", ECHO.replace("/v4", "/v5").replace("Unsafe", "// Unsafe"))
    assert dict(found.policy.settings) == {"version": "5"}
    assert (found.policy.allow_origins, found.warnings) == ("*", ())
