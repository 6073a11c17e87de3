"""How do S3, Cloud Storage, Azure Blob Storage and API Gateway write their CORS rules?

As JSON in more than one spelling, as XML, or within templates of AWS and Azure, where the rules may
stand anywhere. Of several rules the first that fits a request counts, so each is imported as a rule
for its own origins and methods.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.documents import read_document
from corscope.cli.imports.options import (
    Fields,
    Reader,
    flag,
    found,
    listed_or_any,
    number,
)
from corscope.cli.imports.tree import Found, Node, Source
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["API_GATEWAY_READERS", "read_api_gateway", "read_azure_blob", "read_gcs", "read_s3"]


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


_S3: Final = {
    **dict.fromkeys(("id", "xmlns"), _ignored),
    **dict.fromkeys(("allowedorigins", "allowedorigin"), listed_or_any("allow_origins")),
    **dict.fromkeys(("allowedmethods", "allowedmethod"), listed_or_any("allow_methods")),
    **dict.fromkeys(("allowedheaders", "allowedheader"), listed_or_any("allow_headers")),
    **dict.fromkeys(
        ("exposeheaders", "exposeheader", "exposedheaders"), listed_or_any("expose_headers")
    ),
    **dict.fromkeys(("maxageseconds", "maxage"), number("max_age")),
}
_AZURE: Final = {
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


_GCS: Final = {
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
    rules = list(_rules(root, "corsrules", "corsrule", alone="allowedorigins"))
    yield from _read(rules, _S3, source, "CORSRules, or <CORSConfiguration>")


def read_gcs(source: Source) -> Iterator[Found]:
    """The CORS entries of a bucket: a list in JSON, also below `cors`, or XML."""
    root = read_document(source)
    entries = root.value if isinstance(root.value, tuple) else tuple(_rules(root, "cors"))
    if any("corsrulename" in _lower(each) for each in entries):
        source.refuse("has the rules of Backblaze B2, which aren't read")
    yield from _read(entries, _GCS, source, "a list with origin and method, or <CorsConfig>")


def read_azure_blob(source: Source) -> Iterator[Found]:
    """The CORS rules of a storage account: the service's XML, and the template's JSON."""
    root = read_document(source)
    rules = list(_rules(root, "corsrules", "corsrule", alone="allowedorigins"))
    yield from _read(rules, _AZURE, source, "corsRules, or <Cors>")


def read_api_gateway(source: Source) -> Iterator[Found]:
    """The CORS configuration of an HTTP API: its JSON, OpenAPI's extension, SAM's template."""
    root = read_document(source)
    keys = ("corsconfiguration", "x-amazon-apigateway-cors")
    wanted = "CorsConfiguration with AllowOrigins, or x-amazon-apigateway-cors"
    tables = list(root.all_of(*keys))
    if not tables and isinstance(root.value, Mapping):
        is_one = not root.value or _lower(root).keys() & API_GATEWAY_READERS.keys()
        tables = [root] if is_one else []
    yield from _read(tables, API_GATEWAY_READERS, source, wanted)


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
    several = [found(_lower(table), readers, table.place) for table in tables]
    for each in several:
        yield each if len(several) == 1 else replace(each, match=_match(each))


def _match(rule: Found) -> Mapping[str, object]:
    """For whom one of several rules is: origins are globs here and there."""
    policy = rule.policy
    keys = {"origin": policy.allow_origins, "method": policy.allow_methods}
    return {key: value for key, value in keys.items() if value and value != WILDCARD}
