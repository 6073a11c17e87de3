"""Which CORS rules do Terraform's resources make?

Those of buckets, of HTTP APIs and of functions' URLs; what is read of each is what the cloud's own
format says in other words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from corscope.cli.imports.languages.hcl import Block, HclFile
from corscope.cli.imports.options import Reader
from corscope.cli.imports.platforms.clouds import (
    API_GATEWAY_READERS,
    AZURE_READERS,
    GCS_READERS,
    S3_READERS,
    read_rules,
)
from corscope.cli.imports.tree import Found, Node, Opaque, Source

__all__ = ["read_terraform"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of resource: the dialect, where its rules stand, and how they are read."""

    like: str
    path: tuple[str, ...]
    readers: Mapping[str, Reader]
    told: str = ""


_KINDS: Final = {
    **dict.fromkeys(
        ("aws_s3_bucket_cors_configuration", "aws_s3_bucket"),
        _Kind("s3", ("cors_rule",), S3_READERS),
    ),
    "google_storage_bucket": _Kind("gcs", ("cors",), GCS_READERS),
    "azurerm_storage_account": _Kind("azure-blob", ("blob_properties", "cors_rule"), AZURE_READERS),
    "aws_apigatewayv2_api": _Kind("api-gateway", ("cors_configuration",), API_GATEWAY_READERS),
    "aws_lambda_function_url": _Kind(
        "api-gateway",
        ("cors",),
        API_GATEWAY_READERS,
        "the URL of a function is taken to answer as an HTTP API does",
    ),
}


_MOST_REPEATED: Final = 100
"""How many blocks one may stand for; a bucket of S3 has no more rules."""


def read_terraform(source: Source) -> Iterator[Found]:
    """The rules of each resource that has any."""
    file = HclFile(source)
    found_any = False
    for block in file.root.inner("resource"):
        kind = _KINDS.get(block.labels[0]) if len(block.labels) == 2 else None
        for each in () if kind is None else _of_resource(file, block, kind):
            found_any = True
            yield each
    if not found_any:
        source.refuse(f"has no CORS rules of a resource that is read: {', '.join(_KINDS)}")


def _of_resource(file: HclFile, block: Block, kind: _Kind) -> Iterator[Found]:
    outer = [block]
    for name in kind.path[:-1]:
        outer = [inner for each in outer for inner in each.inner(name)]
    last = kind.path[-1]
    for each in outer:
        tables = [_table(file, inner) for inner in each.inner(last)]
        for inner in each.inner("dynamic"):
            tables += _repeated(file, inner) if inner.labels == (last,) else ()
        if last in each.values:
            tables += file.value(each.values[last]).items()
        for read in read_rules(tables, kind.readers) if tables else ():
            told = [f"{read.place}: {kind.told}"] if kind.told else []
            yield replace(read, like=kind.like, warnings=(*told, *read.warnings))


def _repeated(file: HclFile, block: Block) -> Iterator[Node]:
    """A `dynamic` block as the blocks that it stands for, where its `for_each` is known.

    https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
    """
    place = Node(block.place, None)
    told = f"dynamic {block.labels[0]} can't be told: write the blocks"
    each, name = block.values.get("for_each"), block.values.get("iterator")
    contents = list(block.inner("content"))
    if each is None or len(contents) != 1:
        place.refuse(told)
    iterator = name.value.code if name and isinstance(name.value, Opaque) else block.labels[0]
    match file.value(each).value:
        case tuple() as items:
            pairs = [(Node(item.place, key), item) for key, item in enumerate(items)]
        case Mapping() as table:  # which Terraform goes through by its keys
            pairs = [(Node(place.place, key), item) for key, item in sorted(table.items())]
        case _:
            place.refuse(told)
    if len(pairs) > _MOST_REPEATED:
        place.refuse(f"dynamic {block.labels[0]} makes more than {_MOST_REPEATED} blocks")
    for key, item in pairs:
        names = {f"{iterator}.key": key, f"{iterator}.value": item}
        inner = item.value if isinstance(item.value, Mapping) else {}
        for field, value in inner.items():
            names[f"{iterator}.value.{field}"] = value
            names[f'{iterator}.value["{field}"]'] = value
        yield _table(file.knowing(names), contents[0])


def _table(file: HclFile, block: Block) -> Node:
    """A block's values by the cloud's own words, which have no `_`."""
    values = {name.replace("_", ""): file.value(node) for name, node in block.values.items()}
    return Node(block.place, values)
