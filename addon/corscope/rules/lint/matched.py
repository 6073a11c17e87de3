"""What does `[rule.match]` ask for that no request has?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from corscope.fetch.origin import DEFAULT_PORTS, origin_of_url
from corscope.fetch.safelist import is_forbidden_method, normalize_method
from corscope.rules.glob import HostName, UrlGlob, glob_matches, split_host
from corscope.rules.kinds.place import Remark
from corscope.rules.lint.ids import remark
from corscope.rules.lint.origins import lint_sent_by_page
from corscope.rules.locate import KeyPath
from corscope.rules.model import Match
from corscope.rules.problems import shown, shown_list

__all__ = ["lint_match"]

_SCHEMES: Final = ("http", "https")
_ENCODED_IN_PATH: Final = re.compile(r'[^!-~]|["<>`{}^]')
_ENCODED_IN_QUERY: Final = re.compile(r'[^!-~]|["<>]')
_PLACEHOLDER: Final = re.compile(r"\{[^{}/]*\}")
_MOST_PAIRS: Final = 10_000
_NEXT_URL: Final = re.compile(r",\s*(?=[a-z*]+://)")


def lint_match(match: Match) -> Iterator[Remark]:
    """What is asked for in vain: an origin, a method, a host or a URL."""
    for index, pattern in enumerate(match.origin):
        if pattern != "null" and not pattern.startswith("*"):
            yield from lint_sent_by_page(pattern, ("match", "origin", index))
    for index, method in enumerate(match.method):
        yield from _method(method, ("match", "method", index), match)
    for index, host in enumerate(match.host):
        yield from _host(str(host), ("match", "host", index), str)
    for index, url in enumerate(match.url):
        yield from _url(url, ("match", "url", index))
    yield from _apart(match)


def _method(method: str, path: KeyPath, match: Match) -> Iterator[Remark]:
    if method == "*":
        message = "is no wildcard here, but a method of that name"
        yield remark("method-wildcard", path, method, message, "leave method out to match any")
    elif is_forbidden_method(method):
        message = "is a method that script can't use"
        yield remark("method-forbidden", path, method, message, "drop it")
    elif method == "OPTIONS" and "actual" not in match.kind:
        message = "is no preflight's: that has the method which it asks leave for"
        hint = 'write kind = "preflight"; for script that sends OPTIONS, name kind = "actual" too'
        yield remark("method-options", path, method, message, hint)
    elif normalize_method(method) != method:
        hint = f"write {shown(normalize_method(method))}"
        yield remark("method-case", path, method, "is sent by no browser", hint)


# Hosts


def _host(host: str, path: KeyPath, whole: Callable[[str], str]) -> Iterator[Remark]:
    """What is wrong with a host; `whole` makes of one what stands in the file."""
    if "," in host:
        yield _several([whole(each.strip()) for each in host.split(",")], path, whole(host))
    elif host.startswith(".") or ".." in host:
        meant = re.sub(r"\.\.+", ".", f"*{host}" if host.startswith(".") else host)
        message = "has an empty label, as no host has"
        yield remark("host-invalid", path, whole(host), message, f"write {shown(whole(meant))}")
    elif "*" not in (named := host.removesuffix(":*")):
        any_port = host[len(named) :]
        yield from _spelling(named, path, lambda each: whole(each + any_port))


def _spelling(host: str, path: KeyPath, whole: Callable[[str], str]) -> Iterator[Remark]:
    """Tell how browsers write the host; of the two schemes one has its port as default."""
    origins = filter(None, (origin_of_url(f"{scheme}://{host}/") for scheme in _SCHEMES))
    sent = sorted((origin.authority for origin in origins), key=len)
    if not sent:
        message, hint = "is no host of any URL", 'write it as "api.example.com" or "localhost:8080"'
        yield remark("host-invalid", path, whole(host), message, hint)
    elif host not in sent:
        hint = f"write {shown(whole(sent[-1]))}"
        yield remark(
            "host-spelling", path, whole(host), "is a host that browsers write otherwise", hint
        )


def _apart(match: Match) -> Iterator[Remark]:
    """A host and a URL have to fit both; none is named that might."""
    is_many = len(match.host) * len(match.url) > _MOST_PAIRS
    if is_many or any(_may_fit(host, url) for host in match.host for url in match.url):
        return
    if match.host and match.url:
        message = "is no host of match.url, and both have to hold, so that nothing matches"
        value = [str(host) for host in match.host] if len(match.host) > 1 else str(match.host[0])
        yield remark("host-not-of-url", ("match", "host"), value, message, "leave one of them out")


def _may_fit(host: HostName, url: UrlGlob) -> bool:
    if url.whole is not None:
        return True
    named = split_host(url.host)
    if named.port is None and named.name.endswith("*"):  # which may stand for a port too
        return _may_overlap(host.name, named.name) or _may_overlap(f"{host.name}:*", named.name)
    return _may_overlap(host.name, named.name) and _ports_may_fit(host.port, named.port, url.scheme)


def _ports_may_fit(port: str | None, named: str | None, scheme: str) -> bool:
    if port is None:
        return True
    ports = (
        [named] if named else [str(DEFAULT_PORTS[s]) for s in _SCHEMES if glob_matches(scheme, s)]
    )
    return not ports or any(_may_overlap(port, each) for each in ports)


def _may_overlap(one: str, other: str) -> bool:
    """Whether some text may match both globs; of two with asterisks only the ends are compared."""
    if "*" not in one or "*" not in other:
        return glob_matches(one, other) or glob_matches(other, one)
    heads = sorted((one.partition("*")[0], other.partition("*")[0]), key=len)
    tails = sorted((one.rpartition("*")[2], other.rpartition("*")[2]), key=len)
    return heads[1].startswith(heads[0]) and tails[1].endswith(tails[0])


def _several(meant: list[str], path: KeyPath, value: str) -> Remark:
    message = "is taken for one, not for several"
    return remark("several-in-one", path, value, message, f"write {shown_list(meant)}")


# URLs


def _url(url: UrlGlob, path: KeyPath) -> Iterator[Remark]:
    if url.whole is None and _NEXT_URL.search(url.rest.partition("?")[0]):
        yield _several(_NEXT_URL.split(str(url)), path, str(url))
        return
    if url.whole is None:
        yield from _host(url.host, path, lambda host: str(replace(url, host=host)))
    if not any(glob_matches(url.scheme, scheme) for scheme in _SCHEMES):
        hint = f"write {shown(str(replace(url, scheme='*')))}"
        yield remark("url-scheme", path, str(url), "has a scheme that no proxy sees", hint)
    text = url.rest if url.whole is None else url.whole
    sent = _as_sent(text)
    if sent != text:
        whole = replace(url, rest=sent) if url.whole is None else replace(url, whole=sent)
        message = "is a URL that browsers write otherwise"
        yield remark("url-spelling", path, str(url), message, f"write {shown(str(whole))}")


def _as_sent(text: str) -> str:
    """Path and query without the fragment, percent-encoded as browsers do it.

    A name in braces is taken for what people mean by it: any one.
    """
    path, mark, query = text.partition("#")[0].partition("?")
    path = _PLACEHOLDER.sub("*", path)
    return _ENCODED_IN_PATH.sub(_encoded, path) + mark + _ENCODED_IN_QUERY.sub(_encoded, query)


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0])
