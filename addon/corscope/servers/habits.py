"""How does a dialect answer, in words? It is asked, so that the words can't be wrong.

The same few requests are put to every dialect, under the same policies; `docs/dialects.md` is the
table of what they answered.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from corscope.fetch.headers import get, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.dialect import Dialect, Evidence
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    MAX_AGE,
    VARY,
)
from corscope.servers.policy import Policy

__all__ = ["Habit", "habits", "markdown"]

_APP: Final = "https://app.test"
_EVIL: Final = "https://evil.test"
_OWN: Final = "https://own.test"
_URL: Final = "https://api.test/"
_LISTED: Final = Policy(
    allow_origins=(_APP, "https://second.test"),
    allow_methods=("GET", "PUT"),
    allow_headers=("x-a", "x-b"),
)
_CORS_NAMES: Final = {
    ALLOW_METHODS: "methods",
    ALLOW_HEADERS: "headers",
    ALLOW_CREDENTIALS: "credentials",
    MAX_AGE: "max-age",
}


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing in which servers differ, and what this one does."""

    question: str
    answer: str


def habits(dialect: Dialect) -> Iterator[Habit]:
    """What a dialect does where servers differ."""
    listed = _that_it_can_have(dialect)
    yield Habit("allowed preflight", _told(dialect, listed, _preflight(_APP)))
    yield Habit("another origin's", _told(dialect, listed, _preflight(_EVIL)))
    yield Habit("method not allowed", _told(dialect, listed, _preflight(_APP, "DELETE")))
    yield Habit("header not allowed", _told(dialect, listed, _preflight(_APP, "PUT", "x-evil")))
    plain = Request("OPTIONS", _URL, (("Origin", _APP),))
    yield Habit("OPTIONS that is none", _told(dialect, listed, plain))
    evil = Request("GET", _URL, (("Origin", _EVIL),))
    yield Habit("actual, another origin", _told(dialect, listed, evil))
    yield Habit("the backend's own `Access-Control-Allow-Origin`", _own_origin(dialect, listed))
    both = replace(listed, allow_origins="*", allow_credentials=True)
    yield Habit("`*` with credentials", _told_origin(dialect, both))
    yield Habit(
        "one origin, as a string", _told_origin(dialect, replace(listed, allow_origins=_APP))
    )
    yield Habit("no origins set", _told_origin(dialect, replace(listed, allow_origins=None)))
    yield Habit("`Vary`, preflight", _vary(dialect, listed))
    yield Habit("max-age not set; 0", _max_age(dialect, listed))


def _that_it_can_have(dialect: Dialect) -> Policy:
    """The policy that is asked about, without the lists that this server doesn't take."""
    unknown = {complaint.field for complaint in dialect.complaints(_LISTED)}
    methods = None if "allow_methods" in unknown else _LISTED.allow_methods
    names = None if "allow_headers" in unknown else _LISTED.allow_headers
    return replace(_LISTED, allow_methods=methods, allow_headers=names)


def _preflight(origin: str, method: str = "PUT", names: str = "x-a") -> Request:
    lines = (("Origin", origin), ("Access-Control-Request-Method", method))
    return Request("OPTIONS", _URL, (*lines, ("Access-Control-Request-Headers", names)))


def _told(dialect: Dialect, policy: Policy, request: Request) -> str:
    if dialect.complaints(policy):
        return "can't be"
    made = dialect.preflight(policy, request)
    if made is None:
        passed = dialect.actual(policy, request, Response(200, ()))
        status = "passed on" if passed.status == 200 else str(passed.status)
        return f"{status}, {_kept(passed.headers)}"
    body = f" with {made.body.decode('latin-1')!r}" if 0 < len(made.body) < 20 else ""
    return f"{made.status}{body}, {_kept(made.headers)}"


def _kept(headers: HeaderList) -> str:
    """Which CORS headers there are, and how they are written."""
    shown = ["origin"] if get(headers, ALLOW_ORIGIN) is not None else ["no origin"]
    shown += [
        f"{word} `{get(headers, name)}`" if name in {ALLOW_METHODS, ALLOW_HEADERS} else word
        for name, word in _CORS_NAMES.items()
        if get(headers, name) is not None
    ]
    return ", ".join(shown)


def _told_origin(dialect: Dialect, policy: Policy) -> str:
    if complaints := dialect.complaints(policy):
        return "refused at start" if any(c.at_start for c in complaints) else "can't be"
    sent = []
    for origin in (_APP, _EVIL):
        request = Request("GET", _URL, (("Origin", origin),))
        got = dialect.actual(policy, request, Response(200, ()))
        lines = values(got.headers, ALLOW_ORIGIN)
        sent.append({_APP: "it", _EVIL: "it", "*": "`*`"}.get(", ".join(lines), "none"))
        sent[-1] = str(got.status) if got.status != 200 else sent[-1]
    same = sent[0] == sent[1]
    if same and sent[0] == "it":
        request = Request("GET", _URL, (("Origin", _EVIL),))
        got = dialect.actual(policy, request, Response(200, ()))
        return "any origin" if get(got.headers, ALLOW_ORIGIN) == _EVIL else "sent to all"
    return sent[0] if same else f"{sent[0]}; to others {sent[1]}".replace("it;", "sent;")


def _own_origin(dialect: Dialect, listed: Policy) -> str:
    request = Request("GET", _URL, (("Origin", _APP),))
    got = dialect.actual(listed, request, Response(200, ((ALLOW_ORIGIN, _OWN),)))
    if got.status != 200:
        return str(got.status)
    told = {_APP: "replaced", _OWN: "kept"}
    return told.get(" and ".join(values(got.headers, ALLOW_ORIGIN)), "sent beside it")


def _vary(dialect: Dialect, listed: Policy) -> str:
    made = dialect.preflight(listed, _preflight(_APP))
    lines = values(made.headers, VARY) if made else []
    return " and ".join(f"`{line}`" for line in lines) or "none"


def _max_age(dialect: Dialect, listed: Policy) -> str:
    ages = []
    for age in (None, 0):
        made = dialect.preflight(replace(listed, max_age=age), _preflight(_APP))
        ages.append((made and get(made.headers, MAX_AGE)) or "none")
    return "; ".join(ages)


_HEAD: Final = """\
# Dialects

`like = "…"` in a rule's policy has corscope answer as that server does, header for header. What
stands here was asked of the dialects themselves. Those that are *proved* answer as the real server
in a test that runs both; *documented* ones follow the documentation, since theirs can't be run.

| name | server | version | how it is known |
|---|---|---|---|
"""

_NOTE: Final = """
Asked with two origins in a list, the methods `GET` and `PUT`, and the headers `x-a` and `x-b`, but
for lists that a server doesn't have.

To a rule, the backend is the application behind the middleware. So in many dialects CORS headers
that it sends itself are kept, as they are there; `like = "standard"` replaces them.

A rule sees the request and what the backend answers, but no routes. So it answers a preflight for
any path, also for one with a route of the application's own for OPTIONS, to which `flask-cors`,
`quart-cors` and `hapi` leave it; and without the `Allow` that Flask and Quart add. Nor does it
refuse a method in small letters, as `fetch` sends `patch`: the actual request ends with a bare 400
in Node and nginx, and a rule adds the CORS headers to what the backend answers, be it that 400.
Of a `Vary` that the application sends, a rule can't tell whether it was added to the middleware's
or set in its place. It is taken for added, as `res.vary(…)` and what compresses answers do it, in
`fastify` for set; behind `express`, `fastify`, `koa`, `h3` and the Go libraries the setting
`replaces_vary` says it, since `res.set("Vary", …)` or `Header().Set` leaves out the `Origin`.
"""


def markdown(dialects: tuple[Dialect, ...]) -> str:
    """The text of docs/dialects.md."""
    rows = [
        f"| [`{d.name}`](#{d.name}) | {d.title} | [{d.version}]({d.source}) | {_how(d)} |"
        for d in dialects
    ]
    return _HEAD + "\n".join(rows) + f"\n{_NOTE}" + "".join(map(_section, dialects))


def _how(dialect: Dialect) -> str:
    return "proved" if dialect.evidence is Evidence.PROVED else "documented"


def _section(dialect: Dialect) -> str:
    lines = [f"\n## {dialect.name}\n", f"{dialect.title}, {dialect.version}: {_how(dialect)}.\n"]
    lines += ["\n| asked | answered |\n|---|---|\n"]
    lines += [f"| {habit.question} | {habit.answer} |\n" for habit in habits(dialect)]
    if dialect.settings:
        lines.append("\nIts own settings, beside the policy's fields:\n\n")
        lines += [
            f"- `{each.name}` ({each.kind}, {_default(each.default)}): {each.doc}\n"
            for each in dialect.settings
        ]
    if dialect.surprises:
        lines.append("\nSurprises:\n\n")
        lines += [f"- {surprise}\n" for surprise in dialect.surprises]
    return "".join(lines)


def _default(value: object) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"default `{shown}`" if shown else "not set"
