"""How does another server have to name origins, so that it lets in those that the first one does?

One server's pattern is another one's plain text, `["*"]` means all or nobody, and cases and ports
are compared or not. So both are asked about origins as browsers write them, entry by entry; of the
ways to write one that is chosen which lets in no more, and then no fewer.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, NamedTuple

from corscope.fetch.headers import get
from corscope.messages import HeaderList, Request
from corscope.servers.dialect import Dialect
from corscope.servers.difference import Asked, answered, instance, mistakes
from corscope.servers.parts import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["for_nobody", "with_origins"]

NOBODY: Final = "https://nobody.invalid"
"""An origin that no page has, for servers to which an empty list means all."""

_ANY: Final = ("https://any.invalid", "http://any.invalid:8123")
_URL: Final = "https://api.example.com/"
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_USUAL_PORT: Final = re.compile(r"^(https://.*):443$|^(http://.*):80$")

_FIELDS: Final = {"allow_origins", "allow_origin_regex"}

_LetIn = tuple[bool, bool]
"""Whether it is, without credentials and with such."""


class _Way(NamedTuple):
    """A way to write an entry: as others of the list, or as a regex."""

    origins: tuple[str, ...] = ()
    regex: str | None = None


def with_origins(policy: Policy, source: Asked, target: Dialect) -> tuple[Policy, tuple[str, ...]]:
    """The policy as the target has to have it, and what is left out, a sentence each.

    Args:
        policy: the first server's policy, its defaults and its regex as the target's.
        source: the first server, with its own policy.
        target: the second.
    """
    wanted = [_shares(*source, origin) for origin in _ANY]
    if all(plain for plain, _ in wanted):
        return _for_any(policy, wanted, target)
    origins = policy.allow_origins
    if isinstance(origins, str):
        let_in = _let_in(target, policy, (origins,))
        if let_in is not None and let_in[0][0]:
            return policy, ()
        origins = (origins,)
    return (policy, ()) if origins is None else _for_some(policy, origins, source, target)


def _for_any(
    policy: Policy, wanted: Sequence[_LetIn], target: Dialect
) -> tuple[Policy, tuple[str, ...]]:
    anyone = replace(policy, allow_origins=WILDCARD, allow_origin_regex=None)
    echoing = replace(anyone, allow_origins=ECHO)
    without = replace(anyone, allow_credentials=None)
    ways = (policy, anyone, echoing, without)

    def worth(way: Policy) -> tuple[int, int]:
        let_in = _let_in(target, way, _ANY)
        flat = None if let_in is None else list(chain.from_iterable(let_in))
        return _mistakes(list(chain.from_iterable(wanted)), flat)

    best = min(ways, key=worth)
    if best is not without or not policy.allow_credentials:
        return best, ()
    told = "with it any origin could use credentials, which none can here"
    return best, (f"allow_credentials is left out: {told}.",)


def _for_some(
    policy: Policy, entries: tuple[str, ...], source: Asked, target: Dialect
) -> tuple[Policy, tuple[str, ...]]:
    ways = {entry: _best(entry, policy, source, target) for entry in entries}
    kept = tuple(dict.fromkeys(each for way in ways.values() for each in way.origins))
    regexes = [way.regex for way in ways.values() if way.regex is not None]
    if policy.allow_origin_regex is not None:
        regexes.append(policy.allow_origin_regex)
    written = replace(
        policy,
        allow_origins=kept or (None if regexes else ()),
        allow_origin_regex="|".join(regexes) if regexes else None,
    )
    if not kept and not regexes:
        written = for_nobody(written, target)
    why = "it can't be written so that it lets in the same"
    lost = (
        f'"{e}" is left out of allow_origins: {why}.' for e, way in ways.items() if not any(way)
    )
    return written, tuple(lost)


def for_nobody(policy: Policy, target: Dialect) -> Policy:
    """The policy so that it lets nobody in: to some servers an empty list means all."""
    empty = replace(policy, allow_origins=(), allow_origin_regex=None)
    is_shut = _let_in(target, empty, _ANY) == [(False, False)] * len(_ANY)
    return empty if is_shut else replace(empty, allow_origins=(NOBODY,))


def _best(entry: str, policy: Policy, source: Asked, target: Dialect) -> _Way:
    """The way to write it that lets in no more, then no fewer, then is the most like it."""
    dialect, own = source
    asked = tuple(dict.fromkeys(_probes(entry)))
    if entry != WILDCARD:  # which lets in nobody here, though alone it may
        own = replace(own, allow_origins=(entry,), allow_origin_regex=None)
    wanted = [_shares(dialect, own, origin)[0] for origin in asked]
    ways = [_Way((entry,)), *_other_ways(entry, asked, wanted), _Way()]

    def worth(way: _Way) -> tuple[int, int]:
        if way == _Way():
            return _mistakes(wanted, [False] * len(asked))
        written = replace(policy, allow_origins=way.origins, allow_origin_regex=way.regex)
        let_in = _let_in(target, written, asked)
        return _mistakes(wanted, None if let_in is None else [plain for plain, _ in let_in])

    return min(ways, key=worth)


def _other_ways(entry: str, asked: Sequence[str], wanted: Sequence[bool]) -> Iterator[_Way]:
    """The origins that it stands for, or else regexes, which mean the same however anchored."""
    if "*" not in entry:
        yield _Way(tuple(each for each, is_in in zip(asked, wanted, strict=True) if is_in))
        if _SCHEME.match(entry) is None:
            return
    scheme = "" if _SCHEME.match(entry) else "https?://"
    for label in ("[0-9a-zA-Z.-]+", "[0-9a-zA-Z.:-]+", "[0-9a-zA-Z-]+"):
        for port in ("(:[0-9]+)?", ":[0-9]+"):
            literal = re.escape(entry).replace(r":\*", port).replace(r"\*", label)
            yield _Way(regex=f"^{scheme}{literal}$")


def _mistakes(wanted: Sequence[bool], let_in: Sequence[bool] | None) -> tuple[int, int]:
    """How often more are let in than is wanted, and how often fewer; most if it can't be."""
    return (sys.maxsize, 0) if let_in is None else mistakes(let_in, wanted)


def _let_in(target: Dialect, policy: Policy, asked: Sequence[str]) -> list[_LetIn] | None:
    """Who is let in; None where the server doesn't take such origins."""
    if any(each.field in _FIELDS for each in target.complaints(_bare(policy))):
        return None
    return [_shares(target, policy, origin) for origin in asked]


def _probes(entry: str) -> Iterator[str]:
    """Origins, as browsers write them, that an entry may stand for, and some that it shouldn't."""
    if entry == "null":
        yield entry
        return
    begins = _SCHEME.match(entry) is not None
    for whole in [entry] if begins else [f"https://{entry}", f"http://{entry}"]:
        scheme, _, rest = whole.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}".lower()
        usual = _USUAL_PORT.match(origin)
        yield instance(usual[1] or usual[2] if usual else origin)
        if "*" in origin:
            yield instance(origin).replace("one", "one.two", 1)
            yield instance(origin).replace(":8123", "")
            yield f"{instance(origin)}.evil.test"
            yield f"{origin.replace(':*', '').replace('*', 'one')}:8443"
            yield instance(origin).replace("one.", "", 1)


def _bare(policy: Policy) -> Policy:
    """What of a policy decides who is let in."""
    return replace(policy, allow_methods=("GET",), allow_headers=None, expose_headers=None)


def _shares(dialect: Dialect, policy: Policy, origin: str) -> _LetIn:
    """Whether a page of an origin may read what it gets: without credentials, and with such."""
    bare = _bare(policy)
    plain: HeaderList = (("Origin", origin),)
    with_cookie = (*plain, ("Cookie", "a=1"))
    sent, sent_too = (
        answered(dialect, bare, Request("GET", _URL, lines)).headers
        for lines in (plain, with_cookie)
    )
    is_named = get(sent_too, ALLOW_ORIGIN) == origin
    return (
        get(sent, ALLOW_ORIGIN) in {origin, WILDCARD},
        is_named and get(sent_too, ALLOW_CREDENTIALS) == "true",
    )
