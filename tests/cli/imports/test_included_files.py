"""`corscope import` of Apache's and Caddy's files that include others: as if they stood in them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError
from tests.cli.imports.reading import APP
from tests.cli.imports.test_nginx_files import written
from tests.cli.imports.test_returned import compare
from tests.servers.real.libraries import require_program

SET = f"Header always set Access-Control-Allow-Origin {APP}\n"
HEADER = f"header Access-Control-Allow-Origin {APP}\n"


def read(name: str, file: Path) -> tuple[list[Found], list[str]]:
    source = Source(str(file), file.read_text())
    return list(IMPORTERS[name](source)), list(source.notes)


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("apache2.conf", "Include cors.conf"),
        ("apache2.conf", "IncludeOptional c*.conf"),
        ("apache2.conf", 'Include "/etc/apache2/cors.conf"'),
        ("httpd.conf", "Include /etc/httpd/cors.conf"),
        ("sites-available/site.conf", "Include cors.conf"),
        ("sites-available/site.conf", "Include conf.d/"),
    ],
)
def test_what_apache_includes_is_read_in_its_place(tmp_path: Path, file: str, include: str) -> None:
    inside = "conf.d/cors.conf" if "conf.d" in include else "cors.conf"
    text = (
        f'<VirtualHost *:80>\n  <Location "/api">\n    {include}\n  </Location>\n</VirtualHost>\n'
    )
    written(tmp_path, {file: text, inside: f"# ours\n{SET}"})
    ((found,), notes) = read("apache", tmp_path / file)
    assert found.policy.allow_origins == APP
    assert found.place == f"{tmp_path}/{inside}:2"
    assert found.paths == ("/api", "/api?*", "/api/*")
    written_so = include.replace('"', "")
    assert notes == [f"{tmp_path / file}:3: {written_so} is {tmp_path}/{inside}"]


def test_apache_answers_as_one_file_with_all_of_it(tmp_path: Path) -> None:
    files = {
        "httpd.conf": "Include parts/*.conf\nHeader set Access-Control-Allow-Methods PUT\n",
        "parts/a.conf": "Include ours.inc\n",
        "parts/b.conf": 'Header set Access-Control-Allow-Origin "%{O}e" env=O\n',
        "ours.inc": 'SetEnvIf Origin "^(https://app\\.test|https://b\\.test)$" O=$0\n',
    }
    written(tmp_path, files)
    whole = files["ours.inc"] + files["parts/b.conf"] + files["httpd.conf"].partition("\n")[2]
    (expected,) = IMPORTERS["apache"](Source("a.conf", whole))
    ((found,), _) = read("apache", tmp_path / "httpd.conf")
    assert found.policy == expected.policy
    assert found.policy.allow_origin_regex == r"^(https://app\.test|https://b\.test)$"


def test_what_apache_includes_and_is_not_there_is_told(tmp_path: Path) -> None:
    written(tmp_path, {"a.conf": f"Include other.conf\n{SET}"})
    (_, notes) = read("apache", tmp_path / "a.conf")
    told = "Include other.conf isn't read, nor what it says of CORS: write it there"
    assert notes == [f"{tmp_path}/a.conf:1: {told}"]


@pytest.mark.parametrize("name", ["apache", "caddy"])
def test_a_file_that_includes_itself_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / {"apache": "a.conf", "caddy": "Caddyfile"}[name]
    word = {"apache": "Include", "caddy": "import"}[name]
    file.write_text(f"{word} {file.name}\n")
    with pytest.raises(UnreadableError, match=r"which is too many files|imports too much"):
        read(name, file)


@pytest.mark.parametrize("name", ["apache", "caddy"])
def test_what_is_included_and_no_text_is_refused(tmp_path: Path, name: str) -> None:
    word = {"apache": "Include", "caddy": "import"}[name]
    (tmp_path / "a.conf").write_text(f"{word} b.bin\n")
    (tmp_path / "b.bin").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(UnreadableError, match=r"a\.conf:1: includes .*b\.bin, which can't be read"):
        read(name, tmp_path / "a.conf")


def test_apache_itself_takes_the_same_files_in_that_order(tmp_path: Path) -> None:
    second = SET.replace(APP, "https://b.test")
    text = "Include parts/*.conf\nInclude more/\nIncludeOptional none/*.conf\n"
    files = {"parts/2.conf": second, "parts/1.conf": f"{SET}Include c.conf\n", "c.conf": SET}
    written(tmp_path, {"httpd.conf": text, "more/z": SET, "more/A": second, **files})
    ((found,), notes) = read("apache", tmp_path / "httpd.conf")
    assert found.policy.allow_origins == APP
    ours = [each.rpartition(" is ")[2] for each in notes if " is " in each]
    require_program("apache2")
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in ("headers", "mpm_event", "authz_core")
    )
    (tmp_path / "real.conf").write_text(f"ServerRoot {tmp_path}\n{modules}{text}")
    told = subprocess.run(
        ["apache2", "-t", "-D", "DUMP_INCLUDES", "-f", str(tmp_path / "real.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    theirs = [line.split()[-1] for line in told.stdout.splitlines() if line.strip()[:1] == "("]
    assert [str(Path(each)) for each in theirs[1:]] == ours


CADDYFILES = {
    "a file of lines": {"Caddyfile": "import cors.caddy\n", "cors.caddy": HEADER},
    "a snippet of a file": {
        "Caddyfile": "import snippets/*\nimport cors GET\n",
        "snippets/cors": (
            f"(cors) {{\n{HEADER}header Access-Control-Allow-Methods {{args.0}}\n}}\n"
        ),
    },
    "given to a file": {
        "Caddyfile": f"import cors.caddy {APP}\n",
        "cors.caddy": "header Access-Control-Allow-Origin {args.0}\n",
    },
    "seen from the file itself": {
        "Caddyfile": "import parts/all.caddy\n",
        "parts/all.caddy": "import cors.caddy\n",
        "parts/cors.caddy": HEADER,
    },
    "in a route, before it is answered": {
        "Caddyfile": "@p method OPTIONS\nroute {\nimport cors.caddy\nrespond @p 204\n}\n",
        "cors.caddy": f"\n\n\n\n\n\n{HEADER}",
    },
}


@pytest.mark.parametrize("name", CADDYFILES)
def test_caddy_answers_as_the_rule_of_all_its_files(tmp_path: Path, name: str) -> None:
    """Beside the real one; a snippet stands outside the site."""
    files = CADDYFILES[name]
    written(tmp_path, files)
    rules, text = files["Caddyfile"], ""
    if rules.startswith("import snippets"):
        text, rules = "import snippets/*\n", rules.partition("\n")[2]
    proxy = "\nreverse_proxy localhost:1\n"
    (tmp_path / "Caddyfile").write_text(f"{text}http://api.test {{\n{rules}{proxy}}}\n")
    (found, notes) = read("caddy", tmp_path / "Caddyfile")
    assert [each for each in notes if "isn't read" in each] == []
    whole = f"{tmp_path}/snippets/*" if text else ""
    absolute = rules.replace("import parts", f"import {tmp_path}/parts")
    absolute = absolute.replace("import cors.caddy", f"import {tmp_path}/cors.caddy")
    compare(tmp_path, "caddy", absolute + proxy, found, before=f"import {whole}\n" if text else "")


def test_what_caddy_imports_and_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_text(f"import sites/*\napi.test {{\n{HEADER}}}\n")
    (_, notes) = read("caddy", tmp_path / "Caddyfile")
    told = "import sites/* isn't read, nor what it says of CORS: write it there"
    assert notes == [f"{tmp_path}/Caddyfile:1: {told}"]
