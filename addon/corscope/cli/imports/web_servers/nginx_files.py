"""What directives does an nginx configuration hold, with the files that it includes?

Crossplane parses each file. One that stands beside the first, or where Debian's folders have it, is
read in place of the `include` that names it; of any other it is told that it's missing.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from corscope.cli.imports.tree import DEEPEST, Source, UnreadableError
from corscope.cli.imports.web_servers.nginx_answers import Directive

__all__ = ["read_files"]

_ESCAPED: Final = re.compile(r"""\\([\\"'trn])""")
_MEANT: Final = {"t": "\t", "r": "\r", "n": "\n"}
_MOST_FILES: Final = 100
_MOST_CHARACTERS: Final = 1024 * 1024
_DEEPEST_INCLUDE: Final = 10
_UP: Final = 2
"""How many folders above the file's own are searched: `sites-available` is one below nginx's."""

_PREFIXES: Final = (
    *("/etc/nginx/", "/usr/local/etc/nginx/", "/usr/local/nginx/conf/"),
    *("/opt/homebrew/etc/nginx/", "/usr/local/openresty/nginx/conf/"),
)
"""Where nginx has its configuration, below which a copy of it has the same folders."""

_WITHOUT_HEADERS: Final = re.compile(r"mime\.types|\w+_params|(?:options-)?ssl[\w.-]*|modules-.*")
"""The names of files, or of their folders, that say nothing of CORS."""


@dataclass
class _Files:
    """What has been read.

    Attributes:
        first: the file that is imported.
        included: the others, as `Source.included` has them.
        lines: how many lines all of them have.
        characters: how many characters the others have.
    """

    first: Source
    included: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0
    characters: int = 0

    @property
    def source(self) -> Source:
        """The first file, which knows whose lines the others' are."""
        return replace(self.first, included=tuple(self.included))

    def read(self, source: Source, depth: int) -> tuple[Directive, ...]:
        """A file's directives, with those that it includes."""
        before = self.lines
        self.lines += source.text.count("\n") + 1
        return self._all(tuple(_parsed(source, before)), depth)

    def _all(self, directives: Iterable[Directive], depth: int) -> tuple[Directive, ...]:
        return tuple(inner for each in directives for inner in self._one(each, depth))

    def _one(self, directive: Directive, depth: int) -> Iterator[Directive]:
        if directive.name == "include" and len(directive.arguments) == 1:
            yield from self._included(directive, depth)
        elif directive.block:
            yield replace(directive, block=self._all(directive.block, depth))
        else:
            yield directive

    def _included(self, directive: Directive, depth: int) -> Iterator[Directive]:
        wanted = directive.arguments[0]
        files = _found(wanted, Path(self.first.name)) if self.first.name != "-" else []
        if depth > _DEEPEST_INCLUDE or len(self.included) + len(files) > _MOST_FILES:
            message = f"includes {wanted}, which is too many files, or one that includes itself"
            self.source.refuse(message, directive.line)
        if not files:
            yield directive
            if not any(map(_WITHOUT_HEADERS.fullmatch, Path(wanted).parts[-2:])):
                message = f"include {wanted} isn't read, nor what it says of CORS: write it there"
                self.source.note(message, directive.line)
        for file in files:
            yield from self.read(self._opened(file, directive), depth + 1)

    def _opened(self, file: Path, directive: Directive) -> Source:
        """A file that is included.

        Raises:
            UnreadableError: it can't be read, or is no text.
        """
        try:
            with file.open(encoding="utf-8-sig") as stream:
                text = stream.read(_MOST_CHARACTERS + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            self.source.refuse(f"includes {file}, which can't be read: {reason}", directive.line)
        self.characters += len(text)
        if self.characters > _MOST_CHARACTERS or "\0" in text:
            self.source.refuse(f"includes {file}, which is too large, or no text", directive.line)
        if "access-control-" in text.lower():
            self.source.note(f"include {directive.arguments[0]} is {file}", directive.line)
        self.included.append((self.lines, str(file)))
        return Source(str(file), text)


def read_files(source: Source) -> tuple[Source, tuple[Directive, ...]]:
    """The directives of a file and of those that it includes, and the file that knows of these.

    Raises:
        UnreadableError: one of them is no configuration of nginx.
    """
    files = _Files(source)
    directives = files.read(source, 0)
    return files.source, directives


def _found(wanted: str, first: Path) -> list[Path]:
    """The files that an `include` names, in the order that nginx reads them."""
    for prefix in _PREFIXES:
        wanted = wanted.removeprefix(prefix)
    path = Path(wanted)
    if not path.parts or {"..", "**"} & set(path.parts) or "\0" in wanted:
        return []
    for folder in first.absolute().parents[: _UP + 1]:
        if path.is_absolute() and folder not in path.parents:
            continue
        inside = str(path.relative_to(folder) if path.is_absolute() else path)
        files = [each for each in sorted(folder.glob(inside)) if each.is_file()]
        if files:
            return [_as_named(each, first) for each in files]
    return []


def _as_named(file: Path, first: Path) -> Path:
    """A file as the first one is named: seen from the folder at hand, if that one is."""
    here = Path.cwd()
    return file.relative_to(here) if not first.is_absolute() and here in file.parents else file


def _parsed(source: Source, before: int) -> Iterator[Directive]:
    try:
        crossplane = importlib.import_module("crossplane")
    except ModuleNotFoundError as error:
        raise UnreadableError(
            f"{source.name}: to read nginx's configuration, the Python package crossplane is "
            "needed: pip install 'corscope[import]'"
        ) from error
    with TemporaryDirectory() as folder:
        file = Path(folder, "nginx.conf")  # crossplane reads nothing but files
        file.write_text(source.text, encoding="utf-8")
        try:
            _check_depth((token for token, *_ in crossplane.lex(str(file))), source)
        except crossplane.errors.NgxParserBaseException as error:
            source.refuse(f"is no configuration of nginx: {error.strerror}", error.lineno)
        payload = crossplane.parse(str(file), single=True, check_ctx=False, check_args=False)
    for wrong in payload["errors"]:
        message = str(wrong["error"]).partition(f" in {file}")[0]
        source.refuse(f"is no configuration of nginx: {message}", wrong["line"])
    for each in payload["config"][0]["parsed"]:
        yield _directive(each, before)


def _check_depth(tokens: Iterable[str], source: Source) -> None:
    """Refuse blocks that the parser, which calls itself for each, would not survive."""
    depth = 0
    for token in tokens:
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth > DEEPEST:
            source.refuse("is nested too deeply")


def _directive(parsed: Mapping[str, Any], before: int) -> Directive:
    block = tuple(_directive(each, before) for each in parsed.get("block", ()))
    words = tuple(map(_unescaped, (parsed["directive"], *parsed["args"])))
    return Directive(parsed["line"] + before, words[0], words[1:], block)


def _unescaped(word: str) -> str:
    """A word as nginx takes it, in quotes or not; any other backslash is one, as in a regex.

    crossplane leaves these as they are written. ngx_conf_read_token in src/core/ngx_conf_file.c.
    """
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), word)
