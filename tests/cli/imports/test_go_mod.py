"""A Go program's rs/cors is read as the version that its go.mod requires."""

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
