"""What do the JavaScript libraries have in common, and how is their code written?

Their options are an object literal of strings, lists, numbers and regexes; how each library reads
it is its dialect's business. (What is sent back and isn't ASCII, Node writes as UTF-8 before a body
that is text; no browser sends such, and it isn't imitated.)
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.fetch.headers import normalize
from corscope.messages import HeaderList
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import ECHO, Policy

__all__ = [
    "Code",
    "as_web_headers",
    "call",
    "cors_options",
    "is_allowed",
    "literal",
    "origin_test",
    "regex_literal",
]

_WIDTH = 80
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of JavaScript as it is to stand in the text."""

    text: str


def is_allowed(policy: Policy, origin: str) -> bool:
    """Whether a policy has the origin, or its regex is found in it, or it sends back any."""
    origins, pattern = policy.allow_origins, policy.allow_origin_regex
    if isinstance(origins, str):
        return origins in {ECHO, origin}
    if origin in (origins or ()):
        return True
    return pattern is not None and matches_regex(pattern, origin, "search", flags=re.ASCII)


def as_web_headers(headers: HeaderList) -> HeaderList:
    """The header lines as a web `Headers` has them: by name, their values normalized."""
    lines = ((name, normalize(value)) for name, value in headers)
    return tuple(sorted(lines, key=lambda pair: pair[0].lower()))


def call(function: str, options: Mapping[str, object], *first: str) -> str:
    """Write a call with one object of options; those that are None are left out.

    Args:
        function: what is called.
        options: the names and values of the object, which is the last argument.
        first: the arguments before it, as code.
    """
    given = [_object(options)] if _present(options) else []
    return f"{function}({', '.join([*first, *given])})"


def _present(options: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in options.items() if value is not None}


def _object(options: Mapping[str, object], indent: str = "") -> str:
    inner = indent + "  "
    lines = [f"{inner}{name}: {literal(v, inner)},\n" for name, v in _present(options).items()]
    return f"{{\n{''.join(lines)}{indent}}}"


def literal(value: object, indent: str = "") -> str:
    """Write a value; in an object, what is None is left out."""
    match value:
        case Code():
            return value.text
        case dict():
            return _object(value, indent)
        case tuple() | list():
            items = [literal(item) for item in value]
            on_one_line = f"[{', '.join(items)}]"
            if len(on_one_line) <= _WIDTH:
                return on_one_line
            return "[\n" + "".join(f"{indent}  {item},\n" for item in items) + f"{indent}]"
        case _:
            return json.dumps(value)


def cors_options(policy: Policy, success_status: object) -> dict[str, object]:
    """The options of npm's `cors`, which others took over; None where one is left out.

    Args:
        policy: the policy that they are to mean.
        success_status: the status of the answer to a preflight; None where it is the usual one.
    """
    return {
        "origin": _origin_option(policy),
        "methods": policy.allow_methods,
        "allowedHeaders": None if policy.allow_headers == ECHO else policy.allow_headers,
        "exposedHeaders": policy.expose_headers,
        "credentials": policy.allow_credentials or None,
        "maxAge": policy.max_age,
        "preflightContinue": policy.forward_preflight or None,
        "optionsSuccessStatus": success_status,
    }


def _origin_option(policy: Policy) -> object:
    if policy.allow_origins == ECHO:
        return True
    if policy.allow_origin_regex is None:
        return policy.allow_origins
    pattern = regex_literal(policy.allow_origin_regex)
    return [*policy.allow_origins, pattern] if policy.allow_origins else pattern


def origin_test(policy: Policy) -> tuple[str, str]:
    """For a library that takes a function: whether `origin` is in the list or fits the regex.

    Returns:
        The constants of that test, and the test itself as an expression.
    """
    constants, tests = [], []
    if policy.allow_origins or policy.allow_origin_regex is None:
        constants.append(f"const allowed = {literal(policy.allow_origins)};\n")
        tests.append("allowed.includes(origin)")
    if policy.allow_origin_regex is not None:
        constants.append(f"const pattern = {regex_literal(policy.allow_origin_regex).text};\n")
        tests.append("pattern.test(origin)")
    return "".join(constants) + "\n", " || ".join(tests)


def regex_literal(pattern: str) -> Code:
    """A regex as `new RegExp` takes it, so that no slash needs care, and its flags beside it."""
    inline = _FLAGS.match(pattern)
    arguments = [pattern]
    if inline is not None:
        arguments = [pattern[inline.end() :], "".join(dict.fromkeys(inline[1]))]
    return Code(f"new RegExp({', '.join(map(json.dumps, arguments))})")
