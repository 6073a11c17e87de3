"""What do the clouds' storage services and gateways have in common?

Each has CORS as a rule of lists, in JSON or XML, with at most one `*` in a name; none knows a
regex.
"""

import json
from collections.abc import Collection
from typing import Final
from xml.sax.saxutils import escape

from corscope.messages import Request
from corscope.servers.answer import Answer
from corscope.servers.complaints import value_complaints
from corscope.servers.dialect import Complaint
from corscope.servers.parts import REQUEST_HEADERS, echoed
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed

__all__ = [
    "allowed_headers",
    "always_with_credentials",
    "are_headers_allowed",
    "as_json",
    "element",
    "error_answer",
    "is_listed",
    "listed",
    "refused",
    "requested_headers",
    "unwritable",
]

_ANY_ORIGIN: Final = 'list "https://*" and "http://*", or "*" alone'


def is_listed(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a list holds a name, or a pattern that it fits: one `*` stands for anything."""
    return any(_fits(name, pattern) for pattern in patterns)


def _fits(name: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return name == pattern
    long_enough = len(name) >= len(before) + len(after)
    return long_enough and name.startswith(before) and name.endswith(after)


def requested_headers(request: Request) -> tuple[str, ...]:
    """The names that a preflight asks for, in lower case."""
    names = (echoed(request, REQUEST_HEADERS) or "").lower().split(",")
    return tuple(name.strip() for name in names if name.strip())


def allowed_headers(policy: Policy) -> tuple[str, ...]:
    """The list of headers of a service that sends back what was asked for if the list has it."""
    return (WILDCARD,) if policy.allow_headers == ECHO else listed(policy.allow_headers)


def are_headers_allowed(policy: Policy, request: Request) -> bool:
    """Whether every header that a preflight asks for is in the policy's list."""
    patterns = tuple(name.lower() for name in allowed_headers(policy))
    return all(is_listed(name, patterns) for name in requested_headers(request))


def unwritable(policy: Policy, *, echo: Collection[str] = ()) -> tuple[Complaint, ...]:
    """Which fields of a policy such a rule can't hold; those of `echo` can be "request"."""
    found = list(value_complaints(policy, echo=echo))
    if policy.allow_origins == ECHO:
        found.append(Complaint("allow_origins", f'can\'t be "{ECHO}"', _ANY_ORIGIN))
    if policy.allow_origin_regex is not None:
        hint = 'list patterns such as "https://*.example.com"'
        found.append(Complaint("allow_origin_regex", "can't be: there are no regexes", hint))
    return tuple(found)


def always_with_credentials(policy: Policy) -> tuple[Complaint, ...]:
    """Why credentials can't be set: listed origins have them, `*` has not."""
    is_any = WILDCARD in listed(policy.allow_origins)
    if policy.allow_credentials and is_any:
        message = f"can't be had with \"{WILDCARD}\", to which it isn't sent"
        return (Complaint("allow_credentials", message, 'list "https://*" and "http://*"'),)
    if policy.allow_credentials is False and not is_any:
        message = "can't be switched off: every origin that is listed has it"
        return (Complaint("allow_credentials", message, "leave it out"),)
    return ()


def refused(field: str, message: str, hint: str) -> Complaint:
    """The service doesn't take a configuration with that."""
    return Complaint(field, message, hint, at_start=True)


def error_answer(status: int, code: str, message: str, **details: str) -> Answer:
    """An error as storage services tell it, in XML."""
    inner = {"Code": code, "Message": message, **details}
    error = "".join(element(name, text) for name, text in inner.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}</Error>'
    return Answer(status, (("content-type", "application/xml"),), body.encode())


def element(name: str, text: str) -> str:
    """An XML element of text."""
    return f"<{name}>{escape(text)}</{name}>"


def as_json(value: object) -> str:
    """Write JSON as people do."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
