"""`corscope import` of what the environment may set: as the language itself has it without that."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Source, UnreadableError
from tests.cli.conftest import Command
from tests.servers.real.libraries import require_program

WITHOUT = {"PATH": os.environ["PATH"]}
"""An environment in which nothing is set."""

JAVASCRIPT = {
    "'https://set.test'": "",
    "process.env.ORIGIN || 'http://localhost:3000'": "ORIGIN",
    "process.env.ORIGIN ?? 'http://localhost:3000'": "ORIGIN",
    "process.env['ORIGIN'] || ['https://a.test', 'https://b.test']": "ORIGIN",
    "process.env.A || process.env.B || 'https://a.test'": "A and B",
    "process.env.ORIGINS?.split(',') || ['https://a.test']": "ORIGINS",
    "process.env.ORIGINS ? process.env.ORIGINS.split(',') : ['https://a.test']": "ORIGINS",
    "!process.env.ORIGINS ? 'https://a.test' : process.env.ORIGINS": "ORIGINS",
    "(process.env.O || 'https://a.test, https://b.test').split(',').map((o) => o.trim())": "O",
    "(process.env.O || 'https://a.test,').split(',').filter(Boolean)": "O",
    "(process.env.O || ' https://a.test ').trim().split(',')": "O",
    "process.env.NODE_ENV === 'production' ? 'https://a.test' : 'http://l:5173'": "NODE_ENV",
    "process.env.NODE_ENV !== 'production' ? 'http://l:5173' : 'https://a.test'": "NODE_ENV",
    "['https://a.test', process.env.ORIGIN].filter(Boolean)": "ORIGIN",
    "['https://a.test', process.env.ORIGIN].filter((o) => !!o)": "ORIGIN",
    "['https://a.test', ...(process.env.MORE ? [process.env.MORE] : [])]": "MORE",
    "['https://a.test'].concat(process.env.MORE ? process.env.MORE.split(',') : [])": "MORE",
    "undefined ?? 'https://a.test'": "",
    "'' || 'https://a.test'": "",
    "['https://a.test'] || ['https://b.test']": "",
    "taken || 'https://a.test'": "taken",
    "named ? named.split(',') : ['https://a.test']": "NAMED",
}
HEAD = "const { taken } = process.env;\nconst named = process.env.NAMED;\n"


@pytest.fixture(scope="module")
def javascript() -> dict[str, object]:
    """What each expression is to Node.js where the environment sets nothing."""
    require_program("node")
    code = f"{HEAD}console.log(JSON.stringify([{','.join(JAVASCRIPT)}]))"
    told = subprocess.run(["node", "-e", code], check=True, capture_output=True, env=WITHOUT)
    return dict(zip(JAVASCRIPT, json.loads(told.stdout), strict=True))


def notes(source: Source) -> list[str]:
    return [note.partition(": ")[2] for note in source.notes]


def unset(name: str) -> list[str]:
    return [f"taken as if {name} weren't set: what stands here then counts"] if name else []


def read_origins(name: str, file: str, text: str) -> tuple[object, list[str]]:
    """The origins of the only policy, a list as one, and what is told of the environment."""
    source = Source(file, text)
    (found,) = IMPORTERS[name](source)
    origins = found.policy.allow_origins
    return list(origins) if isinstance(origins, tuple) else origins, notes(source)


@pytest.mark.parametrize("written", JAVASCRIPT)
def test_javascript_chooses_as_node_does_without_the_variable(
    written: str, javascript: dict[str, object]
) -> None:
    text = f"const cors = require('cors');\n{HEAD}app.use(cors({{ origin: {written} }}));\n"
    expected = (javascript[written], unset(JAVASCRIPT[written]))
    assert read_origins("express", "a.js", text) == expected


@pytest.mark.parametrize(
    "written",
    [
        "process.env.ORIGIN",
        "process.env.A || process.env.B",
        "config.origin || 'https://a.test'",
        "process.env.A + '.test' || 'https://a.test'",
        "process.env.HOSTS.split(',').map((h) => `https://${h}`)",
        "isProduction ? 'https://a.test' : 'https://b.test'",
        "process.env.A > 1 ? 'https://a.test' : 'https://b.test'",
        "['https://a.test', other].filter(Boolean)",
        "'https://a.test,https://b.test'.split(/,/)",
        "process.env.A && 'https://a.test'",
    ],
)
def test_what_has_no_default_in_javascript_is_refused(written: str) -> None:
    text = f"const cors = require('cors');\napp.use(cors({{ origin: {written} }}));\n"
    with pytest.raises(UnreadableError, match=r"a\.js:2: can't tell the value of `"):
        read_origins("express", "a.js", text)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("config.get<string>('ORIGIN', 'https://a.test')", "ORIGIN"),
        ("this.configService.get<string>('cors.origin') ?? 'https://a.test'", "cors.origin"),
        ("Deno.env.get('ORIGIN') ?? 'https://a.test'", "ORIGIN"),
        ("(process.env.O as string)?.split(',') ?? 'https://a.test'", "O"),
        ("import.meta.env.ORIGIN || 'https://a.test'", "ORIGIN"),
    ],
)
def test_settings_of_nest_and_deno_have_defaults_too(written: str, name: str) -> None:
    text = f"app.enableCors({{ origin: {written} }});"
    assert read_origins("express", "a.ts", text) == ("https://a.test", unset(name))


def test_numbers_and_flags_may_hang_on_the_environment() -> None:
    options = (
        "credentials: process.env.C === 'true', maxAge: Number(process.env.M) || 600, "
        "optionsSuccessStatus: parseInt(process.env.S || '200', 10)"
    )
    source = Source("a.js", f"const cors = require('cors');\napp.use(cors({{ {options} }}));\n")
    (found,) = IMPORTERS["express"](source)
    assert found.policy.allow_credentials is False
    assert found.policy.max_age == 600
    assert found.policy.settings == (("options_success_status", 200),)
    assert notes(source) == [*unset("C"), *unset("M"), *unset("S")]


def test_what_hangs_on_the_environment_elsewhere_is_not_told() -> None:
    text = "const cors = require('cors');\napp.use(cors());\napp.listen(process.env.PORT || 3000);"
    assert read_origins("express", "a.js", text) == (None, [])


PYTHON = {
    "os.environ.get('O', 'https://a.test,https://b.test').split(',')": "O",
    "os.getenv('O', 'https://a.test').split(',')": "O",
    "[o.strip() for o in os.getenv('O', 'https://a.test, https://b.test').split(',')]": "O",
    "[o for o in os.getenv('O', 'https://a.test,').split(',') if o]": "O",
    "[o.strip() for o in os.getenv('O', 'https://a.test, ').split(',') if o.strip()]": "O",
    "[os.getenv('O', 'https://a.test'), 'https://b.test']": "O",
    "(os.getenv('O') or 'https://a.test').split(',')": "O",
    "(os.getenv('A') or os.getenv('B') or 'https://a.test').split(',')": "A and B",
    "os.getenv('O').split(',') if os.getenv('O') else ['https://a.test']": "O",
    "['https://a.test'] if os.getenv('E') == 'production' else ['http://localhost:5173']": "E",
    "['http://localhost:5173'] if os.getenv('E') != 'production' else ['https://a.test']": "E",
    "['https://b.test'] if os.getenv('E', 'dev') in ('dev', 'test') else ['https://a.test']": "E",
    "['https://b.test'] if os.getenv('D', 'False').lower() == 'true' else ['https://a.test']": "D",
    "[o for o in [os.getenv('O'), 'https://b.test'] if o]": "O",
    "list(o.strip() for o in 'https://a.test,https://b.test'.split(','))": "",
    "['https://a.test'] if DEBUG else ['https://b.test']": "",
    "[] or ['https://a.test']": "",
    "named.split(',') if named else ['https://a.test']": "NAMED",
    "grown": "",
    "summed": "",
}
PYTHON_HEAD = """import os
DEBUG = True
named = os.environ.get("NAMED")
grown = ["https://a.test"]
grown.append("https://b.test")
grown.extend(["https://c.test", "https://d.test"])
grown.insert(1, "https://e.test")
summed = ["https://a.test"]
summed += ["https://b.test"]
"""


@pytest.fixture(scope="module")
def python() -> dict[str, object]:
    """What each expression is to Python where the environment sets nothing."""
    code = f"{PYTHON_HEAD}import json\nprint(json.dumps([{','.join(PYTHON)}]))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={})
    return dict(zip(PYTHON, json.loads(told.stdout), strict=True))


@pytest.mark.parametrize("written", PYTHON)
def test_python_chooses_as_it_does_without_the_variable(
    written: str, python: dict[str, object]
) -> None:
    text = f"{PYTHON_HEAD}app.add_middleware(CORSMiddleware, allow_origins={written})\n"
    origins, told = read_origins("starlette", "a.py", text)
    assert isinstance(origins, list)
    expected = python[written]
    assert isinstance(expected, list)
    assert sorted(origins) == sorted(expected)
    assert told == unset(PYTHON[written])


@pytest.mark.parametrize(
    "written",
    [
        "os.environ['O'].split(',')",
        "os.getenv('O')",
        "os.getenv('A') or os.getenv('B')",
        "settings.origins or ['https://a.test']",
        "[f'https://{h}' for h in os.getenv('H', 'a.test').split(',')]",
        "[o for o in ['https://a.test'] if o.endswith('x')]",
        "['https://a.test'] if production else ['https://b.test']",
        "os.getenv('O', other)",
        "json.loads(os.getenv('O', '[]'))",
    ],
)
def test_what_has_no_default_in_python_is_refused(written: str) -> None:
    text = f"app.add_middleware(CORSMiddleware,\n  allow_origins={written})\n"
    with pytest.raises(UnreadableError, match=r"a\.py:2: can't tell the value of `"):
        read_origins("starlette", "a.py", text)


@pytest.mark.parametrize(
    "written",
    [
        "env.list('O', default=['https://a.test', 'https://b.test'])",
        "env.list('O', default='https://a.test,https://b.test')",
        "env('O', default='https://a.test,https://b.test').split(',')",
        "config('O', default='https://a.test, https://b.test', cast=Csv())",
        "config('O', default='https://a.test, https://b.test',"
        " cast=lambda v: [s.strip() for s in v.split(',')])",
    ],
)
def test_what_djangos_settings_come_from_has_defaults_too(written: str) -> None:
    text = f"CORS_ALLOWED_ORIGINS = {written}\n"
    expected = (["https://a.test", "https://b.test"], unset("O"))
    assert read_origins("django", "settings.py", text) == expected


def test_a_list_that_grows_where_that_is_not_certain_is_told() -> None:
    text = "CORS_ALLOWED_ORIGINS = ['https://a.test']\nif DEBUG:\n"
    (found,) = IMPORTERS["django"](
        Source("s.py", f"{text}    CORS_ALLOWED_ORIGINS += ['https://b.test']\n")
    )
    assert found.policy.allow_origins == ("https://a.test", "https://b.test")
    assert found.warnings == ("s.py:3: CORS_ALLOWED_ORIGINS isn't always set: taken as if it is",)


def test_a_name_that_grows_where_that_is_not_certain_is_told() -> None:
    text = "o = ['https://a.test']\nif debug:\n    o.append('https://b.test')\n"
    source = Source("a.py", f"{text}app.add_middleware(CORSMiddleware, allow_origins=o)\n")
    (found,) = IMPORTERS["starlette"](source)
    assert found.policy.allow_origins == ("https://a.test", "https://b.test")
    assert notes(source) == ["o isn't always set: taken as if it is"]


@pytest.mark.parametrize(
    "change",
    ["o.remove('a')", "o.clear()", "o[0] = 'b'", "o.append(f())", "o += f()", "o.sort()"],
)
def test_a_list_that_is_changed_otherwise_is_refused(change: str) -> None:
    with pytest.raises(UnreadableError, match="can't tell the value of `"):
        read_origins(
            "starlette",
            "a.py",
            f"o = ['a']\n{change}\napp.add_middleware(CORSMiddleware, allow_origins=o)\n",
        )


PHP = {
    "explode(',', env('O', 'https://a.test,https://b.test'))": "O",
    "explode(',', (string) env('O', 'https://a.test'))": "O",
    "[env('O', 'https://a.test'), 'https://b.test']": "O",
    "array_filter([env('O'), 'https://b.test'])": "O",
    "[env('O') ?? 'https://a.test']": "O",
    "[env('O') ?: 'https://a.test']": "O",
    "env('O') ? explode(',', env('O')) : ['https://a.test']": "O",
    "env('E') === 'production' ? ['https://a.test'] : ['https://b.test']": "E",
    "array_map('trim', explode(',', env('O', 'https://a.test, https://b.test')))": "O",
    "array_filter(explode(',', env('O', 'https://a.test,')))": "O",
}
PHP_HEAD = (
    "function env($name, $default = null)"
    " { $value = getenv($name); return $value === false ? $default : $value; }"
)


@pytest.fixture(scope="module")
def php() -> dict[str, object]:
    """What each expression is to PHP where the environment sets nothing."""
    require_program("php")
    lists = ",".join(f"array_values({each})" for each in PHP)
    code = f"{PHP_HEAD} echo json_encode([{lists}]);"
    told = subprocess.run(["php", "-n", "-r", code], check=True, capture_output=True, env=WITHOUT)
    return dict(zip(PHP, json.loads(told.stdout), strict=True))


@pytest.mark.parametrize("written", PHP)
def test_php_chooses_as_it_does_without_the_variable(written: str, php: dict[str, object]) -> None:
    text = f"<?php return ['paths' => ['*'], 'allowed_origins' => {written}];"
    expected = (php[written], unset(PHP[written]))
    assert read_origins("laravel", "cors.php", text) == expected


RUBY = {
    "ENV.fetch('O', 'https://a.test,https://b.test').split(',')": "O",
    "[ENV.fetch('O') { 'https://a.test' }]": "O",
    "[ENV['O'] || 'https://a.test']": "O",
    "ENV['O']&.split(',') || ['https://a.test']": "O",
    "(ENV['O'] || 'https://a.test, https://b.test').split(',').map(&:strip)": "O",
    "ENV.fetch('O', 'https://a.test,,https://b.test').split(',').reject(&:empty?)": "O",
    "[ENV['O'], 'https://a.test'].compact": "O",
    "[ENV['E'] == 'production' ? 'https://a.test' : 'https://b.test']": "E",
    "[ENV['E'] != 'production' ? 'https://b.test' : 'https://a.test']": "E",
    "ENV['O'] ? ENV['O'].split(',') : ['https://a.test']": "O",
    "[*ENV.fetch('O', 'https://a.test,https://b.test').split(',')]": "O",
}


@pytest.fixture(scope="module")
def ruby() -> dict[str, object]:
    """What each expression is to Ruby where the environment sets nothing."""
    require_program("ruby")
    code = f"require 'json'; puts JSON.generate([{','.join(RUBY)}])"
    told = subprocess.run(["ruby", "-e", code], check=True, capture_output=True, env=WITHOUT)
    return dict(zip(RUBY, json.loads(told.stdout), strict=True))


def rack(origins: str) -> str:
    resource = "resource '*', headers: :any, methods: [:get]"
    return f"use Rack::Cors do\nallow do\norigins {origins}\n{resource}\nend\nend"


@pytest.mark.parametrize("written", RUBY)
def test_ruby_chooses_as_it_does_without_the_variable(
    written: str, ruby: dict[str, object]
) -> None:
    expected = (ruby[written], unset(RUBY[written]))
    assert read_origins("rack-cors", "cors.rb", rack(written)) == expected


GO = """package main

import ("cmp"; "os"; "strings"; "github.com/rs/cors")

func getEnv(key, fallback string) string {
	if value, ok := os.LookupEnv(key); ok {
		return value
	}
	return fallback
}

func env(key string, fallback string) string {
	value := os.Getenv(key)
	if value == "" {
		return fallback
	}
	return value
}

func main() {
	origin := os.Getenv("O")
	if origin == "" {
		origin = "https://a.test"
	}
	other := os.Getenv("O")
	if other != "" {
		other = "https://a.test"
	}
	either := os.Getenv("O")
	if either == "" {
		either = "https://a.test"
	} else {
		either = "https://b.test"
	}
	cors.New(cors.Options{AllowedOrigins: %s})
}
"""


@pytest.mark.parametrize(
    "written",
    [
        'strings.Split(getEnv("O", "https://a.test"), ",")',
        '[]string{env("O", "https://a.test")}',
        '[]string{cmp.Or(os.Getenv("O"), "https://a.test")}',
        "[]string{origin}",
        'strings.Split(origin, ",")',
    ],
)
def test_go_takes_what_stands_behind_the_variable(written: str) -> None:
    assert read_origins("rs-cors", "main.go", GO % written) == (["https://a.test"], unset("O"))


@pytest.mark.parametrize(
    "written", ['os.Getenv("O")', "other", "either", 'lookUp("O", "https://a.test")']
)
def test_what_has_no_default_in_go_is_refused(written: str) -> None:
    with pytest.raises(UnreadableError, match="can't tell the value of `"):
        read_origins("rs-cors", "main.go", GO % f"[]string{{{written}}}")


CSHARP = [
    'builder.Configuration.GetSection("O").Get<string[]>() ?? new[] { "https://a.test" }',
    'builder.Configuration["O"] ?? "https://a.test"',
    'Environment.GetEnvironmentVariable("O") ?? "https://a.test"',
    """Environment.GetEnvironmentVariable("O")?.Split(',') ?? new[] { "https://a.test" }""",
    'builder.Configuration.GetValue<string>("O", "https://a.test")',
    '(configuration["O"] ?? "https://a.test").Split(",")',
]


@pytest.mark.parametrize("written", CSHARP)
def test_csharp_takes_what_stands_behind_the_setting(written: str) -> None:
    text = f"var o = {written};\nservices.AddCors(x => x.AddDefaultPolicy(p => p.WithOrigins(o)));"
    assert read_origins("aspnet-core", "Program.cs", text) == (["https://a.test"], unset("O"))


SPRING = {
    "a field": '@Value("${o:https://a.test}") String[] o; void c() { %s.setAllowedOrigins(o); }',
    "a list": '@Value("${o:https://a.test}") List<String> o; void c() { %s.setAllowedOrigins(o); }',
    "a parameter": 'void c(@Value("${o:https://a.test}") String o)'
    " { %s.setAllowedOrigins(List.of(o)); }",
    "a text": '@Value("${o:https://a.test}") String o;'
    ' void c() { %s.setAllowedOrigins(Arrays.asList(o.split(","))); }',
}


@pytest.mark.parametrize("form", SPRING)
def test_spring_injects_what_stands_behind_the_colon(form: str) -> None:
    text = f"class A {{ {SPRING[form] % 'new CorsConfiguration()'} }}"
    assert read_origins("spring", "A.java", text) == (["https://a.test"], unset("o"))


def test_springs_annotations_and_settings_have_placeholders() -> None:
    text = '@CrossOrigin(origins = "${o:https://a.test}", maxAge = 5) class A {}'
    assert read_origins("spring", "A.java", text) == (["https://a.test"], unset("o"))
    text = "globalcors:\n  cors-configurations:\n    '[/**]':\n"
    text += "      allowed-origins: ${o:https://a.test,https://b.test}\n"
    expected = (["https://a.test", "https://b.test"], unset("o"))
    assert read_origins("spring", "application.yml", text) == expected


@pytest.mark.parametrize(
    "written",
    [
        '@CrossOrigin(origins = "${o}") class A {}',
        '@CrossOrigin(origins = "#{o:x}") class A {}',
        'class A { @Value("${o}") String o; void c(CorsConfiguration c) { c = new'
        " CorsConfiguration(); c.addAllowedOrigin(o); } }",
        'class A { void c(CorsRegistry r) { r.addMapping("/**").allowedOrigins("${o:x}"); } }',
    ],
)
def test_what_spring_does_not_tell_is_refused(written: str) -> None:
    with pytest.raises(UnreadableError, match=r"A\.java:1: can't tell the value of `"):
        read_origins("spring", "A.java", written)


def test_what_is_taken_as_not_set_is_told_on_standard_error(corscope: Command) -> None:
    text = "const cors = require('cors');\napp.use(cors({ origin: process.env.O || 'http://a' }));"
    done = corscope("import", "-", "--from", "express", "--host", "a", stdin=text.encode())
    assert done.returncode == 0
    assert "warning: -:2: taken as if O weren't set: what stands here then counts" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "a {\nheader Access-Control-Allow-Origin {$O:https://a.test}\n}",
        '(cors) {\nheader Access-Control-Allow-Origin "{args[0]}"\n}\n'
        "{$HOST:localhost} {\nimport cors {$O:https://a.test}\n}",
    ],
)
def test_caddy_takes_what_stands_behind_the_colon(text: str) -> None:
    assert read_origins("caddy", "Caddyfile", text) == ("https://a.test", unset("O"))


def test_what_has_no_default_in_a_caddyfile_is_refused() -> None:
    with pytest.raises(UnreadableError, match="can't tell the value of"):
        read_origins("caddy", "Caddyfile", "a {\nheader Access-Control-Allow-Origin {$O}\n}")
