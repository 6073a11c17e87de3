"""`corscope import`: what is for some paths becomes a rule for their URLs, as the server has it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from corscope.cli.imports.formats import FORMATS, IMPORTERS
from corscope.cli.imports.paths import at_or_below, beginning_with, exactly, starred
from corscope.cli.imports.tree import Source
from corscope.cli.imports.web_servers.haproxy import OWN_ANSWERS
from corscope.fetch.headers import get
from corscope.messages import Request, Response
from corscope.mitm.rules.treatment import InForce
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from tests.cli.conftest import Command
from tests.cli.imports.test_returned import running
from tests.servers.real.libraries import LIBRARIES, Running

APP = "https://app.test"
B = "https://b.test"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "PUT"}


def test_a_path_is_told_by_globs() -> None:
    assert exactly("/a") == ("/a", "/a?*")
    assert beginning_with("/a") == ("/a*",)
    assert starred("/a*") == ("/a*",)
    assert starred("/a") == exactly("/a")
    assert starred("/*.a") == ()
    assert at_or_below("/a") == at_or_below("/a/") == ("/a", "/a?*", "/a/*")


@pytest.mark.parametrize("path", ["", "a", "/*", "/:id", "/{id}", "/(a|b)", "/a?", "/é", "/%41"])
def test_a_path_that_may_be_a_pattern_is_none_of_globs(path: str) -> None:
    assert exactly(path) == beginning_with(path) == at_or_below(path) == ()
    assert path.endswith("*") or starred(path) == ()


def allowed(rules: str, path: str) -> str | None:
    """The origin that the rules allow there, of what a backend answers that says nothing."""
    in_force = InForce(load([RuleFile("a.toml", rules.encode())]), fresh=False)
    request = Request("GET", f"https://api.test{path}", (("Origin", APP),))
    _, response = in_force.treatment(request).edited(Response(200, ()))
    return get(response.headers, "access-control-allow-origin")


def really_allowed(port: int, path: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Origin": APP})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader("Access-Control-Allow-Origin")


def answers(rules: str, path: str) -> bool:
    """Whether the rules answer a preflight there."""
    in_force = InForce(load([RuleFile("a.toml", rules.encode())]), fresh=False)
    request = Request("OPTIONS", f"https://api.test{path}", tuple(PREFLIGHT.items()))
    treatment = in_force.treatment(request)
    rule = treatment.answering()
    made = treatment.answer(rule) if rule else None
    return made is not None and made.status == 204


def really_answers(port: int, path: str) -> bool:
    """Whether it does so itself: the backend's status is another."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("OPTIONS", path, headers=PREFLIGHT)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status == 204


def imported(corscope: Command, file: Path, text: str) -> tuple[str, list[str]]:
    """The rules that a file becomes for api.test, and what is told of it."""
    file.write_text(text)
    run = corscope("import", file, "--host", "api.test")
    assert run.returncode == 0, run.stderr
    told = [line for line in run.stderr.splitlines() if line.startswith("warning: ")]
    return run.stdout, [line.replace(str(file), file.name) for line in told]


def location(of: str, origin: str = "") -> str:
    """An nginx location that allows an origin, if any."""
    line = f"add_header Access-Control-Allow-Origin {origin}; " if origin else ""
    return f"location {of} {{ {line}proxy_pass http://localhost:1; }}\n"


SERVERS = f"add_header Access-Control-Allow-Origin {APP} always;\n"
ANSWERING = (
    "location %s { if ($request_method = OPTIONS) { return 204; } "
    "proxy_pass http://localhost:1; }\n"
)
NGINX = {
    "one beside that without its slash": location("/a/", APP) + location("/a", B),
    "two prefixes, the shorter first": location("/a", APP) + location("/a/b", B),
    "a prefix beside all": location("/", "*") + location("/a/", APP) + location("/b/", B),
    "an exact one below a prefix": location("/a", APP) + location("= /a/b", B),
    "a prefix that regexes don't override": location("^~ /a/", APP) + location("/b/", B),
    "a prefix of the server": (
        f"add_header Access-Control-Allow-Origin *;\n{location('/a/', APP)}{location('/', '')}"
    ),
    "what has the server's beside all": (
        f"add_header Access-Control-Allow-Origin *;\n{location('/', APP)}{location('/a/')}"
        f"{location('= /b/')}"
    ),
    "all beside what answers preflights": f"{SERVERS}{ANSWERING % '/a'}{location('/')}",
    "what has the server's in what answers preflights": (
        f"{SERVERS}{ANSWERING % '/a'}{location('/a/b')}{location('/')}"
    ),
    "what has the server's beside all that answers preflights": (
        f"{SERVERS}{location('/a/')}{ANSWERING % '/'}"
    ),
}
PATHS = ("/", "/a", "/a?b", "/a/b", "/a/b?c=/d", "/a/b/c", "/ab", "/b/", "/c?/a/", "/a/b.png")


@pytest.mark.parametrize("name", NGINX)
def test_nginx_locations_are_rules_for_their_paths(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    text = NGINX[name]
    rules, told = imported(corscope, tmp_path / "n.conf", f"server {{\n{text}}}\n")
    assert not told
    with running(tmp_path, "nginx", text) as port:
        for path in PATHS:
            assert allowed(rules, path) == really_allowed(port, path), path
            assert answers(rules, path) is really_answers(port, path), path


@pytest.mark.parametrize("answering", ["", "/a"])
def test_nginx_headers_around_servers_are_for_those_that_have_none(
    corscope: Command, tmp_path: Path, answering: str
) -> None:
    first = ANSWERING % answering if answering else location("/a/", "*")
    text = f"{first}{location('/')}{location('/b/', B)}"
    rules, told = imported(corscope, tmp_path / "n.conf", f"{SERVERS}server {{\n{text}}}\n")
    assert not told
    with running(tmp_path, "nginx", text, SERVERS) as port:
        for path in PATHS:
            assert allowed(rules, path) == really_allowed(port, path), path
            assert answers(rules, path) is really_answers(port, path), path


def test_nginx_redirects_preflights_of_a_location_without_its_slash(
    corscope: Command, tmp_path: Path
) -> None:
    text = ANSWERING.replace("{ if", f"{{ {SERVERS} if", 1) % "/up/" + location("/")
    rules, told = imported(corscope, tmp_path / "n.conf", f"server {{\n{text}}}\n")
    assert not told
    in_force = InForce(load([RuleFile("a.toml", rules.encode())]), fresh=False)
    with running(tmp_path, "nginx", text) as port:
        for method in ("GET", "OPTIONS"):
            request = Request(method, "https://api.test/up", tuple(PREFLIGHT.items()))
            treatment = in_force.treatment(request)
            rule = treatment.answering()
            assert rule is not None
            made = treatment.answer(rule)
            assert made is not None
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request(method, "/up", headers=PREFLIGHT)
            real = connection.getresponse()
            real.read()
            connection.close()
            assert made.status == real.status == 301
            assert get(made.headers, "location") == "/up/"
            assert str(real.getheader("location")).endswith("/up/")
            name = "access-control-allow-origin"
            assert get(made.headers, name) == real.getheader(name) == APP


def others(text: str) -> Iterator[str]:
    """The lines of the locations that the rule doesn't know."""
    for number, line in enumerate(text.splitlines(), 2):
        if "# another" in line:
            name = line.partition(" {")[0]
            yield f"warning: n.conf:{number}: {name} has none of these: say so in match.url"


TAKEN = {
    "a longer prefix": location("/", "*") + location("/health").replace("}", "} # another"),
    "an exact one": location("/a/", "*") + location("= /a/b").replace("}", "} # another"),
    "a regex": location("/a/", "*") + location("~ \\.png$").replace("}", "} # another"),
    "none of what is elsewhere": location("/a/", "*") + location("/") + location("/b/"),
    "no regex, where none is asked": location("^~ /a/", "*") + location("~ \\.png$"),
    "nothing of an exact one": location("= /a", "*") + location("/a/b") + location("~ a"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_location_that_takes_paths_of_another_is_told(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    text = TAKEN[name]
    rules, told = imported(corscope, tmp_path / "n.conf", f"server {{\n{text}}}\n")
    assert told == list(others(text))
    with running(tmp_path, "nginx", text) as port:
        differs = [
            path
            for path in (*PATHS, "/health")
            if allowed(rules, path) != really_allowed(port, path)
        ]
    assert bool(differs) == bool(told)


def backend(name: str, origin: str = "") -> str:
    """A backend of HAProxy's that allows an origin, if any."""
    sent = f"http-response set-header Access-Control-Allow-Origin {origin}\n" if origin else ""
    return f"backend {name}\n{sent}server s localhost:1\n"


DEFAULT = "default_backend web\n"
HAPROXY = {
    "one beside what all others go to": (
        f"use_backend api if {{ path_beg /a/ }}\n{DEFAULT}{backend('api', APP)}{backend('web')}"
    ),
    "two, in the order in which they are asked": (
        "use_backend b if { path_beg /a/b }\nuse_backend api if { path_beg /a }\n"
        f"{DEFAULT}{backend('web', '*')}{backend('api', APP)}{backend('b', B)}"
    ),
    "by acls": (
        "acl is_api path_beg /b/ /a/b\nacl is_api path /ab\n"
        f"use_backend api if is_api or {{ path -m str /a }}\n{DEFAULT}{backend('api', APP)}"
        f"{backend('web')}"
    ),
    "all but what is elsewhere": (
        f"use_backend api if {{ path_beg /b/ }}\n{DEFAULT}{backend('api', B)}{backend('web', APP)}"
    ),
    "what all of them send": (
        f"http-response set-header Access-Control-Allow-Origin {APP}\n"
        f"use_backend api if {{ path_beg /a }}\n{DEFAULT}{backend('api', B)}{backend('web')}"
    ),
}


@pytest.mark.parametrize("name", HAPROXY)
def test_haproxy_backends_are_rules_for_the_paths_that_go_there(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    text = HAPROXY[name]
    rules, told = imported(corscope, tmp_path / "haproxy.cfg", f"frontend f\n{text}")
    assert told == [f"warning: {OWN_ANSWERS}"]
    with running(tmp_path, "haproxy", text) as port:
        for path in PATHS:
            assert allowed(rules, path) == really_allowed(port, path), path


TO_API = f"{DEFAULT}{backend('api', APP)}{backend('web')}"
ELSEWHERE = {
    "a condition of another kind": (
        f"use_backend api if {{ hdr(host) -i api.test }}\n{TO_API}",
        "2: only what use_backend api if { hdr(host) -i api.test } asks for is meant",
    ),
    "a path in any case": (
        f"use_backend api if {{ path_beg -i /a }}\n{TO_API}",
        "2: only what use_backend api if { path_beg -i /a } asks for is meant",
    ),
    "two conditions at once": (
        f"use_backend api if {{ path_beg /a }} METH_GET\n{TO_API}",
        "2: only what use_backend api if { path_beg /a } METH_GET asks for is meant",
    ),
    "paths that go to another before": (
        f"use_backend web if {{ path_beg /a/b }}\nuse_backend api if {{ path_beg /a }}\n{TO_API}",
        "2: use_backend web if { path_beg /a/b } has none of these",
    ),
    "paths that the default has not": (
        f"use_backend web if {{ path_end .png }}\ndefault_backend api\n{TO_API}",
        "2: use_backend web if { path_end .png } has none of these",
    ),
}


@pytest.mark.parametrize(("text", "said"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_of_haproxy_backends_no_rule_says_is_told(
    corscope: Command, tmp_path: Path, text: str, said: str
) -> None:
    _, told = imported(corscope, tmp_path / "haproxy.cfg", f"frontend f\n{text}")
    assert f"warning: haproxy.cfg:{said}: say so in match.url" in told


def test_what_one_backend_alone_sends_beside_the_origin_of_all_is_told(
    corscope: Command, tmp_path: Path
) -> None:
    credentials = "http-response set-header Access-Control-Allow-Credentials true\n"
    text = f"use_backend b if {{ path_beg /b }}\n{backend('b')}{credentials}"
    sent = f"http-response set-header Access-Control-Allow-Origin {APP}\n"
    _, told = imported(corscope, tmp_path / "haproxy.cfg", f"frontend f\n{sent}{text}")
    name = "Access-Control-Allow-Credentials"
    said = f"{name} is of the backend b only; the rule sends it with all"
    assert f"warning: haproxy.cfg:6: {said}" in told


RESOURCE = f"allow do\norigins '{APP}'\nresource '%s', headers: :any, methods: [:get]\nend\n"
RACK = ["/a/*", "/a", "/a/b*", "/a/b.*", "/"]


def test_paths_of_rack_cors_are_those_of_the_real_one(corscope: Command, tmp_path: Path) -> None:
    library = LIBRARIES["rack-cors"]
    library.require()
    texts = [f"use Rack::Cors do\n{RESOURCE % path}end\n" for path in RACK]
    with Running(library, texts) as server:
        for text, port in zip(texts, server.real, strict=True):
            rules, told = imported(corscope, tmp_path / "config.ru", text)
            assert not told
            for path in PATHS:
                assert allowed(rules, path) == really_allowed(port, path), (text, path)


OWN = f"{{origin: '{APP}'}}"
PYTHON = f'CORS(app, resources={{%s: {{"origins": "{APP}"}}, r"/a/b/c": {{"origins": "{B}"}}}})'
LOCATION = '<Location "%s">\nHeader always set Access-Control-Allow-Origin %s\n</Location>\n'
WITHOUT = '<Location "%s">\nHeader always set Access-Control-Allow-Credentials true\n</Location>\n'
LIBRARY_PATHS = {
    "apache": [
        LOCATION % ("/a", APP),
        LOCATION % ("/a/", APP),
        LOCATION % ("/a/b", APP) + LOCATION % ("/a", B),
        LOCATION % ("/a", APP) + LOCATION % ("/a/b", B),
        f"Header always set Access-Control-Allow-Origin {B}\n" + LOCATION % ("/a/", APP),
        LOCATION % ("/a/", APP) + f"Header always set Access-Control-Allow-Origin {B}\n",
        LOCATION % ("/a/b", APP) + WITHOUT % "/a",
        LOCATION % ("/a", APP) + WITHOUT % "/a/b",
        LOCATION % ("/a/b/", APP) + WITHOUT % "/a/b" + LOCATION % ("/a", B) + WITHOUT % "/b",
        LOCATION % ("/", APP) + LOCATION % ("/a", B) + WITHOUT % "/b",
        LOCATION % ("/a", B) + LOCATION % ("/", APP),
        f"Header always set Access-Control-Allow-Origin {B}\n" + LOCATION % ("/", APP),
    ],
    "express": [
        f"import cors from 'cors';\napp.use('{path}', cors({OWN}));\n"
        for path in ("/a", "/a/", "/a/b")
    ]
    + [f"import cors from 'cors';\napp.get('/a', cors({OWN}));\n"],
    "hono": [
        f"import {{ cors }} from 'hono/cors';\napp.use('{path}', cors({OWN}));\n"
        for path in ("/a", "/a/*", "/a/b")
    ],
    "flask-cors": [
        f"from flask_cors import CORS\n{PYTHON % path}\n"
        for path in ('r"/a/*"', 'r"/a/.*"', '"/a/b"', 'r"^/a/b$"', '"*"')
    ],
}


@pytest.mark.parametrize("name", LIBRARY_PATHS)
def test_paths_of_a_library_are_those_of_the_real_one(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    library, texts = LIBRARIES[name], LIBRARY_PATHS[name]
    library.require()
    file = tmp_path / {"apache": "a.conf", "flask-cors": "app.py"}.get(name, "a.js")
    with Running(library, texts) as server:
        assert not server.errors
        for text, port in zip(texts, server.real, strict=True):
            rules, told = imported(corscope, file, text)
            assert not told
            for path in PATHS:
                assert allowed(rules, path) == really_allowed(port, path), (text, path)


API = "handle /a/* {{\nheader Access-Control-Allow-Origin {}\nreverse_proxy localhost:1\n}}\n"
REST = f"handle {{\nheader Access-Control-Allow-Origin {B}\nreverse_proxy localhost:1\n}}\n"
CADDY = {
    "a handle of some paths": API.format(APP),
    "and one for the others": API.format(APP) + REST,
    "which may come first": REST + API.format(APP),
    "a matcher": f"@a path /a/* /c\nheader @a Access-Control-Allow-Origin {APP}\n{REST}",
    "a line for all paths is set last": (
        f"header /a/* Access-Control-Allow-Origin {APP}\nheader Access-Control-Allow-Origin {B}\n"
        "reverse_proxy localhost:1\n"
    ),
}


@pytest.mark.parametrize("name", CADDY)
def test_paths_of_caddy_are_those_of_the_real_one(
    corscope: Command, tmp_path: Path, name: str
) -> None:
    rules, told = imported(corscope, tmp_path / "Caddyfile", CADDY[name])
    assert not told
    with running(tmp_path, "caddy", CADDY[name]) as port:
        for path in PATHS:
            assert allowed(rules, path) == really_allowed(port, path), path


def test_paths_of_one_policy_are_one_rule_unless_another_stands_between(
    corscope: Command, tmp_path: Path
) -> None:
    mounts = [("/a", 5), ("/b", 5), ("/x", 6), ("/c", 5), ("/a", 5)]
    calls = [f"app.use('{path}', cors({{maxAge: {age}}}));\n" for path, age in mounts]
    text = f"import cors from 'cors';\n{''.join(calls)}"
    rules, _ = imported(corscope, tmp_path / "a.js", text)
    urls = [rule.match.url for rule in load([RuleFile("a.toml", rules.encode())]).rules]
    assert [[each.rest for each in several] for several in urls] == [
        [*at_or_below("/a"), *at_or_below("/b")],
        [*at_or_below("/x")],
        [*at_or_below("/c"), *at_or_below("/a")],
    ]


LINE = f"Access-Control-Allow-Origin {APP}"
SITES = {
    "nginx": (
        "n.conf",
        f"server {{ location /a {{ add_header {LINE}; }} }}\n"
        f"server {{ location /b {{ add_header {LINE}; }} location /a {{ add_header {LINE}; }} }}",
    ),
    "apache": (
        "a.conf",
        "".join(
            f"<VirtualHost *:80>\n<Location {path}>\nHeader set {LINE}\n</Location>\n"
            "</VirtualHost>\n"
            for path in ("/a", "/b")
        ),
    ),
    "caddy": (
        "Caddyfile",
        f"a.test {{\nheader /a {LINE}\n}}\nb.test {{\nheader /b {LINE}\n}}\n",
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_paths_of_another_server_are_off(corscope: Command, tmp_path: Path, name: str) -> None:
    file, text = SITES[name]
    rules, _ = imported(corscope, tmp_path / file, text)
    on = [rule.enabled for rule in load([RuleFile("a.toml", rules.encode())]).rules]
    assert on == [True, False]
    assert "Off: it is of another server" in rules
    assert (allowed(rules, "/a"), allowed(rules, "/b")) == (APP, None)


MAPPED = """class A {{ void a() {{
CorsConfiguration all = new CorsConfiguration(), own = new CorsConfiguration();
{} }} }}"""
WEB_XML = (
    "<web-app><filter><filter-name>a</filter-name>"
    "<filter-class>org.apache.catalina.filters.CorsFilter</filter-class></filter>"
    "<filter-mapping><filter-name>a</filter-name>%s</filter-mapping></web-app>"
)
ALL = '"headers": [{"key": "Access-Control-Allow-Origin", "value": "*"}]'
VERCEL = f'{{"headers": [{{"source": "%s", {ALL}}}, {{"source": "%s", {ALL}}}]}}'
GLOBS = {
    "Spring's registry": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/api/**"); registry.addMapping("/x"); } }',
        [("/api", "/api?*", "/api/*"), ("/x", "/x?*")],
    ),
    "Spring's source, in the order of its paths": (
        *("spring", "A.java"),
        MAPPED.format(
            'source.registerCorsConfiguration("/api/**", own);\n'
            'source.registerCorsConfiguration("/x", own);\n'
            'source.registerCorsConfiguration("/**", all);'
        ),
        [("/api", "/api?*", "/api/*", "/x", "/x?*"), ()],
    ),
    "Spring's gateway": (
        *("spring", "a.yml"),
        "globalcors:\n  cors-configurations:\n    '[/a]': {}\n    '[/**]': {}\n",
        [("/a", "/a?*"), ()],
    ),
    "Tomcat's": (
        *("tomcat", "web.xml"),
        WEB_XML % "<url-pattern>/a/*</url-pattern><url-pattern>/b.do</url-pattern>",
        [("/a", "/a?*", "/a/*", "/b.do", "/b.do?*")],
    ),
    "Tomcat's for all": ("tomcat", "web.xml", WEB_XML % "<url-pattern>/*</url-pattern>", [()]),
    "Laravel's own": (
        *("laravel", "cors.php"),
        "<?php return ['allowed_origins' => ['*']];",
        [("/api/*", "/sanctum/csrf-cookie", "/sanctum/csrf-cookie?*")],
    ),
    "Laravel's": (
        *("laravel", "cors.php"),
        "<?php return ['paths' => ['/api*', 'login/'], 'allowed_origins' => ['*']];",
        [("/api*", "/login", "/login?*")],
    ),
    "Laravel's for all": (
        *("laravel", "cors.php"),
        "<?php return ['paths' => ['*'], 'allowed_origins' => ['*']];",
        [()],
    ),
    "Django's": (
        *("django", "settings.py"),
        'CORS_URLS_REGEX = r"^/api/.*$"\nCORS_ALLOW_ALL_ORIGINS = True\n',
        [("/api/*",)],
    ),
    "Netlify's": (
        *("netlify", "_headers"),
        "/a/*\n  Access-Control-Allow-Origin: *\n/b\n  Access-Control-Allow-Origin: *\n",
        [("/a/*",), ("/b", "/b?*")],
    ),
    "Vercel's": (
        *("vercel", "vercel.json"),
        VERCEL % ("/a/(.*)", "/b/:path*"),
        [("/a/*",), ("/b", "/b?*", "/b/*")],
    ),
    "Next.js'": (
        *("next", "next.config.js"),
        f"module.exports = {{ async headers() {{ return {VERCEL % ('/a/:p*', '/b')}.headers }} }}",
        [("/a", "/a?*", "/a/*"), ("/b", "/b?*")],
    ),
    "Firebase's": (
        *("firebase", "firebase.json"),
        VERCEL % ("/a/**", "/b"),
        [("/a/*",), ("/b", "/b?*")],
    ),
}


@pytest.mark.parametrize(("name", "file", "text", "paths"), GLOBS.values(), ids=GLOBS)
def test_paths_become_globs(name: str, file: str, text: str, paths: list[tuple[str, ...]]) -> None:
    found = list((IMPORTERS.get(name) or FORMATS[name])(Source(file, text)))
    assert [each.paths for each in found] == paths
    assert "match.url" not in str([each.warnings for each in found])
