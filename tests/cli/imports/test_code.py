"""`corscope import` of Go, Ruby, Litestar and Quart: usual forms, what is refused and told."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS, guess
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.servers.policy import Policy
from tests.cli.conftest import Command, environment
from tests.cli.imports.reading import APP, OWN, in_little_memory, read


def go(body: str, *packages: str) -> str:
    """A Go file that imports these and does that when it is run."""
    imports = "".join(f'\t"{path}"\n' for path in packages)
    version = next((VERSIONS[each] for each in packages if each in VERSIONS), "")
    return f"package main\n{version}\nimport (\n{imports})\n\nfunc main() {{\n{body}\n}}\n"


RS = "github.com/rs/cors"
GIN = "github.com/gin-contrib/cors"
ECHO = "github.com/labstack/echo/v4/middleware"
GORILLA = "github.com/gorilla/handlers"
VERSIONS = {
    RS: "// With github.com/rs/cors v1.7.0 in go.mod.",
    ECHO: "// With github.com/labstack/echo/v4 v4.2.1 in go.mod.",
}


def rack(body: str) -> str:
    """A config.ru whose rack-cors is set up like that."""
    return f'use Rack::Cors do\n  allow do\n{body}\n    resource "*"\n  end\nend\n'


FORMS = {
    "rs/cors, with what is named before": (
        "rs-cors",
        """package main // with github.com/rs/cors v1.7.0
        import ("net/http"; c "github.com/rs/cors")
        const (
            scheme = "https://"
            app    = scheme + `app.test`
        )
        var origins = []string{app}
        func main() {
            options := c.Options{AllowedOrigins: origins, Debug: true}
            options.AllowedMethods = []string{http.MethodGet, http.MethodPut}
            options.MaxAge = 10 * 60
            handler = c.New(options).Handler(handler)
        }""",
        replace(OWN, allow_methods=("GET", "PUT"), max_age=600),
    ),
    "rs/cors with options of a function": (
        "rs-cors",
        'import "github.com/rs/cors" // github.com/rs/cors v1.7.0\n'
        "func f() *cors.Options { return &cors.Options{AllowedOrigins: o} }\n"
        'var o = []string{"https://app.test"}\n'
        "var c = cors.New(*f())",
        OWN,
    ),
    "rs/cors, a name of its own": (
        "rs-cors",
        go('cors := cors.New(cors.Options{AllowedOrigins: []string{"https://app.test"}})', RS),
        OWN,
    ),
    "rs/cors by default": ("rs-cors", go("cors.Default()", RS), Policy()),
    "rs/cors for everybody": (
        "rs-cors",
        go("handler = cors.AllowAll().Handler(handler)", RS),
        Policy(
            allow_origins="*",
            allow_methods=("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers="*",
        ),
    ),
    "chi, as its documentation has it": (
        "chi",
        go(
            """r.Use(cors.Handler(cors.Options{
                // AllowedOrigins: []string{"https://foo.com"},
                AllowedOrigins:   []string{"https://*", "http://*"},
                // AllowOriginFunc:  func(r *http.Request, origin string) bool { return true },
                AllowedMethods:   []string{"GET", "OPTIONS"},
                AllowedHeaders:   []string{"Accept", "X-CSRF-Token"},
                ExposedHeaders:   []string{"Link"},
                AllowCredentials: false,
                MaxAge:           300,
            }))""",
            "github.com/go-chi/cors",
        ),
        Policy(
            allow_origins=("https://*", "http://*"),
            allow_methods=("GET", "OPTIONS"),
            allow_headers=("Accept", "X-CSRF-Token"),
            expose_headers=("Link",),
            allow_credentials=False,
            max_age=300,
        ),
    ),
    "gin, as its documentation has it": (
        "gin",
        go(
            """router.Use(cors.New(cors.Config{
                AllowOrigins:     []string{"https://foo.com"},
                AllowMethods:     []string{"PUT", "PATCH"},
                AllowHeaders:     []string{"Origin"},
                ExposeHeaders:    []string{"Content-Length"},
                AllowCredentials: true,
                AllowOriginFunc: func(origin string) bool {
                    return origin == "https://github.com"
                },
                MaxAge: 12 * time.Hour,
            }))""",
            GIN,
            "time",
        ),
        Policy(
            allow_origins=("https://foo.com",),
            allow_origin_regex=r"^https://github\.com$",
            allow_methods=("PUT", "PATCH"),
            allow_headers=("Origin",),
            expose_headers=("Content-Length",),
            allow_credentials=True,
            max_age=43200,
        ),
    ),
    "gin's own config, changed before it is used": (
        "gin",
        go(
            """config := cors.DefaultConfig()
            config.AllowOrigins = []string{"https://a.test"}
            config.AllowOrigins = append(config.AllowOrigins, "https://b.test")
            config.AddAllowHeaders("Authorization")
            router.Use(cors.New(config))
            config.AllowCredentials = true // too late""",
            GIN,
        ),
        Policy(
            allow_origins=("https://a.test", "https://b.test"),
            allow_headers=("Origin", "Content-Length", "Content-Type", "Authorization"),
        ),
    ),
    "gin's empty config is not its own": (
        "gin",
        go('var c cors.Config\nc.AllowOrigins = []string{"https://app.test"}\ncors.New(c)', GIN),
        replace(OWN, allow_methods=(), allow_headers=(), max_age=0),
    ),
    "gin by default": ("gin", go("router.Use(cors.Default())", GIN), Policy(allow_origins="*")),
    "Echo by default": ("echo", go("e.Use(middleware.CORS())", ECHO), Policy()),
    "Echo, as its documentation has it": (
        "echo",
        go(
            """e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
                AllowOrigins: []string{"https://labstack.com", "https://labstack.net"},
                AllowHeaders: []string{echo.HeaderOrigin, echo.HeaderContentType},
                AllowMethods: []string{http.MethodGet, echo.PUT},
                Skipper: nil,
            }))""",
            ECHO,
            "github.com/labstack/echo/v4",
            "net/http",
        ),
        Policy(
            allow_origins=("https://labstack.com", "https://labstack.net"),
            allow_headers=("Origin", "Content-Type"),
            allow_methods=("GET", "PUT"),
        ),
    ),
    "Echo with its documentation's function": (
        "echo",
        """// With github.com/labstack/echo/v4 v4.2.1 in go.mod.
        func allowOrigin(origin string) (bool, error) {
            return regexp.MatchString(`^https:\\/\\/labstack\\.(net|com)$`, origin)
        }
        e.Use(middleware.CORSWithConfig(middleware.CORSConfig{AllowOriginFunc: allowOrigin}))""",
        Policy(allow_origin_regex=r"^https:\/\/labstack\.(net|com)$"),
    ),
    "Echo's own config with credentials": (
        "echo",
        go(
            "c := middleware.DefaultCORSConfig\nc.AllowCredentials = true\n"
            "e.Use(middleware.CORSWithConfig(c))",
            ECHO,
        ),
        Policy(allow_credentials=True),
    ),
    "gorilla's options with names": (
        "gorilla",
        go(
            """headersOk := handlers.AllowedHeaders([]string{"X-Requested-With"})
            originsOk := handlers.AllowedOrigins(strings.Split("https://app.test", ","))
            more := handlers.AllowedHeaders([]string{"x-a"})
            opts := []handlers.CORSOption{headersOk, originsOk, more, handlers.AllowCredentials()}
            http.ListenAndServe(":" + os.Getenv("PORT"), handlers.CORS(opts...)(router))""",
            GORILLA,
        ),
        replace(OWN, allow_headers=("X-Requested-With", "x-a"), allow_credentials=True),
    ),
    "Rails, as rack-cors's documentation has it": (
        "rack-cors",
        """# config/initializers/cors.rb
        Rails.application.config.middleware.insert_before 0, Rack::Cors, debug: true do
          allow do
            origins 'localhost:3000', /\\Ahttp:\\/\\/192\\.168\\.0\\.\\d{1,3}(:\\d+)?\\z/

            resource '*',
                headers: :any, methods: [:get, :post], expose: ['X-A'], max_age: 1.hour.to_i
          end
        end""",
        Policy(
            allow_origins=("localhost:3000",),
            allow_origin_regex=r"\Ahttp://192\.168\.0\.\d{1,3}(:\d+)?$",
            allow_methods=("GET", "POST"),
            allow_headers="*",
            expose_headers=("X-A",),
            max_age=3600,
        ),
    ),
    "rack-cors with symbols in quotes": (
        "rack-cors",
        r"""
        use Rack::Cors do
          allow do
            origins '*'
            resource "*", methods: [:'x\'y', :"a\"b", %s(c'd), :get]
          end
        end""",
        Policy(allow_origins="*", allow_methods=("X'Y", 'A"B', "C'D", "GET")),
    ),
    "rack-cors with parameters and old hashes": (
        "rack-cors",
        """use Rack::Cors do |config|
          config.allow do |allow|
            allow.origins '*'
            allow.resource '/*', :headers => 'x-a', :methods => :put, 'credentials' => false
          end
        end""",
        Policy(
            allow_origins="*",
            allow_headers=("x-a",),
            allow_methods=("PUT",),
            allow_credentials=False,
        ),
    ),
    "rack-cors with constants": (
        "rack-cors",
        "HOST = 'app.test'\nORIGINS = %W[https://#{HOST}].freeze\nOLD = ['', *ORIGINS]\n"
        + rack("origins OLD, ['https://b.' 'test']"),
        Policy(allow_origins=("https://app.test", "https://b.test")),
    ),
    "rack-cors with a block that lists": (
        "rack-cors",
        "OK = %w[https://app.test].freeze\n"
        + rack("origins do |source, env|\n OK.include?(source) || source == 'null'\nend"),
        Policy(allow_origins=(APP,), allow_origin_regex="^null$"),
    ),
    "rack-cors with a lambda that searches": (
        "rack-cors",
        rack("origins ->(source, _env) { source =~ %r{^https?://a}i || source.end_with?('.b') }"),
        Policy(allow_origin_regex=r"(?:(?i:^https?://a))|(?:\.b$)"),
    ),
    "Litestar, with and without names": (
        "litestar",
        "from litestar.config.cors import CORSConfig\n"
        'app = Litestar(cors_config=CORSConfig(["https://app.test"], ["*"], max_age=5))',
        replace(OWN, allow_methods="*", max_age=5),
    ),
    "Litestar with no list beside a regex": (
        "litestar",
        'CORSConfig(allow_origins=[], allow_origin_regex=r"https://.*\\.test")',
        Policy(allow_origin_regex=r"https://.*\.test"),
    ),
    "Quart, by another name": (
        "quart-cors",
        "import re\nfrom datetime import timedelta\nfrom quart_cors import cors as with_cors\n"
        "app = with_cors(app, allow_origin=[re.compile('a', re.I), 'https://app.test'],\n"
        "                max_age=timedelta(hours=2))",
        replace(OWN, allow_origin_regex="(?i)a", max_age=7200),
    ),
    "Quart's configuration": (
        "quart-cors",
        "import quart_cors\n"
        'app.config["QUART_CORS_ALLOW_ORIGIN"] = ["https://app.test"]\n'
        'app.config["QUART_CORS_MAX_AGE"] = 5\napp = quart_cors.cors(app, max_age=6)',
        replace(OWN, max_age=6),
    ),
    "Flask's configuration at once": (
        "flask-cors",
        "from flask_cors import CORS\n"
        'app.config.update(CORS_ORIGINS=["https://app.test"], OTHER=1)\nCORS(app)',
        OWN,
    ),
    "Flask's configuration": (
        "flask-cors",
        'from flask_cors import CORS\napp.config["CORS_ORIGINS"] = ["https://app.test"]\nCORS(app)',
        OWN,
    ),
}
FILES = {
    **dict.fromkeys(("rs-cors", "chi", "gin", "echo", "gorilla"), "main.go"),
    "rack-cors": "cors.rb",
    "django": "settings.py",
    **dict.fromkeys(("litestar", "quart-cors", "flask-cors"), "app.py"),
}


@pytest.mark.parametrize(("name", "text", "policy"), FORMS.values(), ids=FORMS)
def test_a_usual_form_is_read(name: str, text: str, policy: Policy) -> None:
    (found,) = read(name, FILES[name], text)
    assert (found.policy, found.warnings) == (policy, ())


TESTS = {
    "all": ("return true", "request"),
    "one or another": ('return origin == "a" || ("b" == origin)', ("a", "b")),
    "a list": ('allowed := []string{"a"}\nreturn slices.Contains(allowed, origin)', ("a",)),
    "a loop": (
        'for _, each := range []string{"a"} { if each == origin { return true } }\nreturn false',
        ("a",),
    ),
    "a map": ('m := map[string]bool{"a": true, "b": true}\nreturn m[origin]', ("a", "b")),
    "a set": ('m := map[string]struct{}{"a": {}}\n_, ok := m[origin]\nreturn ok', ("a",)),
    "a set, asked at once": (
        'm := map[string]bool{"a": true}\nif _, ok := m[origin]; ok { return true }\nreturn false',
        ("a",),
    ),
    "a switch": (
        'switch origin {\ncase "a", "b":\nreturn true\ndefault:\nreturn false\n}\nreturn false',
        ("a", "b"),
    ),
    "a beginning": ('return strings.HasPrefix(origin, "a.")', r"^a\."),
    "an end": ('return strings.HasSuffix(origin, ".a")', r"\.a$"),
    "any case": ('return strings.EqualFold(origin, "a")', "(?i)^a$"),
    "a regex": ("re := regexp.MustCompile(`^a\\z`)\nreturn re.MatchString(origin)", "^a$"),
    "another function": ("return func(o string) bool { return o == `a` }(origin)", ("a",)),
}


@pytest.mark.parametrize(("body", "means"), TESTS.values(), ids=TESTS)
def test_a_function_of_go_that_only_tests_the_origin_is_read(
    body: str, means: str | tuple[str, ...]
) -> None:
    text = go(
        f"cors.New(cors.Options{{AllowOriginFunc: func(origin string) bool {{\n{body}\n}}}})", RS
    )
    (found,) = read("rs-cors", "main.go", text)
    if means == "request":
        assert found.policy == Policy(allow_origins="request")
    elif isinstance(means, str):
        assert found.policy == Policy(allow_origin_regex=means)
    else:
        exact = [f"^{each}$" for each in means]
        regex = exact[0] if len(exact) == 1 else "|".join(f"(?:{each})" for each in exact)
        assert found.policy == Policy(allow_origin_regex=regex)


@pytest.mark.parametrize(
    "body",
    [
        "return check(origin)",
        'return origin == "a" && check(origin)',
        'return origin != "a"',
        'if origin == "a" { return false }\nreturn true',
        'if origin == "a" { log(origin); return true }\nreturn false',
        'if origin == "a" { return true } else { return check(origin) }\nreturn false',
        'origin = strings.ToLower(origin)\nreturn origin == "a"',
        'other := "a"\nreturn other == "a"',
        'return strings.HasSuffix("a", origin)',
        'm := map[string]bool{"a": false}\nreturn m[origin]',
        "for _, each := range os.Args { if each == origin { return true } }\nreturn false",
        'switch origin {\ncase "a":\nfallthrough\ncase "b":\nreturn true\n}\nreturn false',
        'switch origin {\ncase "a":\nreturn true\ndefault:\nreturn true\n}\nreturn false',
        "return",
        "",
    ],
)
def test_a_function_of_go_that_does_anything_else_is_refused(body: str) -> None:
    text = go(
        f"cors.New(cors.Options{{AllowOriginFunc: func(origin string) bool {{\n{body}\n}}}})", RS
    )
    with pytest.raises(UnreadableError, match=r"main\.go:8: can't tell the value of `func"):
        read("rs-cors", "main.go", text)


def options(value: str) -> str:
    return go(f"cors.New(cors.Options{{\n\tAllowedOrigins: {value},\n}})", RS)


REFUSED = {
    "Go's environment": (
        "rs-cors",
        options('[]string{os.Getenv("O")}'),
        'main.go:9: can\'t tell the value of `os.Getenv("O")`',
    ),
    "a parameter": (
        "rs-cors",
        'import "github.com/rs/cors"\nvar o = []string{"a"}\n'
        "func f(o []string) {\ncors.New(cors.Options{AllowedOrigins: o}) }",
        "main.go:4: can't tell the value of `o []string`",
    ),
    "a name that is written to in a branch": (
        "rs-cors",
        go('o := "a"\nif x {\no = "b"\n}\ncors.New(cors.Options{AllowedOrigins: []string{o}})', RS),
        "main.go:12: can't tell the value of `o`",
    ),
    "a field that is written to in a branch": (
        "gin",
        go(
            'c := cors.DefaultConfig()\nc.AllowOrigins = []string{"https://a.test"}\nif x {\n'
            "c.AllowOrigins = f()\n}\ncors.New(c)",
            GIN,
        ),
        "main.go:11: can't tell the value of `c.AllowOrigins = f()`",
    ),
    "a name whose address is taken": (
        "rs-cors",
        go("var o []string\nflag.Var(&o)\ncors.New(cors.Options{AllowedOrigins: o})", RS),
        "main.go:10: can't tell the value of `&o`",
    ),
    "an item that is written to": (
        "rs-cors",
        go('o := []string{"a"}\no[0] = x\ncors.New(cors.Options{AllowedOrigins: o})', RS),
        "main.go:10: can't tell the value of `o[0] = x`",
    ),
    "what a closure may see changed": (
        "rs-cors",
        go(
            'o := "a"\nf := func() {\ncors.New(cors.Options{AllowedOrigins: []string{o}})\n}\n'
            'o = "b"\nf()',
            RS,
        ),
        "main.go:10: can't tell the value of `o`",
    ),
    "a method that may do anything": (
        "gin",
        go("c := cors.DefaultConfig()\nc.Fill()\ncors.New(c)", GIN),
        "main.go:10: can't tell the value of `c.Fill()`",
    ),
    "names that go round": (
        "rs-cors",
        'import "github.com/rs/cors"\nvar a = b\nvar b = a\n'
        "var c = cors.New(cors.Options{AllowedOrigins: a})",
        "can't tell the value",
    ),
    "a function that calls itself": (
        "rs-cors",
        'import "github.com/rs/cors"\nfunc f() cors.Options { return f() }\nvar c = cors.New(f())',
        "main.go:3: can't tell the value of `f()`",
    ),
    "a struct without names": (
        "rs-cors",
        go('cors.New(cors.Options{[]string{"a"}})', RS),
        "can't tell the value",
    ),
    "a number for a list": ("rs-cors", options("5"), "main.go:9: must be a string"),
    "a regex that Go alone knows": (
        "rs-cors",
        go(
            "re := regexp.MustCompile(`[[:ascii:]]`)\n"
            "cors.New(cors.Options{AllowOriginFunc: re.MatchString})",
            RS,
        ),
        "main.go:8: can't read the regular expression '[[:ascii:]]'",
    ),
    "a function that allows nobody": (
        "rs-cors",
        go("cors.New(cors.Options{AllowOriginFunc: func(string) bool { return false }})", RS),
        "main.go:8: allows nobody",
    ),
    "what gin panics about": (
        "gin",
        go(
            'cors.New(cors.Config{AllowAllOrigins: true, AllowOrigins: []string{"https://a.test"}})',
            GIN,
        ),
        "main.go:8: AllowAllOrigins can't stand beside AllowOrigins: gin panics",
    ),
    "gin's age in a string": (
        "gin",
        go('cors.New(cors.Config{MaxAge: "5"})', GIN),
        "main.go:8: must be a duration",
    ),
    "another package of that name": (
        "gin",
        go("cors.New(cors.Config{AllowAllOrigins: true})", "github.com/other/cors"),
        "main.go: has no cors.New(config) of github.com/gin-contrib/cors",
    ),
    "Go without CORS": (
        "echo",
        go("e.Start()", ECHO),
        "main.go: has no middleware.CORSWithConfig(…)",
    ),
    "gorilla without CORS": ("gorilla", go("x()", GORILLA), "main.go: has no handlers.CORS(…)"),
    "gorilla's environment": (
        "gorilla",
        go('handlers.CORS(handlers.AllowedOrigins([]string{os.Getenv("O")}))', GORILLA),
        "main.go:8: can't tell the value of `os.Getenv",
    ),
    "gorilla's options from elsewhere": (
        "gorilla",
        go("handlers.CORS(options()...)", GORILLA),
        "main.go:8: can't tell the value of `options()...`",
    ),
    "no Go": ("gin", "package main\nfunc {\n", "main.go:2: is no Go"),
    "Ruby's environment": (
        "rack-cors",
        rack("origins ENV['O']"),
        "cors.rb:3: can't tell the value of `ENV['O']`",
    ),
    "Rails' credentials": (
        "rack-cors",
        rack("origins Rails.application.credentials.origins"),
        "cors.rb:3: can't tell the value of `Rails.application.credentials.origins`",
    ),
    "a text with something in it": (
        "rack-cors",
        rack('origins "https://#{host}"'),
        'cors.rb:3: can\'t tell the value of `"https://#{host}"`',
    ),
    "origins that hang on something": (
        "rack-cors",
        rack("if Rails.env.production?\norigins 'a'\nelse\norigins 'b'\nend"),
        "cors.rb:4: can't tell whether `if Rails.env.production?` holds",
    ),
    "a block that asks a database": (
        "rack-cors",
        rack("origins { |source, env| Site.exists?(source) }"),
        "cors.rb:3: can't tell the value of `{ |source, env| Site.exists?(source) }`",
    ),
    "a constant that is added to": (
        "rack-cors",
        "O = ['a']\nO << 'b'\n" + rack("origins O"),
        "cors.rb:5: can't tell the value of `O`",
    ),
    "a block's parameter": (
        "rack-cors",
        rack("o = 'a'\nlist.each { |o| origins o }"),
        "can't tell the value of `o`",
    ),
    "Ruby's x flag": (
        "rack-cors",
        rack("origins /a b/x"),
        "cors.rb:3: can't tell the value of `/a b/x`",
    ),
    "options from elsewhere": (
        "rack-cors",
        "use Rack::Cors do\nallow do\norigins '*'\nresource '*', options\nend\nend",
        "cors.rb:4: can't tell the value of `options`",
    ),
    "credentials from elsewhere": (
        "rack-cors",
        "use Rack::Cors do\nallow do\norigins 'a'\nresource '*', credentials: on?\nend\nend",
        "cors.rb:4: can't tell the value of `on?`",
    ),
    "Ruby without CORS": (
        "rack-cors",
        "run App\n",
        "cors.rb: has no resource within an allow of Rack::Cors",
    ),
    "no Ruby": ("rack-cors", "use Rack::Cors do\n  )\n", "is no Ruby"),
    "Litestar's environment": (
        "litestar",
        "CORSConfig(\n  allow_origins=settings.ORIGINS)",
        "app.py:2: can't tell the value of `settings.ORIGINS`",
    ),
    "Litestar's options from elsewhere": (
        "litestar",
        "CORSConfig(*options)",
        "app.py:1: can't tell the value",
    ),
    "Litestar without CORS": ("litestar", "app = Litestar([])", "app.py: has no CORSConfig(…)"),
    "Quart's environment": (
        "quart-cors",
        'from quart_cors import cors\ncors(app, allow_origin=os.environ["O"])',
        "app.py:2: can't tell the value of `os.environ['O']`",
    ),
    "a cors that is another's": (
        "quart-cors",
        "import quart_cors\nfrom other import cors\ncors(app)",
        "app.py: has no cors(app, …) of quart_cors",
    ),
    "a list that is added to": (
        "litestar",
        "o = ['a']\no.append(os.environ['O'])\nCORSConfig(o)",
        "app.py:2: can't tell the value of `os.environ['O']`",
    ),
    "a list that is written to": (
        "litestar",
        "o = ['a']\no[0] = x\nCORSConfig(o)",
        "app.py:3: can't tell the value of `o`",
    ),
    "a function's parameter": (
        "litestar",
        "o = ['a']\ndef app(o):\n    return CORSConfig(o)",
        "app.py:3: can't tell the value of `o`",
    ),
    "a regex with flags that change more": (
        "quart-cors",
        "import re\nfrom quart_cors import cors\ncors(app, allow_origin=re.compile('a', re.X))",
        "app.py:3: can't tell the value of `re.compile('a', re.X)`",
    ),
}


@pytest.mark.parametrize(("name", "text", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(name: str, text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(name, FILES[name], text)
    assert says in str(caught.value)


TOLD = {
    "rs/cors, an option of later versions": (
        "rs-cors",
        go("cors.New(cors.Options{AllowPrivateNetwork: true, OptionsSuccessStatus: 204})", RS),
        [
            "main.go:8: AllowPrivateNetwork is not imported",
            "main.go:8: OptionsSuccessStatus is not imported",
        ],
    ),
    "rs/cors, a list that isn't looked at": (
        "rs-cors",
        go(
            'cors.New(cors.Options{AllowedOrigins: []string{"a"},\n'
            "AllowOriginFunc: func(string) bool { return true }})",
            RS,
        ),
        ["main.go:8: AllowedOrigins is ignored: AllowOriginFunc is asked instead"],
    ),
    "gin, a wildcard that is none": (
        "gin",
        go(
            'cors.New(cors.Config{AllowOrigins: []string{"https://*.a.test", "https://b.test"}})',
            GIN,
        ),
        ["main.go:8: https://*.a.test is nobody's origin without AllowWildcard"],
    ),
    "gin, an age in nanoseconds": (
        "gin",
        go("cors.New(cors.Config{AllowAllOrigins: true, MaxAge: 300})", GIN),
        ["main.go:8: MaxAge is less than a second: a bare number is nanoseconds"],
    ),
    "gin, a call within a branch": (
        "gin",
        go("if debug {\nrouter.Use(cors.Default())\n}", GIN),
        ["main.go:9: Default isn't always called: taken as if it is"],
    ),
    "Echo, what skips it": (
        "echo",
        go("middleware.CORSWithConfig(middleware.CORSConfig{Skipper: skip})", ECHO),
        ["main.go:8: Skipper is not imported"],
    ),
    "gorilla, what it leaves to the application": (
        "gorilla",
        go("handlers.CORS(handlers.IgnoreOptions(), handlers.OptionStatusCode(204))", GORILLA),
        ["main.go:8: IgnoreOptions is not imported"],
    ),
    "rack-cors, a path, a condition and what else there is": (
        "rack-cors",
        "use Rack::Cors do\nallow do\norigins '*'\n"
        "resource '/api/*', vary: ['X'] if Rails.env.development?\nend\nend",
        [
            "cors.rb:4: is meant only as `if Rails.env.development?` decides",
            "cors.rb:4: vary is not imported",
        ],
    ),
    "Litestar, a call within a branch": (
        "litestar",
        "if settings.debug:\n    c = CORSConfig()",
        ["app.py:2: CORSConfig isn't always called: taken as if it is"],
    ),
    "Quart, a key that is set within a branch": (
        "quart-cors",
        "import quart_cors\nif __name__ == '__main__':\n    quart_cors.cors(app)\n"
        "    if debug:\n        app.config['QUART_CORS_MAX_AGE'] = 5\n",
        ["app.py:5: QUART_CORS_MAX_AGE isn't always set: taken as if it is"],
    ),
    "Django, a setting within a branch": (
        "django",
        "CORS_ALLOWED_ORIGINS = ['https://a.test']\nif DEBUG:\n    CORS_ALLOW_ALL_ORIGINS = True\n",
        ["settings.py:3: CORS_ALLOW_ALL_ORIGINS isn't always set: taken as if it is"],
    ),
    "Litestar, a regex for nothing": (
        "litestar",
        "CORSConfig(allow_origin_regex='a')",
        ["app.py:1: the regex is never looked at: without allow_origins all are allowed"],
    ),
    "Quart, only some routes": (
        "quart-cors",
        "from quart_cors import route_cors\n@route_cors(send_origin_wildcard=False)\ndef f(): ...",
        [
            "app.py:2: send_origin_wildcard is not imported",
            "app.py:2: only the routes below are meant: say so in match.url",
        ],
    ),
}


@pytest.mark.parametrize(("name", "text", "says"), TOLD.values(), ids=TOLD)
def test_what_no_rule_can_say_is_told(name: str, text: str, says: list[str]) -> None:
    (found,) = read(name, FILES[name], text)
    assert list(found.warnings) == says


def test_each_allow_of_rack_cors_is_a_rule_for_its_own_origins() -> None:
    text = """use Rack::Cors do
      allow do
        origins 'https://a.test', 'b.test:3000'
        resource '/x', methods: :put
        resource '/y'
      end
      allow do
        origins(/^https/)
        resource '*'
      end
      allow do
        origins '*'
        resource '*'
      end
    end"""
    found = read("rack-cors", "config.ru", text)
    own = {"origin": ("https://a.test", "*://b.test:3000")}
    assert [each.match for each in found] == [own, own, {}, {}]
    assert [each.policy.allow_methods for each in found] == [("PUT",), None, None, None]
    assert found[2].warnings == (
        "config.ru:9: the rules after it are never asked: "
        "a rule can't be chosen by a regex or a function",
    )


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("rs-cors", "a.go", go("", RS)),
        ("chi", "a.go", go("", "github.com/go-chi/cors")),
        ("gin", "a.go", go("", GIN)),
        ("echo", "a.go", go("", ECHO)),
        ("gorilla", "a.go", go("", GORILLA)),
        ("rack-cors", "cors.rb", "insert_before 0, Rack::Cors do"),
        ("rack-cors", "config.ru", "use Rack::Cors do"),
        ("litestar", "a.py", "from litestar.config.cors import CORSConfig"),
        ("quart-cors", "a.py", "from quart_cors import cors"),
    ],
)
def test_whose_file_it_is_is_told_by_what_it_imports(name: str, file: str, text: str) -> None:
    assert guess(Source(file, text)) == [name]


DEEP = 20_000
HOSTILE = {
    "deep brackets of Go": ("rs-cors", options("(" * DEEP + "x" + ")" * DEEP), "main.go"),
    "deep slices of Go": ("rs-cors", options("[]x{" * DEEP + "}" * DEEP), "nested too deeply"),
    "deep blocks of Go": ("rs-cors", go("{" * DEEP + "}" * DEEP, RS), "nested too deeply"),
    "deep signs of Go": ("rs-cors", options("& " * DEEP + "x"), "nested too deeply"),
    "a long sum of Go's": (
        "rs-cors",
        options("[]string{" + "a + " * DEEP + "a}"),
        "nested too deeply",
    ),
    "a long row of calls of Go's": ("rs-cors", go("a" + ".b()" * DEEP, RS), "has no cors.New"),
    "a long row of tests of Go's": (
        "rs-cors",
        go(
            "cors.New(cors.Options{AllowOriginFunc: func(o string) bool { return "
            + 'o == "a" || ' * 50_000
            + "x(o) }})",
            RS,
        ),
        "can't tell the value",
    ),
    "slices that double": (
        "rs-cors",
        go(
            'a := []string{"x", "y"}\n'
            + "a = append(a, a...)\n" * 50
            + "cors.New(cors.Options{AllowedOrigins: a})",
            RS,
        ),
        "can't tell the value",
    ),
    "a name that is written to without end": (
        "rs-cors",
        go("a := cors.Options{}\n" + "a.B = 1\n" * DEEP + "cors.New(a)", RS),
        "can't tell the value",
    ),
    "functions that double": (
        "rs-cors",
        'import "github.com/rs/cors"\nfunc f0(o string) bool { return o == "a" || o == "b" }\n'
        + "".join(
            f"func f{n}(o string) bool {{ return f{n - 1}(o) || f{n - 1}(o) }}\n"
            for n in range(1, 40)
        )
        + "var c = cors.New(cors.Options{AllowOriginFunc: f19, AllowedMethods: x})",
        "can't tell the value",
    ),
    "numbers that grow": (
        "gin",
        go(
            "a := 9223372036854775807\n" + "a = a * a\n" * 60 + "cors.New(cors.Config{MaxAge: a})",
            GIN,
        ),
        "can't tell the value",
    ),
    "a number with a million digits of Go's": (
        "rs-cors",
        go("cors.New(cors.Options{MaxAge: " + "9" * 1_000_000 + "})", RS),
        "can't tell the value",
    ),
    "deep arrays of Ruby": (
        "rack-cors",
        rack("origins " + "[" * DEEP + "]" * DEEP),
        "nested too deeply",
    ),
    "deep conditions of Ruby": ("rack-cors", "if a\n" * DEEP + "end\n" * DEEP, "nested too deeply"),
    "a long row of pushes": ("rack-cors", "a << " * DEEP + "a\n", "has no resource"),
    "arrays that double": (
        "rack-cors",
        "A0 = ['x', 'y']\n"
        + "".join(f"A{n} = [A{n - 1}, A{n - 1}]\n" for n in range(1, 20))
        + rack("origins A19"),
        "more than 10,000 items",
    ),
    "arrays that double by name": (
        "rack-cors",
        "A0 = ['x', 'y']\n"
        + "".join(f"A{n} = [*A{n - 1}, *A{n - 1}]\n" for n in range(1, 20))
        + rack("origins A19"),
        "can't tell the value",
    ),
    "texts that double": (
        "rack-cors",
        "A0 = 'xx'\n"
        + "".join(f'A{n} = "#{{A{n - 1}}}#{{A{n - 1}}}"\n' for n in range(1, 20))
        + rack("origins A19"),
        "can't tell the value",
    ),
    "a regex without end": (
        "rack-cors",
        rack("origins /" + "a" * 900_000 + "/"),
        "can't tell the value",
    ),
    "a regex of brackets": (
        "rack-cors",
        rack("origins Regexp.new('" + "[" * 9_000 + "')"),
        "can't read the regular expression",
    ),
    "code that would do something": (
        "rack-cors",
        "system('touch pwned')\n`touch pwned`\n" + rack("origins `touch pwned`"),
        "can't tell the value",
    ),
}


@pytest.mark.parametrize(("name", "text", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_an_error_like_any_other(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    file = tmp_path / FILES[name]
    file.write_text(text, encoding="utf-8")
    done = in_little_memory(file, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 500
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("name", ["gin", "rack-cors", "litestar"])
def test_what_is_no_text_is_refused(corscope: Command, tmp_path: Path, name: str) -> None:
    file = tmp_path / FILES[name]
    file.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)))
    done = corscope("import", file, "--from", name)
    assert done.returncode == 1
    assert "not UTF-8" in done.stderr
    file.write_bytes(b" " * (1024 * 1024 + 1))
    assert "is larger than the 1,048,576 bytes" in corscope("import", file).stderr


@pytest.mark.parametrize(
    ("missing", "name", "language"),
    [("tree_sitter_go", "gin", "Go"), ("tree_sitter_ruby", "rack-cors", "Ruby")],
)
def test_a_parser_that_is_missing_is_named_with_the_way_out(
    tmp_path: Path, missing: str, name: str, language: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.modules[{missing!r}] = None\n", encoding="utf-8"
    )
    (tmp_path / FILES[name]).write_text("x\n", encoding="utf-8")
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "corscope", "import", str(tmp_path / FILES[name]), "--from", name],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"to read {language}, the Python package {missing} is needed" in done.stderr
    assert "pip install 'corscope[import]'" in done.stderr


def test_a_go_file_becomes_a_rule_file_without_saying_whose_it_is(
    corscope: Command, tmp_path: Path
) -> None:
    file = tmp_path / "main.go"
    file.write_text(go("router.Use(cors.Default())", GIN), encoding="utf-8")
    done = corscope("import", file, "--host", "api.test")
    assert (done.returncode, done.stderr) == (0, "")
    assert 'like = "gin"' in done.stdout
    assert 'allow_origins = "*"' in done.stdout


def test_nothing_in_a_file_commands_the_terminal(corscope: Command, tmp_path: Path) -> None:
    file = tmp_path / "main.go"
    file.write_text(options('[]string{f("\x1b[2J")}'), encoding="utf-8")
    refused = corscope("import", file)
    assert refused.returncode == 1
    assert 'f("\\x1b[2J")' in refused.stderr
    path = tmp_path / "config.ru"
    path.write_text("use Rack::Cors do\nallow do\norigins '*'\nresource '/\x1b[2J'\nend\nend\n")
    told = corscope("import", path)
    assert told.returncode == 0
    assert "\\x1b[2J" in told.stderr
    assert "\x1b" not in refused.stderr + told.stderr + told.stdout


def test_the_help_names_what_can_be_imported(corscope: Command) -> None:
    said = "".join(corscope("import", "--help").stdout.split())
    assert all(name in said for name in IMPORTERS)


@pytest.mark.parametrize(
    ("name", "text", "policy"),
    [
        (
            "starlette",
            "app.add_middleware(CORSMiddleware, allow_methods='PUT')",
            Policy(allow_methods=("P", "U", "T")),
        ),
        (
            "starlette",
            "app.add_middleware(CORSMiddleware, allow_headers='x-a')",
            Policy(allow_headers=("x", "-", "a")),
        ),
        ("django", "CORS_EXPOSE_HEADERS = ('x-a')", Policy(expose_headers=("x", "-", "a"))),
    ],
)
def test_a_string_where_python_wants_a_list_is_its_characters(
    name: str, text: str, policy: Policy
) -> None:
    (found,) = read(name, "a.py", text)
    assert found.policy == policy
    (warning,) = found.warnings
    assert "is a string, of which each character is taken for a name: write a list" in warning


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("starlette", "app.add_middleware(CORSMiddleware, allow_headers='x-a, x-b')"),
        ("django", "CORS_ALLOWED_ORIGINS = ('https://a.test')"),
    ],
)
def test_a_string_that_is_no_list_is_refused(name: str, text: str) -> None:
    with pytest.raises(UnreadableError, match=r"a\.py:1: is a string, .*write a list"):
        read(name, "a.py", text)


def test_one_star_of_starlettes_is_a_list_of_it() -> None:
    (found,) = read("starlette", "a.py", "app.add_middleware(CORSMiddleware, allow_methods='*')")
    assert (found.policy, found.warnings) == (Policy(allow_methods="*"), ())


STARLETTE = "app.add_middleware(CORSMiddleware, allow_origins=['*'])\n"


@pytest.mark.parametrize(
    "sent",
    [
        "response.headers['Access-Control-Allow-Origin'] = '*'",
        "response.headers.add('Access-Control-Allow-Origin', '*')",
        "response.headers.setdefault('access-control-allow-headers', 'x')",
    ],
)
def test_what_python_sends_by_hand_beside_it_is_told(sent: str) -> None:
    source = Source("app.py", f"{STARLETTE}def f(response):\n    {sent}\n")
    list(IMPORTERS["starlette"](source))
    told = "Access-Control-Allow-… is sent by hand too, and is not imported"
    assert list(source.notes) == [f"app.py:3: {told}"]


def test_what_starlette_is_given_without_a_name_is_refused() -> None:
    with pytest.raises(UnreadableError, match=r"app\.py:2: has an argument without a name"):
        read("starlette", "app.py", "\napp.add_middleware(CORSMiddleware, ['https://a.test'])")


def test_a_blueprint_of_flasks_is_for_its_routes() -> None:
    text = "from flask_cors import CORS\nv1 = Blueprint('v1')\nCORS(v1, origins='*')\n"
    (found,) = read("flask-cors", "app.py", text)
    assert found.warnings == ("app.py:3: only the routes of v1 are meant: say so in match.url",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "MIDDLEWARE = ['a.B']\nCORS_ALLOW_ALL_ORIGINS = True",
            ["s.py:1: MIDDLEWARE has no CorsMiddleware, without which nothing is sent"],
        ),
        (
            "MIDDLEWARE = ['corsheaders.middleware.CorsMiddleware']\nCORS_ALLOW_ALL_ORIGINS = True",
            [],
        ),
        ("MIDDLEWARE = [*BASE, 'a.B']\nCORS_ALLOW_ALL_ORIGINS = True", []),
        (
            "CORS_URLS_REGEX = r'^/(a|b)/'",
            ["s.py:1: only paths that fit ^/(a|b)/ are meant: say so in match.url"],
        ),
        ("CORS_URLS_REGEX = r'^.*$'", []),
    ],
)
def test_where_djangos_settings_count_is_told(text: str, told: list[str]) -> None:
    (found,) = read("django", "s.py", text)
    assert list(found.warnings) == told


@pytest.mark.parametrize(
    ("name", "package", "body"),
    [
        ("gin", "github.com/gin-contrib/cors", 'v1 := r.Group("/v1")\nv1.Use(cors.Default())'),
        ("gin", "github.com/gin-contrib/cors", 'v1 := r.Group("/v1", cors.Default())\nv1.X()'),
        (
            "chi",
            "github.com/go-chi/cors",
            'r.Route("/v1", func(r chi.Router) {\nr.Use(cors.Handler(cors.Options{}))\n})',
        ),
        (
            "rs-cors",
            "github.com/rs/cors",
            's := r.PathPrefix("/v1").Subrouter()\ns.Use(cors.Default().Handler)',
        ),
    ],
)
def test_a_group_of_go_is_for_its_paths(name: str, package: str, body: str) -> None:
    (found,) = read(name, "main.go", go(body, package))
    (told,) = found.warnings
    assert told.endswith(": only paths that fit /v1 are meant: say so in match.url")


@pytest.mark.parametrize("made", ["r := gin.Default()", 'r := e.Group("/")', "r := f()"])
def test_what_is_no_group_of_go_is_for_all(made: str) -> None:
    (found,) = read("gin", "main.go", go(f"{made}\nr.Use(cors.Default())", GIN))
    assert found.warnings == ()


@pytest.mark.parametrize(
    "sent",
    [
        'w.Header().Set("Access-Control-Allow-Origin", "*")',
        'c.Header("access-control-allow-headers", "x")',
    ],
)
def test_what_go_sends_by_hand_beside_it_is_told(sent: str) -> None:
    source = Source("main.go", go(f"r.Use(cors.Default())\n{sent}", GIN))
    list(IMPORTERS["gin"](source))
    (note,) = source.notes
    assert note.endswith(": Access-Control-Allow-… is sent by hand too, and is not imported")


def test_flask_cors_takes_a_string_of_headers_for_one_name() -> None:
    text = "CORS(app, origins='https://a.test', allow_headers='Content-Type, X-A')"
    (found,) = read("flask-cors", "a.py", text)
    assert found.policy == Policy(allow_origins="https://a.test", allow_headers=())
    (warning,) = found.warnings
    assert warning.startswith("a.py:1: allow_headers is one name with its commas, so that no ")
    (found,) = read("flask-cors", "a.py", text.replace("Content-Type, ", ""))
    assert (found.policy.allow_headers, found.warnings) == (("X-A",), ())
