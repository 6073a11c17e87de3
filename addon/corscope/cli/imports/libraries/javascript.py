"""How do Express, Fastify, Koa, Hono, hapi and h3 take their CORS options?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.javascript import JavaScriptCall, JavaScriptFile
from corscope.cli.imports.languages.javascript_handlers import (
    EXPRESS_HANDLER,
    FASTIFY_HANDLER,
    HandlerForm,
    error_handlers,
    handled,
)
from corscope.cli.imports.languages.syntax import line_of
from corscope.cli.imports.libraries.javascript_mounts import (
    in_route,
    of_mount,
    told_of_answered_before,
    with_told_of_others,
)
from corscope.cli.imports.libraries.javascript_origins import (
    answered_by_nest,
    express_origin,
    fastify_origin,
    hono_origin,
    koa_origin,
)
from corscope.cli.imports.options import (
    Fields,
    Reader,
    flag,
    found,
    listed,
    names,
    names_as_written,
    names_or_any,
    number,
    only_true,
    origin,
    origins_of,
    setting,
    truthy,
)
from corscope.cli.imports.paths import beginning_with, only_for, starred, with_those_below
from corscope.cli.imports.tree import BY_HAND_TOO, Found, Node, Source, Tested
from corscope.servers.libraries.hapi import HAPI
from corscope.servers.libraries.origin_function import (
    ERROR,
    ERROR_BODY,
    ERROR_STATUS,
    ERROR_TYPE,
    OTHER_ORIGINS,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = [
    "EXPRESS_OPTIONS",
    "read_express",
    "read_fastify",
    "read_h3",
    "read_hapi",
    "read_hono",
    "read_koa",
]


_ENABLED: Final = ".enableCors"
"""What NestJS calls it."""


def _forwarded(node: Node) -> Fields:
    return {"forward_preflight": node.flag()}


def _left_to_app(node: Node) -> Fields:
    """`preflight: false`."""
    if node.flag():
        return {}
    message = "is false: preflights go to the application; to its answer the rule adds the methods"
    return {"forward_preflight": True, "warnings": (message,)}


def _lists(comma: str, methods: str, allowed: str, exposed: str) -> dict[str, Reader]:
    """The lists of a library that joins them by this, and sends a string as it stands."""
    return {
        methods: names_as_written("allow_methods", comma),
        allowed: names_as_written("allow_headers", comma),
        exposed: names_as_written("expose_headers", comma),
    }


EXPRESS_OPTIONS: Final = {
    "origin": express_origin,
    **_lists(",", "methods", "allowedHeaders", "exposedHeaders"),
    "credentials": only_true("allow_credentials"),
    "maxAge": number("max_age"),
    "preflightContinue": _forwarded,
    "optionsSuccessStatus": setting("options_success_status", int),
}


def _decided_elsewhere(node: Node) -> Fields:
    """A function that decides for each request has all options."""
    return node.refuse("decides when a request comes: write the options there")


_FASTIFY: Final = {
    **EXPRESS_OPTIONS,
    "origin": fastify_origin,
    "delegator": _decided_elsewhere,
    **_lists(", ", "methods", "allowedHeaders", "exposedHeaders"),
    "credentials": truthy("allow_credentials"),
    "strictPreflight": setting("strict_preflight", bool),
    "preflight": _left_to_app,
}
_NEST_ON_EXPRESS: Final = {**EXPRESS_OPTIONS, "origin": answered_by_nest(express_origin)}
_NEST_ON_FASTIFY: Final = {**_FASTIFY, "origin": answered_by_nest(fastify_origin)}
_KOA: Final = {
    "origin": koa_origin,
    **_lists(",", "allowMethods", "allowHeaders", "exposeHeaders"),
    "credentials": truthy("allow_credentials"),
    "maxAge": number("max_age"),
    "keepHeadersOnError": setting("keep_headers_on_error", bool),
}
_HONO: Final = {
    "origin": hono_origin,
    "allowMethods": names("allow_methods"),
    "allowHeaders": names("allow_headers"),
    "exposeHeaders": names("expose_headers"),
    "credentials": truthy("allow_credentials"),
    "maxAge": number("max_age"),
}


def _of_socket(path: str) -> tuple[str, ...]:
    """What fits the path of Socket.IO, behind which there is always a slash."""
    return beginning_with(f"{path.removesuffix('/')}/")


_BRINGS_CORS: Final = {
    "socket\\.io": ("/socket.io", _of_socket),
    "apollo-server(?:-express)?": ("/graphql", of_mount),
}
"""What brings the package cors with it: the usual path, and which URLs are at one."""


def read_express(source: Source) -> Iterator[Found]:
    """`cors({…})` of the package cors, and what NestJS, Socket.IO and Apollo Server hand it."""
    file = JavaScriptFile(source)
    ours = file.imported("cors")
    calls = [
        call
        for call in file.calls()
        if call.function in ours
        or _is_required(call.function, "cors")
        or call.function.endswith(_ENABLED)
    ]
    of_nest = list(_of_nest(file, _NEST_ON_EXPRESS))
    of_others = [] if of_nest else list(_of_others(file))
    if not calls and not of_nest and not of_others:
        source.refuse('has no cors({…}) of the package "cors"')
    yield from of_others
    for call in calls:
        _refuse_none(_options(call).table().get("origin"))
    enabled = [call for call in calls if call.function.endswith(_ENABLED)]
    made = [call for call in calls if not call.function.endswith(_ENABLED)]
    used = [each for call in made for each in call.placed()]
    answered = _answered_by_hand(file, used)
    handler = next(error_handlers(file, EXPRESS_HANDLER), None)
    for readers, several in ((EXPRESS_OPTIONS, used), (_NEST_ON_EXPRESS, enabled)):
        read = _of_calls(several, readers, source)
        for each, call in zip(read, several, strict=True):
            origin = _options(call).table().get("origin")
            is_own = readers is EXPRESS_OPTIONS
            if is_own:
                each = _with_handler(each, file, handler, EXPRESS_HANDLER, origin)
            yield in_route(call, each, starred, answered=answered)
    yield from of_nest


def _with_handler(
    read: Found,
    file: JavaScriptFile,
    handler: "Syntax | None",
    form: HandlerForm,
    origin: Node | None,
) -> Found:
    """With what the application's own handler of errors answers that of the function."""
    settings = dict(read.policy.settings)
    tested = None if origin is None else origin.value
    is_error = settings.get(OTHER_ORIGINS.name) == ERROR
    if handler is None or not is_error or not isinstance(tested, Tested):
        return read
    sent = handled(handler, tested.error, file, form)
    place = file.source.at(line_of(handler))
    if sent is None:
        told = f"{place}: this answers the error, and can't be read: by the rule the framework does"
        return replace(read, warnings=(*read.warnings, told))
    settings[ERROR_STATUS.name] = sent.status
    settings[ERROR_BODY.name] = sent.body
    settings[ERROR_TYPE.name] = sent.kind
    return replace(read, policy=replace(read.policy, settings=tuple(settings.items())))


def _refuse_none(node: Node | None) -> None:
    """Refuse an origin that is nothing: the package then does nothing at all."""
    if node is not None and node.value in (None, ""):
        node.refuse("is nothing: CORS is switched off, so there is nothing to import")


def _of_nest(file: JavaScriptFile, readers: Mapping[str, Reader]) -> Iterator[Found]:
    """`NestFactory.create(Module, { cors: … })`."""
    for call in file.calls():
        options = call.last().value if call.function == "NestFactory.create" else None
        cors = options.get("cors") if isinstance(options, Mapping) else None
        if cors is not None and cors.value is True:
            yield Found(cors.place, Policy(), warnings=call.warnings)
        elif cors is not None and cors.value is not False:
            read = found(cors.table(), readers, cors.place)
            yield replace(read, warnings=(*call.warnings, *read.warnings))


def _answered_by_hand(file: JavaScriptFile, ours: Sequence[JavaScriptCall]) -> str | None:
    """Where `app.options("/path", …)` answers preflights without the library."""
    made = {call.made for call in ours}
    routes = (call for call in file.calls() if call.function.endswith(".options"))
    return next((call.place for call in routes if made.isdisjoint(call.given)), None)


def _of_others(file: JavaScriptFile) -> Iterator[Found]:
    """`new Server(http, { cors: … })` of Socket.IO, or of Apollo Server up to 3, for its path.

    Both give the options to the package cors: see `server.ts` of engine.io, and `ApolloServer.ts`.
    """
    for module, (usual, globs) in _BRINGS_CORS.items():
        if not re.search(rf"[\"']{module}[\"']", file.source.text):
            continue
        for cors, beside in file.options_called("cors", beside="path"):
            options = Node(cors.place, {}) if cors.value is True else cors
            path = usual if beside is None else beside.text()
            if cors.value not in (False, None):
                read = found(options.table(), EXPRESS_OPTIONS, cors.place)
                yield only_for(read, cors.place, [path], globs)
        return


def read_fastify(source: Source) -> Iterator[Found]:
    """`app.register(cors, {…})` of @fastify/cors, and what NestJS hands it."""
    modules = ("@fastify/cors", "fastify-cors")
    file = JavaScriptFile(source)
    ours = file.imported(*modules)
    calls = [
        call
        for call in file.calls()
        if call.function.endswith(".register")
        and (call.first in ours or any(_is_required(call.first, each) for each in modules))
    ]
    enabled = [call for call in file.calls() if call.function.endswith(_ENABLED)]
    of_nest = [*_of_calls(enabled, _NEST_ON_FASTIFY, source), *_of_nest(file, _NEST_ON_FASTIFY)]
    wanted = "" if of_nest else "register(cors, {…}) of @fastify/cors"
    read = _of_calls(calls, _FASTIFY, source, wanted, index=1)
    handler = next(error_handlers(file, FASTIFY_HANDLER), None)
    for each, call in zip(read, calls, strict=True):
        origin = call.options(1).table().get("origin")
        yield _with_handler(each, file, handler, FASTIFY_HANDLER, origin)
    yield from of_nest


def read_koa(source: Source) -> Iterator[Found]:
    """`cors({…})` of @koa/cors."""
    modules = ("@koa/cors", "koa2-cors", "koa-cors")
    yield from _of_middleware(source, modules, _KOA)


def read_hono(source: Source) -> Iterator[Found]:
    """`cors({…})` of hono/cors."""
    yield from _of_middleware(source, ("hono/cors",), _HONO)


def _of_middleware(
    source: Source, modules: tuple[str, ...], readers: Mapping[str, Reader]
) -> Iterator[Found]:
    file = JavaScriptFile(source)
    ours = file.imported(*modules)
    calls = [
        each
        for call in file.calls()
        if call.function in ours or any(_is_required(call.function, each) for each in modules)
        for each in call.placed()
    ]
    yield from _of_calls(calls, readers, source, f"cors({{…}}) of {modules[0]}")


def _options(call: JavaScriptCall) -> Node:
    """What npm's cors is given: options, or a function that calls back with such."""
    return call.delegated() or call.options()


def _is_required(function: str, module: str) -> bool:
    return function.replace("'", '"') in {f'require("{module}")', f'import("{module}")'}


def _of_calls(
    calls: list[JavaScriptCall],
    readers: Mapping[str, Reader],
    source: Source,
    wanted: str = "",
    *,
    index: int = 0,
) -> Iterator[Found]:
    if wanted and not calls:
        source.refuse(f"has no {wanted}")
    beside = tuple(_beside(calls[0].file)) if calls else ()
    is_in_order = readers in (EXPRESS_OPTIONS, _HONO)
    told_late = tuple(told_of_answered_before(calls)) if is_in_order else ()
    read_all = []
    for call in calls:
        given = (
            _options(call)
            if readers in (EXPRESS_OPTIONS, _NEST_ON_EXPRESS)
            else call.options(index)
        )
        options = given.table()
        read = found(options, readers, call.place)
        late = told_late if call.is_for_all else ()
        told = (*call.warnings, *late, *_called_back(options), *beside)
        read = replace(read, warnings=(*told, *read.warnings))
        globs = with_those_below if readers is _HONO else of_mount
        if call.mounted:
            read = only_for(read, call.place, call.mounted, globs)
        elif readers is not EXPRESS_OPTIONS:
            read = in_route(call, read, globs if readers is _HONO else starred, answered=None)
        read_all.append(read)
    is_middleware = readers in (EXPRESS_OPTIONS, _KOA, _HONO)
    yield from with_told_of_others(calls, read_all) if is_middleware else read_all


_SETS: Final = (".header", ".setHeader", ".set", ".append")


def _beside(file: JavaScriptFile) -> Iterator[str]:
    """What the file sends by itself."""
    for call in file.calls():
        if call.function.endswith(_SETS) and "access-control-allow-" in call.first.lower():
            yield f"{call.place}: {BY_HAND_TOO}"


_OTHERWISE: Final = {
    "fallback": "other origins get one that isn't theirs, of no use to them; from the rule none",
}


def _called_back(options: Mapping[str, Node]) -> Iterator[str]:
    """What becomes of the origins that a function doesn't allow."""
    node = options.get("origin")
    tested = None if node is None else node.value
    if node is None or not isinstance(tested, Tested) or tested.allowed is True:
        return
    if tested.otherwise in _OTHERWISE:
        yield f"{node.place}: {_OTHERWISE[tested.otherwise]}"


# hapi


def _hapi_origins(node: Node) -> Fields:
    if node.value == "ignore":
        return {"settings": {"ignore_origin": True}}
    origins = listed("allow_origins")(node)
    return {"allow_origins": ECHO} if origins["allow_origins"] == (WILDCARD,) else origins


_HAPI: Final = {
    "origin": _hapi_origins,
    "headers": listed("allow_headers"),
    "exposedHeaders": listed("expose_headers"),
    "credentials": flag("allow_credentials"),
    "maxAge": number("max_age"),
    "preflightStatusCode": setting("preflight_status_code", int),
}


def read_hapi(source: Source) -> Iterator[Found]:
    """The option `cors` of a server or a route."""
    options = list(JavaScriptFile(source).options_called("cors", beside="path"))
    if not options:
        source.refuse("has no option cors")
    for node, path in options:
        if node.value is False:
            continue
        table = {} if node.value is True else _with_additional(node.table())
        read = found(table, _HAPI, node.place)
        if path is not None:
            shown = path.value if isinstance(path.value, str) else "a path"
            told = f"{node.place}: only the route {shown} is meant: say so in match.url"
            read = replace(read, warnings=(*read.warnings, told))
        yield read


_ADDED: Final = {
    "additionalHeaders": ("headers", HAPI.defaults.allow_headers or ()),
    "additionalExposedHeaders": ("exposedHeaders", HAPI.defaults.expose_headers or ()),
}
"""What adds to a list, and what that is where it isn't given."""


def _with_additional(table: Mapping[str, Node]) -> Mapping[str, Node]:
    """The options, with what is added to the lists in them."""
    whole = {name: node for name, node in table.items() if name not in _ADDED}
    for name, (to, default) in _ADDED.items():
        if name in table:
            node = table[name]
            before = table[to].items() if to in table else [Node(node.place, n) for n in default]
            whole[to] = Node(node.place, (*before, *node.items()))
    return whole


# h3


def _h3_origins(node: Node) -> Fields:
    if isinstance(node.value, tuple):
        return origins_of(node.value)
    return origin(node)


def _h3_preflight(node: Node) -> Fields:
    status = node.table().get("statusCode")
    return {} if status is None else {"settings": {"preflight_status_code": status.whole()}}


_H3: Final = {
    "origin": _h3_origins,
    "methods": names_or_any("allow_methods"),
    "allowHeaders": names_or_any("allow_headers"),
    "exposeHeaders": names_or_any("expose_headers"),
    "credentials": flag("allow_credentials"),
    "maxAge": number("max_age"),
    "preflight": _h3_preflight,
}


def read_h3(source: Source) -> Iterator[Found]:
    """`handleCors(event, {…})` of h3, which Nitro and Nuxt need no import for."""
    calls = [call for call in JavaScriptFile(source).calls() if call.function == "handleCors"]
    yield from _of_calls(calls, _H3, source, "handleCors(event, {…})", index=1)
