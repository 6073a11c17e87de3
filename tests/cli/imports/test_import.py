"""`corscope import`: what is read of a server's own configuration or code, and what is refused."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corscope.cli.imports.formats import IMPORTERS, guess
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.messages import Request, Response
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from corscope.rules.write import rule_text
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy
from tests.cli.conftest import Command, environment
from tests.cli.imports.reading import APP, KEEPING, OWN, dialect, in_little_memory, read
from tests.servers.real.asked import ASKED
from tests.servers.real.policies import POLICIES, generate_policies

OF_THE_APPLICATION = {"replaces_vary"}
"""Settings that tell what the application does: no configuration of the library has them."""

RESPONSES = (
    Response(200, (("vary", "x"), ("x-total", "1"))),
    Response(200, (("access-control-allow-origin", "https://own.test"),)),
)


def answers(server: Dialect, policy: Policy) -> Iterator[object]:
    """All that a server says to requests of every kind."""
    for asked in ASKED:
        request = Request(asked.method, f"https://api.test{asked.path}", asked.headers)
        yield server.preflight(policy, request)
        for response in RESPONSES:
            yield server.actual(policy, request, response)


def exported() -> list[object]:
    return [
        pytest.param(server, policy, id=f"{name} {number}")
        for name in IMPORTERS
        for server in [dialect(name)]
        for number, policy in enumerate(POLICIES)
        if not server.complaints(policy)
    ]


@pytest.mark.parametrize(("server", "policy"), exported())
def test_an_export_comes_back_as_a_rule_that_answers_the_same(
    server: Dialect, policy: Policy
) -> None:
    assert server.export is not None
    written = server.export(policy)
    (found,) = IMPORTERS[server.name](Source(written.file, written.text))
    assert found.warnings == ()
    imported = found.policy
    expected = _as_imported(server, policy)
    assert list(answers(server, imported)) == list(answers(server, expected))
    if server.name != "flask-cors":  # a pattern is a regex to it, and stands behind the origins
        assert server.export(imported).text == written.text
    rule = load([RuleFile("a.toml", rule_text("a", {"host": "a"}, imported, server).encode())])
    assert rule.rules[0].policy == imported


@pytest.mark.parametrize("name", IMPORTERS)
@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_export_comes_back_as_a_rule_that_answers_the_same(name: str, seed: int) -> None:
    server = dialect(name)
    (policy,) = generate_policies(Random(seed), server, 1)
    if server.complaints(policy) or server.export is None:
        return
    written = server.export(policy)
    if name == "nginx" and "Access-Control-" not in written.text:
        return  # it says nothing of CORS
    (found,) = IMPORTERS[name](Source(written.file, written.text))
    expected = _as_imported(server, policy)
    assert list(answers(server, found.policy)) == list(answers(server, expected))


def _as_imported(server: Dialect, policy: Policy) -> Policy:
    """The policy as far as a configuration can say it."""
    if server.name == "gcs":  # its only list of headers is both of a policy's
        names = (*_listed(policy.allow_headers), *_listed(policy.expose_headers)) or None
        return replace(policy, allow_headers=names, expose_headers=names)
    known = tuple(each for each in policy.settings if each[0] not in OF_THE_APPLICATION)
    return replace(policy, settings=known)


def _listed(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names or ()


@pytest.mark.parametrize("name", IMPORTERS)
def test_what_all_servers_can_say_comes_back_as_it_was(name: str) -> None:
    server = dialect(name)
    policy = Policy(
        allow_origins=(APP, "https://b.test"),
        allow_methods=("GET", "PUT"),
        allow_headers=("x-a", "x-b"),
        expose_headers=("x-a", "x-b"),
        max_age=600,
    )
    if server.complaints(policy):  # hapi has no methods
        policy = replace(policy, allow_methods=None)
    assert server.export is not None
    written = server.export(policy)
    assert guess(Source(written.file, written.text)) == [name]
    (found,) = IMPORTERS[name](Source(written.file, written.text))
    assert found.policy == policy


FORMS = {
    "express, required, with what it is given named before": (
        "express",
        "a.cjs",
        """const cors = require('cors');
        const ORIGINS = ['https://a.test', /\\.b\\.test$/i];
        const options = { origin: [...ORIGINS], methods: 'GET,PUT', credentials: true };
        app.get('/x', cors(options), (req, res) => res.json({}));""",
        Policy(
            allow_origins=("https://a.test",),
            allow_origin_regex=r"(?i)\.b\.test$",
            allow_methods=("GET", "PUT"),
            allow_credentials=True,
        ),
    ),
    "express with what regexes are in JavaScript alone": (
        "express",
        "a.js",
        """const cors = require('cors');
        app.use(cors({ origin: /^https:\\/\\/(?<sub>[\\w-.]+)\\.b{,2}[^]$/ims }));""",
        Policy(allow_origin_regex=r"(?i)^https://([\w\-.]+)\.b\{,2}[\s\S]$"),
    ),
    "nginx with classes by name": (
        "nginx",
        "site.conf",
        """map $http_origin $ok { "~^https://[[:alnum:]_]+\\.test$" $http_origin; }
        add_header Access-Control-Allow-Origin $ok always;""",
        Policy(
            allow_origin_regex=r"^https://[0-9A-Za-z_]+\.test$",
            forward_preflight=True,
            settings=(("always", True), *KEEPING),
        ),
    ),
    "nginx with a map of methods, whose location answers with the server's headers": (
        "nginx",
        "site.conf",
        """map $request_method $is_asked { OPTIONS 1; default 0; }
        map $http_origin $ok { https://app.test $http_origin; }
        server {
          add_header Access-Control-Allow-Origin $ok always;
          location / { if ($is_asked = 1) { return 204; } proxy_pass http://a; }
        }""",
        replace(OWN, settings=(("always", True), *KEEPING)),
    ),
    "express without options": ("express", "a.js", 'app.use(require("cors")());', Policy()),
    "NestJS": (
        "express",
        "main.ts",
        "app.enableCors({ origin: 'https://app.test' as const, maxAge: 3_600 } satisfies X);",
        Policy(allow_origins=APP, max_age=3600),
    ),
    "fastify by another name": (
        "fastify",
        "a.ts",
        "import fastifyCors from '@fastify/cors';\nserver.register(fastifyCors, {origin: true});",
        Policy(allow_origins="request"),
    ),
    "koa with the header itself": (
        "koa",
        "a.js",
        "const cors = require('@koa/cors');\napp.use(cors({origin: ctx => ctx.get('Origin')}));",
        Policy(allow_origins="request"),
    ),
    "hono with a function": (
        "hono",
        "a.ts",
        'import { cors as c } from "hono/cors";\nconst ok = ["https://app.test"];\n'
        "app.use('*', c({ origin: (o) => { return ok.includes(o) ? o : null } }));",
        OWN,
    ),
    "a route of hapi's": (
        "hapi",
        "a.js",
        "server.route({ options: { cors: { origin: ['https://app.test'] } } });",
        OWN,
    ),
    "hapi with more headers than the default ones, and than those given": (
        "hapi",
        "a.js",
        "const server = Hapi.server({ routes: { cors: { origin: ['https://app.test'],"
        " additionalHeaders: ['x-a'], exposedHeaders: ['x-b'], additionalExposedHeaders: ['x-c']"
        " } } });",
        replace(
            OWN,
            allow_headers=("Accept", "Authorization", "Content-Type", "If-None-Match", "x-a"),
            expose_headers=("x-b", "x-c"),
        ),
    ),
    "FastAPI": (
        "starlette",
        "main.py",
        'ORIGINS = ["https://app.test"]\nMORE: list[str] = ORIGINS + []\n'
        "app.add_middleware(CORSMiddleware, allow_origins=[*MORE], allow_methods=['*'])",
        replace(OWN, allow_methods="*"),
    ),
    "Starlette's list of middleware": (
        "starlette",
        "main.py",
        "m = [Middleware(cors.CORSMiddleware, allow_origins=('https://app.test',), max_age=-1)]",
        replace(OWN, max_age=-1),
    ),
    "Starlette's origins as a string, in which any part counts": (
        "starlette",
        "main.py",
        "app.add_middleware(CORSMiddleware, allow_origins='https://*.a', allow_origin_regex='.*')",
        Policy(allow_origins="https://*.a"),
    ),
    "Django's own lists, longer": (
        "django",
        "settings.py",
        "from corsheaders.defaults import default_methods\n"
        "CORS_ORIGIN_WHITELIST = ['https://app.test']\n"
        "CORS_ALLOW_METHODS = (*default_methods, 'POKE')\n",
        replace(
            OWN,
            allow_methods=("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "POKE"),
        ),
    ),
    "Django's numbers and texts, put together": (
        "django",
        "settings.py",
        'HOST, PORT = "a.test", 3000\nNAME = "app"\nMINUTE = 60\n'
        'CORS_ALLOWED_ORIGINS = [f"https://{NAME}.test", f"http://localhost:{2999 + 1}"]\n'
        "CORS_PREFLIGHT_MAX_AGE = 24 * MINUTE * MINUTE\n",
        Policy(allow_origins=("https://app.test", "http://localhost:3000"), max_age=86400),
    ),
    "Django with several regexes": (
        "django",
        "settings.py",
        'import re\nCORS_ALLOWED_ORIGIN_REGEXES = [re.compile(r"^https://a"), "(?i)^https://b"]',
        Policy(allow_origin_regex=r"(?:^https://a)|(?:(?i:^https://b))"),
    ),
    "Flask's decorator": (
        "flask-cors",
        "app.py",
        '@cross_origin(origins="https://app.test", methods="GET, PUT")\ndef view(): ...',
        Policy(allow_origins=APP, allow_methods=("GET", "PUT")),
    ),
    "S3 in XML": (
        "s3",
        "cors.xml",
        """<?xml version="1.0"?>
        <CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>
          <AllowedOrigin>https://app.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
          <AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>
          <MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>""",
        replace(OWN, allow_methods=("GET", "PUT"), allow_headers="*", max_age=5),
    ),
    "S3 in CloudFormation": (
        "s3",
        "template.yaml",
        "Resources:\n  B:\n    Properties:\n      BucketName: !Ref Name\n"
        "      CorsConfiguration:\n        CorsRules:\n          - AllowedOrigins: [https://app.test]\n"
        "            AllowedMethods: [GET]\n            MaxAge: 5\n",
        replace(OWN, allow_methods=("GET",), max_age=5),
    ),
    "Cloud Storage in XML": (
        "gcs",
        "cors.xml",
        "<CorsConfig><Cors><Origins><Origin>https://app.test</Origin></Origins><Methods>"
        "<Method>GET</Method><Method>PUT</Method></Methods><ResponseHeaders/>"
        "<MaxAgeSec>5</MaxAgeSec></Cors></CorsConfig>",
        replace(
            OWN,
            allow_methods=("GET", "PUT"),
            allow_headers=(),
            expose_headers=(),
            max_age=5,
        ),
    ),
    "Azure's template": (
        "azure-blob",
        "azuredeploy.json",
        '{"resources": [{"properties": {"cors": {"corsRules": [{"allowedOrigins": '
        '["https://app.test"], "allowedMethods": ["GET"], "maxAgeInSeconds": 5, '
        '"allowedHeaders": ["x-*"], "exposedHeaders": ["*"]}]}}}]}',
        replace(
            OWN,
            allow_methods=("GET",),
            allow_headers=("x-*",),
            expose_headers="*",
            max_age=5,
        ),
    ),
    "API Gateway in OpenAPI": (
        "api-gateway",
        "openapi.yaml",
        "openapi: 3.0.1\nx-amazon-apigateway-cors:\n  allowOrigins:\n    - https://app.test\n"
        "  allowCredentials: true\n  maxAge: 5\n",
        replace(OWN, allow_credentials=True, max_age=5),
    ),
    "API Gateway as the API tells it": (
        "api-gateway",
        "api.json",
        '{"Name": "x", "CorsConfiguration": {"AllowOrigins": ["https://app.test"]}}',
        OWN,
    ),
    "Apache with a back reference": (
        "apache",
        ".htaccess",
        """# Header set Access-Control-Allow-Origin "*"
        <IfModule mod_headers.c>
          SetEnvIf Origin "^https://(a|b)\\.test$" \\
              ALLOWED=$0
          Header always set Access-Control-Allow-Origin %{ALLOWED}e env=ALLOWED
          Header set Access-Control-Allow-Methods: "GET, PUT"
        </IfModule>""",
        Policy(
            allow_origin_regex=r"^https://(a|b)\.test$",
            allow_methods=("GET", "PUT"),
            forward_preflight=True,
            settings=KEEPING,
        ),
    ),
    "Apache with a star": (
        "apache",
        "apache.conf",
        "Header set Access-Control-Allow-Origin *\nHeader set Access-Control-Max-Age '5'",
        Policy(allow_origins="*", max_age=5, forward_preflight=True),
    ),
    "apache with escapes, which it takes away only before a backslash and the string's own quote": (
        "apache",
        "site.conf",
        r"""SetEnvIf Origin "^https://[ab]\\\'\.c$" GIVEN=$0
        SetEnvIf Origin ^https://[de]\\.f$ GIVEN=$0
        Header set Access-Control-Allow-Origin %{GIVEN}e env=GIVEN""",
        Policy(
            allow_origin_regex=r"(?:^https://[ab]\\'\.c$)|(?:^https://[de]\.f$)",
            forward_preflight=True,
        ),
    ),
    "nginx with an if around the header": (
        "nginx",
        "site.conf",
        """server { location / { if ($http_origin ~* "^https://(a|b)\\.test$") {
        add_header 'Access-Control-Allow-Origin' "$http_origin" always; } } }""",
        Policy(
            allow_origin_regex=r"(?i)^https://(a|b)\.test$",
            forward_preflight=True,
            settings=(("always", True), *KEEPING),
        ),
    ),
    "nginx with an if around a variable": (
        "nginx",
        "site.conf",
        """set $cors ""; if ($http_origin = https://app.test) { set $cors $http_origin; }
        add_header Access-Control-Allow-Origin $cors;""",
        replace(OWN, forward_preflight=True, settings=KEEPING),
    ),
    "nginx with escapes, which it takes away only before some characters": (
        "nginx",
        "site.conf",
        r"""map $http_origin $cors { "https://a\\'.test" $http_origin;
        '~^https://[bc]\\.test$' $http_origin; ~^https://[de]\.f$ $http_origin; }
        add_header Access-Control-Allow-Origin $cors;""",
        Policy(
            allow_origins=("https://a\\'.test",),
            allow_origin_regex=r"(?:^https://[bc]\.test$)|(?:^https://[de]\.f$)",
            forward_preflight=True,
            settings=KEEPING,
        ),
    ),
    "nginx that hides what the backend says": (
        "nginx",
        "site.conf",
        "location / { fastcgi_hide_header Access-Control-Allow-Origin;\n"
        "add_header Access-Control-Allow-Origin https://app.test always; }",
        Policy(allow_origins=APP, forward_preflight=True, settings=(("always", True),)),
    ),
}


@pytest.mark.parametrize(("name", "file", "text", "policy"), FORMS.values(), ids=FORMS)
def test_a_usual_form_is_read(name: str, file: str, text: str, policy: Policy) -> None:
    assert [found.policy for found in read(name, file, text)] == [policy]


SIGNED = {
    "a block in one line": (
        *("nginx", "site.conf"),
        "server { location / { add_header Access-Control-Allow-Origin *; } }",
    ),
    "a template": (
        *("nginx", "default.conf.template"),
        "add_header 'Access-Control-Allow-Origin' '${ORIGIN}';",
    ),
    "a site of Debian's": ("nginx", "api.test", "  add_header Access-Control-Allow-Origin *;"),
    "what headers-more sends": (
        *("nginx", "nginx.conf"),
        "more_set_headers 'Access-Control-Allow-Origin: *';",
    ),
    ".htaccess": ("apache", ".htaccess", "Header setifempty Access-Control-Allow-Origin *"),
    "Apache's edit": ("apache", "a.conf", "Header always edit Access-Control-Allow-Origin a b"),
    "Apache in no file": ("apache", "-", "Header Set Access-Control-Allow-Origin *"),
    "HAProxy in no file": (
        *("haproxy", "-"),
        "http-response set-header Access-Control-Allow-Origin *",
    ),
    "a Caddyfile of some stage": (
        *("caddy", "Caddyfile.prod"),
        "header Access-Control-Allow-Origin *",
    ),
    "S3's console": ("s3", "c.json", '[{"AllowedHeaders": [],\n "AllowedOrigins": ["*"]}]'),
    "S3 in no file": ("s3", "-", '{"CORSRules": []}'),
    "a bucket in CloudFormation": ("s3", "t.yaml", "CorsRules:\n  - AllowedOrigins: ['*']"),
    "Cloud Storage without an age": (
        *("gcs", "c.json"),
        '[ {"method": ["GET"], "origin": ["*"]} ]',
    ),
    "Django's settings in an if": (
        *("django", "settings.py"),
        "if DEBUG:\n    CORS_ALLOW_ALL_ORIGINS = True",
    ),
    "the package that was Fastify's": (
        *("fastify", "a.js"),
        "fastify.register(require('fastify-cors'))",
    ),
}


@pytest.mark.parametrize(("name", "file", "text"), SIGNED.values(), ids=SIGNED)
def test_a_file_tells_whose_it_is(name: str, file: str, text: str) -> None:
    assert guess(Source(file, text)) == [name]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("nginx.conf", "# add_header Access-Control-Allow-Origin *;"),
        ("a.conf", "# Header set Access-Control-Allow-Origin *"),
        ("main.kt", 'registry.addMapping("/**").allowedOrigins("https://a.test")'),
        ("appsettings.json", '{"Cors": {"AllowedOrigins": ["https://a.test"]}}'),
        ("app.py", "from chalice import Chalice, CORSConfig\nc = CORSConfig(allow_origin='x')"),
    ],
)
def test_a_file_without_signs_is_nobodys(file: str, text: str) -> None:
    assert guess(Source(file, text)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "fun main() {}",
            (": can't tell whose file this is; --from DIALECT says it: one of", "`corscope infer`"),
        ),
        (
            'fun f() {\n  response.setHeader("access-control-allow-origin", "*")',
            (
                ":2: sets access-control-allow-origin by hand, and such code isn't",
                "`corscope infer`",
            ),
        ),
        (
            "from flask_cors import CORS\nfrom aiohttp_cors import setup",
            (": can't tell whose file this is; --from DIALECT says it: flask-cors or aiohttp",),
        ),
    ],
)
def test_who_has_such_a_file_is_told_the_way_out(
    corscope: Command, tmp_path: Path, text: str, says: tuple[str, ...]
) -> None:
    file = tmp_path / ("main.py" if "import" in text else "main.kt")
    file.write_text(text, encoding="utf-8")
    done = corscope("import", file)
    assert done.returncode == 1
    assert f"{file}{says[0]}" in done.stderr
    assert all(each in done.stderr for each in says)


def test_rules_of_one_bucket_are_for_their_own_origins_and_methods() -> None:
    text = """{"CORSRules": [
        {"AllowedOrigins": ["https://*.a.test"], "AllowedMethods": ["PUT"]},
        {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}"""
    assert [found.match for found in read("s3", "cors.json", text)] == [
        {"origin": ("https://*.a.test",), "method": ("PUT",)},
        {"method": ("GET",)},
    ]


ALIASES = """
shared: &shared
  AllowOrigins: &origins [https://app.test]
  AllowMethods: [GET]
  MaxAge: 5
other: &other {MaxAge: 6, AllowHeaders: [x-a]}
api:
  CorsConfiguration:
    <<: [*shared, *other]
    AllowMethods: [PUT]
    ExposeHeaders: *origins
"""


def test_aliases_of_yaml_are_what_they_stand_for() -> None:
    (found,) = read("api-gateway", "a.yml", ALIASES)
    assert found.policy == Policy(
        allow_origins=(APP,),
        allow_methods=("PUT",),
        allow_headers=("x-a",),
        expose_headers=(APP,),
        max_age=5,
    )


def test_paths_of_flask_are_told() -> None:
    text = 'CORS(app, resources={r"/api/*": {"origins": ["https://app.test"]}}, max_age=5)'
    (found,) = read("flask-cors", "app.py", text)
    assert found.policy == replace(OWN, max_age=5)
    assert (found.paths, found.warnings) == (("/api*",), ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('CORS(app, resources=r"/api/v[12]")', "only paths that fit /api/v[12] are meant"),
        ('CORS(app, resources=["/a", "/b|c"])', "only paths that fit /a or /b|c are meant"),
        ("CORS(app, resources=PATHS)", "only some paths are meant"),
        ("@cross_origin()\ndef view(): ...", "only the routes below are meant"),
        ('CORS(app, resources={r"/*": {}})', None),
        ('CORS(app, resources=r".*")', None),
    ],
)
def test_what_flask_leaves_alone_is_told(text: str, told: str | None) -> None:
    (found,) = read("flask-cors", "app.py", text)
    expected = () if told is None else (f"app.py:1: {told}: say so in match.url",)
    assert (found.policy, found.warnings) == (Policy(), expected)


def test_an_option_that_is_not_imported_is_told() -> None:
    (found,) = read("fastify", "a.js", 'app.register(require("@fastify/cors"), {hook: "x"});')
    assert found.warnings == ("a.js:1: hook is not imported",)


REFUSED = {
    "a variable of the environment": (
        "express",
        "a.js",
        'import cors from "cors";\napp.use(cors({\n  origin: process.env.ORIGIN,\n}));',
        "a.js:3: can't tell the value of `process.env.ORIGIN`: nothing is run",
    ),
    "a function": (
        "express",
        "a.js",
        'import cors from "cors";\napp.use(cors({ origin: (o, cb) => cb(null, check(o)) }));',
        "a.js:2: can't tell the value of `(o, cb) => cb(null, check(o))`",
    ),
    "a function that allows more than it tests": (
        "hono",
        "a.js",
        'import { cors } from "hono/cors";\nconst a = ["x"];\n'
        "app.use(cors({ origin: (o) => a.includes(o) || check(o) ? o : null }));",
        "can't tell the value",
    ),
    "a name with two values": (
        "express",
        "a.js",
        'import cors from "cors";\nlet a = "x"; a = f();\napp.use(cors({ origin: a }));',
        "a.js:3: can't tell the value of `a`",
    ),
    "a name that is its own value": (
        "express",
        "a.js",
        'import cors from "cors";\nconst a = [...a];\napp.use(cors({ origin: a }));',
        "can't tell the value",
    ),
    "a flag that makes a regex stateful": (
        "express",
        "a.js",
        'import cors from "cors";\napp.use(cors({ origin: /a/g }));',
        "can't tell the value of `/a/g`",
    ),
    "CORS that is off": (
        "express",
        "a.js",
        'import cors from "cors";\napp.use(cors({ origin: false }));',
        "switched off",
    ),
    "no CORS": ("express", "a.js", "app.listen(1);", "a.js: has no cors({…})"),
    "no JavaScript": ("express", "a.js", "const = ;\n", "a.js:1: is no JavaScript"),
    "Python's environment": (
        "starlette",
        "a.py",
        'app.add_middleware(\n  CORSMiddleware,\n  allow_origins=os.environ["O"].split(","))',
        "a.py:3: can't tell the value of `os.environ['O'].split(',')`",
    ),
    "a setting that is added to": (
        "django",
        "settings.py",
        'CORS_ALLOWED_ORIGINS = ["https://a.test"]\nCORS_ALLOWED_ORIGINS += env.list("X")',
        "settings.py:2: can't tell the value",
    ),
    "unpacked options": (
        "starlette",
        "a.py",
        "app.add_middleware(CORSMiddleware, **options())",
        "a.py:1: can't tell the value of `options()`",
    ),
    "no Python": ("django", "a.py", "x = (\n", "a.py:1: is no Python"),
    "a value of another kind": (
        "s3",
        "c.json",
        '{"CORSRules": [{"MaxAgeSeconds": "long"}]}',
        "c.json: CORSRules[0].MaxAgeSeconds: must be an integer",
    ),
    "a reference in a template": (
        "api-gateway",
        "t.yaml",
        "CorsConfiguration:\n  AllowOrigins:\n    - !Ref Origin\n",
        "t.yaml:3: can't tell the value of `!Ref Origin`",
    ),
    "another cloud's rules": (
        *("gcs", "c.json", '[{"corsRuleName": "a", "allowedOrigins": ["*"], "maxAgeSeconds": 5}]'),
        "c.json: has the rules of Backblaze B2",
    ),
    "a form in an f-string": (
        *("django", "s.py", 'P = 3000\nCORS_ALLOWED_ORIGINS = [f"http://a.test:{P:>9}"]'),
        "s.py:2: can't tell the value of `f'http://a.test:{P:>9}'`",
    ),
    "a list that is repeated": (
        *("django", "s.py", 'CORS_ALLOWED_ORIGINS = ["https://a.test"] * 1_000_000_000'),
        "s.py:1: can't tell the value of `['https://a.test'] * 1000000000`",
    ),
    "no rules": ("gcs", "c.json", '{"a": 1}', "c.json: has no CORS configuration"),
    "no JSON": ("s3", "c.json", '{\n"a" 1}', "c.json:2: is no JSON"),
    "no XML": ("s3", "c.xml", "<a>\n<b></a>", "c.xml:2: is no XML"),
    "no YAML": ("s3", "c.yaml", "a:\n  - b\n c: [", "c.yaml:3: is no YAML"),
    "a variable of nginx": (
        "nginx",
        "n.conf",
        "server {\n add_header Access-Control-Allow-Origin $origin; }",
        "n.conf:2: can't tell the value of $origin",
    ),
    "a variable of Apache's": (
        "apache",
        "a.conf",
        "\nHeader set Access-Control-Allow-Origin %{ORIGIN}e",
        "a.conf:2: can't tell the value of %{ORIGIN}e",
    ),
    "a map of nginx's without a variable": (
        "nginx",
        "n.conf",
        "\nmap $http_origin { a b; }\nadd_header Access-Control-Allow-Origin $cors;",
        "n.conf:2: is no configuration of nginx: a map has two arguments",
    ),
    "no nginx, but TOML": (
        "nginx",
        "n.conf",
        '[[rule]]\nname = "x"\n',
        "n.conf: is no configuration of nginx: it ends in the middle of a directive",
    ),
    "no nginx": ("nginx", "n.conf", "\nserver {", "n.conf:2: is no configuration of nginx"),
}


@pytest.mark.parametrize(("name", "file", "text", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(
    name: str, file: str, text: str, says: str
) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(name, file, text)
    assert says in str(caught.value)


DEEP = 100_000
BILLION = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 60))
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
HOSTILE = {
    "an entity bomb": ("s3", f'<!DOCTYPE a [<!ENTITY a0 "x">{BILLION}]><a>&a59;</a>', "entities"),
    "an external entity": (
        "azure-blob",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "document type",
    ),
    "a bomb of aliases": ("s3", LAUGHS, "alias"),
    "an alias to itself": ("s3", "a: &a [*a]\n", "alias"),
    "a tag that makes an object": (
        "api-gateway",
        "CorsConfiguration: !!python/object/apply:os.system [touch pwned]\n",
        "tag",
    ),
    "a merge key that is no table": ("s3", "a: &a [b]\nc:\n  <<: *a\n", "is no table"),
    "a bomb of merge keys": (
        "s3",
        "a0: &a0 {x: [1, 2]}\n"
        + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, y{n}: *a{n - 1}}}\n" for n in range(1, 60)),
        "aliases",
    ),
    "deep JSON": ("gcs", "[" * DEEP, "nested too deeply"),
    "deep XML": ("s3", "<a>" * DEEP, "nested too deeply"),
    "deep YAML": ("api-gateway", "a: " + "[" * DEEP, "nested too deeply"),
    "deep Python": ("django", "CORS_X = " + "(" * DEEP, "is no Python"),
    "deep Python without brackets": ("django", "CORS_X = " + "-" * DEEP + "1", "nested too deeply"),
    "a long sum": ("django", "CORS_X = " + "1+" * DEEP + "1", "nested too deeply"),
    "deep JavaScript": (
        "express",
        'const cors = require("cors");\ncors({origin: ' + "[" * 50_000 + "]" * 50_000 + "})",
        "nested too deeply",
    ),
    "labels that JavaScript's grammar goes astray in": (
        "express",
        "lambda a:" * 110_000,
        "takes too long to parse as JavaScript",
    ),
    "deep nginx": ("nginx", "a {" * DEEP, "nested too deeply"),
    "Apache's lines that go on": ("apache", "\\\n" * 500_000, "has no Header set"),
    "Apache's white space": ("apache", " " * 1_000_000, "has no Header set"),
    "Apache's quotes that don't end": ("apache", "\"' " * 300_000, "has no Header set"),
    "names that double": (
        "django",
        "A0 = ['x', 'x']\n"
        + "".join(f"A{n} = [*A{n - 1}, *A{n - 1}]\n" for n in range(1, 20))
        + "CORS_ALLOWED_ORIGINS = A19\n",
        "can't tell the value",
    ),
    "texts that double": (
        "django",
        "A0 = 'xx'\n"
        + "".join(f"A{n} = A{n - 1} + A{n - 1}\n" for n in range(1, 20))
        + "CORS_ALLOWED_ORIGINS = [A19]\n",
        "can't tell the value",
    ),
    "constants that double": (
        "express",
        "const cors = require('cors');\nconst a0 = ['x', 'x'];\n"
        + "".join(f"const a{n} = [...a{n - 1}, ...a{n - 1}];\n" for n in range(1, 20))
        + "cors({origin: a19});\n",
        "can't tell the value",
    ),
    "a number with a million digits": ("gcs", "[" + "9" * 1_000_000 + "]", "digits"),
}
KINDS = {"django": "py", "express": "js", "nginx": "conf"}


@pytest.mark.parametrize(("name", "text", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_an_error_like_any_other(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    file = tmp_path / f"a.{KINDS.get(name, 'txt')}"
    file.write_text(text, encoding="utf-8")
    done = in_little_memory(file, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 500
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_file_that_can_not_be_read_is_told_with_the_way_out(
    corscope: Command, tmp_path: Path
) -> None:
    done = corscope("import", tmp_path / "none.js")
    assert done.returncode == 1
    assert "none.js: can't be read: No such file or directory; check the name" in done.stderr
    done = corscope("import", tmp_path)
    assert done.returncode == 1
    assert ": this is a folder; name the files in it" in done.stderr


@pytest.mark.parametrize("name", ["s3", "express", "django", "nginx"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(range(256)), "not UTF-8", id="binary"),
        pytest.param(b'{"a": "\xff"}', "a.txt:1: is not UTF-8: byte 0xff", id="not UTF-8"),
        pytest.param(b"a\0b", "NUL", id="NUL"),
        pytest.param(
            gzip.compress(b"{}"),
            "a.txt: is packed with gzip; corscope reads it from zcat",
            id="packed",
        ),
    ],
)
def test_what_is_no_text_is_refused(
    corscope: Command, tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    done = corscope("import", tmp_path / "a.txt", "--from", name)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_what_windows_powershell_writes_is_read(corscope: Command, tmp_path: Path) -> None:
    """As of `aws … > cors.json`, without a mark too; what ends within a character is told."""
    text = '[{"AllowedOrigins": ["https://app.test"], "AllowedMethods": ["PUT"]}]\r\n'
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        (tmp_path / "cors.json").write_bytes(text.encode(encoding))
        done = corscope("import", tmp_path / "cors.json", "--from", "s3", "--host", "api.test")
        assert (done.returncode, done.stderr) == (0, "")
        assert 'allow_origins = ["https://app.test"]' in done.stdout
    (tmp_path / "cors.json").write_bytes(text.encode("utf-16")[:-1])
    done = corscope("import", tmp_path / "cors.json", "--from", "s3")
    assert done.returncode == 1
    assert "is not UTF-16" in done.stderr


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    done = in_little_memory(tmp_path / "a.json", "s3")
    assert done.returncode == 1
    assert "is larger than the 1,048,576 bytes that are read" in done.stderr


class TestCommand:
    def test_a_rule_file_is_written_that_can_be_used(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "app.py").write_text(
            'from flask_cors import CORS\nCORS(app, origins=["https://app.test"])\n'
        )
        out = tmp_path / "a.toml"
        done = corscope("import", tmp_path / "app.py", "--host", "api.test", "-o", out)
        assert (done.returncode, done.stdout) == (0, f"{out} written\n")
        (rule,) = load([RuleFile("a.toml", out.read_bytes())]).rules
        assert (rule.policy, rule.name) == (OWN, "flask-cors from app.py")
        assert "app.py:2" in rule.description
        again = corscope("import", tmp_path / "app.py", "-o", out)
        assert again.returncode == 1
        assert "--force" in again.stderr

    def test_of_policies_that_are_alike_the_first_is_kept_with_what_is_told_of_any(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        call = 'app.use("/:{0}", cors({{ maxAge: {1} }}));\n'
        calls = [call.format(path, age) for path, age in (("a", 5), ("b", 6), ("c", 5))]
        (tmp_path / "app.js").write_text('const cors = require("cors");\n' + "".join(calls))
        done = corscope("import", tmp_path / "app.js", "-o", tmp_path / "a.toml")
        assert done.returncode == 0
        rules = load([RuleFile("a.toml", (tmp_path / "a.toml").read_bytes())]).rules
        assert [rule.policy for rule in rules] == [Policy(max_age=5), Policy(max_age=6)]
        assert [done.stderr.count(f"fit /:{path} are meant") for path in "abc"] == [1, 1, 1]

    def test_many_functions_for_origins_take_no_square_of_their_number(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        test = "origin === 'https://a.test' ? callback(null, true) : callback(new Error('no'))"
        call = f"app.get('/r%d', cors({{ origin: (origin, callback) => {test} }}), handler);\n"
        calls = "".join(call % number for number in range(800))
        (tmp_path / "app.js").write_text(f'const cors = require("cors");\n{calls}')
        done = corscope("import", tmp_path / "app.js", timeout=40)
        assert done.returncode == 0

    def test_a_file_may_come_from_standard_input(self, corscope: Command) -> None:
        done = corscope("import", "-", "--from", "gcs", stdin=b'[{"origin": ["https://app.test"]}]')
        assert done.returncode == 0
        assert 'like = "gcs"' in done.stdout
        assert "--host says for which host" in done.stderr

    def test_whose_file_it_is_is_asked_where_that_is_not_certain(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "a.json").write_text("{}")
        done = corscope("import", tmp_path / "a.json")
        assert done.returncode == 1
        assert "--from DIALECT says it: one of express, " in done.stderr

    def test_a_server_that_is_unknown_or_has_no_importer_is_told(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "a").write_text("{}")
        assert 'did you mean "express"?' in corscope("import", "a", "--from", "expres").stderr
        told = corscope("import", tmp_path / "a", "--from", "standard")
        assert told.returncode == 1
        assert "can't be imported; express, " in told.stderr

    def test_of_several_policies_for_the_same_requests_the_first_is_on(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "a.js").write_text(
            'import cors from "cors";\napp.use("/:a", cors());\n'
            'app.use("/:b", cors({maxAge: 5}));\napp.use("/:c", cors());\n'
        )
        done = corscope("import", tmp_path / "a.js", "--host", "api.test")
        rules = load([RuleFile("a.toml", done.stdout.encode())]).rules
        assert [(rule.name, rule.enabled) for rule in rules] == [
            ("express from a.js, 1", True),
            ("express from a.js, 2", False),
        ]

    def test_what_the_server_itself_refuses_is_written_and_told(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "a.json").write_text(
            '{"AllowOrigins": ["*"], "AllowCredentials": true}', encoding="utf-8"
        )
        done = corscope("import", tmp_path / "a.json", "--host", "api.test")
        assert done.returncode == 1
        assert "allow_credentials = true" in done.stdout
        assert "isn't supported" in done.stderr

    @pytest.mark.parametrize(
        ("missing", "file", "text", "name"),
        [
            ("tree_sitter", "a.js", "cors()", "express"),
            ("tree_sitter_typescript", "a.ts", "cors()", "express"),
            ("crossplane", "a.conf", "a;", "nginx"),
        ],
    )
    def test_a_parser_that_is_missing_is_named_with_the_way_out(
        self, tmp_path: Path, missing: str, file: str, text: str, name: str
    ) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            f"import sys\nsys.modules[{missing!r}] = None\n", encoding="utf-8"
        )
        (tmp_path / file).write_text(text, encoding="utf-8")
        env = environment()
        env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "corscope", "import", str(tmp_path / file), "--from", name],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "pip install 'corscope[import]'" in done.stderr
