"""What directives does an nginx configuration hold, with the files that it includes?

Crossplane parses each file. One that stands beside the first, or where Debian's folders have it, is
read in place of the `include` that names it; of any other it is told that it's missing.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from corscope.cli.imports.tree import DEEPEST, Source, UnreadableError
from corscope.cli.imports.web_servers.included import Included
from corscope.cli.imports.web_servers.nginx_answers import Directive

__all__ = ["read_files"]

_ESCAPED: Final = re.compile(r"""\\([\\"'trn])""")
_MEANT: Final = {"t": "\t", "r": "\r", "n": "\n"}

_PREFIXES: Final = (
    *("/etc/nginx/", "/usr/local/etc/nginx/", "/usr/local/nginx/conf/"),
    *("/opt/homebrew/etc/nginx/", "/usr/local/openresty/nginx/conf/"),
)
"""Where nginx has its configuration, below which a copy of it has the same folders."""

_WITHOUT_HEADERS: Final = re.compile(r"mime\.types|\w+_params|(?:options-)?ssl[\w.-]*|modules-.*")
"""The names of files, or of their folders, that say nothing of CORS."""


@dataclass
class _Files(Included):
    """The files of nginx's."""

    def read(self, source: Source, depth: int) -> tuple[Directive, ...]:
        """A file's directives, with those that it includes."""
        return self._all(tuple(_parsed(source, self.begin(source))), depth)

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
        wanted, line = directive.arguments[0], directive.line
        files = self.found(f"includes {wanted}", wanted, depth, line)
        if not files:
            yield directive
            if not any(map(_WITHOUT_HEADERS.fullmatch, Path(wanted).parts[-2:])):
                self.missing(f"include {wanted}", line)
        for file in files:
            yield from self.read(self.opened(file, f"include {wanted}", line), depth + 1)


def read_files(source: Source) -> tuple[Source, tuple[Directive, ...]]:
    """The directives of a file and of those that it includes, and the file that knows of these.

    Raises:
        UnreadableError: one of them is no configuration of nginx.
    """
    files = _Files(source, _PREFIXES)
    directives = files.read(source, 0)
    return files.source, directives


_UNENDED: Final = "it ends in the middle of a directive"
"""What the parser has no words for."""


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
        message = str(wrong["error"]).partition(f" in {file}")[0] or _UNENDED
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
