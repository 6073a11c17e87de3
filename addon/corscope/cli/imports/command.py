"""A server works: which rule is that? `corscope import` writes it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path, PurePath
from typing import Final, NoReturn

import click
from click.shell_completion import CompletionItem

from corscope.cli.arguments.kinds import DIALECT, FILE, output_option
from corscope.cli.arguments.rules import print_problems
from corscope.cli.imports.formats import FORMATS, IMPORTERS, guess, unread
from corscope.cli.imports.tree import Found, Source, UnreadableError
from corscope.cli.output import print_file, write_file
from corscope.encoding import encoding_of
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.mitm.saved.unreadable import packing, unreadable
from corscope.rules.load import Source as RuleFile
from corscope.rules.load import load
from corscope.rules.problems import RulesError
from corscope.rules.write import rule_text
from corscope.servers.platforms.api_gateway import API_GATEWAY
from corscope.servers.policy import Policy
from corscope.servers.registry import find

__all__ = ["MAX_BYTES", "import_config", "read_source"]

MAX_BYTES = 1024 * 1024
"""The largest file that is read; the parsers take many times its memory."""

_NO_HOST = "api.example.com"

_INFER: Final = "`corscope infer` finds the policy in recorded traffic"

_BY_HAND: Final = re.compile(r"access-control-(?:allow|expose)-[a-z]+", re.ASCII | re.IGNORECASE)


class _Form(click.ParamType):  # type: ignore[type-arg]  # older ones have none
    """A dialect, or a format that isn't of one alone, by its name."""

    name = "dialect"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the importers have it.

        Raises:
            click.BadParameter: there is none.
        """
        return value if value in FORMATS else DIALECT.convert(value, param, ctx).name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so."""
        formats = [CompletionItem(each) for each in FORMATS if each.startswith(incomplete)]
        return [*DIALECT.shell_complete(ctx, param, incomplete), *formats]


_FORM: Final = _Form()


@click.command("import", epilog=f"Can be imported: {', '.join((*IMPORTERS, *FORMATS))}.")
@click.argument("file", type=FILE)
@click.option(
    "--from",
    "form",
    type=_FORM,
    metavar="DIALECT",
    help="The server whose file it is, or the format; not needed where the file tells.",
)
@click.option("--host", metavar="HOST", help="The host that the rule is for.")
@output_option()
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def import_config(
    file: str, form: str | None, host: str | None, output: Path | None, force: bool
) -> None:
    """Write the CORS part of a server's configuration or code FILE as a rule file.

    Nothing of it is executed. What can't be read is told with its line. - is the standard input.
    Names within the file are followed, also to what JavaScript and Python import of their own
    program, and files that nginx's, Apache's and Caddy's include.
    """
    try:
        source = read_source(file)
        form = form or _guessed(source)
        found = _read(source, form)
    except UnreadableError as error:
        raise click.ClickException(_shown(str(error))) from error
    except RecursionError as error:
        raise click.ClickException(f"{file}: is nested too deeply") from error
    text = "\n".join(_rules(found, form, host or _NO_HOST, source))
    _tell(found, host)
    if output is None:
        print_file(text)
    else:
        write_file(output, text, force=force)
        click.echo(f"{output} written")
    _check(text, str(output or "the rule"))


def read_source(file: str) -> Source:
    """Read a file, or the standard input.

    Raises:
        UnreadableError: it can't be read, is too large, or is no text.
    """
    try:
        with click.open_file(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"{file}: {'; '.join(unreadable(error))}") from error
    if (packed := packing(data[:4])) is not None and encoding_of(data) == "utf-8-sig":
        raise UnreadableError(f"{file}: {'; '.join(packed)}")
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{file}: is larger than the {MAX_BYTES:,} bytes that are read")
    try:
        text = data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not {error.encoding.upper()}: byte 0x{data[error.start]:02x}"
        raise UnreadableError(f"{file}:{line}: {message}") from error
    if "\0" in text:
        raise UnreadableError(f"{file}: is no text: it holds NUL")
    return Source(file, text)


def _guessed(source: Source) -> str:
    names = guess(source)
    if len(names) != 1:
        _refuse(source, names)
    return names[0]


def _refuse(source: Source, names: Sequence[str]) -> NoReturn:
    """Say of a file that it is like none, or like several."""
    known = None if names else unread(source)
    if known is not None:
        source.refuse(f"has {known[0]}, which isn't read: {_INFER}", known[1])
    which = " or ".join(names) or f"one of {', '.join((*IMPORTERS, *FORMATS))}"
    by_hand = None if names else _BY_HAND.search(source.text)
    if by_hand is None:
        others = "" if names else f". Of another server, {_INFER}"
        source.refuse(f"can't tell whose file this is; --from DIALECT says it: {which}{others}")
    says = f"sets {by_hand[0]} by hand, and such code isn't read: {_INFER}"
    line = source.text.count("\n", 0, by_hand.start()) + 1
    source.refuse(f"{says}; of a server's own file, --from DIALECT says whose it is: {which}", line)


def _read(source: Source, form: str) -> list[Found]:
    """The policies, each once and where it stands first, with all that is told of it."""
    importer = IMPORTERS.get(form) or FORMATS.get(form)
    if importer is None:
        can = ", ".join((*IMPORTERS, *FORMATS))
        source.refuse(f"{DIALECT.convert(form, None, None).title} can't be imported; {can} can")
    found = _merged(importer(source))
    if not found:
        source.refuse("has no CORS rule, so that nobody is allowed")
    first, *others = found
    return [replace(first, warnings=(*source.notes, *first.warnings)), *others]


def _merged(policies: Iterable[Found]) -> list[Found]:
    """Each where it stands first, with all that is told of it; of neighbours for all their paths.

    Others stay apart: what stands between them may be for some of the same paths.
    """
    found: dict[tuple[object, tuple[str, ...]], list[Found]] = {}
    for (*what, _, _), alike in groupby(policies, key=_whom):
        several = list(alike)
        paths = tuple(dict.fromkeys(path for each in several for path in each.paths))
        found.setdefault((tuple(what), paths), []).extend(several)
    return [
        replace(all_of_it[0], paths=paths, warnings=_warnings(all_of_it))
        for (_, paths), all_of_it in found.items()
    ]


def _whom(found: Found) -> tuple[Policy, str, object, object, str, bool, str]:
    """What neighbours have in common that can be one rule."""
    edits = found.added, found.removed
    return found.policy, str(found.match), *edits, found.redirect, bool(found.paths), found.site


def _warnings(found: Iterable[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(warning for each in found for warning in each.warnings))


def _rules(found: list[Found], form: str, host: str, source: Source) -> Iterator[str]:
    """The rules; those are on that are of one server, and match what none before them does."""
    file = PurePath(source.name).name
    taken: list[object] = []
    site = next((each.site for each in found if each.site), "")
    for number, each in enumerate(found, 1):
        match = {**_place(host, each.paths), **each.match}
        dialect = find(each.like or form) or API_GATEWAY
        name = f"{form} from {file}" + (f", {number}" if len(found) > 1 else "")
        told = f"Imported from {each.place}."
        off = _off(each, site, is_taken=match in taken)
        yield rule_text(
            name,
            match,
            each.policy,
            dialect,
            description=told + off,
            enabled=not off,
            added=each.added,
            removed=each.removed,
            redirect=each.redirect,
        )
        taken.append(match)


def _off(each: Found, site: str, *, is_taken: bool) -> str:
    """Why a rule is off, and what to do; nothing if it is on."""
    if each.site not in ("", site):
        return " Off: it is of another server; say in match whose host it is for."
    return " Off: say in match.url for which paths it is, and put it first." if is_taken else ""


def _place(host: str, paths: tuple[str, ...]) -> dict[str, object]:
    """What `[rule.match]` says of the URL."""
    urls = tuple(f"*://{host}{path}" for path in paths)
    return {"url": urls[0] if len(urls) == 1 else urls} if urls else {"host": host}


def _tell(found: list[Found], host: str | None) -> None:
    for warning in _warnings(found):
        click.echo(f"warning: {_shown(warning)}", err=True)
    if host is None:
        message = f"warning: the rule is for {_NO_HOST}; --host says for which host it is meant"
        click.echo(message, err=True)


def _shown(message: str) -> str:
    """A message fit for a terminal, since it may hold a piece of the file."""
    return escaped(message, LONGEST_MESSAGE)


def _check(text: str, name: str) -> None:
    """Say what is wrong with the rules; a server's own mistakes are imported too."""
    try:
        print_problems(load([RuleFile(name, text.encode())]).warnings)
    except RulesError as error:
        print_problems(error.problems)
        raise click.exceptions.Exit(1) from error
