"""How do rs/cors, chi, gin, Echo and gorilla take their CORS options in Go?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.go import GoCall, GoFile
from corscope.cli.imports.languages.go_mod import required_version
from corscope.cli.imports.languages.go_packages import Given, Known, strings
from corscope.cli.imports.options import (
    Fields,
    any_regex,
    flag,
    found,
    listed,
    listed_or_any,
    number,
    setting,
)
from corscope.cli.imports.tree import Found, Node, Opaque, Regex, Source, Value
from corscope.servers.policy import ECHO, WILDCARD, Policy, SettingValue
from corscope.servers.policy import listed as listed_values
from corscope.servers.web_servers.by_hand import regex_of

Settings = tuple[tuple[str, SettingValue], ...]

__all__ = ["read_chi", "read_echo", "read_gin", "read_gorilla", "read_rs_cors"]


def _ignored(_node: Node) -> Fields:
    return {}


def _tested(node: Node) -> Fields:
    """What a function of the origin allows; its tests are exact, so they become one regex."""
    if node.value is True:
        return {"allow_origins": ECHO}
    items = node.value if isinstance(node.value, tuple) else (node,)
    patterns = [
        each.value.pattern if isinstance(each.value, Regex) else regex_of(each.text())
        for each in items
    ]
    if not patterns:
        node.refuse("allows nobody, so there is nothing to import")
    return {"allow_origin_regex": any_regex(patterns)}


def _options(node: Node) -> Mapping[str, Node]:
    """A struct of options; what is nil in it isn't set."""
    return {name: each for name, each in node.table().items() if each.value is not None}


def _instead(
    options: Mapping[str, Node], listed: str, *functions: str
) -> tuple[Mapping[str, Node], tuple[str, ...]]:
    """The options that count, since a function makes the library ignore the list."""
    function = next((name for name in functions if name in options), None)
    if function is None or listed not in options:
        return options, ()
    told = f"{options[listed].place}: {listed} is ignored: {function} is asked instead"
    return {name: node for name, node in options.items() if name != listed}, (told,)


# rs/cors and chi

_CORS: Final = ("github.com/rs/cors", "github.com/rs/cors/wrapper/gin")
_CHI: Final = "github.com/go-chi/cors"
_RS_FUNCTIONS: Final = ("AllowOriginVaryRequestFunc", "AllowOriginRequestFunc", "AllowOriginFunc")
_RS: Final = {
    "AllowedOrigins": listed_or_any("allow_origins"),
    **dict.fromkeys(reversed(_RS_FUNCTIONS), _tested),
    "AllowedMethods": listed_or_any("allow_methods"),
    "AllowedHeaders": listed_or_any("allow_headers"),
    "ExposedHeaders": listed_or_any("expose_headers"),
    "AllowCredentials": flag("allow_credentials"),
    "MaxAge": number("max_age"),
    "OptionsPassthrough": lambda node: {"forward_preflight": node.flag()},
    **dict.fromkeys(("Debug", "Logger"), _ignored),
}
_ALL: Final[Mapping[str, Node]] = {
    "AllowedOrigins": Node("", strings(WILDCARD)),
    "AllowedMethods": Node("", strings("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")),
    "AllowedHeaders": Node("", strings(WILDCARD)),
}


def read_rs_cors(source: Source) -> Iterator[Found]:
    """`cors.New(cors.Options{…})`, `cors.Default()` and `cors.AllowAll()`."""
    for call, read in _with_options(source, _CORS, ("New", "Default", "AllowAll")):
        settings, of_version = _version(source, call)
        policy = replace(read.policy, settings=settings)
        yield replace(read, policy=policy, warnings=(*read.warnings, *of_version))


def read_chi(source: Source) -> Iterator[Found]:
    """`cors.Handler(cors.Options{…})`, and `cors.New` and `cors.AllowAll` beside it."""
    for _, read in _with_options(source, (_CHI,), ("Handler", "New", "AllowAll")):
        yield read


def _with_options(
    source: Source, packages: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[tuple[GoCall, Found]]:
    file = GoFile(source, packages[:1], {})
    ours = {f"{path}.{name}" for path in packages for name in names}
    for call in _calls(file, ours, f"cors.{names[0]}(cors.Options{{…}}) of {packages[0]}"):
        name = call.function.rpartition(".")[2]
        given = Node(call.place, _ALL if name == "AllowAll" else {})
        options = _options(next(iter(call.given()), given))
        counting, told = _instead(options, "AllowedOrigins", *_RS_FUNCTIONS)
        read = found(counting, _RS, call.place)
        yield call, replace(read, warnings=(*call.warnings, *told, *read.warnings))


def _version(source: Source, call: GoCall) -> tuple[Settings, tuple[str, ...]]:
    """As which version it is read, and what is told where that isn't sure."""
    required = required_version(source, _CORS[0])
    if required is not None and required >= (1, 11):
        return (("version", "1.11"),), ()
    if required is not None and required <= (1, 7):
        return (), ()
    now = "without a go.mod" if required is None else "{}.{}".format(*required)
    told = f'rs/cors {now} is read as 1.7; version = "1.11" in the policy has it answer as 1.11'
    return (), (f"{call.place}: {told}",)


def _calls(file: GoFile, ours: set[str], wanted: str) -> list[GoCall]:
    calls = [call for call in file.calls() if call.function in ours]
    if not calls:
        file.source.refuse(f"has no {wanted}")
    return calls


# gin

_GIN_PACKAGE: Final = "github.com/gin-contrib/cors"
_GIN_DEFAULT: Final[Mapping[str, Node]] = {
    "AllowMethods": Node("", strings("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")),
    "AllowHeaders": Node("", strings("Origin", "Content-Length", "Content-Type")),
    "MaxAge": Node("", 12 * 3600 * 10**9),
}
_GIN_KNOWN: Final[Known] = {f"{_GIN_PACKAGE}.DefaultConfig()": _GIN_DEFAULT}
_GIN_ADDERS: Final = {
    f"Add{name}": name for name in ("AllowMethods", "AllowHeaders", "ExposeHeaders")
}


def _duration(node: Node) -> Fields:
    if not isinstance(node.value, int):
        node.refuse("must be a duration")
    return {"max_age": int(node.value / 10**9)}


def _all_origins(node: Node) -> Fields:
    return {"allow_origins": WILDCARD} if node.flag() else {}


_GIN: Final = {
    "AllowOrigins": listed("allow_origins"),
    "AllowOriginFunc": _tested,
    "AllowOriginWithContextFunc": _tested,
    "AllowAllOrigins": _all_origins,
    "AllowMethods": listed_or_any("allow_methods"),
    "AllowHeaders": listed_or_any("allow_headers"),
    "ExposeHeaders": listed_or_any("expose_headers"),
    "AllowCredentials": flag("allow_credentials"),
    "MaxAge": _duration,
    "AllowWildcard": _ignored,
}


def read_gin(source: Source) -> Iterator[Found]:
    """`cors.New(config)`, with `cors.DefaultConfig()` or `cors.Config{…}`, and `cors.Default()`."""
    file = GoFile(source, (_GIN_PACKAGE,), _GIN_KNOWN, _GIN_ADDERS)
    ours = {f"{_GIN_PACKAGE}.New", f"{_GIN_PACKAGE}.Default"}
    for call in _calls(file, ours, f"cors.New(config) of {_GIN_PACKAGE}"):
        open_to_all = Node("", {**_GIN_DEFAULT, "AllowAllOrigins": Node("", True)})
        options = _options(next(iter(call.given()), open_to_all))
        read = _of_gin(options, call.place)
        yield replace(read, warnings=(*call.warnings, *read.warnings))


_GIN_ZERO: Final[Mapping[str, Value]] = {"AllowMethods": (), "AllowHeaders": (), "MaxAge": 0}


def _of_gin(options: Mapping[str, Node], place: str) -> Found:
    """A config that isn't made from the default one has nothing in what it leaves out."""
    unset = {name: Node(place, v) for name, v in _GIN_ZERO.items() if name not in options}
    own = {name: node for name, node in options.items() if node is not _GIN_DEFAULT.get(name)}
    _expect_no_conflict(own)
    kept, told = _without_wildcards(own)
    read = found({**kept, **unset}, _GIN, place)
    age = own.get("MaxAge", Node("", 0))
    if isinstance(age.value, int) and 0 < age.value < 10**9:
        told += (f"{age.place}: MaxAge is less than a second: a bare number is nanoseconds",)
    return replace(read, warnings=(*told, *read.warnings))


def _expect_no_conflict(options: Mapping[str, Node]) -> None:
    """What gin panics about when it is set up.

    Raises:
        UnreadableError: there is such a thing.
    """
    open_to_all = options.get("AllowAllOrigins")
    others = [name for name in options if name.startswith("AllowOrigin")]
    if open_to_all is not None and open_to_all.flag() and others:
        if isinstance(options[others[0]].value, Opaque):
            options[others[0]].refuse("must be a list")
        open_to_all.refuse(f"AllowAllOrigins can't stand beside {others[0]}: gin panics")
    functions = [name for name in others if name.endswith("Func")]
    if len(functions) > 1:
        options[functions[1]].refuse(f"{functions[1]} can't be read beside {functions[0]}")


def _without_wildcards(options: Mapping[str, Node]) -> tuple[dict[str, Node], tuple[str, ...]]:
    """The options without patterns that gin takes as they stand, which no origin is."""
    origins = options.get("AllowOrigins")
    wildcard = options.get("AllowWildcard", Node("", False)).value
    if origins is None or wildcard is True or not isinstance(origins.value, tuple):
        return dict(options), ()
    kept = [n for n in origins.value if "*" not in str(n.value) or n.value == WILDCARD]
    lost = [n for n in origins.value if n not in kept]
    told = tuple(f"{n.place}: {n.value} is nobody's origin without AllowWildcard" for n in lost)
    return {**options, "AllowOrigins": Node(origins.place, tuple(kept))}, told


# Echo

_ECHO_PACKAGE: Final = "github.com/labstack/echo"
_MIDDLEWARE: Final = f"{_ECHO_PACKAGE}/middleware"
_ECHO_HEADERS: Final = (
    *("Accept", "Accept-Encoding", "Authorization", "Content-Disposition", "Content-Encoding"),
    *("Content-Length", "Content-Type", "Cookie", "If-Modified-Since", "Last-Modified"),
    *("Location", "Origin", "Server", "Set-Cookie", "Upgrade", "Vary", "X-CSRF-Token"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "X-Request-ID", "X-Requested-With"),
    *("X-HTTP-Method-Override", "X-Correlation-ID", "Cache-Control", "Retry-After"),
)
_ECHO_KNOWN: Final[Known] = {
    **{f"{_ECHO_PACKAGE}.Header{name.replace('-', '')}": name for name in _ECHO_HEADERS},
    **{
        f"{_ECHO_PACKAGE}.{name}": name
        for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")
    },
    f"{_MIDDLEWARE}.DefaultCORSConfig": {},
}
_ECHO_UNSAFE: Final = "UnsafeWildcardOriginWithAllowCredentials"
_ECHO_FUNCTIONS: Final = ("AllowOriginFunc", "UnsafeAllowOriginFunc")
_ECHO: Final = {
    "AllowOrigins": listed_or_any("allow_origins"),
    **dict.fromkeys(_ECHO_FUNCTIONS, _tested),
    "AllowMethods": listed_or_any("allow_methods"),
    "AllowHeaders": listed_or_any("allow_headers"),
    "ExposeHeaders": listed_or_any("expose_headers"),
    "AllowCredentials": flag("allow_credentials"),
    "MaxAge": number("max_age"),
    _ECHO_UNSAFE: _ignored,
}


def read_echo(source: Source) -> Iterator[Found]:
    """`middleware.CORSWithConfig(middleware.CORSConfig{…})` and `middleware.CORS()`."""
    file = GoFile(source, (_MIDDLEWARE, _ECHO_PACKAGE), _ECHO_KNOWN)
    ours = {f"{_MIDDLEWARE}.CORSWithConfig", f"{_MIDDLEWARE}.CORS"}
    for call in _calls(file, ours, "middleware.CORSWithConfig(…) of Echo"):
        given = call.given()
        if call.function.endswith("CORS") and given:
            options: Mapping[str, Node] = {"AllowOrigins": Node(call.place, given)}
        else:
            options = _options(next(iter(given), Node(call.place, {})))
        counting, told = _instead(
            options, "AllowOrigins", "UnsafeAllowOriginFunc", "AllowOriginFunc"
        )
        read = found(counting, _ECHO, call.place)
        settings, of_version = _echo_version(source, call.place)
        policy = replace(_named_where_unsafe(read.policy, options), settings=settings)
        warnings = (*call.warnings, *told, *read.warnings, *of_version)
        yield replace(read, policy=policy, warnings=warnings)


def _named_where_unsafe(policy: Policy, options: Mapping[str, Node]) -> Policy:
    """With the option that has a wildcard beside credentials mean whoever asks."""
    is_unsafe = options.get(_ECHO_UNSAFE, Node("", False)).value is True
    is_open = WILDCARD in listed_values(policy.allow_origins)
    if is_unsafe and is_open and policy.allow_credentials:
        return replace(policy, allow_origins=ECHO)
    return policy


def _echo_version(source: Source, place: str) -> tuple[Settings, tuple[str, ...]]:
    """As which version it is read, and what is told where that isn't sure."""
    if f"{_ECHO_PACKAGE}/v5" in source.text:
        return (("version", "5"),), ()
    required = required_version(source, f"{_ECHO_PACKAGE}/v4")
    if required is not None and required >= (4, 11):
        return (("version", "4.15"),), ()
    if required is not None and required < (4, 7):
        return (), ()
    now = "without a go.mod" if required is None else "{}.{}".format(*required)
    told = f'Echo {now} is read as 4.2; version = "4.15" in the policy has it answer as 4.15'
    return (), (f"{place}: {told}",)


# gorilla

_HANDLERS: Final = "github.com/gorilla/handlers"
_GORILLA: Final = {
    "AllowedOrigins": listed_or_any("allow_origins"),
    "AllowedOriginValidator": _tested,
    "AllowedMethods": listed_or_any("allow_methods"),
    "AllowedHeaders": listed_or_any("allow_headers"),
    "ExposedHeaders": listed_or_any("expose_headers"),
    "AllowCredentials": flag("allow_credentials"),
    "MaxAge": number("max_age"),
    "OptionStatusCode": setting("option_status_code", int),
}


_SWITCHES: Final = ("AllowCredentials", "IgnoreOptions")
_ADDED_TO: Final = "AllowedHeaders"


def _option(name: str) -> Callable[[Given], Value]:
    """What an option is read as that takes one value: a table of it alone."""
    return lambda given: {name: given[0]} if len(given) == 1 else None


_GORILLA_KNOWN: Final[Known] = {
    **{f"{_HANDLERS}.{name}": _option(name) for name in _GORILLA if name not in _SWITCHES},
    **{f"{_HANDLERS}.{name}()": {name: Node("", True)} for name in _SWITCHES},
}


def read_gorilla(source: Source) -> Iterator[Found]:
    """`handlers.CORS(handlers.AllowedOrigins(…), …)`."""
    file = GoFile(source, (_HANDLERS,), _GORILLA_KNOWN)
    for call in _calls(file, {f"{_HANDLERS}.CORS"}, f"handlers.CORS(…) of {_HANDLERS}"):
        counting, told = _instead(
            _of_gorilla(call.given()), "AllowedOrigins", "AllowedOriginValidator"
        )
        read = found(counting, _GORILLA, call.place)
        yield replace(read, warnings=(*call.warnings, *told, *read.warnings))


def _of_gorilla(given: Given) -> Mapping[str, Node]:
    """The options, of which the last one of its name counts; headers are added up."""
    options: dict[str, Node] = {}
    for each in given:
        for name, value in each.table().items():
            node = value if value.place else Node(each.place, value.value)
            if name == _ADDED_TO and name in options:
                node = Node(node.place, (*options[name].items(), *node.items()))
            options[name] = node
    return options
