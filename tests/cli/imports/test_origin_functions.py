"""`corscope import` of functions that refuse an origin, as people write them: beside the server."""

from __future__ import annotations

import pytest

from corscope.cli.imports.tree import UnreadableError
from tests.cli.imports.beside_real import differences
from tests.cli.imports.reading import read
from tests.servers.real.libraries import NEST

pytestmark = pytest.mark.server

LISTED = ("https://a.test", "https://b.test")
NAMES = f"const allowed = {list(LISTED)};\n"

CALLING_BACK = (
    """(origin, callback) => {
      if (allowed.indexOf(origin) !== -1) {
        callback(null, true)
      } else {
        callback(new Error('Not allowed by CORS'))
      }
    }""",
    """function (origin, callback) {
      if (allowed.indexOf(origin) !== -1 || !origin) {
        callback(null, true)
      } else {
        callback(new Error('Not allowed by CORS'))
      }
    }""",
    """(origin, callback) => {
      if (!origin) return callback(null, true);
      if (allowed.indexOf(origin) === -1) {
        const msg = 'The CORS policy for this site does not allow access from it.';
        return callback(new Error(msg), false);
      }
      return callback(null, true);
    }""",
    """(origin, cb) => {
      if (origin && !allowed.includes(origin)) return cb(null, false);
      return cb(null, true);
    }""",
    "(origin, cb) => { cb(null, allowed.includes(origin)); }",
    "(origin, cb) => { cb(null, !origin || allowed.includes(origin)); }",
    "(origin, cb) => { cb(null, allowed.includes(origin) ? origin : false); }",
    "(origin, cb) => cb(null, [/a\\.test$/, /b\\.test$/].some((each) => each.test(origin)))",
    """(origin, cb) => {
      if (!/^https:\\/\\/[ab]\\.test$/.test(origin)) {
        return cb(Object.assign(new Error('no'), { status: 403, statusCode: 403 }));
      }
      cb(null, origin);
    }""",
    """(origin, cb) => {
      if (/undefined|https:\\/\\/[ab]\\.test/.test(origin)) return cb(null, true);
      cb(new TypeError('no'));
    }""",
    """(origin, cb) => {
      if (!origin.endsWith('a.test')) return cb(new Error('no'));
      cb(null, true);
    }""",
    """(origin, cb) => {
      if (!allowed.includes(origin)) throw new Error('no');
      cb(null, true);
    }""",
    "(origin, cb) => cb(null, allowed)",
    "(origin, cb) => cb(null, true)",
    "(origin, cb) => cb(null, origin)",
)
OF_WORDS = (
    "(origin, cb) => cb(allowed.includes(origin) ? null : new Error('No ' + origin), true)",
    """(origin, cb) => {
      const isAllowed = !origin || allowed.includes(origin);
      cb(isAllowed ? null : new Error('Nope'), isAllowed);
    }""",
    "(origin, cb) => allowed.includes(origin) ? cb(null, true) : cb(new Error(`${origin}: no`))",
    """(origin, cb) => {
      const known = allowed.find((each) => each === origin);
      if (known) cb(null, origin);
      else cb(new Error('CORS: "' + origin + '" isn\\'t known'));
    }""",
    """(origin, cb) => {
      if (!origin || allowed.some((each) => origin.startsWith(each))) return cb(null, true);
      const error = new Error(`${origin} ist für uns nichts`);
      error.status = 403;
      error.statusCode = 403;
      return cb(error);
    }""",
    "(origin, cb) => allowed.includes(origin) ? cb(null, true) : cb(new Refused(origin))",
    "(origin, cb) => allowed.includes(origin) ? cb(null, true) : cb(new Coded('no', 409))",
    "(origin, cb) => { cb(null, allowed.includes(origin) ? true : false); }",
    "(origin, cb) => { cb(null, allowed.includes(origin) ? origin : null); }",
    "(origin, cb) => { if (allowed.includes(origin)) return cb(null, origin); cb(null); }",
    """(origin, cb) => {
      if (!origin || allowed.includes(origin)) cb(null, origin);
      else cb(null, '');
    }""",
    "(origin, cb) => cb(new Error('never'))",
)
CLASSES = """class Refused extends Error {
  status = 418;
  constructor(origin) { super(`No ${origin} here`); }
}
class Coded extends Error {
  constructor(message, status) { super(message); this.statusCode = status; }
}
"""
TO_ALL = ("(origin, cb) => cb(null, 'https://a.test')", "(origin, cb) => { cb(null, '*'); }")
UNDEFINED = (
    "(origin, cb) => { if (allowed.includes(origin)) cb(undefined, true); else cb(null, false); }"
)
EXCEPTIONS = (
    *("new Error('no')", "'no'", "new Error()", "new TypeError(`no ${origin}`)"),
    *("new ForbiddenException('no')", "new ForbiddenException()", "new HttpException('no', 418)"),
    *("new ForbiddenException(`no ${origin}`)", "new UnauthorizedException('no', 'really')"),
    *("new HttpException('no', HttpStatus.FORBIDDEN)", "new ForbiddenException({ why: 'no' })"),
    *("new HttpException({ status: 403, error: 'no' }, 403)", "new Refused(origin)"),
    *("new Own('no')", "Object.assign(new Error('no'), { status: 403, statusCode: 403 })"),
)
OF_NEST = """class Own extends HttpException { constructor(words) { super(words, 451); } }
import { HttpException, HttpStatus } from "@nestjs/common";
import { ForbiddenException, UnauthorizedException } from "@nestjs/common";
"""
GIVING_BACK = (
    "(ctx) => { const o = ctx.get('Origin'); if (allowed.includes(o)) return o; return false; }",
    """(ctx) => {
      const origin = ctx.headers.origin;
      if (!allowed.includes(origin)) {
        return ctx.throw(`${origin} is not a valid origin`);
      }
      return origin;
    }""",
    """async function (ctx) {
      const requestOrigin = ctx.request.header.origin;
      if (!requestOrigin) return '';
      if (!allowed.includes(requestOrigin)) return '';
      return requestOrigin;
    }""",
    """(ctx) => {
      const origin = ctx.get('Origin');
      if (!origin || allowed.includes(origin)) return origin;
      ctx.throw(403, 'Not allowed');
    }""",
    """(ctx) => {
      if (!allowed.includes(ctx.request.headers.origin)) throw new Error('no');
      return ctx.request.headers.origin;
    }""",
    "(ctx) => allowed.includes(ctx.get('Origin')) ? ctx.get('Origin') : ''",
    """(ctx) => {
      const origin = ctx.get('Origin');
      if (!allowed.includes(origin)) ctx.throw(403, `No "${origin}" here`);
      return origin;
    }""",
    """(ctx) => {
      const origin = ctx.get('Origin');
      if (allowed.includes(origin)) return origin;
      throw Object.assign(new Error('not told'), { status: 403 });
    }""",
    "() => 'https://a.test'",
)
PROMISED = (
    "async (origin) => allowed.includes(origin)",
    "async (origin) => allowed.includes(origin) ? origin : false",
    "async (origin) => allowed.includes(origin) ? origin : ''",
    "async (origin) => { if (allowed.includes(origin)) return origin; }",
    "async (origin) => true",
    "async () => allowed",
    """async (origin) => {
      if (!allowed.includes(origin)) throw new Error('no');
      return true;
    }""",
)


def use(package: str, function: str, call: str = "app.use(cors(%s));") -> str:
    """A configuration as the tests' server takes it."""
    return f'import cors from "{package}";\n{CLASSES}{NAMES}{call % f"{{ origin: {function} }}"}\n'


DELEGATES = (
    """const delegate = function (req, callback) {
      var corsOptions;
      if (allowed.indexOf(req.header('Origin')) !== -1) {
        corsOptions = { origin: true, credentials: true }
      } else {
        corsOptions = { origin: false }
      }
      callback(null, corsOptions)
    };""",
    """const delegate = (req, callback) => {
      callback(null, { origin: allowed.includes(req.header('Origin')), maxAge: 5 });
    };""",
    """const delegate = (req, cb) => {
      const isAllowed = !req.header('Origin') || allowed.includes(req.header('Origin'));
      return cb(null, { methods: ['PUT'], origin: isAllowed });
    };""",
)
REGISTER = "await app.register(cors, %s);"
OF_FASTIFY = (*CALLING_BACK[:10], *CALLING_BACK[12:14], *OF_WORDS, *PROMISED, UNDEFINED)
TEXTS = {
    "express": [use("cors", each) for each in (*CALLING_BACK, *OF_WORDS, *TO_ALL, UNDEFINED)],
    "fastify": [use("@fastify/cors", each, REGISTER) for each in OF_FASTIFY],
    "koa": [use("@koa/cors", each) for each in GIVING_BACK],
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_function_refuses_by_the_rule_as_it_does_there(name: str) -> None:
    """Other origins, and requests without one, with an error or left alone."""
    assert "\n\n".join(differences(name, TEXTS[name], LISTED)) == ""


@pytest.mark.parametrize("name", NEST)
def test_an_error_is_answered_by_the_rule_as_nestjs_does(name: str) -> None:
    otherwise = "(origin, cb) => {{ if (allowed.includes(origin)) cb(null, true); else cb({}); }}"
    functions = map(otherwise.format, EXCEPTIONS)
    texts = [
        f"{OF_NEST}{CLASSES}{NAMES}app.enableCors({{ origin: {each} }});\n"
        for each in (*functions, *OF_WORDS)
    ]
    assert "\n\n".join(differences(name, texts, LISTED, NEST[name])) == ""


HANDLERS = (
    "app.use((err, req, res, next) => { res.status(403).json({ error: err.message, no: 1 }); });",
    "app.use((err, req, res, next) => res.status(err.status || 401).send('no ' + 'entry'));",
    """app.use(function (error, request, response, next) {
      console.error(error);
      if (error.message === 'No CORS') {
        return response.status(403).send({ message: "no" });
      }
      next(error);
    });""",
)
FAILING = "(origin, cb) => cb(allowed.includes(origin) ? null : new Error('No CORS'), true)"


def test_the_applications_own_handler_answers_by_the_rule_as_there() -> None:
    texts = [f"{use('cors', FAILING)}{each}\n" for each in HANDLERS]
    assert "\n\n".join(differences("express", texts, LISTED)) == ""
    assert all(read("express", "a.js", each)[0].warnings == () for each in texts)


OF_FASTIFYS = (
    """(err, request, reply) => {
      reply.code(err.statusCode || 403).send({ error: err.message });
    }""",
    """(error, request, reply) => {
      if (error.message !== 'No CORS') throw error;
      reply.status(400).send('no CORS');
    }""",
    """(error, request, reply) => {
      if (error.message === 'No CORS') {
        return reply.code(418).type('text/html; charset=utf-8')
          .send(`<b>\\`${request.headers.origin}\\`</b>`);
      }
      reply.send(error);
    }""",
)


def test_fastifys_own_handler_answers_by_the_rule_as_there() -> None:
    plugin = use("@fastify/cors", FAILING, REGISTER)
    texts = [f"app.setErrorHandler({each});\n{plugin}" for each in OF_FASTIFYS]
    assert "\n\n".join(differences("fastify", texts, LISTED)) == ""
    assert all(read("fastify", "a.js", each)[0].warnings == () for each in texts)


def test_a_handler_of_fastifys_that_cant_be_read_is_told() -> None:
    handler = "(error, request, reply) => { reply.code(status(error)).send(error); }"
    text = f"app.setErrorHandler({handler});\n{use('@fastify/cors', FAILING, REGISTER)}"
    (found,) = read("fastify", "a.js", text)
    assert "a.js:1: this answers the error, and can't be read" in found.warnings[0]


def test_the_code_of_an_error_is_sent_by_fastify() -> None:
    function = """(origin, cb) => cb(allowed.includes(origin) ? null
      : Object.assign(new Error('No'), { statusCode: 403, code: 'NO_CORS' }), true)"""
    text = use("@fastify/cors", function, REGISTER)
    assert "\n\n".join(differences("fastify", [text], LISTED)) == ""


@pytest.mark.parametrize(
    "handler",
    [
        "(err, req, res, next) => { res.status(code(err)).json({ error: err.message }); }",
        "(err, req, res, next) => { res.status(403); render(res); }",
        "(err, req, res, next) => { if (err.message === 'Other') res.status(400).send('x'); }",
        "(err, req, res, next) => { res.status(403).json({ stack: err.stack }); }",
    ],
)
def test_a_handler_that_cant_be_read_is_told(handler: str) -> None:
    (found,) = read("express", "a.js", f"{use('cors', FAILING)}app.use({handler});\n")
    assert "a.js:11: this answers the error, and can't be read" in found.warnings[0]
    (found,) = read("express", "a.js", f"{use('cors', '[]')}app.use({handler});\n")
    assert found.warnings == ()


def test_options_that_are_called_back_with_count_by_the_rule_as_there() -> None:
    texts = [
        f'import cors from "cors";\n{NAMES}{each}\napp.use(cors(delegate));\n' for each in DELEGATES
    ]
    assert "\n\n".join(differences("express", texts, LISTED)) == ""


@pytest.mark.parametrize(
    "delegate",
    [
        "(req, cb) => { cb(null, { origin: allowed.includes(req.header('Origin')) ? 'x' : 'y' }) }",
        "(req, cb) => { if (ours(req)) o = { origin: true }; else o = { origin: false };"
        " cb(null, o) }",
        "(req, cb) => { if (allowed.includes(req.get('Origin'))) o = { origin: true };"
        " else o = { origin: '*' }; cb(null, o) }",
        "(req, cb) => { load().then((o) => cb(null, o)) }",
        "(req, cb) => { cb(error, { origin: allowed.includes(req.get('Origin')) }) }",
        "(req, cb) => {}",
    ],
)
def test_options_that_a_function_makes_otherwise_are_refused(delegate: str) -> None:
    text = f'import cors from "cors";\n{NAMES}app.use(cors({delegate}));\n'
    with pytest.raises(UnreadableError, match=r"a\.js:3: can't tell the value of"):
        read("express", "a.js", text)


def test_what_is_no_error_to_fastify_is_told() -> None:
    """There, undefined in the place of an error leaves CORS out."""
    (found,) = read("fastify", "a.js", use("@fastify/cors", UNDEFINED, REGISTER))
    assert "calls back undefined, for which nothing of CORS is sent" in found.warnings[0]
    failing = UNDEFINED.replace("cb(null, false)", "cb(new Error('no'))")
    with pytest.raises(UnreadableError, match="calls back undefined"):
        read("fastify", "a.js", use("@fastify/cors", failing, REGISTER))


@pytest.mark.parametrize("name", ["fastify", "express"])
def test_words_that_show_only_when_it_runs_are_told_where_they_are_sent(name: str) -> None:
    text = {
        "fastify": use("@fastify/cors", "(o, cb) => cb(new Error(say(o)))", REGISTER),
        "express": use("cors", "(o, cb) => cb(new Error(say(o)))"),
    }[name]
    (found,) = read(name, "a.js", text)
    told = [each for each in found.warnings if "whose words can't be told" in each]
    assert len(told) == (name == "fastify")


def test_an_error_that_is_made_thousands_deep_is_refused() -> None:
    """The grammar's package crashes far below."""
    made = f"{'Object.assign(' * 3000}new Error('no'){', { status: 403 })' * 3000}"
    with pytest.raises(UnreadableError, match="can't tell the value of"):
        read("express", "a.js", use("cors", f"(o, cb) => cb({made})"))


def test_what_a_handler_sends_thousands_deep_is_told() -> None:
    sent = f"res.status(403).json({'{ a: ' * 3000}1{' }' * 3000})"
    text = f"{use('cors', FAILING)}app.use((err, req, res, next) => {sent});\n"
    (found,) = read("express", "a.js", text)
    assert "can't be read" in found.warnings[0]
