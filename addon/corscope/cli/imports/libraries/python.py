"""How do Starlette, Litestar, Django, Flask, Quart and aiohttp take their CORS options?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.python import PythonCall, PythonFile
from corscope.cli.imports.options import (
    Fields,
    Reader,
    any_regex,
    characters,
    flag,
    found,
    listed,
    listed_or_any,
    names,
    names_or_any,
    number,
    origins_of,
    setting,
)
from corscope.cli.imports.paths import exactly, matching, only_for
from corscope.cli.imports.tree import Found, Node, Regex, Source
from corscope.servers.libraries.flask_cors import is_regex
from corscope.servers.policy import ECHO, WILDCARD

__all__ = [
    "read_aiohttp",
    "read_django",
    "read_flask_cors",
    "read_litestar",
    "read_quart_cors",
    "read_starlette",
]


def _told(read: Found, warnings: tuple[str, ...]) -> Found:
    return replace(read, warnings=(*warnings, *read.warnings))


# Starlette


def _starlette_names(field: str) -> Reader:
    """A list in which `*` alone means any, as the one character of a string does."""
    read_list = characters(field)
    return lambda node: {field: WILDCARD} if _is_any(node) else read_list(node)


def _is_any(node: Node) -> bool:
    return [item.value for item in node.items_or_self()] == [WILDCARD]


def _starlette_origins(node: Node) -> Fields:
    if isinstance(node.value, str):
        return {"allow_origins": node.value}
    return _starlette_names("allow_origins")(node)


def _starlette_regex(node: Node) -> Fields:
    """`.*` takes any origin."""
    pattern = node.value.pattern if isinstance(node.value, Regex) else node.text()
    return {"allow_origins": ECHO} if pattern == ".*" else {"allow_origin_regex": pattern}


_STARLETTE: Final = {
    "allow_origins": _starlette_origins,
    "allow_origin_regex": _starlette_regex,
    "allow_methods": _starlette_names("allow_methods"),
    "allow_headers": _starlette_names("allow_headers"),
    "expose_headers": _starlette_names("expose_headers"),
    "allow_credentials": flag("allow_credentials"),
    "allow_private_network": setting("allow_private_network", bool),
    "max_age": number("max_age"),
}


def read_starlette(source: Source) -> Iterator[Found]:
    """`app.add_middleware(CORSMiddleware, …)` and `Middleware(CORSMiddleware, …)`."""
    found_any = False
    for call in PythonFile(source).calls():
        named = (call.function, *call.names[:1])
        if any(name.endswith("CORSMiddleware") for name in named):
            found_any = True
            call.refuse_positional(after=1)
            yield _told(found(_without_app(call), _STARLETTE, call.place), call.warnings)
    if not found_any:
        source.refuse("has no add_middleware(CORSMiddleware, …)")


def _without_app(call: PythonCall) -> Mapping[str, Node]:
    """The options of the middleware; a regex adds nothing to all origins."""
    origins = call.options.get("allow_origins")
    is_open = origins is not None and _holds_wildcard(origins)
    left_out = {"app", "allow_origin_regex"} if is_open else {"app"}
    return {name: node for name, node in call.options.items() if name not in left_out}


def _holds_wildcard(node: Node) -> bool:
    """As Starlette asks it: of a list its members, of a string any part."""
    if isinstance(node.value, tuple):
        return WILDCARD in [each.value for each in node.value]
    return isinstance(node.value, str) and WILDCARD in node.value


# Litestar


def _regex(node: Node) -> Fields:
    pattern = node.value.pattern if isinstance(node.value, Regex) else node.text()
    return {"allow_origin_regex": pattern} if pattern else {}


_LITESTAR: Final = {
    "allow_origins": _starlette_names("allow_origins"),
    "allow_methods": _starlette_names("allow_methods"),
    "allow_headers": _starlette_names("allow_headers"),
    "allow_credentials": flag("allow_credentials"),
    "allow_origin_regex": _regex,
    "expose_headers": _starlette_names("expose_headers"),
    "max_age": number("max_age"),
}


def read_litestar(source: Source) -> Iterator[Found]:
    """`CORSConfig(…)`."""
    calls = [c for c in PythonFile(source).calls() if c.function.endswith("CORSConfig")]
    if not calls:
        source.refuse("has no CORSConfig(…)")
    for call in calls:
        options = {**call.positional(*_LITESTAR), **call.options}
        read = _with_regex(found(options, _LITESTAR, call.place), call.place)
        yield _told(read, call.warnings)


def _with_regex(read: Found, place: str) -> Found:
    """What a regex adds: nothing to all origins, which is what is allowed if none are listed."""
    policy = read.policy
    if policy.allow_origin_regex is None:
        return read
    if policy.allow_origins is None:
        told = f"{place}: the regex is never looked at: without allow_origins all are allowed"
        meant = replace(policy, allow_origins=WILDCARD, allow_origin_regex=None)
        return replace(read, policy=meant, warnings=(*read.warnings, told))
    if policy.allow_origin_regex == ".*" and WILDCARD not in policy.allow_origins:
        return replace(read, policy=replace(policy, allow_origins=ECHO, allow_origin_regex=None))
    return replace(read, policy=replace(policy, allow_origins=policy.allow_origins or None))


# Django


def _only_list(node: Node) -> Fields:
    """A list of origins; Django doesn't start with one that is a string."""
    if isinstance(node.value, str):
        node.refuse("is a string, with which Django doesn't start: write a list")
    return listed("allow_origins")(node)


def _all_origins(node: Node) -> Fields:
    return {"allow_origins": WILDCARD} if node.flag() else {}


def _regexes(node: Node) -> Fields:
    patterns = [
        item.value.pattern if isinstance(item.value, Regex) else item.text()
        for item in node.items()
    ]
    if patterns == [".*"]:
        return {"allow_origins": ECHO}
    return {"allow_origin_regex": any_regex(patterns)} if patterns else {}


_URLS: Final = "CORS_URLS_REGEX"
_DJANGO: Final = {
    **dict.fromkeys(("CORS_ORIGIN_WHITELIST", "CORS_ALLOWED_ORIGINS"), _only_list),
    **dict.fromkeys(("CORS_ORIGIN_REGEX_WHITELIST", "CORS_ALLOWED_ORIGIN_REGEXES"), _regexes),
    **dict.fromkeys(("CORS_ORIGIN_ALLOW_ALL", "CORS_ALLOW_ALL_ORIGINS"), _all_origins),
    "CORS_ALLOW_METHODS": _starlette_names("allow_methods"),
    "CORS_ALLOW_HEADERS": _starlette_names("allow_headers"),
    "CORS_EXPOSE_HEADERS": _starlette_names("expose_headers"),
    "CORS_ALLOW_CREDENTIALS": flag("allow_credentials"),
    "CORS_ALLOW_PRIVATE_NETWORK": setting("allow_private_network", bool),
    "CORS_PREFLIGHT_MAX_AGE": number("max_age"),
    _URLS: lambda _: {},
}
_OF_CORSHEADERS: Final = {
    "default_headers": (
        *("accept", "authorization", "content-type"),
        *("user-agent", "x-csrftoken", "x-requested-with"),
    ),
    "default_methods": ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"),
}


def read_django(source: Source) -> Iterator[Found]:
    """The settings of django-cors-headers."""
    known = {
        name: tuple(Node("corsheaders.defaults", each) for each in values)
        for name, values in _OF_CORSHEADERS.items()
    }
    file = PythonFile(source, known)
    ours = file.settings("CORS_")
    if not ours and "corsheaders" not in source.text:
        source.refuse("has no settings CORS_… of django-cors-headers")
    place = next((node.place for node in ours.values()), source.name)
    told = (*file.unsure("CORS_"), *_without_middleware(file))
    yield _told(_for_urls(found(ours, _DJANGO, place), ours.get(_URLS)), told)


def _for_urls(read: Found, node: Node | None) -> Found:
    """What the settings allow, for the paths that fit the regex of `CORS_URLS_REGEX`."""
    if node is None:
        return read
    pattern = node.value.pattern if isinstance(node.value, Regex) else node.text()
    return read if pattern in _ANY_PATH else only_for(read, node.place, [pattern], matching)


def _without_middleware(file: PythonFile) -> Iterator[str]:
    """What is told if the settings list the middleware, and not this one."""
    node = file.settings("MIDDLEWARE").get("MIDDLEWARE")
    names = node.value if node is not None and isinstance(node.value, tuple) else ()
    texts = [str(each.value) for each in names if isinstance(each.value, str)]
    is_listed = any(text.endswith("CorsMiddleware") for text in texts)
    if node is not None and texts and len(texts) == len(names) and not is_listed:
        yield f"{node.place}: MIDDLEWARE has no CorsMiddleware, without which nothing is sent"


# Flask


def _echoed(field: str) -> Reader:
    """Names, where `*` sends back what was asked for."""
    read_names = names(field)
    return lambda node: {field: ECHO} if node.value == WILDCARD else read_names(node)


def _flask_origins(node: Node) -> Fields:
    """Anything that looks like a regular expression is one; `*` sends back any origin."""
    items = tuple(map(_flask_origin, node.items()))
    texts = [item.value for item in items]
    if isinstance(node.value, tuple) or isinstance(items[0].value, Regex):
        return origins_of(items)
    return {"allow_origins": ECHO if texts == [WILDCARD] else texts[0]}


def _flask_origin(node: Node) -> Node:
    if node.value == ".*":
        return Node(node.place, WILDCARD)  # the library itself takes them for the same
    if isinstance(node.value, str) and node.value != WILDCARD and is_regex(node.value):
        return Node(node.place, Regex(node.value))
    return node


def _flask_headers(node: Node) -> Fields:
    """A string is one name, however many commas it has."""
    if isinstance(node.value, str) and "," in node.value and not is_regex(node.value):
        message = "is one name with its commas, so that no header is allowed; write a list"
        return {"allow_headers": (), "warnings": (message,)}
    return _echoed("allow_headers")(node)


_FLASK: Final = {
    "origins": _flask_origins,
    "methods": names_or_any("allow_methods"),
    "allow_headers": _flask_headers,
    "expose_headers": names_or_any("expose_headers"),
    "supports_credentials": flag("allow_credentials"),
    "max_age": number("max_age"),
    **{
        name: setting(name, bool)
        for name in ("send_wildcard", "always_send", "vary_header", "allow_private_network")
    },
}


def read_flask_cors(source: Source) -> Iterator[Found]:
    """`CORS(app, …)`, also with `resources`, and `@cross_origin(…)`; `app.config["CORS_…"]`."""
    file = PythonFile(source)
    given = _configured(file, "CORS_")
    found_any = False
    for call in file.calls():
        if _is_of_flask(call):
            found_any = True
            is_decorator = call.function.rpartition(".")[2] == "cross_origin"
            routes = (_of_routes(call.place),) if is_decorator else ()
            for read in _of_flask({**given, **call.options}, call.place):
                told = (*call.warnings, *file.unsure("CORS_", of_keys=True), *routes)
                if call.names and file.maker(call.names[0]).endswith("Blueprint"):
                    message = f"only the routes of {call.names[0]} are meant: say so in match.url"
                    told = (*told, f"{call.place}: {message}")
                yield _told(read, told)
    if not found_any:
        source.refuse("has no CORS(app, …)")


def _is_of_flask(call: PythonCall) -> bool:
    """Whether it has the options: a `CORS()` may get them later, with `cors.init_app(app, …)`."""
    owner, _, name = call.function.rpartition(".")
    if name == "CORS":
        return bool(call.names or call.options)
    return name == "cross_origin" or (name == "init_app" and "cors" in owner.lower())


def _of_flask(options: Mapping[str, Node], place: str) -> Iterator[Found]:
    resources = options.get("resources")
    common = {name: node for name, node in options.items() if name != "resources"}
    if resources is None:
        yield found(common, _FLASK, place)
        return
    given = resources.value
    tables = given if isinstance(given, Mapping) else {}
    for path, each in sorted(tables.items(), key=lambda pair: _order(pair[0])):
        read = found({**common, **each.table()}, _FLASK, each.place)
        yield _only_there(read, (path,), each.place)
    if not tables:
        paths = [each.value for each in resources.items_or_self() if isinstance(each.value, str)]
        read = found(common, _FLASK, place)
        yield _only_there(read, paths, resources.place)


_ANY_PATH: Final = {"*", "/*", ".*", "/.*", "^/", "^/.*", "^/.*$", r"^.*$"}
"""Regexes of Flask-CORS' that fit each path from its beginning."""


def _only_there(read: Found, paths: Sequence[str], place: str) -> Found:
    """A policy for these paths; of any if they don't show."""
    if not paths:
        return _told(read, (f"{place}: only some paths are meant: say so in match.url",))
    if _ANY_PATH.intersection(paths):
        return read
    return only_for(
        read, place, paths, lambda path: (matching if is_regex(path) else exactly)(path)
    )


def _order(path: str) -> tuple[bool, int, int]:
    """What sorts resources as the library asks them: those that are no regexes first."""
    path = ".*" if path == WILDCARD else path
    return is_regex(path), -path.count("/"), -len(path)


def _of_routes(place: str) -> str:
    """What is told of a decorator."""
    return f"{place}: only the routes below are meant: say so in match.url"


def _configured(file: PythonFile, prefix: str) -> Mapping[str, Node]:
    """What `app.config["CORS_ORIGINS"] = …` sets, by the names of the options."""
    return {key.removeprefix(prefix).lower(): node for key, node in file.entries(prefix).items()}


# Quart


def _quart_origins(node: Node) -> Fields:
    """Origins and regexes, of which one that fits all sends back any origin."""
    items = node.items()
    if [item.value for item in items] == [Regex(".*")]:
        return {"allow_origins": ECHO}
    return {"allow_origins": node.value} if isinstance(node.value, str) else origins_of(items)


_QUART: Final = {
    "allow_origin": _quart_origins,
    "allow_methods": listed_or_any("allow_methods"),
    "allow_headers": listed_or_any("allow_headers"),
    "expose_headers": listed_or_any("expose_headers"),
    "allow_credentials": flag("allow_credentials"),
    "max_age": number("max_age"),
}


def read_quart_cors(source: Source) -> Iterator[Found]:
    """`cors(app, …)` and `@route_cors(…)`, with what `app.config["QUART_CORS_…"]` adds."""
    file = PythonFile(source)
    given = _configured(file, "QUART_CORS_")
    found_any = False
    for call in file.calls():
        name = file.name_in("quart_cors", call.function)
        if name in {"cors", "route_cors"}:
            found_any = True
            read = found({**given, **call.options}, _QUART, call.place)
            read = _told(read, (*call.warnings, *file.unsure("QUART_CORS_", of_keys=True)))
            told = (*read.warnings, _of_routes(call.place))
            yield read if name == "cors" else replace(read, warnings=told)
    if not found_any:
        source.refuse("has no cors(app, …) of quart_cors")


# aiohttp

_AIOHTTP: Final = {
    "allow_credentials": flag("allow_credentials"),
    "expose_headers": names_or_any("expose_headers"),
    "allow_headers": _echoed("allow_headers"),
    "allow_methods": _echoed("allow_methods"),
    "max_age": number("max_age"),
}


def read_aiohttp(source: Source) -> Iterator[Found]:
    """`aiohttp_cors.setup(app, defaults={origin: ResourceOptions(…)})`."""
    calls = list(PythonFile(source).calls())
    setups = [c for c in calls if c.function.endswith("setup") and "defaults" in c.options]
    if not setups:
        source.refuse("has no aiohttp_cors.setup(app, defaults={…})")
    options = [call for call in calls if call.function.endswith("ResourceOptions")]
    read = [
        _told(found(call.options, _AIOHTTP, setups[0].place), call.warnings) for call in options
    ]
    if len({each.policy for each in read}) > 1:
        source.refuse("has several ResourceOptions: a rule has the same for all its origins")
    for each in read[:1]:
        origins = tuple(setups[0].options["defaults"].table())
        allowed = ECHO if origins == (WILDCARD,) else origins
        yield replace(each, policy=replace(each.policy, allow_origins=allowed))
