"""What in a rule is allowed, but probably not meant?

Each check looks at one rule that is free of errors and yields remarks, which become warnings. Only
`unreachable` looks at several: which rules can never match, because an earlier one takes all.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from publicsuffix2 import PublicSuffixList

from corscope.fetch.origin import DEFAULT_PORTS
from corscope.fetch.safelist import (
    is_cors_safelisted_method,
    is_cors_safelisted_response_header_name,
    is_forbidden_method,
    is_forbidden_request_header,
    is_forbidden_response_header_name,
    normalize_method,
)
from corscope.rules.glob import HostName, UrlGlob, glob_matches, split_host
from corscope.rules.kinds import Remark
from corscope.rules.locate import KeyPath
from corscope.rules.model import REDIRECT_STATUSES, Fault, Match, Mode, Rule, Ruleset
from corscope.rules.problems import shown
from corscope.servers.origins import matches_regex, parse_origin_pattern
from corscope.servers.parts import ALLOW_ORIGIN, is_cors_response_header_name
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["lint_rule", "unreachable"]

MAX_AGE_CAPS: Final = {"WebKit": 600, "Chromium": 7200, "Firefox": 86400}
"""The longest time, in seconds, for which each engine keeps a preflight's answer."""

MAX_COMPARISONS: Final = 16
"""How many earlier rules a rule is compared with; with all of them 10,000 would take minutes."""

ANY_ORIGIN: Final = "https://any.origin.invalid"
"""What allows this one, which nobody can own, allows everybody."""

_LOCAL_NAMES = frozenset({"localhost", "test", "local", "internal"})
_LOCAL_NETWORKS = ("127.", "10.", "192.168.")
_NEEDLESS_HEADERS = frozenset({"accept", "accept-language", "content-language"})
_LOOSE_ORIGIN = re.compile(r"(?P<scheme>[^:/?#]+)://(?P<host>[^/?#]*)(?P<path>.*)", re.DOTALL)


def lint_rule(rule: Rule) -> Iterator[Remark]:
    """Everything about the rule that looks suspicious."""
    for index, pattern in enumerate(rule.match.origin):
        if pattern != "null" and not pattern.startswith("*"):
            yield from _misspelt_origin(pattern, ("match", "origin", index))
    if rule.policy is not None:
        yield from _origins(rule.policy)
        yield from _methods(rule.policy)
        yield from _request_headers(rule.policy)
        yield from _exposed_headers(rule.policy)
        yield from _credentials(rule.policy)
        yield from _max_age(rule.policy)
    if rule.fault is not None:
        yield from _fault(rule.fault)
    if rule.enabled and rule.mode is Mode.APPLY:
        yield from _loosened(rule)


def _remark(path: KeyPath, value: object, message: str, hint: str = "") -> Remark:
    return Remark(path, None if value is None else shown(value), message, hint)


# Origins


def _origins(policy: Policy) -> Iterator[Remark]:
    path: KeyPath = ("policy", "allow_origins")
    match policy.allow_origins:
        case tuple() as patterns:
            for index, pattern in enumerate(patterns):
                yield from _allowed_origin(pattern, (*path, index))
        case str() as origin if origin != ECHO:
            yield from _allowed_origin(origin, path)
        case None if not policy.allow_origin_regex and policy.settings == ():
            hint = "set allow_origins; if nobody is meant, write allow_origins = []"
            yield _remark(("policy",), None, "sets no allow_origins: the default applies", hint)


def _allowed_origin(pattern: str, path: KeyPath) -> Iterator[Remark]:
    if pattern == WILDCARD:
        return
    if pattern == "null":
        message = "is the origin of every sandboxed frame, whoever embeds it"
        yield _remark(path, pattern, message, "serve the page from an origin of its own")
        return
    parsed = parse_origin_pattern(pattern)
    if parsed is None:
        wrong = list(_misspelt_origin(pattern, path))
        yield from wrong or [_remark(path, pattern, "is no origin, so it never matches")]
    elif parsed.subdomains and _is_public_suffix(parsed.base.host):
        message = f"allows everybody: anyone can have a name below {parsed.base.host}"
        yield _remark(path, pattern, message, "name the domain that is yours")


def _misspelt_origin(text: str, path: KeyPath) -> Iterator[Remark]:
    """Tell how browsers write what was meant, if that differs."""
    found = _LOOSE_ORIGIN.fullmatch(text)
    if found is None:
        bare = text.strip("/")
        hint = f"write {shown(f'https://{bare}')}" if bare else ""
        yield _remark(path, text, "has no scheme, so no Origin ever equals it", hint)
        return
    scheme, host = found["scheme"].lower(), found["host"].lower()
    bare = host.removesuffix(f":{DEFAULT_PORTS.get(scheme, '')}")
    reasons = {
        "ends in a slash": found["path"] == "/",
        "has a path": len(found["path"]) > 1,
        "has upper-case letters": (scheme, host) != (found["scheme"], found["host"]),
        "names the scheme's default port": bare != host,
    }
    wrong = [reason for reason, holds in reasons.items() if holds]
    if wrong:
        message = f"{' and '.join(wrong)}, so no Origin ever equals it"
        yield _remark(path, text, message, f"write {shown(f'{scheme}://{bare}')}")


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_public_suffix(host: str) -> bool:
    suffix = _public_suffixes().get_tld(host, strict=True)
    return suffix is not None and suffix == host


# Methods and headers


def _methods(policy: Policy) -> Iterator[Remark]:
    for index, method in _items(policy.allow_methods):
        path: KeyPath = ("policy", "allow_methods", index)
        if is_forbidden_method(method):
            yield _remark(path, method, "is a method that script can't use", "drop it")
        elif is_cors_safelisted_method(method):
            yield _remark(path, method, "needs no leave: it is safelisted", "drop it")
        elif method != method.upper():
            hint = f"browsers send {method.upper()}; methods differ by case"
            if normalize_method(method) == method:
                hint = f"browsers send it as script wrote it: {method.upper()} is another method"
            yield _remark(path, method, "is not in upper case", hint)


def _request_headers(policy: Policy) -> Iterator[Remark]:
    for index, name in _items(policy.allow_headers):
        path: KeyPath = ("policy", "allow_headers", index)
        if is_cors_response_header_name(name) and not is_forbidden_request_header(name, ""):
            yield _remark(path, name, "is a response header: no request asks for it", "drop it")
        elif is_forbidden_request_header(name, ""):
            yield _remark(path, name, "is set by the browser: it is never asked for", "drop it")
        elif name.lower() in _NEEDLESS_HEADERS:
            yield _remark(path, name, "seldom needs leave: its usual values are safelisted")


def _exposed_headers(policy: Policy) -> Iterator[Remark]:
    for index, name in _items(policy.expose_headers):
        path: KeyPath = ("policy", "expose_headers", index)
        if is_forbidden_response_header_name(name):
            yield _remark(path, name, "is never shown to script", "drop it")
        elif is_cors_safelisted_response_header_name(name, ()):
            yield _remark(path, name, "needs no leave: it is safelisted", "drop it")


def _items(listed: str | tuple[str, ...] | None) -> Iterator[tuple[int, str]]:
    if isinstance(listed, tuple):
        yield from ((index, item) for index, item in enumerate(listed) if item != WILDCARD)


def _credentials(policy: Policy) -> Iterator[Remark]:
    if not policy.allow_credentials:
        return
    fields = {
        "allow_origins": "list the origins",
        "allow_methods": 'list the methods, or write "request"',
        "allow_headers": 'list the headers, or write "request"',
        "expose_headers": "list the headers",
    }
    for field, hint in fields.items():
        value = getattr(policy, field)
        if value == WILDCARD or (isinstance(value, tuple) and WILDCARD in value):
            message = "is no wildcard for a request with credentials"
            yield _remark(("policy", field), WILDCARD, message, hint)


def _max_age(policy: Policy) -> Iterator[Remark]:
    age, path = policy.max_age, ("policy", "max_age")
    if age is None:
        return
    if age < 0:
        yield _remark(path, age, "is no number of seconds; browsers differ", "write 0")
    caps = [f"{engine} ({cap})" for engine, cap in MAX_AGE_CAPS.items() if age > cap]
    if caps:
        yield _remark(path, age, f"is more than these browsers keep: {', '.join(caps)}")


def _fault(fault: Fault) -> Iterator[Remark]:
    redirects = fault.redirect is not None
    if fault.abort and (redirects or fault.status is not None):
        message = "leaves nothing to send a status or a redirect with"
        yield _remark(("fault", "abort"), True, message, "drop the connection, or answer")
    elif redirects and fault.status is not None and fault.status not in REDIRECT_STATUSES:
        message = "is no redirect: 302 is sent instead"
        yield _remark(("fault", "status"), fault.status, message, "drop it, or use 307")


# Which hosts are opened to whom


def _loosened(rule: Rule) -> Iterator[Remark]:
    """Warn of a rule that lets any site read what a server that isn't local answers."""
    origins = rule.match.origin
    if origins and not any(glob_matches(pattern, ANY_ORIGIN) for pattern in origins):
        return
    far = [place.name for place in _places(rule.match) if not _is_local(place.name)]
    path = _opened_to_any_origin(rule)
    if far and path is not None:
        message = f"lets any site you visit through this proxy read {shown(far[0])}"
        yield _remark(path, None, message, "list the origins you mean, or narrow match.origin")


def _opened_to_any_origin(rule: Rule) -> KeyPath | None:
    """The key that lets any origin in."""
    if rule.policy is not None:
        origins, pattern = rule.policy.allow_origins, rule.policy.allow_origin_regex
        if origins in {ECHO, WILDCARD} or (isinstance(origins, tuple) and WILDCARD in origins):
            return ("policy", "allow_origins")
        if pattern and matches_regex(pattern, ANY_ORIGIN, "fullmatch"):
            return ("policy", "allow_origin_regex")
    if rule.headers is not None:
        for table in ("set", "add"):
            for name, template in getattr(rule.headers, table):
                if name.lower() == ALLOW_ORIGIN and template.text.strip() in {"*", "{origin}"}:
                    return ("headers", table, name)
    return None


def _is_local(host: str) -> bool:
    """Whether a host, or all that a glob over hosts can name, is on this machine or network."""
    name = host.removesuffix(".")
    if name.rpartition(".")[2] in _LOCAL_NAMES or name.startswith(_LOCAL_NETWORKS):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_private
    except ValueError:
        return "." not in name and "*" not in name


# Rules that can't be reached


def unreachable(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Rules that can never match, each with the earlier one that takes all they could.

    Not every such rule is found, but none is named that can match.
    """
    index = Ruleset.of(rules).index
    first_with: dict[Match, Rule] = {}
    for number, rule in enumerate(rules):
        if not rule.enabled:
            continue
        taker = first_with.setdefault(rule.match, rule)
        if taker is not rule:
            yield rule, taker
            continue
        host = _places(rule.match)[0].name
        earlier = [place for place in index.positions(host)[:MAX_COMPARISONS] if place < number]
        for place in earlier:
            if rules[place].enabled and _covers(rules[place].match, rule.match):
                yield rule, rules[place]
                break


def _places(match: Match) -> tuple[HostName, ...]:
    return match.host or tuple(split_host(url.host) for url in match.url)


def _covers(wide: Match, narrow: Match) -> bool:
    """Whether all that `narrow` matches is certain to match `wide`.

    A glob covers another if it matches its text: its own asterisk then stands for the other's.
    """
    return (
        (not wide.status or wide.status == narrow.status)
        and (not wide.filter or wide.filter == narrow.filter)
        and (not wide.kind or _within(narrow.kind, wide.kind))
        and (not wide.method or _within(narrow.method, wide.method))
        and (not wide.origin or _all_covered(wide.origin, narrow.origin))
        and (not wide.host or _all_hosts_covered(wide.host, _places(narrow)))
        and (not wide.url or _all_urls_covered(wide.url, narrow.url))
    )


def _within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return bool(narrow) and set(narrow) <= set(wide)


def _all_covered(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return bool(narrow) and all(any(glob_matches(w, n) for w in wide) for n in narrow)


def _all_hosts_covered(wide: Sequence[HostName], narrow: Sequence[HostName]) -> bool:
    def covers(host: HostName, other: HostName) -> bool:
        return glob_matches(host.name, other.name) and host.port in {None, other.port}

    return all(any(covers(w, n) for w in wide) for n in narrow)


def _all_urls_covered(wide: Sequence[UrlGlob], narrow: Sequence[UrlGlob]) -> bool:
    return bool(narrow) and all(any(w.matches(n) for w in wide) for n in narrow)
