"""`corscope import`: of paths by a regex a rule's filter says which, as the real server has it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from corscope.cli.imports.paths import filter_of
from corscope.fetch.headers import get
from corscope.messages import Request, Response
from corscope.mitm.rules.filters import check_filter, matcher
from corscope.mitm.rules.treatment import InForce
from corscope.rules.load import Source, load
from tests.cli.conftest import Command
from tests.cli.imports.test_paths import APP, B, imported, location, really_allowed
from tests.cli.imports.test_returned import running
from tests.mitm.flows import flow
from tests.servers.real.libraries import LIBRARIES, Running

PATHS = (
    *("/", "/a.woff2", "/a.WOFF", "/a.ttf?b", "/a?b=.ttf", "/a.ttf/b", "/b/c.ttf", "/bc"),
    *("/status/418", "/status/4?/18", "/a.ttfx", "/a/d.ttf", "/a/b/d.ttf", "/a/b/d"),
)


def allowed(rules: str, path: str) -> str | None:
    """The origin that rules allow there, of what a backend answers that says nothing."""
    url = f"http://api.test{path}"
    asked = Request("GET", url, (("Origin", APP),))
    in_force = InForce(load([Source("a.toml", rules.encode())], check_filter), fresh=False)
    treatment = in_force.treatment(asked, matcher(flow(url)))
    return get(treatment.edited(Response(200, ()))[1].headers, "access-control-allow-origin")


NGINX = {
    "fonts": location("~* \\.(eot|ttf|woff2?)$", APP) + location("/"),
    "in capitals": location("~ \\.WOFF$", APP) + location("/"),
    "a beginning": location("~ ^/(a|bc?)/", APP) + location("/"),
    "any letters, not of the query": location("~ ^/s.*/[^a]8|\\.ttfx", APP) + location("/"),
    "before what begins so, behind what keeps it away": (
        location("~ \\.ttf$", APP) + location("/a/", B) + location("^~ /b/", "*") + location("/")
    ),
    "the first of two": location("~ ^/a", APP) + location("~ ttf", B) + location("/"),
    "below what keeps it away": (location("^~ /a/", APP) + location("/a/b/", B) + location("/")),
    "want of a file": (
        "root /nowhere;\nlocation / { try_files $uri @app; }\n" + location("@app", APP)
    ),
}


@pytest.mark.parametrize("name", NGINX)
def test_nginx_locations_by_a_regex_are_rules_with_a_filter(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    text = NGINX[name]
    rules, told = imported(corscope, tmp_path / "n.conf", f"server {{\n{text}}}\n")
    said = "location @app is for what try_files finds no file of; the rule takes the files for it"
    silent = "has none of these: say so in match.url"
    assert [each for each in told if silent not in each and said not in each] == []
    assert bool([each for each in told if said in each]) == ("@app" in text)
    with running(tmp_path, "nginx", text) as port:
        for path in PATHS:
            assert allowed(rules, path) == really_allowed(port, path), path


SENDS = "Header always set Access-Control-Allow-Origin %s\n"
APACHE = {
    "by a regex": f'<LocationMatch "^/(a|bc?)/">\n{SENDS % APP}</LocationMatch>\n',
    "two of them": (
        f'<LocationMatch "\\.ttf$">\n{SENDS % APP}</LocationMatch>\n'
        f'<LocationMatch "/a">\n{SENDS % B}</LocationMatch>\n'
    ),
    "one beside a place and all": (
        f"{SENDS % '*'}<Location /a>\n{SENDS % B}</Location>\n"
        f'<LocationMatch "/[bd]">\n{SENDS % APP}</LocationMatch>\n'
    ),
    "files": f'<FilesMatch "\\.(eot|ttf|woff2?)$">\n{SENDS % APP}</FilesMatch>\n',
    "files by their name": f"<Files a.*>\n{SENDS % APP}</Files>\n",
}


def test_apache_sections_by_a_regex_are_rules_with_a_filter(
    corscope: Command, tmp_path: Path
) -> None:
    LIBRARIES["apache"].require()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("b/c.ttf", "a/d.ttf", "a/b/d.ttf", "a/b/d", "bc"):
            (root / name).parent.mkdir(exist_ok=True, parents=True)
            (root / name).write_text("")
        served = f"DocumentRoot {folder}\nProxyPass / !\n"
        with Running(LIBRARIES["apache"], [served + text for text in APACHE.values()]) as server:
            assert server.errors == {}
            for text, port in zip(APACHE.values(), server.real, strict=True):
                rules, told = imported(corscope, tmp_path / "a.conf", text)
                assert not [each for each in told if "say so in match.url" in each]
                for path in PATHS[1:]:
                    if path == "/a.ttf/b":  # a file that isn't there, with a path behind it
                        continue
                    assert allowed(rules, path) == really_allowed(port, path), (text, path)


@pytest.mark.parametrize(
    "regex", ["(?=a)", "\\bfoo", "(a)\\1", "[[:alpha:]]", "é", "a{2", "[\\d]", "(?i)a", "\\s"]
)
def test_a_regex_with_signs_of_its_own_is_no_filter(regex: str) -> None:
    assert filter_of(regex) is None
