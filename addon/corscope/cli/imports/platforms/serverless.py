"""Which policies does a serverless.yml make?

`provider.httpApi.cors` is API Gateway's own CORS. An `http` event's `cors` is for a REST API: a
made-up answer to OPTIONS, while all else is the function's business, so that the rule is for
preflights.
Follows lib/plugins/aws/package/compile/events of https://github.com/serverless/serverless, 3 and 4.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.languages.documents import read_document
from corscope.cli.imports.options import found, origins_of
from corscope.cli.imports.platforms.clouds import API_GATEWAY_READERS
from corscope.cli.imports.regexes import escaped
from corscope.cli.imports.tree import DEEPEST, Found, Node, Opaque, Regex, Source
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["read_serverless"]

_HEADERS: Final = (
    *("Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key"),
    *("X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amzn-Trace-Id"),
)
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE")
_REST_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_OF_HTTP_API: Final = {
    "allowedorigins": "alloworigins",
    "allowedheaders": "allowheaders",
    "allowedmethods": "allowmethods",
    "exposedresponseheaders": "exposeheaders",
    "allowcredentials": "allowcredentials",
    "maxage": "maxage",
}
_OF_REST: Final = {"origin", "origins", "headers", "allowcredentials", "maxage", "methods"}
_VARIABLE: Final = re.compile(
    r"\$\{(?P<source>[a-z]+):(?P<name>[\w.:/-]*)(?:,\s*(?P<default>[^${}]*))?\}"
)
_STATUS: Final = "API Gateway answers preflights by 200, the rule by 204: both let them pass"
_ALONE: Final = (
    "is of a REST API, whose other answers are the function's: the rule is for preflights"
)


def read_serverless(source: Source) -> Iterator[Found]:
    """`provider.httpApi.cors`, and the `cors` of `http` events."""
    root = read_document(source)
    file = _File(source, root)
    cors = _below(root, "provider", "httpApi", "cors")
    found_any = False
    if cors is not None and file.value(cors).value not in (None, False):
        found_any = True
        yield file.of_http_api(file.value(cors))
    for each in file.of_events():
        found_any = True
        yield each
    if not found_any:
        source.refuse("has no provider.httpApi.cors, and no http event with cors")


def _below(node: Node | None, *path: str) -> Node | None:
    for name in path:
        table = node.value if node is not None and isinstance(node.value, Mapping) else {}
        node = table.get(name)
    return node


class _File:
    """A serverless.yml, whose variables are followed as far as it says them itself."""

    def __init__(self, source: Source, root: Node) -> None:
        self.source = source
        self.root = root

    def value(self, node: Node, depth: int = 0) -> Node:
        """A value, where a variable is what it stands for: of the file itself, or its default."""
        if depth > DEEPEST:
            node.refuse("refers to itself")
        if isinstance(node.value, tuple):
            return Node(node.place, tuple(self.value(each, depth + 1) for each in node.value))
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        whole = _VARIABLE.fullmatch(node.value)
        if whole is not None:
            return self._variable(node, whole, depth)
        parts = [self._variable(node, each, depth).value for each in _VARIABLE.finditer(node.value)]
        if any(not isinstance(part, str | int) for part in parts):
            return Node(node.place, Opaque(node.value))
        texts = iter(map(str, parts))
        text = _VARIABLE.sub(lambda _: next(texts), node.value)
        return Node(node.place, Opaque(text) if "${" in text else text)

    def _variable(self, node: Node, variable: re.Match[str], depth: int) -> Node:
        name, default = variable["name"], variable["default"]
        if variable["source"] == "self":
            known = _below(self.root, *name.split("."))
            if known is not None:
                return Node(node.place, self.value(known, depth + 1).value)
        if default is None:
            return Node(node.place, Opaque(node.value if isinstance(node.value, str) else name))
        text = default.strip().strip("'\"")
        known_as = f"{variable['source']}:{name}"
        return Node(node.place, default_of(self.source, node.place, known_as, text))

    def of_http_api(self, cors: Node) -> Found:
        """API Gateway's own CORS; the methods are those of the events where none are listed."""
        given = {} if cors.value is True else {k.lower(): v for k, v in cors.table().items()}
        table = {_OF_HTTP_API.get(key, key): self.value(value) for key, value in given.items()}
        read = found(table, API_GATEWAY_READERS, cors.place)
        policy = read.policy
        if policy.allow_origins is None:
            policy = replace(policy, allow_origins=WILDCARD)
        if policy.allow_headers is None:
            policy = replace(policy, allow_headers=_HEADERS)
        if policy.allow_methods is None:
            policy = replace(
                policy, allow_methods=tuple(dict.fromkeys(("OPTIONS", *self._routes())))
            )
        return replace(read, policy=policy)

    def _routes(self) -> Iterator[str]:
        """The methods of the `httpApi` events."""
        for event in self._events("httpApi"):
            method = _below(event, "method")
            if isinstance(event.value, str):
                written = event.value.split()[0] if event.value.strip() else "*"
            else:
                written = "*" if method is None else self.value(method).text()
            yield from _METHODS if written in {"*", "ANY"} else (written.upper(),)

    def _events(self, kind: str) -> Iterator[Node]:
        functions = _below(self.root, "functions")
        several = [] if functions is None else functions.items_or_self()
        tables = [
            f for each in several if isinstance(each.value, Mapping) for f in each.value.values()
        ]
        for function in tables:
            events = _below(function, "events")
            for event in () if events is None else events.items_or_self():
                node = _below(event, kind)
                if node is not None:
                    yield node

    def of_events(self) -> Iterator[Found]:
        """The `http` events with `cors`; a path has the methods of all of its events."""
        events = []
        for event in self._events("http"):
            cors, path, method = (_below(event, name) for name in ("cors", "path", "method"))
            settled = Node(event.place, None) if cors is None else self.value(cors)
            if settled.value in (None, False) or path is None or method is None:
                continue
            events.append((settled, f"/{self.value(path).text().strip('/')}", self.value(method)))
        for settled, place, _ in events:
            methods = [each.text().upper() for _, other, each in events if other == place]
            yield self._of_event(settled, place, methods)

    def _of_event(self, cors: Node, path: str, methods: list[str]) -> Found:
        given = {} if cors.value is True else dict(cors.table())
        table = {key.lower(): self.value(value) for key, value in given.items()}
        told = [f"{cors.place}: cors of {path} {_ALONE}", f"{cors.place}: {_STATUS}"]
        told.append(f"{cors.place}: only {path} is meant, behind the stage: say so in match.url")
        told += [
            f"{node.place}: {name} is not imported"
            for name, node in given.items()
            if name.lower() not in _OF_REST
        ]
        listed = [each.text() for each in table["methods"].items()] if "methods" in table else []
        each_method = (
            _REST_METHODS if m == "ANY" else (m,) for m in ("OPTIONS", *listed, *methods)
        )
        all_methods = dict.fromkeys(name for several in each_method for name in several)
        headers = table.get("headers")
        flag, age = table.get("allowcredentials"), table.get("maxage")
        policy = Policy(
            **_origins(table.get("origins") or table.get("origin")),  # type: ignore[arg-type]
            allow_methods=tuple(all_methods),
            allow_headers=_HEADERS if headers is None else tuple(h.text() for h in headers.items()),
            allow_credentials=True if flag is not None and flag.flag() else None,
            max_age=age.whole() if age is not None and age.whole() else None,
            settings=(("always", True),),
        )
        told.append(f"{cors.place}: the rule puts one space behind each comma of its lists")
        return Found(cors.place, policy, {"kind": "preflight"}, tuple(told), like="nginx")


def _origins(node: Node | None) -> dict[str, object]:
    """One origin is sent to all; of several that of the request, and to others the first."""
    if node is None:
        return {"allow_origins": WILDCARD}
    texts = [part.strip() for each in node.items() for part in each.text().split(",")]
    if len(texts) == 1 and not isinstance(node.value, tuple):
        return {"allow_origins": texts[0]}
    return dict(origins_of(tuple(Node(node.place, _origin(text)) for text in texts if text)))


def _origin(text: str) -> str | Regex:
    """An origin, of which a star stands for any characters, but for one."""
    if WILDCARD not in text:
        return text
    before, _, after = text.partition(WILDCARD)
    return Regex(f"^{escaped(before)}.+{escaped(after)}$")
