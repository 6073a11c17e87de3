"""Which kinds of words do the commands take? A shell that completes them asks too."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click
from click.shell_completion import CompletionItem

from corscope.rules.export import find_dialect
from corscope.servers.dialect import Dialect
from corscope.servers.registry import dialects

__all__ = ["DIALECT", "FILE", "output_option"]

_Command = TypeVar("_Command", bound=Callable[..., object])

FILE: Final = click.Path(readable=False)
"""A path of anything, or a - for standard input; who opens it says what is wrong with it."""


def output_option(
    told: str = "Write it to this file.", default: Path | None = None
) -> Callable[[_Command], _Command]:
    """The option for the file to write: None for the standard output, which a - names too.

    Args:
        told: what its help says.
        default: the file where none is named; None for the standard output.
    """
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        callback=_or_standard_output,
        default=default,
        show_default=default is not None,
        metavar="FILE",
        help=told,
    )


def _or_standard_output(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    return None if path is None or str(path) == "-" else path


class _DialectKind(click.ParamType):  # type: ignore[type-arg]  # older ones have none
    """A server that a policy can be like, by its name."""

    name = "dialect"

    def convert(
        self, value: str | Dialect, param: click.Parameter | None, ctx: click.Context | None
    ) -> Dialect:
        """The dialect of this name.

        Raises:
            click.BadParameter: there is none.
        """
        if isinstance(value, Dialect):
            return value
        try:
            return find_dialect(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 (click's)
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """The names that begin so."""
        return [
            CompletionItem(each.name, help=each.title)
            for each in dialects()
            if each.name.startswith(incomplete)
        ]


DIALECT: Final = _DialectKind()
