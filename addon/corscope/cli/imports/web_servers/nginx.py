"""Which policy do an nginx configuration's `add_header` lines make?

What stands in its files is read by `nginx_files`. What a request gets is told by `nginx_answers`,
and what that makes of a policy by `by_request`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.asked import Answered, Compared, Effort, answers
from corscope.cli.imports.web_servers.by_hand import ANY_OPTIONS
from corscope.cli.imports.web_servers.by_request import ByRequest
from corscope.cli.imports.web_servers.nginx_answers import (
    ORIGIN,
    RUN,
    Directive,
    NginxAnswers,
    cors_lines,
    error_page,
    walk,
)
from corscope.cli.imports.web_servers.nginx_files import read_files
from corscope.cli.imports.web_servers.nginx_locations import (
    before_regexes,
    is_for_all,
    only_there,
    order,
    others_first,
    redirected,
    taken_by,
)
from corscope.cli.imports.web_servers.sides import Words
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    VARY,
    is_cors_response_header_name,
)
from corscope.servers.policy import SettingValue
from corscope.servers.web_servers.by_hand import KEEP_OWN

__all__ = ["read_nginx"]

_NO_FILE: Final = "is for what try_files finds no file of; the rule takes the files for it too"
_DEFAULTS: Final = {"always": False, KEEP_OWN.name: False}
_MOST_MAPS: Final = 5
_WORDS: Final = Words(
    ORIGIN,
    {
        ALLOW_METHODS: "$http_access_control_request_method",
        ALLOW_HEADERS: "$http_access_control_request_headers",
    },
    "$",
)


_Chain = tuple[tuple[Directive, ...], ...]


def read_nginx(source: Source) -> Iterator[Found]:
    """The `add_header` lines of a configuration, and what they refer to."""
    source, directives = read_files(source)
    for each in walk(directives):
        if each.name == "more_set_headers" and "access-control-" in str(each.arguments).lower():
            source.refuse("more_set_headers isn't read: write add_header … always", each.line)
        if each.name == "limit_except":
            methods = " ".join(each.arguments)
            source.note(
                f"limit_except {methods} isn't read: what it denies gets no such answer", each.line
            )
    hides = any(map(_hides, walk(directives)))
    by_method = _by_method(directives)
    chains = _places(directives, list(_chains((directives,), _sends, by_method)))
    chains = chains or list(_chains((directives,), _hides, by_method))
    if not chains:
        source.refuse(f"has no add_header Access-Control-…{_unread(directives)}")
    locations = {id(e.block): e for e in walk(directives) if e.name == "location" and e.block}
    inner = {id(each.block) for location in locations.values() for each in walk(location.block)}
    sites = _sites(directives)
    fallbacks = _fallbacks(directives)
    goes_there = {
        place: fallbacks.get(location.arguments[0], location)
        for place, location in locations.items()
    }
    first = before_regexes(directives)
    known = {each.arguments[-1] for each in locations.values()}
    chains.sort(key=lambda chain: order(goes_there.get(id(chain[-1])), first))
    chains.sort(key=lambda chain: sites.get(id(chain[-1]), len(sites)))
    effort = Effort()
    nginx = NginxAnswers(source, directives, Compared(source, effort))
    others = others_first(directives, (id(each[-1]) for each in chains))
    for chain in chains:
        place = nginx.elsewhere(Compared(source, effort))
        location = locations.get(id(chain[-1]))
        told = [_told_of_other(each, source) for each in others(location)]
        if location and goes_there[id(chain[-1])] != location:
            name = f"location {' '.join(location.arguments)}"
            told.append(f"{source.at(location.line)}: {name} {_NO_FILE}")
        for found in _found(place, chain, keeps_own=not hides):
            taking, is_inside = goes_there.get(id(chain[-1])), id(chain[-1]) in inner
            there = only_there(found, taking, source, is_inside=is_inside)
            site = sites.get(id(chain[-1]))
            there = replace(there, site="" if site is None else f"server {site}")
            yield replace(there, warnings=(*told, *there.warnings))
            yield from redirected(there, taking, known)


def _fallbacks(directives: tuple[Directive, ...]) -> dict[str, Directive]:
    """By the name of a location that a single other one goes to for want of a file, that one."""
    going: dict[str, list[Directive]] = {}
    for each in walk(directives):
        for inner in each.block if each.name == "location" else ():
            if inner.name == "try_files" and inner.arguments[-1:] > ("@",):
                going.setdefault(inner.arguments[-1], []).append(each)
    return {name: those[0] for name, those in going.items() if len(those) == 1}


def _sites(directives: tuple[Directive, ...]) -> dict[int, int]:
    """The number of the server that each block is or is in, by the block's id."""
    servers = [each for each in walk(directives) if each.name == "server"]
    return {
        id(inner.block): number
        for number, server in enumerate(servers)
        for inner in (server, *walk(server.block))
        if inner.block
    }


def _places(directives: tuple[Directive, ...], chains: list[_Chain]) -> list[_Chain]:
    """Without the locations that are only gone to with a status that the file itself returns."""
    returned = {e.arguments[0] for e in walk(directives) if e.name == "return" and e.arguments}
    pages = [page for each in walk(directives) if (page := error_page(each)) is not None]
    gone_to = {page.name for page in pages if returned.intersection(page.codes)}
    blocks = {
        id(each.block)
        for each in walk(directives)
        if each.name == "location" and each.arguments[0] in gone_to
    }
    return [each for each in chains if id(each[-1]) not in blocks] or chains


def _unread(directives: tuple[Directive, ...]) -> str:
    """Where its headers may stand instead."""
    left = [" ".join(e.arguments) for e in walk(directives) if e.name == "include"]
    return f"; not read of what it includes: {', '.join(left)}" if left else ""


def _told_of_other(location: Directive, source: Source) -> str:
    """What is told of a location that says nothing of CORS, where a rule for more paths has its."""
    name = " ".join(("location", *location.arguments))
    return f"{source.at(location.line)}: {name} has none of these: say so in match.url"


def _run(block: tuple[Directive, ...]) -> tuple[Directive, ...]:
    """What of a block counts for those in it."""
    return tuple(each for each in block if each.name in RUN)


def _chains(
    chain: _Chain, is_meant: Callable[[Directive], bool], by_method: frozenset[str]
) -> Iterator[_Chain]:
    """Each block that says something of CORS, after those around it; and those that inherit it."""
    if _has_any(chain[-1], is_meant):
        yield from _with_heirs(chain, lambda each: _is_apart(each, is_meant, by_method))
    around = (*chain[:-1], _run(chain[-1]))
    for each in chain[-1]:
        if each.name != "if":
            yield from _chains((*around, each.block), is_meant, by_method)


def _with_heirs(chain: _Chain, is_apart: Callable[[Directive], bool]) -> Iterator[_Chain]:
    """A block, and those in it that have its headers where a rule for all of it wouldn't do.

    No request gets the block's own if each goes to a location that is apart.
    """
    inside = [each for each in chain[-1] if each.name in {"server", "location"} and each.block]
    apart = [each for each in inside if is_apart(each)]
    heirs = [each for each in inside if not _adds(each)]
    around = (*chain[:-1], _run(chain[-1]))
    if any(each.name == "server" for each in apart):
        for each in heirs:
            yield from _with_heirs((*around, each.block), is_apart)
        return
    if not any(map(is_for_all, apart)):
        yield chain
    taken = taken_by(apart)
    for each in heirs:
        if taken(each) or (is_apart(each) and not _has_any(each.block, _hides)):
            yield (*around, each.block)


def _has_any(block: tuple[Directive, ...], is_meant: Callable[[Directive], bool]) -> bool:
    """Whether any of a block is meant, or any of its conditions'."""
    return any(
        is_meant(each) or (each.name == "if" and _has_any(each.block, is_meant)) for each in block
    )


def _sends(directive: Directive) -> bool:
    return any(line.name != VARY for line in cors_lines((directive,)))


def _is_apart(
    block: Directive, is_meant: Callable[[Directive], bool], by_method: frozenset[str]
) -> bool:
    """Whether what is answered there isn't what the headers around it make alone."""
    tells_methods = not _adds(block) and any(
        each.name == "if" and bool(_variables(each) & by_method) for each in block.block
    )
    locations = (e for e in block.block if block.name == "server" and e.name == "location")
    return (
        tells_methods
        or _has_any(block.block, is_meant)
        or any(_is_apart(each, is_meant, by_method) for each in locations)
    )


def _adds(block: Directive) -> bool:
    """Whether it adds headers, and so has none of those around it, at least at times."""
    return _has_any(block.block, lambda each: each.name == "add_header")


def _by_method(directives: tuple[Directive, ...]) -> frozenset[str]:
    """The variables that hang on the request's method, by a few maps or conditions at most."""
    found = {"$request_method"}
    for _ in range(_MOST_MAPS):
        for each in walk(directives):
            if each.name == "map" and each.arguments[:1] and each.arguments[0] in found:
                found.update(each.arguments[1:2])
            elif each.name == "if" and _variables(each) & found:
                sets = (inner for inner in each.block if inner.name == "set")
                found.update(name for inner in sets for name in inner.arguments[:1])
    return frozenset(found)


def _variables(directive: Directive) -> set[str]:
    return set(re.findall(r"\$\w+", " ".join(directive.arguments)))


def _hides(directive: Directive) -> bool:
    """Whether it takes the backend's own CORS headers away, beside which others are else added."""
    return directive.name.endswith("_hide_header") and any(
        map(is_cors_response_header_name, directive.arguments)
    )


def _found(nginx: NginxAnswers, chain: _Chain, *, keeps_own: bool) -> Iterator[Found]:
    answered = answers(nginx.compared, partial(nginx.answer, chain))
    told = [*nginx.warnings, *_without(chain[-1], nginx.source)]
    read = ByRequest(nginx.source, _WORDS, answered, told)
    read_settings = partial(_settings, read, keeps_own=keeps_own)
    for found in read.found(read_settings, keeps_own=keeps_own):
        told = [f"{found.place}: {what}" for what in _otherwise(found)]
        yield replace(found, warnings=(*found.warnings, *told))


def _without(block: tuple[Directive, ...], source: Source) -> Iterator[str]:
    """The blocks in it that have none of its headers, since they add others."""
    for each in block:
        adds = any(inner.name == "add_header" for inner in each.block)
        if each.name != "if" and adds and not _has_any(each.block, _sends):
            name = " ".join((each.name, *each.arguments))
            message = "adds headers of its own, and so has none of these: say so in match.url"
            yield f"{source.at(each.line)}: {name} {message}"


def _otherwise(found: Found) -> Iterator[str]:
    """What of its preflights the rule has otherwise."""
    if not found.policy.forward_preflight and found.match.get("kind") == "preflight":
        yield ANY_OPTIONS


def _settings(
    read: ByRequest, usual: Answered, *, keeps_own: bool
) -> tuple[tuple[str, SettingValue], ...]:
    """The dialect's own; `always` is that of the origin, without which no other header counts."""
    lines = [line for line in usual.lines if line.name != VARY]
    first = usual.origin or next(iter(lines), None)
    always = first is not None and first.always
    for line in lines:
        if line.always != always:
            message = "differs from the origin in its always: the rule takes both as that has it"
            read.warn(f"{line.title} {message}", line.line)
    settings = {"always": always, KEEP_OWN.name: keeps_own}
    return tuple(pair for pair in settings.items() if pair[1] is not _DEFAULTS[pair[0]])
