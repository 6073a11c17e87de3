"""`corscope import` of files that aren't one server's own: of an ingress, a host or a tool."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corscope.cli.imports.formats import FORMATS, IMPORTERS, guess
from corscope.cli.imports.platforms.ingress import nginx_text
from corscope.cli.imports.tree import Found, Node, Source, UnreadableError
from corscope.messages import Request, Response
from corscope.servers.policy import Policy
from tests.cli.conftest import Command
from tests.cli.imports.reading import APP, dialect
from tests.servers.real.libraries import require_program

ALWAYS = (("always", True),)
HEADERS = (
    *("DNT", "Keep-Alive", "User-Agent", "X-Requested-With", "If-Modified-Since"),
    *("Cache-Control", "Content-Type", "Range", "Authorization"),
)
OF_LAMBDA = (
    *("Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key"),
    *("X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amzn-Trace-Id"),
)


def read(name: str, file: str, text: str) -> list[Found]:
    source = Source(file, text)
    assert guess(source) == [name]
    return list(FORMATS[name](source))


def annotated(**annotations: str) -> str:
    lines = [
        f'    nginx.ingress.kubernetes.io/{name.replace("_", "-")}: "{value}"\n'
        for name, value in {"enable_cors": "true", **annotations}.items()
    ]
    return f"kind: Ingress\nmetadata:\n  annotations:\n{''.join(lines)}"


INGRESSES = {
    "nothing but that it is on": (
        {},
        Policy(
            allow_origins="*",
            allow_methods=("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"),
            allow_headers=HEADERS,
            allow_credentials=True,
            max_age=1728000,
            settings=ALWAYS,
        ),
    ),
    "origins, one with a star": (
        {
            "cors_allow_origin": f"{APP}, https://*.b.test:8443",
            "cors_allow_credentials": "false",
            "cors_max_age": "600",
            "cors_allow_methods": "GET, PUT",
            "cors_allow_headers": "x-a, x-b",
            "cors_expose_headers": "x-c",
        },
        Policy(
            allow_origin_regex=r"(?i)((https://app\.test)|(https://[A-Za-z0-9-]+\.b\.test:8443))$",
            allow_methods=("GET", "PUT"),
            allow_headers=("x-a", "x-b"),
            expose_headers=("x-c",),
            max_age=600,
            settings=ALWAYS,
        ),
    ),
}
ORIGINS = (
    *(None, APP, APP.upper(), "https://a.b.test:8443", "https://a.a.b.test:8443", "null"),
    *("https://b.test:8443", "https://evil.test", "https://evilhttps://app.test", f"{APP}.evil"),
)


@pytest.mark.parametrize(("annotations", "policy"), INGRESSES.values(), ids=INGRESSES)
def test_an_ingress_is_what_its_controller_makes_of_it(
    annotations: dict[str, str], policy: Policy
) -> None:
    (found,) = read("ingress-nginx", "ingress.yaml", annotated(**annotations))
    assert (found.policy, found.like, found.place) == (policy, "nginx", "ingress.yaml:4")


@contextmanager
def nginx(folder: Path, location: str) -> Iterator[int]:
    """A real nginx with a location where nothing is found but what is said before."""
    require_program("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = "".join(
        f"{each}_temp_path {folder}/{each};\n"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}server {{\nlisten 127.0.0.1:{port};\nset $cors '';\n"
        f"location / {{\n{location}\ntry_files /none =404;\n}}\n}}\n}}\n"
    )
    process = subprocess.Popen(
        ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(100):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=10)


def asked(port: int, method: str, origin: str | None) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/", headers={} if origin is None else {"Origin": origin})
    response = connection.getresponse()
    response.read()
    connection.close()
    ours = {k.lower(): v for k, v in response.getheaders() if k.lower().startswith("access-")}
    return response.status, ours


@pytest.mark.parametrize("name", INGRESSES)
def test_what_an_ingress_makes_of_nginx_answers_as_the_rule(tmp_path: Path, name: str) -> None:
    annotations, policy = INGRESSES[name]
    nodes = {key.replace("_", "-"): Node("", value) for key, value in annotations.items()}
    server = dialect("nginx")
    with nginx(tmp_path, nginx_text(nodes)) as port:
        for origin in ORIGINS:
            headers = () if origin is None else (("origin", origin),)
            status, real = asked(port, "OPTIONS", origin)
            request = Request("OPTIONS", "http://api.test/", headers)
            answer = server.preflight(policy, request)
            assert answer is not None
            ours = {key.lower(): value for key, value in answer.headers}
            allowed = ours.get("access-control-allow-origin")
            assert real.get("access-control-allow-origin") == allowed, origin
            if allowed is not None:
                assert status == answer.status == 204
                for field in ("methods", "credentials"):
                    key = f"access-control-allow-{field}"
                    assert real.get(key) == ours.get(key)
                assert real["access-control-max-age"] == ours["access-control-max-age"]
                both = (real, ours)
                listed = [each["access-control-allow-headers"].replace(" ", "") for each in both]
                assert listed[0] == listed[1]
            _, real = asked(port, "GET", origin)
            request = Request("GET", "http://api.test/", headers)
            sent = server.actual(policy, request, Response(404, ()))
            ours = {key.lower(): value for key, value in sent.headers}
            for key in ("allow-origin", "expose-headers"):
                both = (real, ours)
                of_real, of_ours = (each.get(f"access-control-{key}") for each in both)
                if real or key == "allow-origin":
                    assert of_real == of_ours, (origin, key)


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({"cors_allow_origin": APP}, "other origins get the backend's own CORS headers"),
        (
            {"configuration_snippet": "add_header Access-Control-Allow-Origin x"},
            "configuration-snippet has CORS headers too, which are not imported",
        ),
    ],
)
def test_what_an_ingress_does_otherwise_is_told(annotations: dict[str, str], says: str) -> None:
    (found,) = read("ingress-nginx", "i.yaml", annotated(**annotations))
    assert any(says in each for each in found.warnings)
    assert len(set(found.warnings)) == len(found.warnings)


@pytest.mark.parametrize("value", ["null", "https://app.test/", "$upstream", ""])
def test_an_origin_that_the_controller_does_not_take_leaves_all(value: str) -> None:
    (found,) = read("ingress-nginx", "i.yaml", annotated(cors_allow_origin=value))
    expected = None if value == "null" else "*"
    assert found.policy.allow_origins == expected


SERVERLESS = """
service: shop
custom:
  origin: https://app.test
  cors: &cors {origin: "${self:custom.origin}", headers: [x-a], allowCredentials: true, maxAge: 5}
provider:
  httpApi:
    cors:
      allowedOrigins:
        - ${self:custom.origin}
        - ${env:OTHER, 'https://b.test'}
      exposedResponseHeaders: [x-b]
      maxAge: 60
functions:
  a:
    events:
      - httpApi: GET /a
      - httpApi: {method: post, path: /b}
      - sqs: arn
      - http: {path: users, method: get, cors: true}
      - http: {path: 'orders/{id}', method: any, cors: *cors}
      - http: {path: none, method: get}
"""


def test_serverless_has_an_api_and_events() -> None:
    source = Source("serverless.yml", SERVERLESS)
    api, users, orders = FORMATS["serverless"](source)
    assert guess(source) == ["serverless"]
    assert api.policy == Policy(
        allow_origins=(APP, "https://b.test"),
        allow_methods=("OPTIONS", "GET", "POST"),
        allow_headers=OF_LAMBDA,
        expose_headers=("x-b",),
        max_age=60,
    )
    told = "taken as if env:OTHER weren't set: what stands here then counts"
    assert list(source.notes) == [f"serverless.yml:11: {told}"]
    assert users.policy == Policy(
        allow_origins="*",
        allow_methods=("OPTIONS", "GET"),
        allow_headers=OF_LAMBDA,
        settings=ALWAYS,
    )
    assert orders.policy == Policy(
        allow_origins=APP,
        allow_methods=("OPTIONS", "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"),
        allow_headers=("x-a",),
        allow_credentials=True,
        max_age=5,
        settings=ALWAYS,
    )
    assert (users.match, users.like) == ({"kind": "preflight"}, "nginx")
    assert any("cors of /users is of a REST API" in each for each in users.warnings)
    assert any("only /orders/{id} is meant" in each for each in orders.warnings)


@pytest.mark.parametrize(
    ("cors", "fields"),
    [
        ("true", Policy(allow_origins="*", allow_methods=("OPTIONS",), allow_headers=OF_LAMBDA)),
        (
            "{allowedOrigins: [https://app.test], allowedMethods: ['*'], allowedHeaders: ['*']}",
            Policy(allow_origins=(APP,), allow_methods="*", allow_headers="*"),
        ),
    ],
)
def test_what_serverless_leaves_out_it_fills_in(cors: str, fields: Policy) -> None:
    text = f"service: a\nprovider:\n  httpApi:\n    cors: {cors}\n"
    ((found),) = read("serverless", "serverless.yml", text)
    assert found.policy == fields


@pytest.mark.parametrize("origins", ["https://*.b.test, https://app.test", "[https://*.b.test]"])
def test_a_star_of_a_rest_api_is_any_characters(origins: str) -> None:
    key = "origins" if origins.startswith("[") else "origin"
    cors = f"cors: {{{key}: {origins if key == 'origins' else repr(origins)}}}"
    text = (
        f"service: a\nfunctions:\n  f:\n    events:\n      - http: {{path: a, method: get, {cors}}}"
    )
    (found,) = read("serverless", "serverless.yml", text)
    assert found.policy.allow_origin_regex == r"^https://.+\.b\.test$"


HOSTED = {
    "Netlify's _headers": (
        *("netlify", "_headers"),
        "# all\n/*\n  Access-Control-Allow-Origin: *\n  X-Frame-Options: DENY\n",
        Policy(allow_origins="*"),
        (),
    ),
    "Netlify's _headers, twice": (
        *("netlify", "_headers"),
        "/api/*\n  Access-Control-Allow-Origin: https://app.test\n"
        "  Access-Control-Allow-Methods: GET\n  Access-Control-Allow-Methods: PUT\n",
        Policy(allow_origins=APP, allow_methods=("GET", "PUT")),
        ("_headers:3: the rule puts one space behind each comma of Access-Control-Allow-Methods",),
    ),
    "netlify.toml": (
        *("netlify", "netlify.toml"),
        '[build]\npublish = "dist"\n[[headers]]\n  for = "/*"\n  [headers.values]\n'
        '    Access-Control-Allow-Origin = "*"\n    Access-Control-Max-Age = "60"\n',
        Policy(allow_origins="*", max_age=60),
        (),
    ),
    "Vercel": (
        *("vercel", "vercel.json"),
        '{"headers": [{"source": "/api/(.*)", "headers": ['
        '{"key": "Access-Control-Allow-Credentials", "value": "true"},'
        '{"key": "Access-Control-Allow-Origin", "value": "https://app.test"}]}]}',
        Policy(allow_origins=APP, allow_credentials=True),
        (),
    ),
    "Next.js": (
        *("next", "next.config.mjs"),
        "const origin = process.env.ORIGIN || 'https://app.test';\n"
        "const nextConfig = {\n  reactStrictMode: true,\n  async headers() {\n    return [\n"
        "      { source: '/api/:path*', headers: [\n"
        "        { key: 'Access-Control-Allow-Origin', value: origin },\n"
        "        { key: 'Access-Control-Allow-Credentials', value: 'true' },\n      ] },\n"
        "    ];\n  },\n};\nexport default nextConfig;\n",
        Policy(allow_origins=APP, allow_credentials=True),
        (),
    ),
    "Next.js, with a condition": (
        *("next", "next.config.js"),
        "const cors = [{ key: 'Access-Control-Allow-Origin', value: '*' }];\n"
        "module.exports = { headers: async () => [\n"
        "  { source: '/:path*', headers: cors,\n    has: [{ type: 'header', key: 'x-a' }] } ] };\n",
        Policy(allow_origins="*"),
        ("next.config.js:4: has is not imported",),
    ),
    "Vercel's routes": (
        *("vercel", "vercel.json"),
        '{"routes": [{"src": "/.*", "headers": {"Access-Control-Allow-Origin": "*"}}]}',
        Policy(allow_origins="*"),
        (),
    ),
    "Firebase": (
        *("firebase", "firebase.json"),
        '{"hosting": {"headers": [{"source": "**", "headers": ['
        '{"key": "Access-Control-Allow-Origin", "value": "*"}]}]}}',
        Policy(allow_origins="*"),
        (),
    ),
    "Azure's static web apps": (
        *("static-web-apps", "staticwebapp.config.json"),
        '{"globalHeaders": {"Access-Control-Allow-Origin": "https://app.test"}}',
        Policy(allow_origins=APP),
        (),
    ),
}


@pytest.mark.parametrize("form", HOSTED)
def test_fixed_headers_are_sent_whatever_the_origin(form: str) -> None:
    name, file, text, policy, warnings = HOSTED[form]
    (found,) = read(name, file, text)
    fields = ("allow_origins", "allow_methods", "allow_credentials", "max_age")
    assert [getattr(found.policy, f) for f in fields] == [getattr(policy, f) for f in fields]
    assert found.policy.forward_preflight
    assert (found.policy.settings, found.like, found.warnings) == (ALWAYS, "nginx", warnings)


@pytest.mark.parametrize(
    ("name", "file", "text", "says"),
    [
        ("ingress-nginx", "i.yaml", "kind: Ingress", "has no annotation nginx.ingress"),
        (
            *("ingress-nginx", "i.yaml"),
            annotated(cors_max_age="soon"),
            "i.yaml:5: must be an integer",
        ),
        ("serverless", "serverless.yml", "service: a", "has no provider.httpApi.cors"),
        (
            *("serverless", "serverless.yml"),
            "provider:\n  httpApi:\n    cors: {allowedOrigins: '${ssm:/origin}'}",
            "serverless.yml:3: can't tell the value of `${ssm:/origin}`",
        ),
        (
            *("serverless", "serverless.yml"),
            "custom: {a: '${self:custom.a}'}\nprovider: {httpApi: {cors: '${self:custom.a}'}}",
            "refers to itself",
        ),
        ("netlify", "_headers", "/*\n  X-A: b\n", "has no Access-Control-… among its headers"),
        ("netlify", "netlify.toml", "[[headers]\n", "is no TOML"),
        ("vercel", "vercel.json", '{"headers": []}', "has no Access-Control-…"),
        (
            *("vercel", "vercel.json"),
            '{"headers": [{"source": "/", "headers": [{"key": "Access-Control-Max-Age",'
            ' "value": "long"}]}]}',
            "vercel.json: headers[0].headers[0].value: must be an integer",
        ),
    ],
)
def test_what_cannot_be_read_is_told(name: str, file: str, text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        list(FORMATS[name](Source(file, text)))
    assert says in str(caught.value)


def test_a_format_is_named_and_becomes_a_rule(corscope: Command, tmp_path: Path) -> None:
    file = tmp_path / "any.yml"
    file.write_text(SERVERLESS)
    done = corscope("import", str(file), "--from", "serverless", "--host", "a")
    assert done.returncode == 0
    assert 'name = "serverless from any.yml, 1"' in done.stdout
    assert 'like = "api-gateway"' in done.stdout
    assert 'like = "nginx"' in done.stdout
    assert "ingress-nginx" in corscope("import", "--help").stdout


SAM = """
Globals:
  HttpApi:
    CorsConfiguration: true
  Api:
    Cors:
      AllowOrigin: "'https://app.test'"
      AllowMethods: "'GET,PUT'"
      AllowHeaders: "'x-a'"
      MaxAge: "'600'"
      AllowCredentials: true
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig:
        Cors:
          AllowOrigins: ["https://app.test"]
  Url:
    Type: AWS::Lambda::Url
    Properties:
      Cors: {AllowOrigins: ["*"], MaxAge: 5}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Cors: "'*'"
"""


def test_a_template_of_sams_has_apis_of_both_kinds_and_urls() -> None:
    source = Source("template.yaml", SAM)
    assert guess(source) == ["api-gateway"]
    http_api, *others = IMPORTERS["api-gateway"](source)
    assert http_api.policy == Policy(allow_origins="*")
    urls, rest = others[:2], others[2:]
    assert [each.policy for each in urls] == [
        Policy(allow_origins=(APP,)),
        Policy(allow_origins="*", max_age=5),
    ]
    assert all("the URL of a function is taken to answer" in each.warnings[0] for each in urls)
    assert [(each.policy, each.match, each.like) for each in rest] == [
        (
            Policy(
                allow_origins=APP,
                allow_methods=("GET", "PUT"),
                allow_headers=("x-a",),
                allow_credentials=True,
                max_age=600,
                settings=ALWAYS,
            ),
            {"kind": "preflight"},
            "nginx",
        ),
        (Policy(allow_origins="*", settings=ALWAYS), {"kind": "preflight"}, "nginx"),
    ]
    assert any("the methods are those of each path" in each for each in rest[1].warnings)


def test_a_template_without_cors_is_refused() -> None:
    text = "Resources: {Api: {Type: 'AWS::Serverless::Api'}}"
    with pytest.raises(UnreadableError, match="has no CORS configuration"):
        list(IMPORTERS["api-gateway"](Source("t.yaml", text)))


@pytest.mark.parametrize("name", ["Include", "IncludeOptional"])
def test_what_apache_includes_is_told(name: str) -> None:
    text = f"{name} conf/cors.conf\nHeader set Access-Control-Allow-Origin *\n"
    source = Source("a.conf", text)
    list(IMPORTERS["apache"](source))
    told = f"{name} conf/cors.conf isn't read, nor what it says of CORS: write it there"
    assert list(source.notes) == [f"a.conf:1: {told}"]
    with pytest.raises(UnreadableError, match=r"it includes: conf/cors\.conf"):
        list(IMPORTERS["apache"](Source("a.conf", f"{name} conf/cors.conf\n")))


def test_what_apache_always_includes_is_not_told() -> None:
    source = Source(
        "a.conf",
        "Include /etc/letsencrypt/options-ssl-apache.conf\nIncludeOptional mods-enabled/*.load\n"
        "Header set Access-Control-Allow-Origin *\n",
    )
    list(IMPORTERS["apache"](source))
    assert not source.notes


def test_the_policy_that_usecors_names_comes_first() -> None:
    text = (
        'services.AddCors(o => o.AddPolicy("A", b => b.WithOrigins("https://a.test")));\n'
        'services.AddCors(o => o.AddPolicy(name: "B", b => b.AllowAnyOrigin()));\n'
        'app.UseCors("B");'
    )
    first, second = IMPORTERS["aspnet-core"](Source("Program.cs", text))
    assert (first.policy.allow_origins, first.warnings) == ("*", ())
    assert second.policy.allow_origins == ("https://a.test",)
    assert second.warnings == ("Program.cs:1: UseCors names B, not A",)


def test_what_a_path_of_a_static_site_takes_away_comes_first() -> None:
    text = "/*\n  Access-Control-Allow-Origin: *\n/private/*\n  ! Access-Control-Allow-Origin\n"
    private, rest = FORMATS["netlify"](Source("_headers", text))
    assert (private.paths, private.policy.allow_origins) == (("/private/*",), ())
    assert (rest.paths, rest.policy.allow_origins) == ((), "*")


def test_credentials_that_are_no_true_are_sent_as_they_stand() -> None:
    text = "/*\n  Access-Control-Allow-Credentials: True\n  Access-Control-Allow-Origin: b\n"
    (found,) = FORMATS["netlify"](Source("_headers", text))
    assert found.added == (("access-control-allow-credentials", "True"),)


UNREAD = {
    "a.json": ('{"CorsConfig": {\n"AccessControlAllowOrigins": {}}}', ":2: has a response headers"),
    "a.properties": ("a=b\n%dev.quarkus.http.cors.origins=*", ":2: has Quarkus' CORS filter"),
    "b.properties": (
        "management.endpoints.web.cors.allowed-origins=*",
        ":1: has the CORS of Spring",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_known_and_not_read_is_told(corscope: Command, tmp_path: Path, name: str) -> None:
    text, said = UNREAD[name]
    (tmp_path / name).write_text(text)
    run = corscope("import", tmp_path / name)
    assert (run.returncode, f"{name}{said}" in run.stderr) == (1, True)
    assert "which isn't read: `corscope infer`" in run.stderr
