"""What can a person ask of corscope at mitmproxy's prompt?

Each command is a few lines: it finds what is pointed at, asks the room that knows, and returns
lines, which the console shows in its viewer and mitmweb below its command bar. Whatever is wrong
with the arguments is a CommandError that says the way out.
"""

import asyncio
import logging
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mitmproxy import command, ctx, exceptions, flow, types
from mitmproxy.log import ALERT

from corscope import __version__
from corscope.explain.counted import counted
from corscope.explain.escape import escaped
from corscope.explain.failure import missing_texts
from corscope.explain.markdown import report_markdown
from corscope.explain.repro.program import repro
from corscope.explain.repro.story import ReproError
from corscope.explain.rule_from import rule_from
from corscope.explain.whatif.compare import what_if
from corscope.explain.whatif.text import what_if_lines
from corscope.journal.store import Entry
from corscope.mitm.guard import answering
from corscope.mitm.options import user_path
from corscope.mitm.record.recorder import Recorder
from corscope.mitm.rules.files import RuleFiles
from corscope.mitm.rules.filters import check_filter, matcher
from corscope.mitm.rules.live import LiveRules
from corscope.mitm.ui.arguments import OneOf
from corscope.mitm.ui.explained import entries_of, entry_of, explained
from corscope.rules.export import export_named
from corscope.rules.load import Source, load
from corscope.rules.model import Rule
from corscope.rules.problems import shown
from corscope.servers.registry import dialects
from corscope.web.private import write_private
from corscope.web.report import report_html

__all__ = ["Commands"]

_NOWHERE: Final = types.Path("")

logger = logging.getLogger("corscope")


class Commands:
    """Each method with a decorator is a command."""

    def __init__(self, rules: LiveRules, recorder: Recorder) -> None:
        self._rules = rules
        self._recorder = recorder
        self._reports: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    @command.command("cors.explain")
    def explain(self, flow: flow.Flow) -> Sequence[str]:
        """Explain what the browser makes of an exchange, and why."""
        with answering():
            return _fitted(explained(entry_of(self._recorder, flow)).split("\n"))

    @command.command("cors.rules")
    def list_rules(self) -> Sequence[str]:
        """List the CORS rules in force, in the order in which they are tried."""
        with answering():
            switched = self._rules.state.switched
            return [_line(rule, switched) for rule in self._rules.ruleset.rules] or [_NO_RULES]

    @command.command("cors.rule.names")
    def rule_names(self) -> Sequence[str]:
        """List the names of the CORS rules."""
        with answering():
            return [rule.name for rule in self._rules.ruleset.rules]

    @command.command("cors.rule.toggle")
    @command.argument("name", type=OneOf("cors.rule.names", "rule"))
    def toggle_rule(self, name: str) -> None:
        """Switch a CORS rule on or off, until mitmproxy ends; its file stays as it is."""
        with answering():
            state = "on" if self._rules.toggle(name) else "off"
        logger.log(ALERT, "CORS rules: %s is %s for this run", escaped(name), state)

    @command.command("cors.rule.from")
    def rule_from(self, flow: flow.Flow, path: types.Path = _NOWHERE) -> Sequence[str]:
        """Write the smallest CORS rule that lets an exchange pass; with a path, append it there."""
        with answering():
            entry = entry_of(self._recorder, flow)
            text = rule_from(entry.exchange, entry.outcome)
            if path:
                self._append(text, path)
        return text.rstrip("\n").split("\n")

    def _append(self, text: str, path: types.Path) -> None:
        file = user_path(path)
        name = load([Source(path, text.encode())]).rules[0].name
        if name in self.rule_names():
            raise ValueError(f"a rule {shown(name)} is in force already: rename one of them")
        with file.open("a", encoding="utf-8") as rules:  # what stands there is never written again
            rules.write(f"\n{text}" if rules.tell() else text)
        logger.log(ALERT, "CORS rules: %s is appended to %s", shown(name), path)

    @command.command("cors.whatif")
    def what_if(self, file: types.Path, flows: Sequence[flow.Flow]) -> Sequence[str]:
        """Tell how the verdicts of exchanges would change under the CORS rules of a file."""
        with answering():
            ruleset = load(RuleFiles([file]).sources(), check_filter)
            found = entries_of(self._recorder, flows)
            if not found:
                raise ValueError("no CORS exchange is among these flows; @all means all of them")
            matches = {entry.exchange.id: matcher(flow) for flow, entry in found.items()}
            fresh: bool = ctx.options.cors_fresh
            told = what_if(
                found.values(),
                ruleset,
                fresh=fresh,
                filters=lambda exchange, text: matches[exchange.id](text),
            )
            return list(what_if_lines(told))

    @command.command("cors.repro")
    def write_repro(self, flow: flow.Flow, path: types.Path) -> None:
        """Write a program that plays an exchange's fetch back, in any browser."""
        with answering():
            chosen = entry_of(self._recorder, flow).exchange
            others = [entry.exchange for entry in self._recorder.store]
            try:
                text = repro(chosen, others)
            except ReproError as error:
                raise ValueError(f"this can't be reproduced: {error}") from error
            write_private(user_path(path), text)
        logger.log(ALERT, "CORS repro: %s written; run it with python", path)

    @command.command("cors.report")
    def write_report(self, path: types.Path) -> None:
        """Write the exchanges at hand as one HTML file, or as Markdown to a file so named."""
        with answering():
            file = user_path(path)
        store = self._recorder.store
        entries, missing = tuple(store), tuple(missing_texts(store.failed))
        report = self._report(entries, file, missing)
        task = asyncio.create_task(report, name="corscope report")
        self._reports.add(task)  # the loop keeps none of its own
        task.add_done_callback(self._reports.discard)
        told = counted(len(entries), "exchange")
        logger.log(ALERT, "CORS report: writing %s to %s", told, path)

    async def _report(self, entries: Sequence[Entry], file: Path, missing: Sequence[str]) -> None:
        """Write one beside the traffic, after those that were asked for before."""
        try:
            async with self._turn:
                with answering():
                    await asyncio.to_thread(_write_report, entries, file, missing)
        except exceptions.CommandError as error:
            logger.error("CORS report: not written: %s", error)
        else:
            told = counted(len(entries), "exchange")
            logger.log(ALERT, "CORS report: %s written to %s", told, file)

    @command.command("cors.reload")
    def reload_rules(self) -> None:
        """Read the CORS rule files again, changed or not."""
        with answering():
            self._rules.read_again()

    @command.command("cors.dialects")
    def dialect_names(self) -> Sequence[str]:
        """List the servers whose CORS answers corscope knows."""
        with answering():
            return [dialect.name for dialect in dialects()]

    @command.command("cors.export")
    @command.argument("rule", type=OneOf("cors.rule.names", "rule"))
    @command.argument("dialect", type=OneOf("cors.dialects", "dialect"))
    def export_rule(self, rule: str, dialect: str, path: types.Path) -> None:
        """Write a CORS rule's policy as a real server's configuration."""
        with answering():
            exported = export_named(self._rules.ruleset.rules, rule, dialect)
            user_path(path).write_text(exported.text, encoding="utf-8")
        for warning in exported.warnings:
            logger.warning("CORS export: %s", warning)
        logger.log(ALERT, "CORS export: %s written; it belongs into %s", path, exported.file)


_VIEWER_SHARE: Final = 0.8
"""How much of the screen's width mitmproxy's console gives to its viewer."""

_NO_RULES: Final = "no CORS rules: the option cors_rules names files of them, or folders"


def _write_report(entries: Sequence[Entry], file: Path, missing: Sequence[str]) -> None:
    is_markdown = file.suffix.lower() in {".md", ".markdown"}
    text = (
        report_markdown(entries, missing)
        if is_markdown
        else report_html(entries, __version__, missing=missing)
    )
    write_private(file, text)


def _fitted(lines: Sequence[str]) -> Sequence[str]:
    """Lines broken between words where the console's viewer would break them within."""
    screen = getattr(ctx.master, "ui", None)
    if screen is None:
        return lines
    columns, _ = screen.get_cols_rows()
    width = max(int(columns * _VIEWER_SHARE) - 2, 20)  # it has a border
    return [piece for line in lines for piece in _broken(line, width)]


def _broken(line: str, width: int) -> Sequence[str]:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _line(rule: Rule, switched: frozenset[str]) -> str:
    state = rule.mode.value if rule.enabled else "disabled"
    if rule.name in switched:
        state = f"{state if rule.enabled else 'off'} for this run"
    return f"{escaped(rule.name)} ({state}; {rule.place.file}:{rule.place.line})"
