"""What do the JavaScript libraries have in common, and how is their code written?

Their options are an object literal of strings, lists, numbers and regexes; how each library reads
it is its dialect's business.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from corscope.servers.dialect import Complaint
from corscope.servers.origins import regex_error
from corscope.servers.policy import ECHO, Policy

__all__ = ["Code", "call", "regex_complaints", "regex_literal", "value_complaints"]

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of JavaScript as it is to stand in the text."""

    text: str


def call(function: str, options: Mapping[str, object]) -> str:
    """Write a call with one object of options; those that are None are left out."""
    given = {name: value for name, value in options.items() if value is not None}
    if not given:
        return f"{function}()"
    lines = [f"  {name}: {_literal(value)},\n" for name, value in given.items()]
    return f"{function}({{\n{''.join(lines)}}})"


def _literal(value: object) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, tuple | list):
        items = [_literal(item) for item in value]
        on_one_line = f"[{', '.join(items)}]"
        if len(on_one_line) <= _WIDTH:
            return on_one_line
        return "[\n" + "".join(f"    {item},\n" for item in items) + "  ]"
    return json.dumps(value)


def regex_literal(pattern: str) -> Code:
    """A regex as `new RegExp` takes it, so that no slash needs care."""
    return Code(f"new RegExp({json.dumps(pattern)})")


def regex_complaints(policy: Policy) -> tuple[Complaint, ...]:
    """Why a policy's regex can't be used beside the rest of it."""
    pattern = policy.allow_origin_regex
    if pattern is None:
        return ()
    if error := regex_error(pattern):
        return (Complaint("allow_origin_regex", f"is no regex: {error}"),)
    if isinstance(policy.allow_origins, str):
        hint = "make allow_origins a list, or drop the regex"
        message = "is never looked at: allow_origins is a single value"
        return (Complaint("allow_origin_regex", message, hint),)
    return ()


def value_complaints(policy: Policy, *, echo: Collection[str] = ()) -> tuple[Complaint, ...]:
    """Which fields hold "request" though the library has no way to send a request's words back.

    Args:
        policy: the policy.
        echo: the fields for which it has one; allow_origins always does.
    """
    return tuple(
        Complaint(field, f'can\'t be "{ECHO}"', "list the names")
        for field in ("allow_methods", "allow_headers", "expose_headers")
        if field not in echo and getattr(policy, field) == ECHO
    )
