"""Which policy do the `Header` lines of an Apache configuration make?

Its grammar is plain: a directive a line, its words apart or in quotes, sections in angle brackets.
What a request gets is told by `apache_answers`, and what that makes of a policy by `by_request`.
Files that it includes are read where they stand beside it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from corscope.cli.imports.paths import at_or_below, beginning_with, filter_of, only_for
from corscope.cli.imports.regexes import escaped
from corscope.cli.imports.tree import DEEPEST, Found, Source
from corscope.cli.imports.web_servers.apache_answers import (
    ApacheAnswers,
    Condition,
    Directive,
    header_of,
    is_cors_header,
)
from corscope.cli.imports.web_servers.apache_expressions import ORIGIN
from corscope.cli.imports.web_servers.asked import Compared, Effort, answers
from corscope.cli.imports.web_servers.by_hand import STAY
from corscope.cli.imports.web_servers.by_request import ByRequest
from corscope.cli.imports.web_servers.included import Included
from corscope.cli.imports.web_servers.sides import Words
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
)
from corscope.servers.web_servers.by_hand import KEEP_OWN

__all__ = ["read_apache"]

_WORD: Final = re.compile(r""""((?:\\.|[^"\\])*+)"|'((?:\\.|[^'\\])*+)'|(\S+)""", re.DOTALL)
_WORDS: Final = Words(
    ORIGIN,
    {
        ALLOW_METHODS: "expr=%{HTTP:Access-Control-Request-Method}",
        ALLOW_HEADERS: "expr=%{HTTP:Access-Control-Request-Headers}",
    },
    "%{",
)
_PLACES: Final = {"location", "locationmatch", "directory", "directorymatch", "files", "filesmatch"}
_OWN: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
_KEEPING: Final = ((KEEP_OWN.name, True),)

_Section = tuple[str, ...]
_Place = tuple[_Section, ...]


_PREFIXES: Final = (
    *("/etc/apache2/", "/etc/httpd/", "/usr/local/apache2/", "/usr/local/etc/apache24/"),
    *("/usr/local/etc/httpd/", "/opt/homebrew/etc/httpd/", "${SRVROOT}/"),
)
"""Where Apache has its configuration, below which a copy of it has the same folders."""

_FILE: Final = re.compile(r"[\w.*-]+", re.ASCII)
_ANY: Final = r"\*"
_INCLUDES: Final = {"include", "includeoptional"}
_WITHOUT_HEADERS: Final = ("mods-enabled", "conf.modules.d", "ports.conf", "letsencrypt", "ssl")
"""What is included everywhere, and says nothing of CORS."""


def read_apache(source: Source) -> Iterator[Found]:
    """The `Header` lines of a configuration or an `.htaccess`, and what they refer to."""
    files = Included(source, _PREFIXES)
    missing: list[Directive] = []
    read = list(_read(files, source, missing))
    source = files.source
    directives = list(_placed(read, source))
    places = list(dict.fromkeys(d.sections for d in directives if is_cors_header(d)))
    if not places and not any("access-control-" in word.lower() for d in read for word in d.words):
        left = " ".join(word for each in missing for word in each.words[1:])
        told = f"; not read of what it includes: {left}" if left else ""
        source.refuse(f"has no Header set Access-Control-…{told}")
    for each in missing:
        if not any(name in " ".join(each.words) for name in _WITHOUT_HEADERS):
            files.missing(" ".join(each.words), each.line)
    effort = Effort()
    for place in _in_order(places) or [()]:
        compared = Compared(source, effort)
        compared.count(len(directives))
        there = [each for each in directives if _is_for(each, place)]
        merged = tuple(sorted(there, key=lambda each: _merged(each.sections)))
        for found in _found(ApacheAnswers(source, merged, compared)):
            yield replace(_only_there(found, place, source), site=_site(place))


def _is_for(directive: Directive, place: _Place) -> bool:
    """Whether a directive counts in a place: those around it do, and no headers of places in it."""
    sections = directive.sections
    around = sections == place[: len(sections)] or _takes_all_of(sections, place)
    return around or (sections[: len(place)] == place and header_of(directive) is None)


def _merged(sections: _Place) -> tuple[bool, int]:
    """What sorts directives as they count: a server's before those of its places, each in turn.

    https://httpd.apache.org/docs/2.4/sections.html#merging
    """
    return any(name.lower() in _PLACES for name, *_ in sections), len(sections)


def _takes_all_of(outer: _Place, place: _Place) -> bool:
    """Whether a `<Location>` has all paths of another one, so that what it says counts there."""
    around, path = _location(outer), _location(place)
    if not around or not path.startswith(around):
        return False
    is_whole = path == around or path.startswith(f"{around.removesuffix('/')}/")
    return is_whole and _site(outer) in {"", _site(place)}


def _found(apache: ApacheAnswers) -> Iterator[Found]:
    source, directives = apache.source, apache.directives
    answered = answers(apache.compared, apache.answer)
    hidden = set(map(_hidden, directives))
    unsets = ALLOW_ORIGIN in hidden
    adds = any(_adds(each) for each in directives if is_cors_header(each)) or not apache.headers
    settings = _KEEPING if adds and not unsets else ()
    warnings = list(apache.warnings)
    set_here = {header.name for header in apache.headers if header.action != "unset"}
    left = [name.title() for name in _OWN if name not in set_here | hidden]
    if set_here and left and not settings:
        told = f"a backend's own {' and '.join(left)} {STAY}"
        warnings.append(f"{source.at(apache.headers[0].directive.line)}: {told}")
    read = ByRequest(source, _WORDS, answered, warnings)
    yield from read.found(lambda _: settings, keeps_own=not unsets)


def _in_order(places: list[_Place]) -> list[_Place]:
    """As a rule has to be asked: the longest location first; then what is for all paths."""
    known = sorted(filter(_globs, places), key=lambda place: len(_location(place)), reverse=True)
    matched = [place for place in reversed(places) if not _globs(place) and _filter(place)]
    known = sorted([*matched, *known], key=_merged_last)
    whole = [place for place in places if _location(place) == "/"]
    left = [e for e in places if e not in known and not any(e == one[:-1] for one in whole)]
    others = sorted(left, key=lambda place: bool(_here(place)))
    sites = {site: number for number, site in enumerate(dict.fromkeys(map(_site, places)))}
    return sorted((*known, *others), key=lambda place: sites[_site(place)])


def _merged_last(place: _Place) -> bool:
    """What sorts places by which of them counts last, and so over the others: of files first."""
    return any(name.lower().startswith("files") for name, *_ in place)


def _site(place: _Place) -> str:
    """The <VirtualHost> that it is in, if it is in one."""
    return next((str(each) for each in place if each[0].lower() == "virtualhost"), "")


def _here(place: _Place) -> list[str]:
    """The sections around that are for some paths only."""
    named = [(name, argument) for name, argument, *_ in place if name.lower() in _PLACES]
    return [f"{name} {argument}" for name, argument in named if argument not in {"/", "/*"}]


def _only_there(found: Found, place: _Place, source: Source) -> Found:
    """What sections have, for the paths that they are for."""
    here = " and ".join(_here(place))
    globs, fits = _globs(place), _filter(place)
    if fits and not globs:
        return replace(found, match={**found.match, "filter": fits})
    return only_for(found, source.name, [here], lambda _: globs) if here else found


@lru_cache(maxsize=10_000)
def _filter(place: _Place) -> str | None:
    """What fits the paths of a `<LocationMatch>`, `<FilesMatch>` or `<Files>` that stands alone."""
    named = [(name.lower(), argument) for name, argument, *_ in place if name.lower() in _PLACES]
    match named:
        case [("locationmatch", regex)] if not regex.startswith("~"):
            return filter_of(regex)
        case [("filesmatch", regex)] if not regex.startswith("~"):
            return filter_of(regex, of_file=True)
        case [("files", name)] if _FILE.fullmatch(name):
            return filter_of(f"^{escaped(name).replace(_ANY, '.*')}$", of_file=True)
    return None


def _globs(place: _Place) -> tuple[str, ...]:
    """What fits a `<Location>` alone: its path, and all below it; behind a slash that alone."""
    path = _location(place)
    if path == "/":
        return ()
    return beginning_with(path) if path.endswith("/") else at_or_below(path)


@lru_cache(maxsize=10_000)
def _location(place: _Place) -> str:
    """The path of a `<Location>` that is in no other section for some paths; else nothing."""
    named = [(name.lower(), argument) for name, argument, *_ in place if name.lower() in _PLACES]
    path = named[0][1] if [name for name, _ in named] == ["location"] else ""
    return path if beginning_with(path) else ""


def _read(
    files: Included, source: Source, missing: list[Directive], depth: int = 0
) -> Iterator[Directive]:
    """The directives of a file, with those of what it includes in the place of that.

    Args:
        files: what has been read.
        source: the file.
        missing: takes the includes that lead nowhere.
        depth: how many files deep it is included.
    """
    for each in _lines(files, source):
        if each.words[0].lower() not in _INCLUDES:
            yield each
            continue
        written = " ".join(each.words)
        found = [
            file
            for wanted in each.words[1:]
            for file in files.found(f"includes {wanted}", _of_folder(wanted), depth, each.line)
        ]
        missing += [] if found else [each]
        for file in found:
            yield from _read(files, files.opened(file, written, each.line), missing, depth + 1)


def _of_folder(wanted: str) -> str:
    """A folder stands for all that is in it."""
    return f"{wanted}*" if wanted.endswith("/") else wanted


def _lines(files: Included, source: Source) -> list[Directive]:
    before = files.begin(source)
    return [replace(each, line=each.line + before) for each in _directives(source)]


def _directives(source: Source) -> Iterator[Directive]:
    """Each line's words; one that ends in a backslash goes on."""
    parts: list[str] = []
    for number, line in enumerate(source.text.splitlines(), 1):
        parts.append(line)
        if line.endswith("\\"):
            parts[-1] = line[:-1]
            continue
        written = "".join(parts)
        begin, parts = number + 1 - len(parts), []
        if not written.lstrip().startswith("#"):
            words = tuple(map(_unquoted, _WORD.finditer(written)))
            if words:
                yield Directive(begin, words)


def _unquoted(found: re.Match[str]) -> str:
    """A word as Apache takes it: a backslash hides another, and its own quote, and nothing else.

    substring_conf in server/util.c.
    """
    if found[3] is not None:
        return found[3].replace(r"\\", "\\")
    quote, text = ('"', found[1]) if found[1] is not None else ("'", found[2])
    return re.sub(rf"\\([\\{quote}])", r"\1", text)


def _placed(directives: Iterable[Directive], source: Source) -> Iterator[Directive]:
    """Each but the sections' own, with the sections and conditions that it stands in."""
    around: list[_Section | Condition | None] = []
    before: tuple[str, ...] = ()
    for each in directives:
        if not each.words[0].startswith("<"):
            conditions = tuple(one for one in around if isinstance(one, Condition))
            sections = tuple(one for one in around if isinstance(one, tuple))
            yield replace(each, conditions=conditions, sections=sections)
        elif each.words[0].startswith("</"):
            closed = around.pop() if around else None
            before = closed.expressions if isinstance(closed, Condition) else ()
        else:
            around.append(_opened(each, before))
            if len(around) > DEEPEST:
                source.refuse("is nested too deeply", each.line)


def _opened(directive: Directive, before: tuple[str, ...]) -> _Section | Condition | None:
    """What a section is; None if all in it counts, as in an IfModule."""
    written = " ".join(directive.words)[1:].removesuffix(">").strip()
    name, _, rest = written.partition(" ")
    match name.lower():
        case "if":
            return Condition(rest)
        case "elseif":
            return Condition(rest, before)
        case "else":
            return Condition(None, before)
        case "virtualhost":
            return (name, rest, str(directive.line))
        case place if place in _PLACES:
            return (name, rest)
    return None


def _hidden(directive: Directive) -> str | None:
    """The application's own CORS header that it takes away: `always` has none of those."""
    header = header_of(directive)
    if header is None or header.action != "unset" or header.always:
        return None
    return None if header.condition or directive.conditions else header.name


def _adds(directive: Directive) -> bool:
    """Whether an application's own header stays beside it: `always` has headers of its own."""
    return bool({"always", "add"} & {word.lower() for word in directive.words[1:3]})
