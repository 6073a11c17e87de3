"""Which version of a package does a Go program require?

Follows https://go.dev/ref/mod#go-mod-file: the nearest go.mod above a file is its module's. What a
comment in the file says of it comes first: an export has one.
"""

import re
from pathlib import Path

from corscope.cli.imports.tree import Source

__all__ = ["required_version"]


def required_version(source: Source, module: str) -> tuple[int, int] | None:
    """The major and minor version; None where nothing that can be read says it."""
    version = rf"{re.escape(module)} v(\d+)\.(\d+)"
    named = re.search(rf"// .*{version}", source.text)
    named = named or re.search(rf"^(?:require)?[ \t]*{version}", _go_mod(source), re.M)
    return (int(named[1]), int(named[2])) if named else None


def _go_mod(source: Source) -> str:
    for folder in Path(source.name).absolute().parents if source.name != "-" else ():
        try:
            return (folder / "go.mod").read_text("utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            break
    return ""
