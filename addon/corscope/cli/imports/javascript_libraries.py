"""How do Express, Fastify, Koa, Hono, hapi and h3 take their CORS options?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.javascript import JavaScriptCall, JavaScriptFile
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
from corscope.cli.imports.tree import Found, Node, Source, Tested
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["read_express", "read_fastify", "read_h3", "read_hapi", "read_hono", "read_koa"]


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


_EXPRESS: Final = {
    "origin": origin,
    **_lists(",", "methods", "allowedHeaders", "exposedHeaders"),
    "credentials": only_true("allow_credentials"),
    "maxAge": number("max_age"),
    "preflightContinue": _forwarded,
    "optionsSuccessStatus": setting("options_success_status", int),
}
_FASTIFY: Final = {
    **_EXPRESS,
    **_lists(", ", "methods", "allowedHeaders", "exposedHeaders"),
    "credentials": truthy("allow_credentials"),
    "strictPreflight": setting("strict_preflight", bool),
    "preflight": _left_to_app,
}
_KOA: Final = {
    "origin": origin,
    **_lists(",", "allowMethods", "allowHeaders", "exposeHeaders"),
    "credentials": truthy("allow_credentials"),
    "maxAge": number("max_age"),
    "keepHeadersOnError": setting("keep_headers_on_error", bool),
}
_HONO: Final = {
    "origin": origin,
    "allowMethods": names("allow_methods"),
    "allowHeaders": names("allow_headers"),
    "exposeHeaders": names("expose_headers"),
    "credentials": truthy("allow_credentials"),
    "maxAge": number("max_age"),
}


def read_express(source: Source) -> Iterator[Found]:
    """`cors({…})` of the package cors, and what NestJS hands it."""
    file = JavaScriptFile(source)
    ours = file.imported("cors")
    calls = [
        call
        for call in file.calls()
        if call.function in ours
        or _is_required(call.function, "cors")
        or call.function.endswith(_ENABLED)
    ]
    of_nest = list(_of_nest(file, _EXPRESS))
    if calls or not of_nest:
        answers_options = any(call.function.endswith(".options") for call in file.calls())
        wanted = 'cors({…}) of the package "cors"'
        for read, call in zip(_of_calls(calls, _EXPRESS, source, wanted), calls, strict=True):
            yield _in_route(call, read, answers_options=answers_options)
    yield from of_nest


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


def _in_route(call: JavaScriptCall, read: Found, *, answers_options: bool) -> Found:
    """What stands in `app.get("/path", cors({…}), …)`: no preflight comes there by itself."""
    if call.route is None:
        return read
    method, path = call.route
    told = f"{call.place}: only {method.upper()} of {path} is meant: say so in match.url"
    methods = ("GET", "HEAD") if method == "get" else (method.upper(),)
    match = {} if answers_options else {"kind": "actual", "method": methods}
    return replace(read, match=match, warnings=(*read.warnings, told))


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
    of_nest = [*_of_calls(enabled, _FASTIFY, source), *_of_nest(file, _FASTIFY)]
    wanted = "" if of_nest else "register(cors, {…}) of @fastify/cors"
    yield from _of_calls(calls, _FASTIFY, source, wanted, index=1)
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
        call
        for call in file.calls()
        if call.function in ours or any(_is_required(call.function, each) for each in modules)
    ]
    yield from _of_calls(calls, readers, source, f"cors({{…}}) of {modules[0]}")


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
    for call in calls:
        options = call.options(index).table()
        read = found(options, readers, call.place)
        told = (*call.warnings, *_called_back(options))
        yield replace(read, warnings=(*told, *read.warnings))


_OTHERWISE: Final = {
    "error": "other origins get an error (500), from the rule an answer that allows nothing",
    "false": "other origins are left to the application, preflights too, but not by the rule",
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
    options = list(JavaScriptFile(source).options_called("cors"))
    if not options:
        source.refuse("has no option cors")
    for node in options:
        if node.value is True:
            yield Found(node.place, Policy())
        elif node.value is not False:
            yield found(node.table(), _HAPI, node.place)


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
