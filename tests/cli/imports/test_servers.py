"""`corscope import` of Java, C#, PHP and the proxies' own files: usual forms, refusals, traps."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.cli.imports.formats import guess
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from corscope.rules.write import rule_text
from corscope.servers.policy import Policy
from tests.cli.conftest import Command, environment
from tests.cli.imports.reading import APP, KEEPING, OWN, dialect, in_little_memory, read

PERMITS = (("permit_defaults", True),)

SPRING_SECURITY = """
@Configuration
class Security {
  private static final List<String> ORIGINS = List.of("https://app.test");
  @Bean
  CorsConfigurationSource corsConfigurationSource() {
    CorsConfiguration configuration = new CorsConfiguration();
    configuration.setAllowedOrigins(ORIGINS);
    configuration.setAllowedMethods(Arrays.asList(HttpMethod.GET.name(), "PUT"));
    configuration.addAllowedHeader(CorsConfiguration.ALL);
    configuration.setExposedHeaders(List.of(HttpHeaders.ETAG, HttpHeaders.CONTENT_TYPE));
    configuration.setMaxAge(Duration.ofMinutes(10));
    UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
    source.registerCorsConfiguration("/**", configuration);
    return source;
  }
}"""
CADDY_SNIPPET = """
(cors) {
    @cors_preflight{args[0]} {
        method OPTIONS
        header Origin {args[0]}
    }
    @cors{args[0]} header Origin {args[0]}
    handle @cors_preflight{args[0]} {
        header {
            Access-Control-Allow-Origin "{args[0]}"
            Access-Control-Allow-Methods "GET, PUT"
            Access-Control-Max-Age "600"
            defer
        }
        respond "" 204
    }
    handle @cors{args[0]} {
        header Access-Control-Allow-Origin "{args[0]}"
        header Access-Control-Expose-Headers Link
    }
}
app.test {
    import cors https://app.test
    import cors https://b.test
    respond hello
}"""

FORMS = {
    "Spring's configuration source": (
        *("spring", "Security.java", SPRING_SECURITY),
        replace(
            OWN,
            allow_methods=("GET", "PUT"),
            allow_headers="*",
            expose_headers=("ETag", "Content-Type"),
            max_age=600,
        ),
    ),
    "Spring's registry": (
        *("spring", "Web.java"),
        """class Web implements WebMvcConfigurer {
          private final String[] origins = {"https://app.test"};
          public void addCorsMappings(CorsRegistry registry) {
            registry.addMapping("/**") // all
                .allowedOrigins(origins).allowCredentials(true).maxAge(60 * 60);
          }
        }""",
        replace(OWN, allow_credentials=True, max_age=3600, settings=PERMITS),
    ),
    "Spring's registration in a variable": (
        *("spring", "Web.java"),
        """class Web { void cors(CorsRegistry registry) {
          CorsRegistration all = registry.addMapping("/**");
          all.allowedOriginPatterns("https://*.app.test");
          all.allowedMethods("*"); } }""",
        Policy(allow_origins=("https://*.app.test",), allow_methods="*", settings=PERMITS),
    ),
    "Spring Security's lambda": (
        *("spring", "Security.java"),
        """class Security { void chain(HttpSecurity http) {
          http.cors(cors -> cors.configurationSource(request -> {
            var config = new CorsConfiguration().applyPermitDefaultValues();
            config.setAllowedOriginPatterns(List.of("*"));
            return config;
          })); } }""",
        Policy(allow_origins="request", settings=PERMITS),
    ),
    "Spring's configuration that is assigned": (
        *("spring", "A.java"),
        "class A { void a() { CorsConfiguration c; c = new CorsConfiguration(); "
        'c.addAllowedOrigin("https://app.test"); } }',
        OWN,
    ),
    "Spring Cloud Gateway": (
        *("spring", "application.yml"),
        "spring:\n  cloud:\n    gateway:\n      globalcors:\n        cors-configurations:\n"
        "          '[/**]':\n            allowedOrigins: 'https://app.test, https://b.test'\n"
        "            allowed-methods:\n              - GET\n            max-age: 30\n",
        Policy(
            allow_origins=("https://app.test", "https://b.test"),
            allow_methods=("GET",),
            max_age=30,
        ),
    ),
    "Spring Cloud Gateway with dots": (
        *("spring", "application.yml"),
        "spring.cloud.gateway.globalcors.cors-configurations:\n  '[/**]':\n"
        "    allowed-origin-patterns: '*'\n---\na: 1\n",
        Policy(allow_origins="request"),
    ),
    "Caddy's snippet": (
        *("caddy", "Caddyfile", CADDY_SNIPPET),
        Policy(
            allow_origins=("https://app.test", "https://b.test"),
            allow_methods=("GET", "PUT"),
            expose_headers=("Link",),
            max_age=600,
        ),
    ),
    "Caddy with a star": (
        *("caddy", "Caddyfile"),
        ":80\nheader {\n\tAccess-Control-Allow-Origin *\n\t?Access-Control-Max-Age 5\n}\n",
        Policy(allow_origins="*", max_age=5, forward_preflight=True),
    ),
    "Caddy with the end of a host": (
        *("caddy", "Caddyfile"),
        "app.test {\n@o {\n header Origin *.app.test\n}\n"
        "header @o >Access-Control-Allow-Origin {http.request.header.Origin}\n"
        "reverse_proxy localhost:1\n}\n",
        Policy(allow_origin_regex=r"\.app\.test$", forward_preflight=True),
    ),
    "Caddy with a map": (
        *("caddy", "Caddyfile"),
        "map {header.Origin} {allowed} {\n  https://app.test {header.Origin}\n"
        '  ~^https://b {header.Origin}\n  default ""\n}\n'
        "header Access-Control-Allow-Origin {allowed}\n@o method OPTIONS\nrespond @o 204\n",
        replace(OWN, allow_origin_regex="^https://b"),
    ),
    "Caddy in front of a backend that says it too": (
        *("caddy", "Caddyfile"),
        "app.test {\n\treverse_proxy localhost:1 {\n"
        "\t\theader_down Access-Control-Allow-Origin `*`\n\t}\n}\n",
        Policy(allow_origins="*", forward_preflight=True),
    ),
    "Caddy that adds to what a backend says": (
        *("caddy", "Caddyfile"),
        "app.test {\n\treverse_proxy localhost:1 {\n"
        "\t\theader_down +Access-Control-Allow-Origin *\n\t}\n}\n",
        Policy(allow_origins="*", forward_preflight=True, settings=KEEPING),
    ),
    "HAProxy with a capture": (
        *("haproxy", "haproxy.cfg"),
        """frontend www
          capture request header origin len 128
          acl ours capture.req.hdr(0) -m reg -i "^https://(a|b)\\.test$"
          http-request return status 204 if METH_OPTIONS
          http-after-response set-header Access-Control-Allow-Origin %[capture.req.hdr(0)] if ours
          http-after-response set-header Access-Control-Max-Age 5 # seconds""",
        Policy(allow_origin_regex=r"(?i)^https://(a|b)\.test$", max_age=5, settings=KEEPING),
    ),
    "HAProxy with ACLs": (
        *("haproxy", "haproxy.cfg"),
        """frontend www
          acl ours hdr(origin) -i https://app.test
          acl ours hdr_end(origin) .sub.test
          acl is_preflight method OPTIONS
          http-request set-var(txn.origin) req.hdr(Origin) if ours
          http-request return status 204 hdr Access-Control-Allow-Methods "GET, PUT" if is_preflight
        backend app
          acl kept var(txn.origin) -m found
          http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if kept""",
        replace(
            OWN, allow_origin_regex=r"\.sub\.test$", allow_methods=("GET", "PUT"), settings=KEEPING
        ),
    ),
    "HAProxy's dollar, which begins a variable within double quotes only": (
        *("haproxy", "haproxy.cfg"),
        """http-after-response set-header Access-Control-Allow-Origin '*'
        http-after-response set-header Access-Control-Expose-Headers 'i$jh, x-a'
        http-after-response set-header Access-Control-Allow-Headers "a\\$b, $7" if METH_OPTIONS
        http-request return status 204 if METH_OPTIONS""",
        Policy(
            allow_origins="*",
            expose_headers=("i$jh", "x-a"),
            allow_headers=("a$b", "$7"),
            settings=KEEPING,
        ),
    ),
    "HAProxy without an answer to preflights": (
        *("haproxy", "haproxy.cfg"),
        "backend a\n  http-after-response add-header Access-Control-Allow-Origin '*'\n",
        Policy(allow_origins="*", forward_preflight=True, settings=KEEPING),
    ),
    "HAProxy's lines that go on": (
        *("haproxy", "haproxy.cfg"),
        "http-request return status 204 \\\n  hdr Access-Control-Allow-Origin '*' \\\n"
        "  hdr Access-Control-Max-Age 5 \\\n  if METH_OPTIONS\n",
        Policy(allow_origins="*", max_age=5),
    ),
    "HAProxy of old": (
        *("haproxy", "haproxy.cfg"),
        "acl p method OPTIONS\nrspadd Access-Control-Allow-Origin:\\ https://app.test\n"
        "use_backend preflights if p\n",
        Policy(allow_origins="https://app.test", settings=KEEPING),
    ),
    "HAProxy's list of methods, which answers no preflight": (
        *("haproxy", "haproxy.cfg"),
        "acl p method OPTIONS\n"
        "http-after-response set-header Access-Control-Allow-Origin *\n"
        'http-after-response set-header Access-Control-Allow-Methods "PUT, OPTIONS" if p\n',
        Policy(
            allow_origins="*",
            allow_methods=("PUT", "OPTIONS"),
            forward_preflight=True,
            settings=KEEPING,
        ),
    ),
    "HAProxy's status in place of the backend's": (
        *("haproxy", "haproxy.cfg"),
        "http-after-response set-header Access-Control-Allow-Origin *\n"
        "http-after-response set-status 200 if METH_OPTIONS\n",
        Policy(allow_origins="*", settings=KEEPING),
    ),
    "HAProxy's flag that is a number": (
        *("haproxy", "haproxy.cfg"),
        f"http-request set-var(txn.ok) int(1) if {{ req.hdr(Origin) {APP} }}\n"
        "http-request set-var(txn.o) req.hdr(Origin)\n"
        "http-after-response set-header Access-Control-Allow-Origin %[var(txn.o)] "
        "if { var(txn.ok) -m int 1 }\n"
        "http-after-response set-header Vary Origin if { var(txn.ok) -m found }\n",
        replace(OWN, forward_preflight=True, settings=KEEPING),
    ),
    "HAProxy's flag": (
        *("haproxy", "haproxy.cfg"),
        """frontend www
          acl ours hdr_end(Origin) .app.test
          http-request set-var(txn.origin) req.hdr(Origin)
          http-request set-var(txn.ok) bool(false)
          http-request set-var(txn.ok) bool(true) if ours
          http-request set-var(txn.ok) bool(true) if { req.hdr(Origin) https://app.test }
          http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] \\
            if { var(txn.ok) -m bool }""",
        replace(OWN, allow_origin_regex=r"\.app\.test$", forward_preflight=True, settings=KEEPING),
    ),
    "Tomcat's own example": (
        *("tomcat", "web.xml"),
        """<?xml version="1.0" encoding="UTF-8"?>
        <web-app xmlns="http://xmlns.jcp.org/xml/ns/javaee" version="4.0">
          <filter><filter-name>Other</filter-name><filter-class>a.b.C</filter-class></filter>
          <filter>
            <filter-name>CorsFilter</filter-name>
            <filter-class>org.apache.catalina.filters.CorsFilter</filter-class>
            <init-param><param-name>cors.allowed.origins</param-name>
              <param-value>https://app.test, https://b.test</param-value></init-param>
            <init-param><param-name>cors.support.credentials</param-name>
              <param-value>true</param-value></init-param>
            <init-param><param-name>cors.preflight.maxage</param-name>
              <param-value>10</param-value></init-param>
          </filter>
          <filter-mapping><filter-name>CorsFilter</filter-name>
            <url-pattern>/*</url-pattern></filter-mapping>
        </web-app>""",
        Policy(
            allow_origins=("https://app.test", "https://b.test"),
            allow_credentials=True,
            max_age=10,
        ),
    ),
    "Laravel, put together": (
        *("laravel", "cors.php"),
        """<?php // settings
        $more = ['https://b.test'];
        return [
            'paths' => ['*'],
            'allowed_methods' => array_filter(array_map('trim', explode(',', 'GET, PUT,'))),
            'allowed_origins' => array_merge(['https://app.test'], $more, [...$more]),
            'allowed_origins_patterns' => ['/^https:\\/\\/c\\.test$/i', "~d~u"],
            'allowed_headers' => array('*'),
            'max_age' => 60 * 60,
            'supports_credentials' => true,
        ];""",
        Policy(
            allow_origins=("https://app.test", "https://b.test", "https://b.test"),
            allow_origin_regex=r"(?:(?i:^https://c\.test$))|(?:d)",
            allow_methods=("GET", "PUT"),
            allow_headers="*",
            allow_credentials=True,
            max_age=3600,
        ),
    ),
    "Laravel of old": (
        *("laravel", "cors.php"),
        "<?php return ['paths' => ['*'], 'allowed_origins' => ['https://app.test'],"
        "'exposed_headers' => false, 'max_age' => false];",
        replace(OWN, expose_headers=(), max_age=0),
    ),
    "ASP.NET Core's named policy": (
        *("aspnet-core", "Program.cs"),
        """const string Api = "https://api.test";
        var origins = new[] { "https://app.test", Api };
        builder.Services.AddCors(options => {
            options.AddPolicy(name: "X", policy => {
                policy.WithOrigins(origins).AllowAnyHeader();
                policy.WithMethods(HttpMethods.Get, "PUT")
                      .WithExposedHeaders(HeaderNames.ContentType)
                      .SetPreflightMaxAge(TimeSpan.FromMinutes(10));
            });
        });
        app.UseCors("X");""",
        Policy(
            allow_origins=("https://app.test", "https://api.test"),
            allow_methods=("GET", "PUT"),
            allow_headers="*",
            expose_headers=("Content-Type",),
            max_age=600,
        ),
    ),
    "ASP.NET Core's builder": (
        *("aspnet-core", "Startup.cs"),
        """class Startup { static readonly List<string> O = new List<string> { "https://app.test" };
          void F() { var b = new CorsPolicyBuilder(O.ToArray()); b.AllowCredentials(); } }""",
        replace(OWN, allow_credentials=True),
    ),
    "ASP.NET Core with functions": (
        *("aspnet-core", "Program.cs"),
        """app.UseCors(p => p.SetIsOriginAllowed(origin =>
            new Uri(origin).Host == "localhost"
            || Regex.IsMatch(origin, @"^https://a\\.", RegexOptions.IgnoreCase)));""",
        Policy(
            allow_origin_regex=r"(?:^[a-z][a-z0-9+.-]*://localhost(:[0-9]+)?$)|(?:(?i:^https://a\.))"
        ),
    ),
    "ASP.NET Core with a list": (
        *("aspnet-core", "Program.cs"),
        'string[] ok = ["https://app.test"];\n'
        "app.UseCors(p => { p.SetIsOriginAllowed(o => ok.Contains(o)); });",
        OWN,
    ),
    "ASP.NET Core with a slip": (
        *("aspnet-core", "Program.cs"),
        "app.UseCors(x => x.SetIsOriginAllowed(o => _ = true).AllowAnyMethod());",
        Policy(allow_origins="request", allow_methods="*"),
    ),
    "Istio": (
        *("envoy", "virtual-service.yaml"),
        """apiVersion: v1
kind: Namespace
---
apiVersion: networking.istio.io/v1
kind: VirtualService
spec:
  http:
    - corsPolicy:
        allowOrigins:
          - exact: https://app.test
          - prefix: https://a.
          - regex: https://b.*
        allowMethods: [GET, PUT]
        allowCredentials: true
        maxAge: 24h
        unmatchedPreflights: IGNORE
""",
        Policy(
            allow_origins=("https://app.test",),
            allow_origin_regex=r"(?:https://a\..*)|(?:https://b.*)",
            allow_methods=("GET", "PUT"),
            allow_credentials=True,
            max_age=86400,
            settings=(("forward_not_matching_preflights", False),),
        ),
    ),
    "the Gateway API": (
        *("envoy", "route.yaml"),
        """kind: HTTPRoute
spec:
  rules:
    - filters:
        - type: CORS
          cors:
            allowOrigins: ["https://app.test", "https://*.sub.test"]
            allowHeaders: ["*"]
""",
        replace(OWN, allow_origin_regex=r"https://.*\.sub\.test", allow_headers="*", max_age=5),
    ),
    "Envoy Gateway": (
        *("envoy", "policy.yaml"),
        "kind: SecurityPolicy\nspec:\n  cors:\n    allowOrigins: ['*']\n    maxAge: 10m\n",
        Policy(allow_origins="*", max_age=600),
    ),
    "Traefik in TOML": (
        *("traefik", "dynamic.toml"),
        '[http.middlewares.cors.headers]\n  accessControlAllowOriginList = ["https://app.test"]\n'
        "  accessControlMaxAge = 100\n  addVaryHeader = true\n  sslRedirect = true\n",
        replace(OWN, max_age=100, settings=(("add_vary_header", True),)),
    ),
    "Traefik in labels": (
        *("traefik", "docker-compose.yml"),
        """services:
  app:
    labels:
      - "traefik.enable=true"
      - "traefik.http.middlewares.c.headers.accesscontrolalloworiginlistregex=^https://a$$"
      - "traefik.http.middlewares.c.headers.accesscontrolallowmethods=GET,PUT"
""",
        Policy(allow_origin_regex="^https://a$", allow_methods=("GET", "PUT")),
    ),
    "Traefik in a Middleware of Kubernetes": (
        *("traefik", "middleware.yaml"),
        "kind: Middleware\nspec:\n  headers:\n    accessControlAllowOriginList:\n"
        "      - https://app.test\n",
        OWN,
    ),
}


HARMLESS = (
    "OPTIONS that is no preflight is answered too; the rule passes it on",
    "is sent with all answers; the rule sends it to preflights, where it counts",
    "is for some origins only; the rule sends it to all",
)
"""What a usual form of Caddy's or HAProxy's does otherwise than the dialect."""

OTHERS = "Access-Control-Allow-Credentials and Access-Control-Expose-Headers"
STAY = "stay; the rule removes them"
BESIDE = (
    "Access-Control-Allow-Origin is added beside a backend's own; the rule sets it in its place"
)

WARNED = {
    "Caddy's snippet": [
        f"Caddyfile:15: {HARMLESS[0]}",
        f"Caddyfile:19: Access-Control-Expose-Headers {HARMLESS[2]}",
        f"Caddyfile:11: Access-Control-Allow-Methods {HARMLESS[2]}",
        f"Caddyfile:12: Access-Control-Max-Age {HARMLESS[2]}",
    ],
    "Caddy with the end of a host": [
        f"Caddyfile:1: a backend's own Access-Control-Allow-Origin and {OTHERS} {STAY}"
    ],
    "Caddy in front of a backend that says it too": [
        f"Caddyfile:1: a backend's own {OTHERS} {STAY}"
    ],
    "Caddy with a star": [f"Caddyfile:4: Access-Control-Max-Age {HARMLESS[1]}"],
    "Caddy with a map": [
        f"Caddyfile:8: {HARMLESS[0]}",
        "Caddyfile:6: other origins get an empty one, of no use to them; the rule sends none",
    ],
    "HAProxy with a capture": [
        f"haproxy.cfg:6: Access-Control-Max-Age {HARMLESS[1]}",
        f"haproxy.cfg:4: {HARMLESS[0]}",
    ],
    "HAProxy with ACLs": [f"haproxy.cfg:6: {HARMLESS[0]}"],
    "HAProxy's dollar, which begins a variable within double quotes only": [
        f"haproxy.cfg:4: {HARMLESS[0]}"
    ],
    "HAProxy's lines that go on": [f"haproxy.cfg:1: {HARMLESS[0]}"],
    "HAProxy without an answer to preflights": [f"haproxy.cfg:2: {BESIDE}"],
    "HAProxy of old": [f"haproxy.cfg:2: {BESIDE}"],
}
"""The warnings of those forms that have any."""


@pytest.mark.parametrize("form", FORMS)
def test_a_usual_form_is_read(form: str) -> None:
    name, file, text, policy = FORMS[form]
    assert guess(Source(file, text)) == [name]
    (found,) = read(name, file, text)
    assert (found.policy, list(found.warnings)) == (policy, WARNED.get(form, []))
    written = rule_text("a", {"host": "a"}, policy, dialect(name))
    assert load([RuleFile("a.toml", written.encode())]).rules[0].policy == policy


TOLD = {
    "a path of Spring's registry": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/api/*"); } }',
        ["A.java:1: only paths that fit /api/* are meant: say so in match.url"],
    ),
    "paths that a configuration is registered for": (
        *("spring", "A.java"),
        "class A { void a() { CorsConfiguration c = new CorsConfiguration();\n"
        'source.registerCorsConfiguration("/x", c);\n'
        'source.registerCorsConfiguration("/{id}", c); } }',
        ["A.java:2: only paths that fit /x or /{id} are meant: say so in match.url"],
    ),
    "a call that isn't always made": (
        *("spring", "A.java"),
        "class A { void a() { CorsConfiguration c = new CorsConfiguration();\n"
        "if (dev) {\nc.setMaxAge(5L); } } }",
        ["A.java:3: setMaxAge isn't always called: taken as if it is"],
    ),
    "a mapping that isn't always made": (
        *("spring", "A.java"),
        'class A { void a() {\nif (dev) {\nregistry.addMapping("/**").allowedOrigins("*"); } } }',
        ["A.java:3: addMapping isn't always called: taken as if it is"],
    ),
    "a configuration that isn't always made": (
        *("spring", "A.java"),
        "class A { void a() {\nif (dev) {\nvar c = new CorsConfiguration(); c.setMaxAge(5L); } } }",
        ["A.java:3: CorsConfiguration isn't always called: taken as if it is"],
    ),
    "a call that no rule has": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/**").allowPrivateNetwork(true); } }',
        ["A.java:1: allowPrivateNetwork is not imported"],
    ),
    "a pattern where Spring knows none": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/**").allowedOrigins("https://*.b.test"); } }',
        [
            "A.java:1: https://*.b.test is left out: among the origins it is no pattern, and never "
            "matches"
        ],
    ),
    "a class of controllers": (
        *("spring", "A.java"),
        "@CrossOrigin(maxAge = 5) class A { }",
        [
            "A.java:1: only what is mapped there is meant: say so in match.url",
            "A.java:1: without methods those of each mapping count; GET, HEAD, POST are taken",
        ],
    ),
    "an option of the gateway's": (
        *("spring", "a.yml"),
        "globalcors:\n  cors-configurations:\n    '[/a]':\n      x: 1\n",
        ["a.yml:4: x is not imported"],
    ),
    "a path of Caddy's that no rule can say": (
        *("caddy", "Caddyfile"),
        "header /*.js Access-Control-Allow-Origin *\n",
        ["Caddyfile: only paths that fit /*.js are meant: say so in match.url"],
    ),
    "a regex for paths of Caddy's": (
        *("caddy", "Caddyfile"),
        "@a path_regexp /a\nheader @a Access-Control-Allow-Origin *\n",
        ["Caddyfile: only paths that fit ~/a are meant: say so in match.url"],
    ),
    "methods of Caddy's that alone get it": (
        *("caddy", "Caddyfile"),
        "@a method GET POST\nheader @a Access-Control-Allow-Origin *\n",
        ["Caddyfile:2: method GET POST is not imported"],
    ),
    "what Caddy takes away where it sets nothing": (
        *("caddy", "Caddyfile"),
        "header Access-Control-Allow-Origin *\nheader -Access-Control-Allow-Credentials\n"
        "reverse_proxy localhost:1 {\n\theader_down -Access-Control-Allow-Origin\n}\n",
        [f"Caddyfile: a backend's own Access-Control-Expose-Headers {STAY}"],
    ),
    "what Caddy sends where a backend doesn't": (
        *("caddy", "Caddyfile"),
        "header ?Access-Control-Allow-Origin *\nreverse_proxy localhost:1\n",
        [
            "Caddyfile:1: Access-Control-Allow-Origin is sent where the backend sends none; the "
            "rule adds it to that"
        ],
    ),
    "a file of Caddy's": (
        *("caddy", "Caddyfile", "header Access-Control-Allow-Origin *\nimport cors/*.caddy\n"),
        ["Caddyfile:2: import cors/*.caddy isn't followed"],
    ),
    "a condition of Caddy's": (
        *("caddy", "Caddyfile"),
        "@a remote_ip 10.0.0.0/8\nheader @a Access-Control-Allow-Origin *\n",
        ["Caddyfile:2: remote_ip 10.0.0.0/8 is not imported"],
    ),
    "a pattern where Caddy knows none": (
        *("caddy", "Caddyfile"),
        "@a header Origin https://*.b.test\n"
        "header @a Access-Control-Allow-Origin {header.Origin}\n",
        ["Caddyfile: https://*.b.test is left out: it is no pattern here, and never matches"],
    ),
    "HAProxy's variable that is set where it is set": (
        *("haproxy", "a.cfg"),
        "http-request set-var(txn.ok) bool(true) if { var(txn.ok) -m bool }\n"
        "http-after-response set-header Access-Control-Allow-Origin * if { var(txn.ok) -m bool }\n",
        ["a.cfg:2: the condition var(txn.ok) is not imported"],
    ),
    "HAProxy's own answers": (
        *("haproxy", "a.cfg"),
        "http-response set-header Access-Control-Allow-Origin * if { path /a }\n",
        [
            "a.cfg:1: the condition path /a is not imported",
            "HAProxy's own answers, such as 503, get the headers too: for http-response they "
            "don't, for http-after-response they do",
        ],
    ),
    "a path of Tomcat's": (
        *("tomcat", "web.xml"),
        "<filter><filter-name>a</filter-name><filter-class>org.apache.catalina.filters.CorsFilter"
        "</filter-class><init-param><param-name>cors.x</param-name><param-value/></init-param>"
        "</filter>\n<filter-mapping><filter-name>a</filter-name><url-pattern>/a/*</url-pattern>"
        "</filter-mapping>",
        ["web.xml:1: cors.x is not imported"],
    ),
    "a path of Laravel's that no rule can say": (
        *("laravel", "cors.php"),
        "<?php return ['paths' => ['api/*', 'a b'], 'allowed_origins' => ['*']];",
        ["cors.php:1: only paths that fit api/* or a b are meant: say so in match.url"],
    ),
    "a policy that ASP.NET Core doesn't always use": (
        *("aspnet-core", "a.cs"),
        "if (app.Environment.IsDevelopment()) {\napp.UseCors(p => p.AllowAnyOrigin()); }",
        ["a.cs:2: UseCors isn't always called: taken as if it is"],
    ),
    "a builder that isn't always made": (
        *("aspnet-core", "a.cs"),
        'if (a) {\nvar b = new CorsPolicyBuilder(); b.WithOrigins("https://a.test"); }',
        ["a.cs:2: CorsPolicyBuilder isn't always called: taken as if it is"],
    ),
    "a list that ASP.NET Core doesn't look at": (
        *("aspnet-core", "a.cs"),
        'app.UseCors(p => p.WithOrigins("https://a.test").SetIsOriginAllowed(_ => true).X());',
        [
            "a.cs:1: X is not imported",
            "a.cs:1: WithOrigins is left out: SetIsOriginAllowed is asked instead",
        ],
    ),
    "a function that ASP.NET Core doesn't ask": (
        *("aspnet-core", "a.cs"),
        "app.UseCors(p => p.AllowAnyOrigin().SetIsOriginAllowed(o => true));",
        ["a.cs:1: SetIsOriginAllowed is left out: any origin is allowed"],
    ),
    "a pattern where ASP.NET Core knows none": (
        *("aspnet-core", "a.cs"),
        'app.UseCors(p => p.WithOrigins("https://*.a.test"));',
        [
            "a.cs:1: https://*.a.test is left out: without "
            "SetIsOriginAllowedToAllowWildcardSubdomains it is no pattern"
        ],
    ),
    "an option of Envoy's": (
        *("envoy", "a.yaml"),
        "cors:\n  allow_methods: GET\n  filter_enabled: {}\n",
        ["a.yaml:3: filter_enabled is not imported"],
    ),
    "headers of Traefik's that are fixed": (
        *("traefik", "a.yaml"),
        "headers:\n  accessControlMaxAge: 1\n  customResponseHeaders:\n"
        "    Access-Control-Allow-Origin: '*'\n",
        ["a.yaml: customResponseHeaders with Access-Control-… are not imported"],
    ),
    "an option of Traefik's": (
        *("traefik", "a.yaml"),
        "headers:\n  accessControlAllowX: 1\n",
        ["a.yaml:2: accessControlAllowX is not imported"],
    ),
}


@pytest.mark.parametrize(("name", "file", "text", "warnings"), TOLD.values(), ids=TOLD)
def test_what_no_rule_can_say_is_told(name: str, file: str, text: str, warnings: list[str]) -> None:
    (found,) = read(name, file, text)
    assert list(found.warnings) == warnings


def test_an_annotated_method_has_what_its_class_has_too() -> None:
    text = """@CrossOrigin(origins = "https://a.test", maxAge = 5)
    class A { @CrossOrigin("https://b.test") @GetMapping("/x") void x() {} }"""
    outer, inner = read("spring", "A.java", text)
    assert outer.policy == Policy(allow_origins=("https://a.test",), max_age=5, settings=PERMITS)
    assert inner.policy == replace(
        outer.policy,
        allow_origins=("https://a.test", "https://b.test"),
        allow_methods=("GET",),
    )


def test_sites_and_sections_have_policies_of_their_own() -> None:
    sites = "a.test {{\n header Access-Control-Allow-Origin {}\n}}\n"
    text = sites.format("https://a.test") + sites.format("https://b.test")
    assert [found.policy.allow_origins for found in read("caddy", "Caddyfile", text)] == [
        "https://a.test",
        "https://b.test",
    ]
    section = "frontend a\n http-after-response set-header Access-Control-Allow-Origin {}\n"
    text = section.format("https://a.test") + section.format("https://b.test")
    assert [found.policy.allow_origins for found in read("haproxy", "a.cfg", text)] == [
        "https://a.test",
        "https://b.test",
    ]


def test_a_matcher_of_caddy_is_that_of_its_own_block() -> None:
    block = "handle /{0}* {{\n @o header Origin https://{0}.test\n {1}\n}}\n"
    line = "header @o Access-Control-Allow-Origin {header.Origin}"
    text = "".join(block.format(name, line) for name in "ab")
    read_of = [each.policy.allow_origins for each in read("caddy", "Caddyfile", text)]
    assert read_of == [("https://a.test",), ("https://b.test",)]
    outside = "@o header Origin https://c.test\nhandle {\n " + line + "\n}\n"
    (found,) = read("caddy", "Caddyfile", outside)
    assert found.policy.allow_origins == ("https://c.test",)


CADDY_PREFLIGHT = "@p {\n method OPTIONS\n header Access-Control-Request-Method *\n}\n"
CADDY_STAR = "header Access-Control-Allow-Origin *\n"
HAPROXY_STAR = "http-after-response set-header Access-Control-Allow-Origin *\n"
OTHERWISE = {
    "another status of Caddy's": (
        *("caddy", "Caddyfile", f'{CADDY_PREFLIGHT}{CADDY_STAR}respond @p "" 200\n'),
        ["Caddyfile:6: the rule answers preflights by 204, not 200: both let them pass"],
    ),
    "OPTIONS of any kind of Caddy's": (
        *("caddy", "Caddyfile", f"@p method OPTIONS\n{CADDY_STAR}respond @p 204\n"),
        [f"Caddyfile:3: {HARMLESS[0]}"],
    ),
    "Caddy's methods with all answers": (
        *("caddy", "Caddyfile", f"{CADDY_STAR}header Access-Control-Allow-Methods GET,PUT\n"),
        [
            f"Caddyfile:2: Access-Control-Allow-Methods {HARMLESS[1]}",
            "Caddyfile:2: the rule puts one space behind each comma of "
            "Access-Control-Allow-Methods",
        ],
    ),
    "Caddy's credentials for some": (
        *("caddy", "Caddyfile"),
        "@a header Origin https://a.test\nheader @a {\n"
        "Access-Control-Allow-Origin {header.Origin}\nAccess-Control-Allow-Credentials true\n}\n",
        [f"Caddyfile:4: Access-Control-Allow-Credentials {HARMLESS[2]}"],
    ),
    "another status of HAProxy's": (
        *("haproxy", "a.cfg"),
        f"{HAPROXY_STAR}http-request return if METH_OPTIONS "
        "{ req.hdr(Access-Control-Request-Method) -m found }\n",
        ["a.cfg:2: the rule answers preflights by 204, not 200: both let them pass"],
    ),
    "OPTIONS of any kind of HAProxy's": (
        *("haproxy", "a.cfg", f"{HAPROXY_STAR}http-request return status 204 if METH_OPTIONS\n"),
        [f"a.cfg:2: {HARMLESS[0]}"],
    ),
    "HAProxy's methods with all answers": (
        *("haproxy", "a.cfg"),
        f"{HAPROXY_STAR}http-after-response set-header Access-Control-Allow-Methods PUT\n",
        [f"a.cfg:2: Access-Control-Allow-Methods {HARMLESS[1]}"],
    ),
    "HAProxy's credentials for some": (
        *("haproxy", "a.cfg"),
        "acl a hdr(origin) https://a.test\n"
        "http-after-response set-header Access-Control-Allow-Origin %[req.hdr(origin)] if a\n"
        "http-after-response set-header Access-Control-Allow-Credentials true if a\n",
        [f"a.cfg:3: Access-Control-Allow-Credentials {HARMLESS[2]}"],
    ),
}


@pytest.mark.parametrize(("name", "file", "text", "warnings"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_a_proxy_does_otherwise_than_its_rule_is_told(
    name: str, file: str, text: str, warnings: list[str]
) -> None:
    (found,) = read(name, file, text)
    assert list(found.warnings) == warnings


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        (
            *("caddy", "Caddyfile"),
            f"{CADDY_PREFLIGHT}handle @p {{\n{CADDY_STAR}respond 204\n}}\n",
        ),
        (
            *("haproxy", "a.cfg"),
            "http-request return status 204 hdr Access-Control-Allow-Origin * if METH_OPTIONS\n",
        ),
    ],
)
def test_headers_that_preflights_alone_get_are_a_rule_for_these(
    name: str, file: str, text: str
) -> None:
    (found,) = read(name, file, text)
    assert (found.policy, found.match) == (Policy(allow_origins="*"), {"kind": "preflight"})


REFUSED = {
    "preflights that Caddy lets fail": (
        *("caddy", "Caddyfile", f"{CADDY_PREFLIGHT}{CADDY_STAR}respond @p 405\n"),
        "Caddyfile:6: preflights fail, as they are answered by 405",
    ),
    "preflights that HAProxy lets fail": (
        *("haproxy", "a.cfg", f"{HAPROXY_STAR}http-request deny if METH_OPTIONS\n"),
        "a.cfg:2: preflights fail, as they are answered by 403",
    ),
    "a property of Spring's": (
        *("spring", "A.java"),
        'class A { @Value("${o}") String[] o;\n'
        'void a() { registry.addMapping("/**").allowedOrigins(o); } }',
        "A.java:2: can't tell the value of `o`: nothing is run; write the value there",
    ),
    "a placeholder of Spring's": (
        *("spring", "A.java"),
        '@CrossOrigin("${origins}") class A { }',
        "A.java:1: can't tell the value of `${origins}`",
    ),
    "a list that Java changes": (
        *("spring", "A.java"),
        'class A { void a() { List<String> o = new ArrayList<>(); o.add("https://a.test");\n'
        'registry.addMapping("/**").allowedOrigins(o); } }',
        "A.java:2: can't tell the value of `o`",
    ),
    "a placeholder of the gateway's": (
        *("spring", "a.yml"),
        "globalcors:\n  corsConfigurations:\n    '[/**]':\n      allowedOrigins: ${ORIGIN}\n",
        "a.yml:4: can't tell the value of `${ORIGIN}`",
    ),
    "no Java": ("spring", "A.java", "class A {\n void\n", "A.java:1: is no Java"),
    "Java without CORS": ("spring", "A.java", "class A { }", "A.java: has no CorsConfiguration"),
    "an expression of Caddy's": (
        *("caddy", "Caddyfile"),
        "\n@a expression `{header.Origin}.endsWith('a')`\n"
        "header @a Access-Control-Allow-Origin {header.Origin}\n",
        "Caddyfile:2: can't tell which origins fit: expression",
    ),
    "a variable of Caddy's": (
        *("caddy", "Caddyfile"),
        "header Access-Control-Allow-Origin {$ORIGIN}\n",
        "Caddyfile:1: can't tell the value of {$ORIGIN}",
    ),
    "a Caddyfile with a block that doesn't end": (
        *("caddy", "Caddyfile"),
        "a.test {\nheader {\nAccess-Control-Max-Age 5\n}\n",
        "Caddyfile:1: is no Caddyfile: the block isn't closed",
    ),
    "a Caddyfile with a block that doesn't begin": (
        *("caddy", "Caddyfile"),
        "header Access-Control-Max-Age 5\n}\n",
        "Caddyfile:2: is no Caddyfile: a } without a {",
    ),
    "a Caddyfile with a quote that doesn't end": (
        *("caddy", "Caddyfile"),
        'a\nheader Access-Control-Max-Age "5\n',
        "Caddyfile:2: is no Caddyfile: the quote isn't closed",
    ),
    "a Caddyfile with a text that doesn't end": (
        *("caddy", "Caddyfile"),
        "header Access-Control-Max-Age 5\nrespond <<END\nx\n",
        "Caddyfile:2: is no Caddyfile: the heredoc isn't closed",
    ),
    "a value of Caddy's in two words": (
        *("caddy", "Caddyfile"),
        "\nheader Access-Control-Allow-Headers Content-Type, Authorization\n",
        "Caddyfile:2: Access-Control-Allow-Headers with two values has one replaced by the other: "
        "put the whole value in quotes",
    ),
    "Caddy's JSON": (
        *("caddy", "caddy.json"),
        '{ "apps": {"http": {"Access-Control-Allow-Origin": ["*"]}}}',
        "caddy.json: is Caddy's JSON, which isn't read: give the Caddyfile",
    ),
    "what Caddy takes away again": (
        *("caddy", "Caddyfile"),
        "header {\n-Access-Control-Allow-Origin\nAccess-Control-Allow-Origin *\ndefer\n}\n",
        "Caddyfile:2: -Access-Control-Allow-Origin takes away what is set here too",
    ),
    "what is but a comment of Caddy's": (
        *("caddy", "Caddyfile", "# header Access-Control-Allow-Origin *\nrespond 204\n"),
        "Caddyfile: has no header Access-Control-",
    ),
    "no CORS of Caddy's": ("caddy", "Caddyfile", "respond 204", "Caddyfile: has no header Access-"),
    "a file of origins": (
        *("haproxy", "a.cfg"),
        "acl a hdr(origin) -f /etc/origins\n"
        "http-response set-header Access-Control-Allow-Origin %[var(txn.o)] if a\n",
        "a.cfg:2: the origins stand in /etc/origins: write them there",
    ),
    "an origin that HAProxy makes": (
        *("haproxy", "a.cfg"),
        "\nhttp-response set-header Access-Control-Allow-Origin %[lua.origin]\n",
        "a.cfg:2: can't tell the value of %[lua.origin]: write the value there",
    ),
    "an environment of HAProxy's": (
        *("haproxy", "a.cfg"),
        'http-response set-header Access-Control-Allow-Origin "${ORIGIN}"\n',
        "a.cfg:1: can't tell the value of ${ORIGIN}",
    ),
    "origins that aren't to be": (
        *("haproxy", "a.cfg"),
        "http-request set-var(txn.o) req.hdr(Origin) unless { req.hdr(Origin) -m end .a.test }\n",
        "a.cfg:1: can't tell which origins fit: { req.hdr(Origin) -m end .a.test }",
    ),
    "a flag that HAProxy takes back": (
        *("haproxy", "a.cfg"),
        "http-request set-var(txn.o) req.hdr(Origin)\nhttp-request set-var(txn.ok) bool(true)\n"
        "http-request set-var(txn.ok) bool(false) if { req.hdr(Origin) https://a.test }\n"
        "http-response set-header Access-Control-Allow-Origin %[var(txn.o)] if { var(txn.ok) }\n",
        "a.cfg:4: can't tell which origins fit: { var(txn.ok) }",
    ),
    "a flag that a script of HAProxy's sets": (
        *("haproxy", "a.cfg"),
        "http-response set-header Access-Control-Allow-Origin %[req.hdr(origin)] "
        "if { var(txn.ok) -m bool }\n",
        "a.cfg:1: can't tell which origins fit: { var(txn.ok) -m bool }",
    ),
    "a quote of HAProxy's": (
        *("haproxy", "a.cfg"),
        "a\nhttp-response set-header Access-Control-Max-Age '5\n",
        "a.cfg:2: is no configuration of HAProxy: the quote isn't closed",
    ),
    "no CORS of HAProxy's": (
        "haproxy",
        "a.cfg",
        "global",
        "a.cfg: has no http-response set-header",
    ),
    "fixed headers of Traefik's alone": (
        *("traefik", "a.yml"),
        "labels:\n  - traefik.http.middlewares.c.headers.customresponseheaders."
        "Access-Control-Allow-Origin=*\n",
        "a.yml: has customResponseHeaders with Access-Control-…, which aren't read: write "
        "accessControlAllowOriginList",
    ),
    "a property of Tomcat's": (
        *("tomcat", "web.xml"),
        "<filter><filter-class>org.apache.catalina.filters.CorsFilter</filter-class><init-param>\n"
        "<param-name>cors.allowed.origins</param-name>\n<param-value>${o}</param-value>"
        "</init-param></filter>",
        "web.xml:3: can't tell the value of `${o}`",
    ),
    "a number of Tomcat's": (
        *("tomcat", "web.xml"),
        "<filter><filter-class>org.apache.catalina.filters.CorsFilter</filter-class><init-param>\n"
        "<param-name>cors.preflight.maxage</param-name>\n<param-value>long</param-value>"
        "</init-param></filter>",
        "web.xml:3: must be an integer",
    ),
    "no filter of Tomcat's": ("tomcat", "web.xml", "<web-app/>", "web.xml: has no <filter>"),
    "no web.xml": ("tomcat", "web.xml", "<filter>\n", "web.xml:2: is no XML"),
    "Laravel's environment": (
        *("laravel", "cors.php"),
        "<?php return [\n'allowed_origins' => [\nenv('URL')]];",
        "cors.php:3: can't tell the value of `env('URL')`",
    ),
    "a regex that PHP doesn't take": (
        *("laravel", "cors.php"),
        "<?php return ['allowed_origins_patterns' => ['a.test']];",
        "cors.php:1: is no regex: a.test has nothing around it, as in #a.test#",
    ),
    "a modifier that changes a regex": (
        *("laravel", "cors.php"),
        "<?php return ['allowed_origins_patterns' => ['/a/x']];",
        "cors.php:1: can't be read with the modifiers x",
    ),
    "no PHP": ("laravel", "cors.php", "<?php\nreturn [;", "cors.php:2: is no PHP"),
    "PHP without CORS": ("laravel", "cors.php", "<?php return [];", "cors.php: has no return ["),
    "a setting of ASP.NET Core's": (
        *("aspnet-core", "a.cs"),
        'app.UseCors(p => p\n.WithOrigins(builder.Configuration["Origins"]));',
        'a.cs:2: can\'t tell the value of `builder.Configuration["Origins"]`',
    ),
    "a function of ASP.NET Core's": (
        *("aspnet-core", "a.cs"),
        "app.UseCors(p => p.SetIsOriginAllowed(o => Check(o)));",
        "a.cs:1: can't tell the value of `o => Check(o)`",
    ),
    "a function that allows more than it tests": (
        *("aspnet-core", "a.cs"),
        'app.UseCors(p => p.SetIsOriginAllowed(o => o == "https://a.test" || Check(o)));',
        "a.cs:1: can't tell the value",
    ),
    "no C#": ("aspnet-core", "a.cs", "class A {\n int = ;", "a.cs:"),
    "C# without CORS": ("aspnet-core", "a.cs", "class A { }", "a.cs: has no UseCors"),
    "a duration of Istio's": (
        *("envoy", "a.yaml"),
        "corsPolicy:\n  maxAge: long\n",
        "a.yaml:2: must be an integer",
    ),
    "a matcher of Envoy's": (
        *("envoy", "a.yaml"),
        "cors:\n  allow_origin_string_match:\n    - custom: 1\n",
        "a.yaml:3: must have exact, prefix, suffix, contains or a regex",
    ),
    "no CORS of Envoy's": ("envoy", "a.yaml", "cors:\n  a: 1\n", "a.yaml: has no envoy.filters"),
    "a variable of Compose's": (
        *("traefik", "a.yaml"),
        "labels:\n- traefik.http.middlewares.c.headers.accesscontrolalloworiginlist=${ORIGIN}\n",
        "a.yaml:2: can't tell the value of `${ORIGIN}`",
    ),
    "a flag of Traefik's": (
        *("traefik", "a.toml"),
        '[http.middlewares.c.headers]\naccessControlAllowCredentials = "yes"',
        "a.toml: http.middlewares.c.headers.accessControlAllowCredentials: must be true or false",
    ),
    "no TOML": ("traefik", "a.toml", "[a\n", "a.toml: is no TOML"),
    "no CORS of Traefik's": ("traefik", "a.yaml", "a: 1\n", "a.yaml: has no headers middleware"),
}


@pytest.mark.parametrize(("name", "file", "text", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(
    name: str, file: str, text: str, says: str
) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(name, file, text)
    assert says in str(caught.value)


DEEP = 50_000
BILLION = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 60))
IMPORTS = "".join(
    f"(a{n}) {{\n\timport a{n - 1} {{args[0]}}{{args[0]}}\n\timport a{n - 1} x\n}}\n"
    for n in range(1, 60)
)
ORIGINS = " ".join(f"https://a{n}.test" for n in range(20_000))
HOSTILE = {
    "deep Java": (
        *("spring", "A.java"),
        "class A { int a = " + "(" * DEEP + "1" + ")" * DEEP + "; }",
        "has no CorsConfiguration",
    ),
    "deep Java among the origins": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/**").allowedOrigins('
        + "List.of(" * DEEP
        + ")" * DEEP
        + "); } }",
        "nested too deeply",
    ),
    "Java's blocks within blocks": (
        *("spring", "A.java"),
        "class A { void a() { CorsConfiguration c; " + "if (a) {" * DEEP + "}" * DEEP + "} }",
        "nested too deeply",
    ),
    "a chain without an end": (
        *("spring", "A.java"),
        'class A { void a() { registry.addMapping("/**")' + ".x()" * 50_000 + "; } }",
        None,
    ),
    "a Java list that doubles": (
        *("spring", "A.java"),
        'class A { static final String A0 = "xx";'
        + "".join(f"static final String A{n} = A{n - 1} + A{n - 1};" for n in range(1, 20))
        + 'void a() { registry.addMapping("/**").allowedOrigins(A19); } }',
        "can't tell the value",
    ),
    "a bomb of YAML aliases": ("spring", "a.yml", "globalcors: &a [*a]\n", "alias"),
    "snippets that double": (
        *("caddy", "Caddyfile"),
        f"(a0) {{\n\theader Access-Control-Max-Age 5\n}}\n{IMPORTS}import a59 x\n",
        "imports too much",
    ),
    "a snippet that imports itself": (
        *("caddy", "Caddyfile"),
        "(a) {\n\theader Access-Control-Max-Age 5\n\timport a\n}\nimport a\n",
        "imports too much",
    ),
    "deep blocks of Caddy's": (
        *("caddy", "Caddyfile"),
        "access-control-\n" + "a {\n" * DEEP,
        "nested too deeply",
    ),
    "Caddy's quotes that don't end": (
        *("caddy", "Caddyfile"),
        "access-control-\n" + '"\\' * 300_000,
        "isn't closed",
    ),
    "Caddy's lines that go on": (
        *("caddy", "Caddyfile"),
        "header Access-Control-Max-Age " + "\\\n" * 300_000,
        None,
    ),
    "many origins in many rules of HAProxy's": (
        *("haproxy", "haproxy.cfg"),
        f"acl o hdr(origin) {ORIGINS}\n"
        + "http-response set-header Access-Control-Allow-Origin %[req.hdr(Origin)] if o\n" * 5_000,
        None,
    ),
    "HAProxy's quotes that don't end": (
        *("haproxy", "haproxy.cfg"),
        '"\\' * 300_000,
        "isn't closed",
    ),
    "an entity bomb": (
        *("tomcat", "web.xml"),
        f'<!DOCTYPE a [<!ENTITY a0 "x">{BILLION}]><filter>&a59;</filter>',
        "document type",
    ),
    "an external entity": (
        *("tomcat", "web.xml"),
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "document type",
    ),
    "deep XML": ("tomcat", "web.xml", "<filter>" * DEEP, "nested too deeply"),
    "deep PHP": (
        *("laravel", "cors.php"),
        "<?php return ['allowed_origins' => " + "[" * DEEP + "]" * DEEP + "];",
        "nested too deeply",
    ),
    "PHP that would do something": (
        *("laravel", "cors.php"),
        "<?php touch('pwned'); return ['allowed_origins' => [system('touch pwned')]];",
        "can't tell the value",
    ),
    "deep C#": (
        *("aspnet-core", "a.cs"),
        "app.UseCors(p => p.WithOrigins(" + "new[] {" * DEEP + "}" * DEEP + "));",
        "nested too deeply",
    ),
    "C# lambdas within lambdas": (
        *("aspnet-core", "a.cs"),
        "app.UseCors(a => " * DEEP + "a" + ")" * DEEP + ";",
        "nested too deeply",
    ),
    "an Envoy's tag": ("envoy", "a.yaml", "cors: !!python/object/apply:os.system [x]\n", "tag"),
    "deep YAML": ("envoy", "a.yaml", "cors: " + "{a: " * DEEP, "nested too deeply"),
    "a bomb of merge keys": (
        *("traefik", "a.yaml"),
        "a0: &a0 {b: 1}\n"
        + "".join(
            f"a{n}: &a{n}\n" + "".join(f"  k{m}: {{<<: *a{n - 1}}}\n" for m in range(9))
            for n in range(1, 40)
        ),
        "aliases",
    ),
    "deep TOML": ("traefik", "a.toml", "a = " + "[" * DEEP, "nested too deeply"),
    "an endless key": ("traefik", "a.toml", "a." * 400_000 + "a = 1", "nested too deeply"),
}


@pytest.mark.parametrize(("name", "file", "text", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_does_no_harm(
    tmp_path: Path, name: str, file: str, text: str, says: str | None
) -> None:
    """It is an error like any other, or read in the memory and time of another file."""
    path = tmp_path / file
    path.write_text(text, encoding="utf-8")
    done = in_little_memory(path, name)
    assert (done.returncode, says or "") == (1, says) if says else done.returncode == 0
    assert (says or "") in done.stderr
    assert "Traceback" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [file]


def test_a_rule_file_is_written_that_can_be_used(corscope: Command, tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_text(CADDY_SNIPPET, encoding="utf-8")
    done = corscope("import", tmp_path / "Caddyfile", "--host", "api.test")
    assert done.returncode == 0
    (rule,) = load([RuleFile("a.toml", done.stdout.encode())]).rules
    assert rule.policy is not None
    assert rule.policy.max_age == 600


@pytest.mark.parametrize(
    ("missing", "file", "name"),
    [
        ("tree_sitter", "A.java", "spring"),
        ("tree_sitter_java", "A.java", "spring"),
        ("tree_sitter_php", "cors.php", "laravel"),
        ("tree_sitter_c_sharp", "a.cs", "aspnet-core"),
    ],
)
def test_a_parser_that_is_missing_is_named_with_the_way_out(
    tmp_path: Path, missing: str, file: str, name: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.modules[{missing!r}] = None\n", encoding="utf-8"
    )
    (tmp_path / file).write_text("a", encoding="utf-8")
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
    assert f"the Python package {missing} is needed" in done.stderr
    assert "pip install 'corscope[import]'" in done.stderr
