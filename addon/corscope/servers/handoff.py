"""How is a policy that works as one server written for another?

The policy is translated field by field: what is left unset stands for the first server's default,
which the second may not share. What then still differs is found by asking both.
"""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from corscope.fetch.headers import get, get_decode_and_split
from corscope.messages import HeaderList, Request
from corscope.servers.dialect import Dialect, Export
from corscope.servers.difference import Asked, answered, differences, instance
from corscope.servers.handed_names import with_names
from corscope.servers.handed_origins import for_nobody, with_origins
from corscope.servers.parts import ALLOW_HEADERS, ALLOW_ORIGIN
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed

__all__ = ["anchoring", "hand_off", "is_regex", "translated"]

_FLAGS: Final = re.compile(r"^\(\?[aiLmsux]+\)")
_LISTS: Final = {"allow_origins", "allow_methods", "allow_headers", "expose_headers"}
_FIELDS = (
    *("allow_origins", "allow_origin_regex", "allow_methods", "allow_headers"),
    *("expose_headers", "allow_credentials", "max_age"),
)


def hand_off(policy: Policy, source: Dialect, target: Dialect) -> Export:
    """Write a policy, as a server has it, for another server.

    The warnings name what the other one can't express, and each request that it answers otherwise
    with, in brackets, the first server's way.

    Raises:
        ValueError: this dialect can't be exported to.
    """
    if target.export is None:
        raise ValueError(f"{target.name} has no configuration to export to")
    meant, left_out = translated(policy, source, target)
    exported = target.export(meant)
    otherwise = tuple(
        f"{each.probe.title} gets {each.told()}"
        for each in differences((source, policy), (target, meant))
    )
    return replace(exported, warnings=(*left_out, *exported.warnings, *otherwise))


def translated(policy: Policy, source: Dialect, target: Dialect) -> tuple[Policy, tuple[str, ...]]:
    """The policy in the other server's fields, and what it can't express, a sentence each.

    What the first server has by default is set, and its origins are written so that they let in
    the same: patterns become a regex where the other one doesn't understand them.
    """
    if source is target:
        return policy, ()
    asked = (source, policy)
    meant = _with_defaults(_with_one_regex(policy, source), source, target)
    if meant.allow_origin_regex:
        regex = _anchored(meant.allow_origin_regex, anchoring(source), anchoring(target))
        meant = replace(meant, allow_origin_regex=regex)
    meant, left_out = with_origins(with_names(meant, asked, target), asked, target)
    meant, lost = _expressible(meant, target)
    meant = _with_safelisted(meant, asked, target)
    meant = _with_safelisted(meant, asked, target)  # again: what is listed takes a default away
    return meant, (*left_out, *lost)


def _with_defaults(policy: Policy, source: Dialect, target: Dialect) -> Policy:
    unset = {
        field: _default(source, field)
        for field in _FIELDS
        if getattr(policy, field) is None and _default(source, field) != _default(target, field)
    }
    if policy.allow_origin_regex is not None:
        unset.pop("allow_origins", None)  # unset means something else beside a regex
    known = {setting.name for setting in target.settings}
    kept = {name: value for name, value in policy.settings if name in known}
    return replace(policy, settings=tuple((dict(target.handed_off) | kept).items()), **unset)


def _default(dialect: Dialect, field: str) -> Any:
    """What an unset field means; of lists nothing, where it means no other."""
    value = getattr(dialect.defaults, field)
    return () if value is None and field in _LISTS else value


def _expressible(policy: Policy, target: Dialect) -> tuple[Policy, tuple[str, ...]]:
    """The policy without the fields that the server can't have, and what is lost with them."""
    lost: list[str] = []
    while complaints := target.complaints(policy):
        complaint = complaints[0]
        value = getattr(policy, complaint.field, None)
        if value is None:
            raise ValueError(f"{target.name}: {complaint.field} {complaint.message}")
        if complaint.field == "allow_origin_regex" and policy.allow_origins is None:
            policy = for_nobody(policy, target)  # unset, they may mean all
        else:
            policy = replace(policy, **_unset(complaint.field))
        why = f"{complaint.message}; {complaint.hint}"
        lost.append(f"{complaint.field} is left out: it {why}.")
    return policy, tuple(lost)


def _unset(field: str) -> dict[str, Any]:
    return {field: None}


def is_regex(entry: str, dialect: Dialect) -> bool:
    """Whether a dialect that takes regexes among the origins takes this entry for one."""
    regexes = Policy(allow_origins=(r"^https://one\.invalid$",))
    if dialect.complaints(regexes) or not _allows(dialect, regexes, "https://one.invalid"):
        return False
    return not dialect.complaints(Policy(allow_origins=(), allow_origin_regex=entry))


def _with_one_regex(policy: Policy, source: Dialect) -> Policy:
    """The policy with the regexes among its origins where others have theirs."""
    origins = listed(policy.allow_origins)
    regexes = [each for each in origins if is_regex(each, source)]
    if policy.allow_origin_regex is not None:
        regexes.append(policy.allow_origin_regex)
    is_flagged = len(regexes) > 1 and any(map(_FLAGS.match, regexes))
    if is_flagged or not any(each in regexes for each in origins):
        return policy
    grouped = (f"(?:{each})" if "|" in each else each for each in regexes)
    return replace(
        policy,
        allow_origins=tuple(each for each in origins if each not in regexes) or None,
        allow_origin_regex="|".join(grouped) if len(regexes) > 1 else regexes[0],
    )


@lru_cache(maxsize=64)
def anchoring(dialect: Dialect) -> str:
    """How a dialect compares an origin with a regex: as Python's function of that name.

    Some take for an origin what has none of a regex's signs in it.
    """
    for how, pattern in (("search", "//[o]ne"), ("match", "https://[o]ne")):
        policy = Policy(allow_origins=(), allow_origin_regex=pattern)
        if not dialect.complaints(policy) and _allows(dialect, policy, "https://one.invalid"):
            return how
    return "fullmatch"


def _anchored(regex: str, source: str, target: str) -> str:
    """A regex so that it fits the same where it is looked for as the second does."""
    if source == target:
        return regex
    found = _FLAGS.match(regex)
    flags, plain = (found[0], regex[found.end() :]) if found else ("", regex)
    several = "|" in plain
    begins = plain.startswith("^") and not several
    ends = re.search(r"(?<!\\)(\\\\)*\$$", plain) is not None and not several
    begin, end = {"search": ("", ""), "match": ("^", ""), "fullmatch": ("^", "$")}[source]
    if not begin and target != "search":
        begin = ".*"
    if not end and target == "fullmatch":
        end = ".*"
    begin = "" if begins or (begin == "^" and target != "search") else begin
    end = "" if ends or (end == "$" and target == "fullmatch") else end
    body = f"(?:{plain})" if several and (begin or end) else plain
    return f"{flags}{begin}{body}{end}"


def _allows(dialect: Dialect, policy: Policy, origin: str) -> bool:
    request = Request("GET", "https://api.example.com/", (("Origin", origin),))
    return get(answered(dialect, policy, request).headers, ALLOW_ORIGIN) in {origin, WILDCARD}


_SAFELISTED: Final = ("GET", "HEAD", "POST")


def _with_safelisted(policy: Policy, source: Asked, target: Dialect) -> Policy:
    """List the CORS-safelisted methods that the first server needn't list, and the second has to.

    Browsers take them for allowed whatever a list says, but some servers refuse what isn't on it.
    """
    methods = policy.allow_methods
    if isinstance(methods, str):
        return policy
    kept = methods or ()
    for method in _SAFELISTED:
        if method in kept or not _lets_in(*source, source[1], method):
            continue
        with_it = replace(policy, allow_methods=(*kept, method))
        if _lets_in(target, policy, source[1], method) or target.complaints(with_it):
            continue
        if _lets_in(target, with_it, source[1], method):
            kept = (*kept, method)
    return policy if kept == (methods or ()) else replace(policy, allow_methods=kept)


def _lets_in(dialect: Dialect, policy: Policy, meant: Policy, method: str) -> bool:
    """Whether a server lets in what a policy is meant to: a request, and what asks its leave."""
    origins, names = listed(meant.allow_origins), listed(meant.allow_headers)
    own = next(
        (each for each in origins if each not in {WILDCARD, ECHO}), "https://app.example.com"
    )
    name = next((each.lower() for each in names if each not in {WILDCARD, ECHO}), None)
    origin = ("Origin", instance(own))
    asked: HeaderList = (origin, ("Access-Control-Request-Method", method))
    if name is not None:
        asked += (("Access-Control-Request-Headers", name),)
    sent = (origin, ("Content-Type", "text/plain")) if method == "POST" else (origin,)
    url = "https://api.example.com/"
    both = (Request("OPTIONS", url, asked), Request(method, url, sent))
    preflight, actual = (answered(dialect, policy, request) for request in both)
    allowed = {get(each.headers, ALLOW_ORIGIN) for each in (preflight, actual)}
    granted = {
        each.lower() for each in get_decode_and_split(preflight.headers, ALLOW_HEADERS) or ()
    }
    is_granted = name is None or not granted.isdisjoint({name, WILDCARD})
    is_ok = preflight.status < 300 and actual.status < 300
    return is_ok and is_granted and allowed <= {origin[1], WILDCARD}
