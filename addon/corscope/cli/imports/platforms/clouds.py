"""How do S3, Cloud Storage, Azure Blob Storage and API Gateway write their CORS rules?

As JSON in more than one spelling, as XML, or within templates of AWS and Azure, where the rules may
stand anywhere. Of several rules the first that fits a request counts, so each is imported as a rule
for its own origins and methods.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.documents import read_document
from corscope.cli.imports.options import (
    Fields,
    Reader,
    flag,
    found,
    listed_or_any,
    number,
)
from corscope.cli.imports.platforms.cloudformation import with_defaults
from corscope.cli.imports.tree import Found, Node, Source
from corscope.servers.policy import WILDCARD, Policy

__all__ = [
    "API_GATEWAY_READERS",
    "AZURE_READERS",
    "GCS_READERS",
    "S3_READERS",
    "read_api_gateway",
    "read_azure_blob",
    "read_gcs",
    "read_rules",
    "read_s3",
]


def _joined(field: str) -> Reader:
    """A list, also as one string with commas between, as Azure's XML has it."""
    read_list = listed_or_any(field)

    def read(node: Node) -> Fields:
        if not isinstance(node.value, str):
            return read_list(node)
        parts = tuple(Node(node.place, each.strip()) for each in node.value.split(",") if each)
        return read_list(Node(node.place, parts))

    return read


def _ignored(_node: Node) -> Fields:
    return {}


def _inside(name: str, reader: Reader) -> Reader:
    """A list that XML wraps: `<Origins><Origin>…`; JSON has it without."""

    def read(node: Node) -> Fields:
        if isinstance(node.value, Mapping):
            return reader(node.value.get(name, Node(node.place, ())))
        return reader(Node(node.place, ()) if node.value == "" else node)

    return read


S3_READERS: Final = {
    **dict.fromkeys(("id", "xmlns"), _ignored),
    **dict.fromkeys(("allowedorigins", "allowedorigin"), listed_or_any("allow_origins")),
    **dict.fromkeys(("allowedmethods", "allowedmethod"), listed_or_any("allow_methods")),
    **dict.fromkeys(("allowedheaders", "allowedheader"), listed_or_any("allow_headers")),
    **dict.fromkeys(
        ("exposeheaders", "exposeheader", "exposedheaders"), listed_or_any("expose_headers")
    ),
    **dict.fromkeys(("maxageseconds", "maxage"), number("max_age")),
}
AZURE_READERS: Final = {
    "allowedorigins": _joined("allow_origins"),
    "allowedmethods": _joined("allow_methods"),
    "allowedheaders": _joined("allow_headers"),
    "exposedheaders": _joined("expose_headers"),
    "maxageinseconds": number("max_age"),
}
API_GATEWAY_READERS: Final = {
    "alloworigins": listed_or_any("allow_origins"),
    "allowmethods": listed_or_any("allow_methods"),
    "allowheaders": listed_or_any("allow_headers"),
    "exposeheaders": listed_or_any("expose_headers"),
    "allowcredentials": flag("allow_credentials"),
    "maxage": number("max_age"),
}


def _response_headers(node: Node) -> Fields:
    """Cloud Storage has one list: for what preflights may ask, and for what is exposed."""
    names = listed_or_any("allow_headers")(node)["allow_headers"]
    return {"allow_headers": names, "expose_headers": names}


GCS_READERS: Final = {
    "origin": listed_or_any("allow_origins"),
    "origins": _inside("Origin", listed_or_any("allow_origins")),
    "method": listed_or_any("allow_methods"),
    "methods": _inside("Method", listed_or_any("allow_methods")),
    "responseheader": _response_headers,
    "responseheaders": _inside("ResponseHeader", _response_headers),
    **dict.fromkeys(("maxageseconds", "maxagesec"), number("max_age")),
}


def read_s3(source: Source) -> Iterator[Found]:
    """The CORS rules of a bucket: the API's JSON and XML, and CloudFormation's template."""
    root = read_document(source)
    filled = with_defaults(root, source)
    rules = [filled(each) for each in _rules(root, "corsrules", "corsrule", alone="allowedorigins")]
    yield from _read(rules, S3_READERS, source, "CORSRules, or <CORSConfiguration>")


def read_gcs(source: Source) -> Iterator[Found]:
    """The CORS entries of a bucket: a list in JSON, also below `cors`, or XML."""
    root = read_document(source)
    entries = root.value if isinstance(root.value, tuple) else tuple(_rules(root, "cors"))
    if any("corsrulename" in _lower(each) for each in entries):
        source.refuse("has the rules of Backblaze B2, which aren't read")
    yield from _read(entries, GCS_READERS, source, "a list with origin and method, or <CorsConfig>")


def read_azure_blob(source: Source) -> Iterator[Found]:
    """The CORS rules of a storage account: the service's XML, and the template's JSON."""
    root = read_document(source)
    rules = list(_rules(root, "corsrules", "corsrule", alone="allowedorigins"))
    yield from _read(rules, AZURE_READERS, source, "corsRules, or <Cors>")


def read_api_gateway(source: Source) -> Iterator[Found]:
    """The CORS configuration of an HTTP API: its JSON, OpenAPI's extension, SAM's template.

    A function's own URL is configured by the same words.
    """
    root = read_document(source)
    filled = with_defaults(root, source)
    keys = ("corsconfiguration", "x-amazon-apigateway-cors")
    wanted = "CorsConfiguration with AllowOrigins, or x-amazon-apigateway-cors"
    given = map(filled, root.all_of(*keys))
    tables = [_all_if_true(node) for node in given if node.value is not False]
    if not tables and isinstance(root.value, Mapping):
        is_one = not root.value or _lower(root).keys() & API_GATEWAY_READERS.keys()
        tables = [root] if is_one else []
    urls = [filled(node) for node in _of_function_urls(root)]
    rest = list(_of_rest_apis(root, filled))
    if tables or not (urls or rest):
        yield from _read(tables, API_GATEWAY_READERS, source, wanted)
    for node in urls:
        read = found(_lower(node), API_GATEWAY_READERS, node.place)
        told = f"{node.place}: the URL of a function is taken to answer as an HTTP API does"
        yield replace(read, warnings=(told, *read.warnings))
    yield from rest


def _all_if_true(node: Node) -> Node:
    """SAM's `CorsConfiguration: true` allows any origin."""
    if node.value is not True:
        return node
    return Node(node.place, {"AllowOrigins": Node(node.place, WILDCARD)})


def _of_function_urls(root: Node) -> Iterator[Node]:
    """`Cors` of an AWS::Lambda::Url, and of SAM's FunctionUrlConfig."""
    for node in root.tables():
        kind = node.table().get("Type")
        inner = [node.table()[k] for k in ("FunctionUrlConfig",) if k in node.table()]
        if kind is not None and kind.value == "AWS::Lambda::Url":
            inner += [node.table()[k] for k in ("Properties",) if k in node.table()]
        for each in inner:
            cors = each.value.get("Cors") if isinstance(each.value, Mapping) else None
            if cors is not None:
                yield cors


def _of_rest_apis(root: Node, filled: Callable[[Node], Node]) -> Iterator[Found]:
    """`Cors` of SAM's AWS::Serverless::Api, whose OPTIONS API Gateway answers by itself."""
    for node in root.tables():
        table = node.table()
        kind = table.get("Type")
        inner = [table[name] for name in ("Api",) if name in table]
        if kind is not None and kind.value == "AWS::Serverless::Api":
            inner += [table[name] for name in ("Properties",) if name in table]
        for each in inner:
            cors = each.value.get("Cors") if isinstance(each.value, Mapping) else None
            if cors is not None:
                yield _of_rest_api(filled(cors))


_REST_STATUS: Final = "API Gateway answers preflights by 200, the rule by 204: both let them pass"
_REST_ALONE: Final = (
    "is of a REST API, whose other answers are the function's: the rule is for preflights"
)
_REST: Final = ("alloworigin", "allowmethods", "allowheaders", "maxage", "allowcredentials")


def _of_rest_api(cors: Node) -> Found:
    """Fixed headers, whose values stand in quotes of their own; a text alone is the origin."""
    table = _lower(cors) if isinstance(cors.value, Mapping) else {"alloworigin": cors}
    told = [f"{cors.place}: Cors {_REST_ALONE}", f"{cors.place}: {_REST_STATUS}"]
    told += [f"{table[name].place}: {name} is not imported" for name in table if name not in _REST]
    texts = {
        name: str(node.whole() if isinstance(node.value, int) else node.text()).strip().strip("'")
        for name, node in table.items()
        if name in _REST and name != "allowcredentials"
    }
    if "allowmethods" not in texts:
        told.append(f"{cors.place}: the methods are those of each path: say them in the rule")
    names = {
        f"allow_{kind}": tuple(part.strip() for part in texts[f"allow{kind}"].split(","))
        for kind in ("methods", "headers")
        if f"allow{kind}" in texts
    }
    credentials = table.get("allowcredentials")
    policy = Policy(
        allow_origins=texts.get("alloworigin"),
        **names,  # type: ignore[arg-type]
        allow_credentials=True if credentials is not None and credentials.flag() else None,
        max_age=Node(cors.place, texts["maxage"]).whole() if "maxage" in texts else None,
        settings=(("always", True),),
    )
    return Found(cors.place, policy, {"kind": "preflight"}, tuple(told), like="nginx")


_NOBODY: Final = {"[]", '{"CORSRules":[]}', "<Cors/>"}
"""A configuration without any rule, but for spaces."""


def _rules(root: Node, *keys: str, alone: str = "") -> Iterator[Node]:
    """The rules below any of these keys; or the root, if it is a rule or a list of such."""
    for node in root.all_of(*keys):
        yield from node.items() if isinstance(node.value, tuple) else (node,)
    items = root.value if isinstance(root.value, tuple) else (root,)
    if alone and all(isinstance(item.value, Mapping) and alone in _lower(item) for item in items):
        yield from items


def _lower(node: Node) -> dict[str, Node]:
    return {name.lower(): value for name, value in node.table().items()}


def _read(
    rules: Iterable[Node], readers: Mapping[str, Reader], source: Source, wanted: str
) -> Iterator[Found]:
    tables = list(rules)
    if not tables:
        if "".join(source.text.split()) not in _NOBODY:
            source.refuse(f"has no CORS configuration: there is no {wanted}")
        yield Found(source.name, Policy())
    yield from read_rules(tables, readers)


def read_rules(tables: Iterable[Node], readers: Mapping[str, Reader]) -> Iterator[Found]:
    """Rules that stand beside each other: of several each is for its own origins and methods."""
    several = [found(_lower(table), readers, table.place) for table in tables]
    for each in several:
        yield each if len(several) == 1 else replace(each, match=_match(each))


def _match(rule: Found) -> Mapping[str, object]:
    """For whom one of several rules is: origins are globs here and there."""
    policy = rule.policy
    keys = {"origin": policy.allow_origins, "method": policy.allow_methods}
    return {key: value for key, value in keys.items() if value and value != WILDCARD}
