"""Which policies do several libraries have no way to write?"""

from collections.abc import Collection
from typing import Final

from corscope.servers.dialect import Complaint, Setting
from corscope.servers.patterns.origins import regex_error
from corscope.servers.patterns.regexes import Engine, misread, unknown, way_out
from corscope.servers.policy import ECHO, Policy

__all__ = [
    "MEND_REGEX",
    "echo_and_regex_complaints",
    "echo_in_list_complaints",
    "engine_complaints",
    "function_complaints",
    "regex_complaints",
    "replaced_complaints",
    "status_complaints",
    "value_complaints",
]

MEND_REGEX: Final = r"write \\ before a sign that stands for itself, or list the origins instead"
"""The way out where a regex is none, or none that can be tried in time."""


def regex_complaints(
    policy: Policy, engine: Engine | None = None, *, at_start: bool = True
) -> tuple[Complaint, ...]:
    """Why a policy's regex can't be used beside the rest of it.

    Args:
        policy: the policy.
        engine: what the server reads regexes with; None where it has no other than Python's.
        at_start: whether the server doesn't start with a regex that its engine doesn't know; else
            requests fail.
    """
    pattern = policy.allow_origin_regex
    if pattern is None:
        return ()
    if found := engine_complaints(pattern, engine, at_start=at_start):
        return found
    if isinstance(policy.allow_origins, str):
        hint = "make allow_origins a list, or drop the regex"
        message = "is never looked at: allow_origins is a single value"
        return (Complaint("allow_origin_regex", message, hint),)
    return ()


def engine_complaints(
    pattern: str, engine: Engine | None, *, at_start: bool
) -> tuple[Complaint, ...]:
    """Why a regex by itself can't be used; the arguments are those of `regex_complaints`."""
    if engine is not None and (found := unknown(pattern, engine)):
        message = f"holds {found!r}, which {engine.name} doesn't know"
        hint = way_out(found, engine)
        return (Complaint("allow_origin_regex", message, hint, at_start=at_start),)
    if error := regex_error(pattern):
        return (Complaint("allow_origin_regex", f"is no regex: {error}", MEND_REGEX),)
    if engine is not None and (found := misread(pattern, engine)):
        message = f"holds {found!r}, which means something else to {engine.name}"
        return (Complaint("allow_origin_regex", message, way_out(found, engine)),)
    return ()


def replaced_complaints(policy: Policy, sign: str, what: str) -> tuple[Complaint, ...]:
    """Whether a regex holds what the server's file is searched for before it is read.

    Args:
        policy: the policy.
        sign: how that begins, with a brace.
        what: its name.
    """
    if sign not in (policy.allow_origin_regex or ""):
        return ()
    message = f"holds {sign}, with which {what} begins, quoted or not"
    return (Complaint("allow_origin_regex", message, r"write \x7b for the brace"),)


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


def echo_in_list_complaints(policy: Policy) -> tuple[Complaint, ...]:
    """Whether the word for any origin stands among listed ones, where it means nothing."""
    if not isinstance(policy.allow_origins, tuple) or ECHO not in policy.allow_origins:
        return ()
    hint = f'to send back any origin write allow_origins = "{ECHO}"'
    return (Complaint("allow_origins", f'"{ECHO}" can\'t stand in a list', hint),)


def echo_and_regex_complaints(policy: Policy) -> tuple[Complaint, ...]:
    """Where a library sends any origin back by a regex: why there can't be another one."""
    if policy.allow_origin_regex is None or policy.allow_origins != ECHO:
        return ()
    message = f'adds nothing: allow_origins = "{ECHO}" allows every origin'
    return (Complaint("allow_origin_regex", message, "drop one of the two"),)


def function_complaints(policy: Policy) -> tuple[Complaint, ...]:
    """Where a library that has a function for origins looks at no list any more."""
    if policy.allow_origin_regex is None or not isinstance(policy.allow_origins, tuple):
        return ()
    if not policy.allow_origins:
        return ()
    hint = "write the origins into the regex"
    return (Complaint("allow_origins", "is never looked at beside a regex", hint),)


def status_complaints(policy: Policy, setting: Setting) -> tuple[Complaint, ...]:
    """Whether a setting that is a status is none with which a response can end."""
    status = setting.of(policy)
    if isinstance(status, int) and 200 <= status <= 599:
        return ()
    message = "must be a final status, from 200 to 599"
    return (Complaint(setting.name, message, f"the usual one is {setting.default}"),)
