"""How is YAML written, for the proxies that are configured in it?"""

import json
from collections.abc import Iterator, Mapping

__all__ = ["yaml_text"]


def yaml_text(value: Mapping[str, object]) -> str:
    """Write a mapping of mappings, lists, strings, numbers and booleans; None is left out."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: object) -> Iterator[str]:
    match value:
        case Mapping():
            for key, item in value.items():
                if item is not None:
                    yield from _entry(f"{key}:", item)
        case tuple() | list():
            for item in value:
                first, *rest = _lines(item)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
        case _:
            yield _scalar(value)


def _entry(key: str, item: object) -> Iterator[str]:
    if isinstance(item, Mapping | tuple | list) and item:
        yield key
        yield from (f"  {line}" for line in _lines(item))
    else:
        yield f"{key} {_scalar(item)}"


def _scalar(value: object) -> str:
    """A scalar as JSON has it, or an empty list, which YAML takes over."""
    return json.dumps(value, ensure_ascii=False)
