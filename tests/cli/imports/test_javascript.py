"""`corscope import` of JavaScript: functions that test an origin, and names that change."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS, guess
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.servers.policy import Policy, SettingValue
from tests.cli.imports.reading import in_little_memory, read

LISTED = Policy(allow_origins=("https://a.test", "https://b.test"))
C, D = "https://c.test", "https://d.test"
LISTED_ORIGINS = ("https://a.test", "https://b.test")
MISSING_TOO = (("missing_origin", False),)
LEFT = (("other_origins", "ignore"),)
FAILS = (("other_origins", "error"),)


def express(function: str, before: str = "") -> str:
    return (
        'const cors = require("cors");\n'
        'const allowed = ["https://a.test", "https://b.test"];\n'
        f"{before}\napp.use(cors({{ origin: {function} }}));\n"
    )


def middleware(module: str, function: str) -> str:
    return express(function).replace('require("cors")', f'require("{module}")')


CALLED_BACK = {
    "Express's documentation": (
        """function (origin, callback) {
          if (allowed.indexOf(origin) !== -1) {
            callback(null, true)
          } else {
            callback(new Error('Not allowed by CORS'))
          }
        }""",
        FAILS + MISSING_TOO,
    ),
    "or without an origin": (
        "(origin, cb) => { if (!origin || allowed.includes(origin)) { cb(null, true); return; }"
        " cb(null, false); }",
        LEFT,
    ),
    "what is missing first": (
        """(origin, callback) => {
          // curl and the like have none
          if (!origin) return callback(null, true);
          if (allowed.indexOf(origin) === -1) {
            const message = `not ${origin}`;
            return callback(new Error(message), false);
          }
          return callback(null, true);
        }""",
        FAILS,
    ),
    "not among them": (
        "(origin, cb) => { if (origin && !allowed.includes(origin)) { cb(null, false) }"
        " else { cb(null, origin) } }",
        LEFT + MISSING_TOO,
    ),
    "in one call": ("(origin, cb) => cb(null, allowed.includes(origin))", LEFT + MISSING_TOO),
    "in one call, with the origin": (
        "(origin, cb) => cb(null, ~allowed.indexOf(origin) ? origin : false)",
        LEFT + MISSING_TOO,
    ),
    "one by one": (
        "(o, cb) => { if (o === 'https://a.test') return cb(null, true);"
        " else if ('https://b.test' == o) { cb(null, true) } else cb(null, false) }",
        LEFT + MISSING_TOO,
    ),
    "with words for a log": (
        """(origin, cb) => {
          console.log("asked by", origin);
          if (allowed.includes(origin)) { logger.debug("ours"); return cb(null, true); }
          console.warn(`not ${origin}`);
          cb(null, false);
        }""",
        LEFT + MISSING_TOO,
    ),
    "only with an origin": ("(o, cb) => cb(null, o && allowed.includes(o))", LEFT + MISSING_TOO),
    "only with an origin, as a boolean": (
        "(o, cb) => cb(null, !!o && allowed.includes(o))",
        LEFT + MISSING_TOO,
    ),
    "with some": ("(o, cb) => cb(null, allowed.some((each) => each === o))", LEFT + MISSING_TOO),
    "of a set": ("(o, cb) => cb(undefined, new Set(allowed).has(o))", LEFT + MISSING_TOO),
}


@pytest.mark.parametrize(("function", "settings"), CALLED_BACK.values(), ids=CALLED_BACK)
def test_a_function_that_calls_back_for_a_list_is_that_list(
    function: str, settings: tuple[tuple[str, SettingValue], ...]
) -> None:
    (found,) = read("express", "a.js", express(function))
    assert found.policy == replace(LISTED, settings=settings)
    assert found.warnings == ()


def test_a_function_that_calls_back_for_all_sends_any_origin_back() -> None:
    (found,) = read("express", "a.js", express("(origin, callback) => callback(null, true)"))
    assert (found.policy, found.warnings) == (Policy(allow_origins="request"), ())


def test_a_function_that_calls_back_with_a_list_is_that_list() -> None:
    (found,) = read("express", "a.js", express("(origin, callback) => callback(null, allowed)"))
    assert (found.policy, found.warnings) == (LISTED, ())


def test_a_function_may_stand_elsewhere_and_search() -> None:
    text = """import fastifyCors from '@fastify/cors';
    const patterns: RegExp[] = [/\\.a\\.test$/];
    function check(origin: string | undefined, cb: Callback): void {
      if (patterns.some((p) => p.test(origin)) || origin.endsWith('.b.test')) {
        return cb(null, true);
      }
      cb(new Error('no'), false);
    }
    app.register(fastifyCors, { origin: check });"""
    (found,) = read("fastify", "a.ts", text)
    regex = r"(?:\.a\.test$)|(?:\.b\.test$)"
    words = (("error_message", "no"),)
    assert found.policy == Policy(allow_origin_regex=regex, settings=FAILS + MISSING_TOO + words)
    assert found.warnings == ()


ANY_PORT = "(:[0-9]+)?$"
A_TEST = rf"^[a-z][a-z0-9+.-]*://a\.test{ANY_PORT}"


@pytest.mark.parametrize(
    ("function", "regex"),
    [
        (
            """(origin, cb) => {
              const hostname = new URL(origin).hostname
              if (hostname === "a.test") { cb(null, true); return }
              cb(new Error("Not allowed"), false)
            }""",
            A_TEST,
        ),
        ("(o, cb) => cb(null, new URL(o).hostname.endsWith('.b.test'))", rf"\.b\.test{ANY_PORT}"),
        (
            "(o, cb) => { const { hostname } = new URL(o); cb(null, hostname === 'a.test'); }",
            A_TEST,
        ),
        ("(o, cb) => cb(null, ['a.test'].includes(new URL(o!).hostname))", A_TEST),
    ],
)
@pytest.mark.parametrize("name", ["express", "fastify"])
def test_a_function_may_look_at_the_host_alone(name: str, function: str, regex: str) -> None:
    call = {"express": "app.use(require('cors')(%s));", "fastify": "app.register(%s, %s);"}[name]
    options = f"{{ origin: {function} }}"
    given = ("require('@fastify/cors')", options) if name == "fastify" else options
    (found,) = read(name, "a.ts", call % given)
    fails = "new Error" in function
    words = (("error_message", "Not allowed"),) if fails and name == "fastify" else ()
    how = (FAILS if fails else LEFT) + MISSING_TOO + words
    assert found.policy == Policy(allow_origin_regex=regex, settings=how)


def test_a_function_may_be_a_method_of_the_options() -> None:
    text = (
        'const cors = require("cors");\napp.use(cors({ origin(o, cb) { cb(null, "x" === o) } }));'
    )
    (found,) = read("express", "a.js", text)
    assert found.policy == Policy(allow_origins=("x",), settings=LEFT + MISSING_TOO)


@pytest.mark.parametrize(
    "function",
    [
        "(origin, cb) => cb(null, check(origin))",
        "(origin, cb) => { if (allowed.includes(origin)) { cb(null, true) } cb(null, false) }",
        "(o, cb) => { if (allowed.includes(o)) { log(1); return cb(null, true) } cb(null, false) }",
        "(o, cb) => { if (allowed.includes(o) && on) return cb(null, true); cb(null, false) }",
        "(origin, cb) => { if (!allowed.includes(origin)) return cb(null, true); cb(null, false) }",
        "(origin, cb) => { if (allowed.includes(origin)) return cb(null, '*'); cb(null, false) }",
        "(o, cb) => { if (allowed.indexOf(o) === -1) return cb(null, false); cb(null, x) }",
        "(origin, cb) => { if (allowed.includes(origin)) return cb(null, true) }",
        "(origin, cb) => db.find(origin).then((ok) => cb(null, ok))",
        "(origin, cb) => cb(null, names.includes(new URL(origin).hostname))",
        "(origin, cb) => cb(null, new URL(other).hostname === 'a.test')",
        "(o, cb) => { const { hostname } = request; cb(null, hostname === 'a.test'); }",
        "(o, cb) => { const { hostname: h } = new URL(o); cb(null, h === 'a.test'); }",
        "(origin, cb) => cb(null, allowed.some((each) => each.length === origin))",
        "(origin, cb) => cb(null, !origin && allowed.includes(origin))",
        "(origin, cb) => cb(null, other && allowed.includes(origin))",
        "(origin, cb) => other(null, true)",
        "(origin, cb) => db.load((error, origins) => cb(error, origins))",
        "(origin, cb) => cb(null, [process.env.ORIGIN])",
        "(origin, cb) => {}",
        "cb => cb(null, true)",
    ],
)
def test_a_function_that_does_more_is_refused(function: str) -> None:
    with pytest.raises(UnreadableError, match=r"a\.js:4: can't tell the value of `"):
        read("express", "a.js", express(function))


def test_a_name_that_is_given_a_value_once_needs_no_const() -> None:
    (found,) = read("express", "a.js", express("list", "var list = allowed;"))
    assert found.policy == LISTED


@pytest.mark.parametrize(
    "change",
    [
        "list.push(process.env.ORIGIN);",
        "list[0] = process.env.ORIGIN;",
        "list.length = 1;",
        "list = [];",
        "for (list of lists) {}",
        "list += '';",
        "list++;",
    ],
)
def test_a_name_whose_value_changes_is_refused(change: str) -> None:
    with pytest.raises(UnreadableError, match=r"can't tell the value of `list`"):
        read("express", "a.js", express("list", f"let list = allowed;\n{change}"))


def test_options_that_are_written_to_later_are_refused() -> None:
    text = (
        'const cors = require("cors");\nconst options = {};\n'
        "options.origin = process.env.ORIGIN;\napp.use(cors(options));"
    )
    with pytest.raises(UnreadableError, match=r"a\.js:4: can't tell the value of `options`"):
        read("express", "a.js", text)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".b()" * 100_000,
        "f(" * 100_000 + ")" * 100_000,
        "const a = () => {" * 20_000 + "}" * 20_000,
        "const " + ", ".join(f"a{n} = {n}" for n in range(50_000)) + ";",
        "a.push(1)" + ".push(1)" * 100_000,
    ],
    ids=["calls in a row", "nested calls", "nested functions", "many names", "many pushes"],
)
def test_what_grows_with_the_square_of_a_file_is_not_done(text: str) -> None:
    with pytest.raises(UnreadableError, match="has no cors"):
        read("express", "a.js", text)


def test_a_call_that_is_not_always_made_is_told() -> None:
    text = 'const cors = require("cors");\nif (dev) {\n  app.use(cors());\n}\n'
    (found,) = read("express", "a.js", text)
    assert found.warnings == ("a.js:3: cors isn't always called: taken as if it is",)


@pytest.mark.parametrize(
    ("function", "origins"),
    [
        ("(o) => allowed.includes(o) ? o : allowed[0]", LISTED_ORIGINS),
        ("(o) => allowed.includes(o) ? o : 'https://c.test'", (*LISTED_ORIGINS, C)),
        (
            f"(o) => o === 'https://c.test' ? o : allowed.includes(o) ? o : '{D}'",
            (C, *LISTED_ORIGINS, D),
        ),
    ],
)
def test_the_origin_that_all_others_get_is_listed_and_told(
    function: str, origins: tuple[str, ...]
) -> None:
    for name, module in (("hono", "hono/cors"), ("koa", "@koa/cors")):
        (found,) = read(name, "a.js", middleware(module, function))
        assert found.policy == Policy(allow_origins=origins)
        assert found.warnings == (
            "a.js:4: other origins get one that isn't theirs, of no use to them; "
            "from the rule none",
        )


@pytest.mark.parametrize("rest", ["''", "null", "undefined", "false"])
def test_what_is_no_origin_is_none(rest: str) -> None:
    (found,) = read(
        "koa", "a.js", middleware("@koa/cors", f"o => allowed.includes(o) ? o : {rest}")
    )
    assert (found.policy, found.warnings) == (LISTED, ())


@pytest.mark.parametrize("rest", ["'*'", "process.env.ORIGIN", "allowed[7]", "allowed[n]", "f(o)"])
def test_another_origin_that_shows_only_when_it_runs_is_refused(rest: str) -> None:
    with pytest.raises(UnreadableError, match=r"a\.js:4: can't tell the value of `"):
        read("hono", "a.js", middleware("hono/cors", f"o => allowed.includes(o) ? o : {rest}"))


def test_a_call_back_with_another_origin_is_told() -> None:
    function = "(o, cb) => cb(null, allowed.includes(o) ? o : 'https://c.test')"
    (found,) = read("express", "a.js", express(function))
    assert found.policy == Policy(allow_origins=(*LISTED_ORIGINS, C))
    assert len(found.warnings) == 1


@pytest.mark.parametrize(
    ("name", "options", "policy", "warning"),
    [
        (
            *("express", "credentials: 'true'"),
            Policy(allow_credentials=False),
            "credentials is a string, which counts as false",
        ),
        (
            *("koa", "credentials: 'false'"),
            Policy(allow_credentials=True),
            "credentials is a string, which counts as true",
        ),
        (
            *("express", "methods: 'GET, PUT'"),
            Policy(allow_methods=("GET", "PUT")),
            "methods is sent as it stands; from the rule: GET,PUT",
        ),
        (
            *("fastify", "allowedHeaders: 'x-a,x-b'"),
            Policy(allow_headers=("x-a", "x-b")),
            "allowedHeaders is sent as it stands; from the rule: x-a, x-b",
        ),
        (
            *("fastify", "preflight: false"),
            Policy(forward_preflight=True),
            "preflight is false: preflights go to the application; to its answer the rule adds "
            "the methods",
        ),
        ("express", "credentials: true", Policy(allow_credentials=True), None),
        ("express", "methods: 'GET,PUT'", Policy(allow_methods=("GET", "PUT")), None),
        ("fastify", "exposedHeaders: 'a, b'", Policy(expose_headers=("a", "b")), None),
        ("fastify", "preflight: true", Policy(), None),
    ],
)
def test_an_option_is_taken_as_the_library_takes_it(
    name: str, options: str, policy: Policy, warning: str | None
) -> None:
    call = {
        "express": "app.use(require('cors')({%s}));",
        "koa": "app.use(require('@koa/cors')({%s}));",
        "fastify": "app.register(require('@fastify/cors'), {%s});",
    }[name]
    (found,) = read(name, "a.js", call % options)
    assert found.policy == policy
    assert found.warnings == (() if warning is None else (f"a.js:1: {warning}",))


def test_cors_in_a_route_is_for_its_requests_and_not_for_their_preflights() -> None:
    text = "const cors = require('cors');\napp.get('/x', cors(), handler);\n"
    (found,) = read("express", "a.js", text)
    assert found.match == {"kind": "actual", "method": ("GET", "HEAD")}
    assert (found.paths, found.warnings) == (("/x", "/x?*"), ())
    actual, preflight = read("express", "a.js", f"{text}app.options('/x', cors());\n")
    assert actual.match == {"kind": "actual", "method": ("GET", "HEAD")}
    assert (preflight.match, preflight.paths) == ({"kind": "preflight"}, ("/x", "/x?*"))
    by_hand = "app.options('/x', (req, res) => res.sendStatus(204));\n"
    (found,) = read("express", "a.js", text + by_hand)
    assert found.match == {"kind": "actual", "method": ("GET", "HEAD")}
    told = "a.js:3: preflights are answered by hand, and that is not imported"
    assert found.warnings == (told,)


OF_GET = {"kind": "actual", "method": ("GET", "HEAD")}


@pytest.mark.parametrize(
    ("name", "route", "match", "paths"),
    [
        ("express", "app.all('/x', cors(), h)", {}, ("/x", "/x?*")),
        ("express", "app.all('*', cors())", {}, ()),
        ("express", "app.get('/', cors(), h)", OF_GET, ("/", "/?*")),
        ("express", "app.get(['/a', '/b'], cors(), h)", OF_GET, ("/a", "/a?*", "/b", "/b?*")),
        ("express", "app.route('/r').get(cors(), h)", OF_GET, ("/r", "/r?*")),
        (
            "express",
            "app.route('/r').get(h).put(cors(), h)",
            {"kind": "actual", "method": ("PUT",)},
            ("/r", "/r?*"),
        ),
        ("hono", "app.get('/x', cors(), h)", OF_GET, ("/x", "/x?*")),
        ("hono", "app.get('/z/*', cors(), h)", OF_GET, ("/z", "/z?*", "/z/*")),
        ("hono", "app.all('/y', cors(), h)", {}, ("/y", "/y?*")),
        ("koa", "router.get('/x', cors(), h)", OF_GET, ("/x", "/x?*")),
    ],
)
def test_cors_in_a_route_is_for_its_paths_and_methods(
    name: str, route: str, match: dict[str, object], paths: tuple[str, ...]
) -> None:
    """As the libraries themselves answer: a rule for all would be another policy."""
    module = {"express": "cors", "hono": "hono/cors", "koa": "@koa/cors"}[name]
    imported = f"const {'{ cors }' if name == 'hono' else 'cors'} = require('{module}');\n"
    (found,) = read(name, "a.js", f"{imported}{route};\n")
    assert (found.match, found.paths, found.warnings) == (match, paths, ())


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        (["app.use(c)"], [({}, ())]),
        (["app.use(c)", "app.options('*', c)"], [({}, ())]),
        (["app.use('/api', c)"], [({}, ("/api", "/api?*", "/api/*"))]),
        (
            ["app.options('/x', c)", "app.get('/x', c, h)"],
            [({"kind": "preflight"}, ("/x", "/x?*")), (OF_GET, ("/x", "/x?*"))],
        ),
        (["module.exports = c"], [({}, ())]),
        (["run(req, res, c)", "run(req, res, c)"], [({}, ())]),
    ],
)
def test_a_constant_counts_where_it_is_used(
    uses: list[str], expected: list[tuple[dict[str, object], tuple[str, ...]]]
) -> None:
    text = "const cors = require('cors');\nconst c = cors();\n" + ";\n".join(uses)
    found = read("express", "a.js", text)
    assert [(each.match, each.paths) for each in found] == expected
    assert [warning for each in found for warning in each.warnings] == []


def test_many_uses_take_a_moment_only() -> None:
    uses = (f"const c{n} = cors();app.get('/{n}', c{n}, h);app.use(cors());" for n in range(300))
    began = time.perf_counter()
    read("express", "a.js", "const cors = require('cors');" + "".join(uses))
    assert time.perf_counter() - began < 5


def test_a_routers_route_is_told_to_be_below_its_mount() -> None:
    text = "const cors = require('cors');\nconst r = express.Router();\nr.get('/x', cors(), h);\n"
    (found,) = read("express", "a.js", text)
    told = "a.js:3: what r answers is meant only where it is mounted: say so in match.url"
    assert (found.match, found.paths, found.warnings) == (OF_GET, ("/x", "/x?*"), (told,))


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        ("app.get('/x', (req, res) => res.json({}));", True),
        ("app.post([`/x`], h);", True),
        ("app.use(express.static('public'));", True),
        ("app.get('env');", False),
        ("app.use(helmet());", False),
        ("other.get('/x', h);", False),
        ("app.options('/x', h);", False),
    ],
)
def test_what_has_answered_before_the_middleware_is_told(before: str, *, is_told: bool) -> None:
    for name, imported in (
        ("express", "const cors = require('cors');"),
        ("hono", "import { cors } from 'hono/cors';"),
    ):
        text = f"{imported}\n{before}\napp.use(cors());\napp.get('/after', h);\n"
        (found,) = read(name, "a.js", text)
        told = (
            "a.js:2: what answers here, before it, has none of its headers; the rule sends them "
            "there too"
        )
        assert found.warnings == ((told,) if is_told else ())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("24 * 60 * 60", 86400),
        ("day + 1", 86401),
        ("2 * -5", -10),
    ],
)
def test_whole_numbers_are_counted(written: str, value: int) -> None:
    text = f"const cors = require('cors');\nconst day = 86400;\ncors({{ maxAge: {written} }});"
    (found,) = read("express", "a.js", text)
    assert found.policy == Policy(max_age=value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("`https://${host}:${port}`", "https://a\u00e9.test:3000"),
        ("`${'https'}\\u003a//${host}`", "https://a\u00e9.test"),
        ("'https://' + host", "https://a\u00e9.test"),
        ("'http://localhost:' + port", "http://localhost:3000"),
        ("``", ""),
    ],
)
def test_texts_of_constants_are_put_together(written: str, value: str) -> None:
    before = "const host = 'a\u00e9.test', port = 3000;"
    (found,) = read("express", "a.js", express(f"[{written}]", before))
    assert found.policy == Policy(allow_origins=(value,))


@pytest.mark.parametrize(
    "written",
    [
        "`https://${process.env.HOST}`",
        "`${true}`",
        "tag`x`",
        "'https://' + process.env.HOST",
        "'x' * 2",
        "1 << 2",
        "3600 / 2",
        "9007199254740991 + 1",
        "`${`x`.repeat(9)}`",
    ],
)
def test_what_is_no_plain_sum_is_refused(written: str) -> None:
    with pytest.raises(UnreadableError, match=r"a\.js:4: can't tell the value of `"):
        read("express", "a.js", express(f"[{written}]"))


@pytest.mark.parametrize(
    ("mount", "paths"),
    [
        ("'/:api', ", "/:api"),
        ("['/api', '/v2*/a'], ", "/api or /v2*/a"),
        ("", None),
        ("'/', ", None),
        ("'*', ", None),
        ("'/{*splat}', ", None),
        ("path, ", None),
    ],
)
@pytest.mark.parametrize("name", ["express", "hono"])
def test_where_it_is_mounted_is_told(name: str, mount: str, paths: str | None) -> None:
    module = {"express": "cors", "hono": "hono/cors"}[name]
    text = f"const {{ cors }} = require('{module}');\napp.use({mount}cors());\n"
    (found,) = read(name, "a.js", text)
    told = f"a.js:2: only paths that fit {paths} are meant: say so in match.url"
    assert (found.policy, found.warnings) == (Policy(), () if paths is None else (told,))


NEST = "const app = await NestFactory.create<NestExpressApplication>(AppModule%s);\n"


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (NEST % ", { cors: true }", Policy()),
        (NEST % ", { cors: { origin: 'https://a.test' } }", Policy(allow_origins="https://a.test")),
        (NEST % ", { cors: false }" + "app.enableCors();", Policy()),
        (NEST % "" + "app.enableCors({ maxAge: 5 });", Policy(max_age=5)),
    ],
)
@pytest.mark.parametrize("name", ["express", "fastify"])
def test_what_nest_is_given_goes_to_the_library_below_it(
    name: str, text: str, policy: Policy
) -> None:
    if name == "fastify":
        text = text.replace("AppModule", "AppModule, new FastifyAdapter()")
    assert guess(Source("main.ts", text)) == [name]
    (found,) = read(name, "main.ts", text)
    assert (found.policy, found.warnings) == (policy, ())


USED = 'const cors = require("cors");\n'
A, B = "cors({origin: 'https://a.test'})", "cors({origin: 'https://b.test'})"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([f"app.use('/a', {A})", f"app.use({B})"], {2: 3}),
        ([f"app.use({B})", f"app.get('/a', {A}, f)"], {3: 2}),
        ([f"app.use('/a/', {A})", f"app.use('/a/b', {B})"], {3: 2}),
        ([f"app.use({A})", f"app.use({B})", f"app.use({A})"], {3: 2}),
        ([f"app.use('/a', {A})", f"app.use('/ab', {B})"], {}),
        ([f"app.use({A})", f"app.options('*', {B})"], {}),
        ([f"app.use({A})", f"app.get('/a', {A}, f)"], {}),
        ([f"if (x) app.use({A})", f"else app.use({B})"], {}),
        (["const r = express.Router()", f"r.use({A})", f"app.use({B})"], {}),
        ([f"app.use('{'/a' * 100_000}', {A})", f"app.use({B})"], {}),
    ],
)
def test_what_else_sends_headers_for_the_same_paths_is_told(
    lines: list[str], told: dict[int, int]
) -> None:
    found = read("express", "a.js", USED + "\n".join(lines))
    expected = {f"a.js:{n}: what a.js:{o} sends there too is not imported" for n, o in told.items()}
    assert {w for each in found for w in each.warnings if "there too" in w} == expected


def test_what_answers_options_alone_is_for_preflights() -> None:
    text = f"{USED}app.options('*', cors());\napp.use(cors({{ origin: 'https://a.test' }}));"
    first, second = read("express", "a.js", text)
    assert (first.policy, first.match, first.warnings) == (Policy(), {"kind": "preflight"}, ())
    assert (second.policy, second.match) == (Policy(allow_origins="https://a.test"), {})


def test_what_answers_options_of_a_path_says_so() -> None:
    (found,) = read("express", "a.js", f"{USED}app.options('/x', cors());")
    assert (found.match, found.paths) == ({"kind": "preflight"}, ("/x", "/x?*"))
    (found,) = read("express", "a.js", f"{USED}app.options('/:id', cors());")
    told = "a.js:2: only paths that fit /:id are meant: say so in match.url"
    assert (found.paths, found.warnings) == ((), (told,))


@pytest.mark.parametrize(
    "sent",
    [
        "res.header('Access-Control-Allow-Origin', '*')",
        "res.set({ 'Access-Control-Allow-Origin': '*' })",
        "reply.header('access-control-allow-headers', 'x')",
    ],
)
def test_what_is_sent_by_hand_beside_it_is_told(sent: str) -> None:
    (found,) = read("express", "a.js", f"{USED}app.use(cors());\nf((req, res) => {{ {sent}; }});")
    told = "a.js:3: Access-Control-Allow-… is sent by hand too, and is not imported"
    assert found.warnings == (told,)


def test_a_router_is_where_it_is_mounted() -> None:
    text = f"{USED}const router = express.Router();\nrouter.use(cors());\napp.use('/api', router);"
    (found,) = read("express", "a.js", text)
    told = "a.js:3: what router answers is meant only where it is mounted: say so in match.url"
    assert found.warnings == (told,)


@pytest.mark.parametrize("origin", ["null", "undefined", "''"])
def test_an_origin_that_is_nothing_switches_express_off(origin: str) -> None:
    with pytest.raises(UnreadableError, match="is nothing: CORS is switched off"):
        read("express", "a.js", f"{USED}app.use(cors({{ origin: {origin} }}));")


@pytest.mark.parametrize(
    "function",
    ["(o) => o", "async (o) => true", "(o) => allowed.includes(o) ? o : 'https://c.test'"],
)
def test_a_function_that_never_calls_back_is_refused(function: str) -> None:
    with pytest.raises(UnreadableError, match="no request is answered"):
        read("express", "a.js", express(function))
    if "true" in function:
        with pytest.raises(UnreadableError, match='which is sent as "true"'):
            read("koa", "a.js", middleware("@koa/cors", function))
    else:
        (found,) = read("koa", "a.js", middleware("@koa/cors", function))
        assert found.policy.allow_origins is not None


@pytest.mark.parametrize(
    "function",
    [
        "function f(list) {{ {} }}",
        "const f = (list = []) => {{ {} }};",
        "const f = ({{ list }}) => {{ {} }};",
        "const f = (a, ...list) => {{ if (a) {{ {} }} }};",
        "function f(list) {{ list.map((x) => {{ {} }}); }}",
    ],
)
def test_a_parameter_is_none_of_the_files_names(function: str) -> None:
    use = "app.use(cors({ origin: list }));"
    text = f"{USED}const list = ['https://a.test'];\n{function.format(use)}"
    with pytest.raises(UnreadableError, match="can't tell the value of `list`"):
        read("express", "a.js", text)


@pytest.mark.parametrize(
    "options",
    [
        "config.cors",
        "{ origin: config.cors.origin }",
        "{ origin: Object.freeze(config.cors.origin) }",
    ],
)
def test_a_member_of_a_table_is_its_value(options: str) -> None:
    text = f"{USED}const config = {{ cors: {{ origin: ['https://a.test'] }} }};\n"
    (found,) = read("express", "a.js", f"{text}app.use(cors({options}));")
    assert found.policy == Policy(allow_origins=("https://a.test",))


def test_a_member_of_a_table_that_changes_is_refused() -> None:
    text = f"{USED}const config = {{ o: 'https://a.test' }};\nconfig.o = f();\n"
    with pytest.raises(UnreadableError, match=r"can't tell the value of `config\.o`"):
        read("express", "a.js", f"{text}app.use(cors({{ origin: config.o }}));")


def test_fastifys_delegator_is_refused() -> None:
    text = (
        "const cors = require('@fastify/cors');\napp.register(cors, { delegator: (r, cb) => f() });"
    )
    with pytest.raises(UnreadableError):
        read("fastify", "a.js", text)


def test_hapi_adds_to_its_lists_and_names_its_route() -> None:
    text = (
        "const Hapi = require('@hapi/hapi');\nserver.route({ method: 'GET', path: '/x', options: {"
        " cors: { additionalHeaders: ['x-a'], additionalExposedHeaders: ['x-b'] } } });"
    )
    (found,) = read("hapi", "a.js", text)
    assert found.policy == Policy(
        allow_headers=("Accept", "Authorization", "Content-Type", "If-None-Match", "x-a"),
        expose_headers=("WWW-Authenticate", "Server-Authorization", "x-b"),
    )
    assert found.warnings == ("a.js:2: only the route /x is meant: say so in match.url",)


def test_a_comment_within_a_pattern_does_no_harm() -> None:
    text = "const { default: /* of it */ c } = require('cors');\napp.use(c());"
    (found,) = read("express", "a.js", text)
    assert found.policy == Policy()


@pytest.mark.parametrize(
    ("name", "module", "function", "says"),
    [
        (
            *("fastify", "@fastify/cors", "(origin) => allowed.includes(origin) ? origin : false"),
            "no request is answered",
        ),
        ("koa", "@koa/cors", "(ctx) => allowed.includes(ctx.get('Origin'))", 'is sent as "true"'),
        ("koa", "@koa/cors", "(o, cb) => cb(null, allowed.includes(o))", "is to give it back"),
        ("hono", "hono/cors", "(origin) => allowed.includes(origin)", 'is sent as "true"'),
        (
            *("hono", "hono/cors", "(o) => { if (allowed.includes(o)) return o; throw 'no'; }"),
            "throws for other origins",
        ),
    ],
)
def test_a_function_that_the_library_reads_otherwise_is_refused(
    name: str, module: str, function: str, says: str
) -> None:
    text = middleware(module, function)
    if name == "fastify":
        text = text.replace("app.use(cors(", "app.register(cors, ").replace("));\n", ");\n")
    with pytest.raises(UnreadableError, match=says):
        read(name, "a.js", text)


def test_an_error_whose_status_is_not_known_is_told() -> None:
    function = "(o, cb) => { if (o === 'x') return cb(null, true); cb(new CorsError(o)); }"
    source = Source("a.js", express(function))
    (found,) = IMPORTERS["express"](source)
    assert dict(found.policy.settings) == {"other_origins": "error", "missing_origin": False}
    assert list(source.notes) == ["a.js:4: the status of CorsError isn't known: taken for 500"]


def test_what_fails_without_an_origin_is_told_where_no_rule_says_it() -> None:
    source = Source("a.js", express("(o, cb) => cb(null, o.endsWith('.b.test'))"))
    list(IMPORTERS["express"](source))
    told = "a request without an Origin fails there; by the rule it is passed on"
    assert list(source.notes) == [f"a.js:4: {told}"]


@pytest.mark.parametrize(
    "test",
    [
        "!" * 20_000 + "allowed.includes(o)",
        "(" * 20_000 + "allowed.includes(o)" + ")" * 20_000,
        "o && !(" * 5_000 + "allowed.includes(o)" + ")" * 5_000,
        "o || (o && (" * 5_000 + "allowed.includes(o)" + "))" * 5_000,
        "(" * 5_000 + "allowed.includes(o)" + " ? o : o)" * 5_000,
    ],
    ids=["not", "brackets", "and not", "or and", "choices"],
)
@pytest.mark.parametrize("name", ["express", "koa"])
def test_a_test_that_is_nested_deeply_ends_in_words(tmp_path: Path, name: str, test: str) -> None:
    function = f"(o, cb) => {{ if ({test}) return cb(null, true); cb(null, false); }}"
    module = "cors"
    if name == "koa":
        module, function = "@koa/cors", f"(o) => {{ if ({test}) return o; return ''; }}"
    (tmp_path / "a.js").write_text(middleware(module, function))
    done = in_little_memory(tmp_path / "a.js", name)
    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stderr


def test_choices_in_a_row_end_in_words(tmp_path: Path) -> None:
    choices = "".join(f"o === 'https://a{n}.test' ? o : " for n in range(5_000))
    (tmp_path / "a.js").write_text(middleware("@koa/cors", f"(o) => {choices}''"))
    done = in_little_memory(tmp_path / "a.js", "koa")
    assert (done.returncode, "can't tell the value" in done.stderr) == (1, True)


SOCKET = 'import { Server } from "socket.io";\nconst io = new Server(http, { %s });\n'
APOLLO = 'const { ApolloServer } = require("apollo-server");\nnew ApolloServer({ schema, %s });\n'
BROUGHT = {
    "Socket.IO": (
        SOCKET % 'cors: { origin: ["https://a.test", "https://b.test"] }',
        LISTED,
        ("/socket.io/*",),
    ),
    "Socket.IO at a path": (
        SOCKET % 'path: "/live/", cors: { origin: "*", credentials: true }',
        Policy(allow_origins="*", allow_credentials=True),
        ("/live/*",),
    ),
    "Apollo Server": (
        APOLLO % "cors: { origin: true }",
        Policy(allow_origins="request"),
        ("/graphql", "/graphql?*", "/graphql/*"),
    ),
    "Apollo Server's own": (
        APOLLO % "cors: true",
        Policy(),
        ("/graphql", "/graphql?*", "/graphql/*"),
    ),
}


@pytest.mark.parametrize("form", BROUGHT)
def test_what_is_given_to_the_package_cors_is_read(form: str) -> None:
    text, policy, paths = BROUGHT[form]
    assert guess(Source("server.js", text)) == ["express"]
    (found,) = read("express", "server.js", text)
    assert (found.policy, found.paths) == (policy, paths)


@pytest.mark.parametrize("text", [SOCKET % "", APOLLO % "cors: false"])
def test_what_brings_the_package_cors_may_leave_it(text: str) -> None:
    with pytest.raises(UnreadableError, match="has no cors"):
        read("express", "server.js", text)


def test_the_sockets_of_an_app_come_before_its_own() -> None:
    text = express("true", SOCKET % 'cors: { origin: "https://a.test" }')
    sockets, app = read("express", "server.js", text)
    assert (sockets.policy.allow_origins, sockets.paths) == ("https://a.test", ("/socket.io/*",))
    assert (app.policy.allow_origins, app.paths) == ("request", ())
