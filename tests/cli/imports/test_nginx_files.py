"""`corscope import` of an nginx configuration that includes others: as if they stood in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError
from corscope.servers.policy import Policy
from tests.cli.conftest import Command

CORS = "add_header Access-Control-Allow-Origin https://app.test always;\n"
ALWAYS = (("always", True), ("keep_own", True))
OWN = Policy(allow_origins="https://app.test", forward_preflight=True, settings=ALWAYS)


def written(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def read(file: Path) -> tuple[list[Found], list[str]]:
    source = Source(str(file), file.read_text())
    return list(IMPORTERS["nginx"](source)), list(source.notes)


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("nginx.conf", "cors.conf"),
        ("nginx.conf", "./cors.conf"),
        ("nginx.conf", "c*.conf"),
        ("nginx.conf", "/etc/nginx/cors.conf"),
        ("sites-available/site", "cors.conf"),
        ("sites-available/site", "/etc/nginx/cors.conf"),
    ],
)
def test_a_file_beside_it_is_read_in_place_of_its_include(
    tmp_path: Path, file: str, include: str
) -> None:
    text = f"server {{\n  location / {{\n    include {include};\n  }}\n}}\n"
    written(tmp_path, {file: text, "cors.conf": f"# ours\n{CORS}"})
    ((found,), notes) = read(tmp_path / file)
    assert (found.policy, found.place) == (OWN, f"{tmp_path}/cors.conf:2")
    assert notes == [f"{tmp_path / file}:3: include {include} is {tmp_path}/cors.conf"]


def test_files_that_include_others_answer_as_one_file_with_all_of_it(tmp_path: Path) -> None:
    preflight = "if ($request_method = OPTIONS) {\ninclude parts/b.conf;\nreturn 204;\n}\n"
    variable = "map $http_origin $allowed {\ninclude origins.map;\n}\n"
    header = "add_header Access-Control-Allow-Origin $allowed;\n"
    age = f"{header}add_header Access-Control-Max-Age 5;\n"
    files = {
        "nginx.conf": f"http {{\n{variable}server {{\ninclude parts/a.conf;\n}}\n}}\n",
        "origins.map": "https://app.test $http_origin;\n",
        "parts/a.conf": f"{preflight}{header}",
        "parts/b.conf": age,
    }
    written(tmp_path, files)
    whole = files["nginx.conf"]
    for name in ("origins.map", "parts/a.conf", "parts/b.conf"):
        whole = whole.replace(f"include {name};\n", files[name])
    (expected,) = IMPORTERS["nginx"](Source("n.conf", whole))
    ((found,), _) = read(tmp_path / "nginx.conf")
    assert found.policy == expected.policy
    assert found.policy.allow_origins == ("https://app.test",)
    assert found.policy.max_age == 5


@pytest.mark.parametrize("include", ["cors.conf", "/elsewhere/cors.conf", "../cors.conf", "a/**"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, include: str) -> None:
    written(tmp_path, {"a/b/c/d/n.conf": f"include {include};\n{CORS}", "a/b/c/cors.conf": ""})
    (tmp_path / "a/b/c/cors.conf").unlink()
    ((found,), notes) = read(tmp_path / "a/b/c/d/n.conf")
    assert found.policy == OWN
    told = f"include {include} isn't read, nor what it says of CORS: write it there"
    assert notes == [f"{tmp_path}/a/b/c/d/n.conf:1: {told}"]


def test_a_file_outside_of_its_folders_is_not_read(tmp_path: Path) -> None:
    written(tmp_path, {"a/b/c/d/n.conf": CORS, "secret.conf": CORS.replace("app", "b")})
    text = f"include {tmp_path}/secret.conf;\ninclude ../../../../secret.conf;\n{CORS}"
    (tmp_path / "a/b/c/d/n.conf").write_text(text)
    ((found,), notes) = read(tmp_path / "a/b/c/d/n.conf")
    assert (found.policy, len(notes)) == (OWN, 2)


@pytest.mark.parametrize(
    "include", ["mime.types", "/etc/nginx/fastcgi_params", "modules-enabled/*"]
)
def test_a_file_that_says_nothing_of_cors_is_not_missed(tmp_path: Path, include: str) -> None:
    written(tmp_path, {"n.conf": f"include {include};\n{CORS}"})
    assert read(tmp_path / "n.conf")[1] == []


def test_a_file_without_headers_names_what_is_not_read(tmp_path: Path) -> None:
    written(tmp_path, {"n.conf": "server { include cors.conf; }"})
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path / "n.conf")
    assert "not read of what it includes: cors.conf" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"n.conf": "include n.conf;"}, "n.conf, which is too many files, or one that includes"),
        (
            {"n.conf": "include d/*;", **{f"d/{n}": "" for n in range(101)}},
            "n.conf:1: includes d/*, which is too many files",
        ),
        ({"n.conf": "\ninclude b.conf;", "b.conf": "\n\nserver {"}, "b.conf:3: is no conf"),
        ({"n.conf": "include b.conf;", "b.conf": "#" * 2_000_000}, "b.conf, which is too large"),
        ({"n.conf": "include b.conf;", "b.conf": "\0"}, "b.conf, which is too large, or no text"),
    ],
)
def test_what_cannot_be_included_is_refused(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    written(tmp_path, files)
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path / "n.conf")
    assert says in str(caught.value)


def test_what_is_no_utf_8_is_refused_with_its_place(tmp_path: Path) -> None:
    written(tmp_path, {"n.conf": "include b.conf;"})
    (tmp_path / "b.conf").write_bytes(b"\xff")
    with pytest.raises(
        UnreadableError, match=r"n\.conf:1: includes .*b\.conf, which can't be read"
    ):
        read(tmp_path / "n.conf")


def test_standard_input_includes_nothing(corscope: Command) -> None:
    text = f"include *.conf;\n{CORS}"
    done = corscope("import", "-", "--from", "nginx", "--host", "a", stdin=text.encode())
    assert done.returncode == 0
    assert "-:1: include *.conf isn't read" in done.stderr


def test_methods_that_nginx_denies_are_told() -> None:
    text = f"location / {{\n{CORS}limit_except GET POST {{ deny all; }}\n}}\n"
    source = Source("n.conf", text)
    list(IMPORTERS["nginx"](source))
    told = "limit_except GET POST isn't read: what it denies gets no such answer"
    assert list(source.notes) == [f"n.conf:3: {told}"]
