"""Which origins does a policy name that nobody has, or that too many have?"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from publicsuffix2 import PublicSuffixList

from corscope.fetch.origin import DEFAULT_PORTS
from corscope.rules.kinds.place import Remark
from corscope.rules.lint.asked import allows, allows_any
from corscope.rules.lint.ids import remark
from corscope.rules.locate import KeyPath
from corscope.rules.meant import with_scheme
from corscope.rules.problems import shown, shown_list
from corscope.servers.dialect import Dialect
from corscope.servers.difference import instance
from corscope.servers.handoff import anchoring, is_regex
from corscope.servers.patterns.origins import OriginPattern, matches_pattern, parse_origin_pattern
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["has_known_suffix", "lint_origins", "lint_sent_by_page", "lint_sent_origin"]

_LOOSE_ORIGIN: Final = re.compile(
    r"(?P<scheme>[^:/?#]+)://(?P<host>[^/?#]*)(?P<path>.*)", re.DOTALL
)
_UNESCAPED_DOT: Final = re.compile(r"(?<![\\\]])[A-Za-z0-9-]\.(?=[A-Za-z])")
_CLASS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*+\]")
_LITERAL: Final = re.compile(r"/(?P<regex>.+)/(?P<flags>[a-z]*)", re.DOTALL)
_PORT_LIST: Final = re.compile(r":\[(\d+|\*)[^\]]*\]")
_FLAGS: Final = re.compile(r"^\(\?[aiLmsux]+\)")


def lint_origins(policy: Policy, dialect: Dialect) -> Iterator[Remark]:
    """Everything about a policy's origins and its regex."""
    path: KeyPath = ("policy", "allow_origins")
    match policy.allow_origins:
        case tuple() as patterns:
            for index, pattern in enumerate(patterns):
                yield from _either(pattern, (pattern,), (*path, index), policy, dialect)
            yield from _covered(patterns, path, policy, dialect)
        case str() as origin if origin != ECHO:
            yield from _either(origin, origin, path, policy, dialect)
        case None if not policy.allow_origin_regex and policy.settings == ():
            hint = "set allow_origins; if nobody is meant, write allow_origins = []"
            message = "sets no allow_origins: the default applies"
            yield remark("no-origins", ("policy",), None, message, hint)
    if policy.allow_origin_regex is not None:
        path = ("policy", "allow_origin_regex")
        yield from _regex(policy.allow_origin_regex, path, dialect)


def _either(
    pattern: str,
    written: str | tuple[str],
    path: KeyPath,
    policy: Policy,
    dialect: Dialect,
) -> Iterator[Remark]:
    """A single value or an item of the list; a pattern is asked of the dialect as it is written."""
    if pattern == WILDCARD:
        return
    if _is_open(pattern, written, policy, dialect):
        yield _opened(pattern, path, dialect)
        return
    if is_regex(pattern, dialect):
        is_lost = _is_literal(written, policy, dialect)
        yield from _regex_among(pattern, path, dialect, is_lost=is_lost)
        return
    wrong = list(_named(pattern, path, policy))
    if wrong and _is_understood(written, policy, dialect):
        wrong = [each for each in wrong if each.id not in _NEVER]
    yield from wrong
    parsed = parse_origin_pattern(pattern)
    if wrong or parsed is None or not (parsed.subdomains or parsed.any_port):
        return
    if _is_literal(written, policy, dialect):
        hint = _LIST_THEM
        single = " as a single value" if isinstance(written, str) else ""
        message = f"is no pattern to {dialect.title}{single}, so no Origin ever equals it"
        if single:
            hint = hint if _is_literal((pattern,), policy, dialect) else f"write [{shown(pattern)}]"
        yield remark("pattern-not-understood", path, pattern, message, hint)


_LIST_THEM: Final = "list the origins, or write allow_origin_regex where it can be had"


def _is_open(pattern: str, written: str | tuple[str], policy: Policy, dialect: Dialect) -> bool:
    """Whether a dialect takes a `*` somewhere in a text for one that stands alone, or a regex's."""
    alone = replace(policy, allow_origins=written, allow_origin_regex=None)
    return "*" in pattern and allows_any(alone, dialect)


def _opened(pattern: str, path: KeyPath, dialect: Dialect) -> Remark:
    """What lets every origin in, though it isn't the wildcard."""
    message = f"is the wildcard to {dialect.title}, for the * in it: any origin is let in"
    if is_regex(pattern, dialect):
        message = f"is a regex to {dialect.title}, and any origin fits it"
    return remark("pattern-not-understood", path, pattern, message, _LIST_THEM)


def _regex_among(
    pattern: str, path: KeyPath, dialect: Dialect, *, is_lost: bool
) -> Iterator[Remark]:
    """A regex among the origins, which may be a pattern that was meant otherwise, and lost so."""
    parsed = parse_origin_pattern(pattern)
    if parsed is None or not (parsed.subdomains or parsed.any_port):
        yield from _regex(pattern, path, dialect)
    else:
        yield _pattern_as_regex(pattern, parsed, is_lost, path, dialect)


def _pattern_as_regex(
    pattern: str, parsed: OriginPattern, is_lost: bool, path: KeyPath, dialect: Dialect
) -> Remark:
    """What a pattern fits that is read as a regex; it may have lost what was meant."""
    begin, _, host = pattern.removesuffix(":*").rpartition("*.")
    regex = f"^{begin}{'[^.]+[.]' if begin else ''}{host.replace('.', '[.]')}"
    hint = f"write {shown(regex + ('(:[0-9]+)?$' if parsed.any_port else '$'))}"
    message = f"is a regex to {dialect.title}, in which * repeats what stands before it"
    if is_lost:
        message += f": {shown(f'{begin}x{host}')} is let in, and no name below it"
        return remark("pattern-not-understood", path, pattern, message, hint)
    message += ", and which is looked for at an origin's beginning: others fit too"
    return remark("regex-unanchored", path, pattern, message, hint)


_OF_APP: Final = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://[^\s/*?#@]+")
"""What Electron and its like send for a scheme of their own, whose host may be a dot: `app://.`"""

_NEVER: Final = {
    *("origin-ends-in-slash", "origin-has-path", "origin-upper-case", "origin-default-port"),
    *("origin-without-scheme", "origin-not-ascii", "origin-invalid", "several-in-one"),
}
"""What is only said where the dialect compares it as it is written: some know bare hosts, or cut a
slash off."""


def _is_literal(written: str | tuple[str], policy: Policy, dialect: Dialect) -> bool:
    """Whether a dialect takes it for an origin as it stands, which then nobody has."""
    alone = replace(policy, allow_origins=written, allow_origin_regex=None)
    return not dialect.complaints(alone) and not _is_understood(written, policy, dialect)


def _is_understood(written: str | tuple[str], policy: Policy, dialect: Dialect) -> bool:
    """Whether a dialect allows an origin that may be meant by it."""
    pattern = written if isinstance(written, str) else written[0]
    alone = replace(policy, allow_origins=written, allow_origin_regex=None)
    if dialect.complaints(alone):
        return False
    origins = (each for each in _meant(pattern) if parse_origin_pattern(each) is not None)
    return any(allows(each, alone, dialect) for each in origins)


def _meant(pattern: str) -> Iterator[str]:
    """Origins that may be meant by what is written."""
    plain = _PORT_LIST.sub(r":\1", pattern)
    for part in dict.fromkeys((plain, *plain.split(","))):
        bare = part.strip(" ").rstrip("/").lower()
        for text in [bare] if "://" in bare else [f"https://{bare}", f"http://{bare}"]:
            scheme, _, host = text.partition("://")
            host = _in_ascii(host.partition("/")[0].removesuffix(":*"))
            host = host.removesuffix(f":{DEFAULT_PORTS.get(scheme, '')}")
            yield instance(f"{scheme}://{host}")
            yield instance(f"{scheme}://{host}:*")


def _named(pattern: str, path: KeyPath, policy: Policy) -> Iterator[Remark]:
    """One origin or pattern by itself."""
    if pattern == WILDCARD:
        return
    if pattern == "null":
        with_them = ", credentials and all" if policy.allow_credentials else ""
        message = f"is the origin of every sandboxed frame, whoever embeds it{with_them}"
        yield remark("origin-null", path, pattern, message, "serve the page from its own origin")
        return
    wrong = list(lint_sent_by_page(pattern, path))
    parsed = parse_origin_pattern(pattern)
    if not wrong and _OF_APP.fullmatch(pattern):
        return
    if wrong or parsed is None:
        never = "is no origin, so it never matches"
        yield from wrong or [remark("origin-invalid", path, pattern, never, _written(pattern))]
        return
    yield from _unsafe(pattern, parsed, path, policy)


def _written(pattern: str) -> str:
    """How an origin is written, for who has written none."""
    bare = pattern.strip()
    if bare != pattern and parse_origin_pattern(bare) is not None:
        return f"write {shown(bare)}"
    return 'write it as "https://app.example.com", "https://*.example.com" or "http://localhost:*"'


def lint_sent_origin(value: str, path: KeyPath) -> Iterator[Remark]:
    """What stands in an Access-Control-Allow-Origin that is written by hand."""
    if "," in value or " " in value:
        message = "holds several origins, where only one or * may stand"
        hint = "send back the one that asks: {origin}, with match.origin for whom"
        yield remark("allow-origin-several", path, value, message, hint)
    elif not value:
        message = "is empty, so no Origin ever equals it"
        yield remark(
            "origin-invalid", path, value, message, "write an origin, or remove the header"
        )
    elif value not in {WILDCARD, "null"}:
        yield from lint_sent_by_page(value, path)


def _unsafe(pattern: str, parsed: OriginPattern, path: KeyPath, policy: Policy) -> Iterator[Remark]:
    host = parsed.base.host
    if parsed.subdomains and _is_public_suffix(host):
        message = f"allows everybody: anyone can have a name below {host}"
        yield remark("public-suffix", path, pattern, message, "name the domain that is yours")
    if policy.allow_credentials and parsed.base.scheme == "http" and not _is_loopback(host):
        message = "gets credentials, and who listens on its network can act as it: there is no TLS"
        hint = f"write {shown(pattern.replace('http:', 'https:', 1))}"
        yield remark("origin-insecure", path, pattern, message, hint)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".test")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


_FOR_ANY: Final = re.compile(
    r"(?:request|reflect|echo|origin|any|all|true)|\$\w+|[$%]?\{.*\}\w?|<.*>", re.IGNORECASE
)
"""How other programs, and people, write what isn't one origin but whichever asks."""

_TO_MEAN_ANY: Final = {
    "match": 'leave it out to match any, or write "*"',
    "policy": 'to send back any origin write allow_origins = "request"',
    "headers": "to send back the request's origin write {origin}",
}


def lint_sent_by_page(text: str, path: KeyPath) -> Iterator[Remark]:
    """Tell how browsers write what was meant, if that differs."""
    if "," in text:
        items = filter(None, map(str.strip, text.split(",")))
        message = "is taken for one origin, not for several"
        yield remark("several-in-one", path, text, message, f"write {shown_list(items)}")
        return
    found = _LOOSE_ORIGIN.fullmatch(text)
    if found is None:
        bare = text.strip("/")
        meant = "/".join(with_scheme(bare).split("/")[:3])
        hint = f"write {shown(meant)}" if bare else _written(text)
        if _FOR_ANY.fullmatch(text.strip()):
            hint = _TO_MEAN_ANY[str(path[0])]
        message = "has no scheme, so no Origin ever equals it"
        yield remark("origin-without-scheme", path, text, message, hint)
        return
    scheme, host = found["scheme"].lower(), found["host"].lower()
    if scheme == "file":
        message = 'is sent by no browser: a page that is a file has the origin "null"'
        yield remark("origin-of-files", path, text, message, "serve the page, on localhost say")
        return
    bare = host.removesuffix(f":{DEFAULT_PORTS.get(scheme, '')}")
    reasons = {
        "origin-ends-in-slash": ("ends in a slash", found["path"] == "/"),
        "origin-has-path": ("has a path", len(found["path"]) > 1),
        "origin-upper-case": (
            "has upper-case letters",
            (scheme, host) != (found["scheme"], found["host"]),
        ),
        "origin-default-port": ("names the scheme's default port", bare != host),
        "origin-not-ascii": ("has letters that aren't ASCII", not host.isascii()),
    }
    wrong = {id_: reason for id_, (reason, holds) in reasons.items() if holds}
    if wrong:
        message = f"{' and '.join(wrong.values())}, so no Origin ever equals it"
        written = f"{scheme}://{_in_ascii(bare)}"
        yield remark(next(iter(wrong)), path, text, message, f"write {shown(written)}")


def _in_ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def has_known_suffix(host: str) -> bool:
    """Whether a name ends as a domain can, in `com` or `co.uk` say."""
    return _public_suffixes().get_tld(host, strict=True) is not None


def _is_public_suffix(host: str) -> bool:
    suffix = _public_suffixes().get_tld(host, strict=True)
    return suffix is not None and suffix == host


_MOST_COMPARED: Final = 200


def _covered(
    patterns: tuple[str, ...], path: KeyPath, policy: Policy, dialect: Dialect
) -> Iterator[Remark]:
    """The origins that a pattern of the same list allows anyway."""
    wide = [
        each
        for each in patterns
        if "*" in each and each != WILDCARD and _is_understood((each,), policy, dialect)
    ][:_MOST_COMPARED]
    for index, origin in enumerate(patterns):
        by = next(
            (each for each in wide if "*" not in origin and matches_pattern(each, origin)), ""
        )
        if by:
            message = f"is allowed by {shown(by)} already"
            yield remark("origin-covered", (*path, index), origin, message, "drop one of the two")


# Regexes


def _regex(pattern: str, path: KeyPath, dialect: Dialect) -> Iterator[Remark]:
    literal = _LITERAL.fullmatch(pattern)
    if literal is not None:
        hint = f"write {shown(('(?i)' if 'i' in literal['flags'] else '') + literal['regex'])}"
        message = "stands between slashes, with which no origin begins or ends"
        yield remark("regex-literal", path, pattern, message, hint)
        return
    how = anchoring(dialect)
    branches = list(_branches(_FLAGS.sub("", pattern)))
    open_begin = how == "search" and not all(each.startswith(("^", r"\A")) for each in branches)
    open_end = how != "fullmatch" and not all(map(_ends, branches))
    if (open_begin or open_end) and pattern != ".*":
        where = "anywhere in an origin" if open_begin else "at an origin's beginning"
        message = f"is looked for {where} by {dialect.title}, so that others fit too"
        yield remark(
            "regex-unanchored", path, pattern, message, "begin it with ^ and end it with $"
        )
    if _UNESCAPED_DOT.search(_CLASS.sub("", pattern)):
        message = "has a dot that stands for any character"
        yield remark("regex-unescaped-dot", path, pattern, message, r"write \\. for a dot")


def _ends(branch: str) -> bool:
    return re.search(r"(?<!\\)(?:\\\\)*(?:\$|\\[zZ])$", branch) is not None


def _branches(pattern: str) -> Iterator[str]:
    """The alternatives of a regex, also those of a group that is all of it."""
    plain = _CLASS.sub(lambda found: "x" * len(found[0]), pattern)
    depth, begin, closed = 0, 0, False
    for place, char in enumerate(plain):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 0:
            yield from _branches(pattern[begin:place])
            begin, closed = place + 1, True
    rest = pattern[begin:]
    group = re.fullmatch(r"\((?:\?(?:[aimsux]*):)?(.*)\)", rest, re.DOTALL)
    if group and _is_one_group(plain[begin:]):
        yield from _branches(group[1])
    else:
        yield rest if closed or rest else pattern


def _is_one_group(plain: str) -> bool:
    """Whether the bracket that opens it is closed by its last one."""
    depth = 0
    for place, char in enumerate(plain):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return place == len(plain) - 1
    return False
