"""The addon: what does corscope do when mitmproxy calls?

This half changes flows as the rules say, and holds the parts together; the other half, `recorder`,
observes. Neither decides anything: rules, journal and explain do.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final

from mitmproxy import addonmanager, ctx, exceptions, http, tls, version

import corscope
from corscope.journal.exchange import Touch
from corscope.journal.lines.write import rules_line, start_line
from corscope.messages import Request, Response
from corscope.mitm import guard, options
from corscope.mitm.guard import harmless
from corscope.mitm.page import OwnPage, proxy_address
from corscope.mitm.record.connections import Connections
from corscope.mitm.record.journal_file import JournalFile
from corscope.mitm.record.recorder import Recorder
from corscope.mitm.rules.filters import check_filter, matcher
from corscope.mitm.rules.live import LiveRules
from corscope.mitm.rules.treatment import CONDITIONAL, InForce, Treatment
from corscope.mitm.translate.answers import response_of
from corscope.mitm.translate.requests import asked_of
from corscope.mitm.translate.written import made_response, write_response
from corscope.mitm.ui.browsers import Browsers
from corscope.mitm.ui.commands import Commands
from corscope.mitm.ui.content_view import ContentView
from corscope.rules.model import Mode, Rule
from corscope.rules.problems import Problem, Severity
from corscope.rules.reload import State
from corscope.web.desk import Desk
from corscope.web.server import Behind

__all__ = ["Corscope"]

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at the rule files and at the preflights that wait."""

logger = logging.getLogger("corscope")


class Corscope:
    """The addon that `addon/cors.py` gives to mitmproxy."""

    name = "corscope"
    _left: ClassVar["Corscope | None"] = None

    @classmethod
    def at_hand(cls) -> "Corscope":
        """The one that was there a moment ago, or a new one.

        Where its file has changed, mitmproxy takes a script away and loads it again at once: what
        is in flight then goes on, with all that is known of what came before it.
        """
        return cls._left or cls()

    def __init__(self) -> None:
        self._settings = options.Settings()
        self._rules = LiveRules()
        self._rules.listeners.append(self._write_rules)
        self._in_force = InForce(self._rules.ruleset, fresh=True)
        self._treatments: dict[str, Treatment] = {}
        self._recorder = Recorder(JournalFile(""))
        self._watchers: tuple[asyncio.Task[None], ...] = ()
        self._page = OwnPage(self._behind)
        self._connections = Connections()
        self._browsers = Browsers()
        self._commands = Commands(self._rules, self._recorder)
        self._content_view = ContentView(self._recorder)

    # Its life in mitmproxy

    def load(self, loader: addonmanager.Loader) -> None:
        """Declare the options and commands.

        What has commands is no addon of its own: mitmproxy asks each for every event.
        """
        guard.listeners.append(self._failed)
        harmless(options.declare)(loader)
        for part in (self._commands, self._browsers):
            harmless(loader.master.commands.collect_commands)(part)

    def configure(self, updated: set[str]) -> None:
        """Take over the options that have changed.

        Raises:
            OptionsError: a value isn't one of those that there are.
        """
        changed = {name for name in updated if name.startswith("cors_")}
        if not changed:
            return
        if why := self._wrong_option():
            raise exceptions.OptionsError(why)
        self._configure(changed)

    @harmless
    def _wrong_option(self) -> str | None:
        return options.wrong(ctx.options)

    @harmless
    def _configure(self, changed: set[str]) -> None:
        self._settings = options.read(ctx.options)
        self._recorder.mask_urls(self._settings.urls == "masked")
        if "cors_journal" in changed:
            self._open_journal()
        if "cors_rules" in changed and (self._settings.rules or self._rules.state.files):
            self._rules.read(self._settings.rules)
        if changed & {"cors_web", "cors_web_port"} and self._watchers:
            self._serve()

    @harmless
    def running(self) -> None:
        """Take the recorder's place in the chain, and begin to watch the rule files."""
        self._recorder.take_place(ctx.master.addons)
        self._content_view.register()
        self._watchers = (
            asyncio.create_task(self._watch(), name="corscope watcher"),
            asyncio.create_task(self._watch_rules(), name="corscope watcher of rules"),
        )
        self._serve()
        _pass_over_what_stays()
        for text in options.misspelt(ctx.options):
            logger.warning("CORS: %s", text)

    def done(self) -> None:
        """Let go of everything; where one part fails, of the others all the same."""
        for watcher in self._watchers:
            watcher.cancel()
        self._watchers = ()
        gc.unfreeze()
        for part in (self._page.close, self._browsers.close, self._content_view.remove):
            harmless(part)()
        harmless(self._recorder.close)(datetime.now(UTC))
        harmless(self._recorder.leave_place)(ctx.master.addons)
        if self._failed in guard.listeners:
            guard.listeners.remove(self._failed)
        harmless(self._leave)()

    def _leave(self) -> None:
        Corscope._left = self
        asyncio.get_running_loop().call_soon(self._has_left)

    def _has_left(self) -> None:
        """Be done for good, unless it was loaded again at once."""
        Corscope._left = None
        if self._failed not in guard.listeners:
            self._recorder.let_go()

    def _failed(self, where: str, error: BaseException, about: Sequence[object]) -> None:
        """Do nothing more to a flow on which something of ours has failed."""
        for each in about:
            if isinstance(each, http.HTTPFlow):
                self._treatments.pop(each.id, None)
        self._recorder.failed(where, error, about)

    # What it changes

    @harmless
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Take note of the request, and let no cached answer stand for the one to be edited."""
        asked = asked_of(flow)
        self._recorder.requested(flow, asked)
        if not self._rules.state.ruleset.rules or not flow.live or flow.error or flow.response:
            return
        treatment = self._treatments[flow.id] = self._treated(flow, asked.request)
        if self._settings.fresh and treatment.is_conditional:
            self._ask_anew(flow, treatment)

    def _treated(self, flow: http.HTTPFlow, request: Request) -> Treatment:
        in_force = self._now_in_force()
        if in_force.looks_at_flows:
            return in_force.treatment(request, matcher(flow))
        return in_force.treatment(request)

    def _now_in_force(self) -> InForce:
        """The rules that count from here on; what has begun keeps those it began with."""
        ruleset, fresh = self._rules.ruleset, self._settings.fresh
        if self._in_force.ruleset is not ruleset or self._in_force.fresh is not fresh:
            self._in_force = InForce(ruleset, fresh)
        return self._in_force

    def _ask_anew(self, flow: http.HTTPFlow, treatment: Treatment) -> None:
        """Drop the question whether a cached answer is still good: it is from before the rule."""
        rule = treatment.rule()
        if rule is None or rule.mode is Mode.SHADOW or not (rule.policy or rule.headers):
            return
        for name in CONDITIONAL:
            flow.request.headers.pop(name, None)

    @harmless
    def request(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Answer in the server's stead where a rule does.

        Not before the body is there: mitmproxy can't begin to stream a request that is answered.
        One that has been streamed on has reached the server, whose answer is then edited.
        """
        treatment = self._treatments.get(flow.id)
        if treatment is None or flow.error or flow.response or flow.request.stream:
            return None
        rule = treatment.answering()
        if rule is None:
            return None
        del self._treatments[flow.id]
        return self._in_time(self._answer, flow, rule, treatment)

    def _in_time(
        self, do: Callable[..., None], flow: http.HTTPFlow, rule: Rule, *about: object
    ) -> Awaitable[None] | None:
        """Do it now, or once the delay is over for which the rule's fault lets the answer wait."""
        if rule.fault is not None and rule.fault.delay:
            return self._later(rule.fault.delay, do, flow, rule, *about)
        do(flow, rule, *about)
        return None

    @harmless
    async def _later(
        self, delay: float, do: Callable[..., None], flow: http.HTTPFlow, *about: object
    ) -> None:
        await asyncio.sleep(delay)
        do(flow, *about)

    def _answer(self, flow: http.HTTPFlow, rule: Rule, treatment: Treatment) -> None:
        made = treatment.answer(rule)
        response = None if made is None else made_response(made, flow.request)
        touch = Touch(rule.name, "apply", answered=True)
        # What can fail lies behind; from here on the flow is changed, at once and as a whole.
        if _drops(rule) and flow.killable:
            flow.kill()
        if response is not None and not flow.error:
            flow.response = response
        self._recorder.touches[flow.id] = touch

    @harmless
    def responseheaders(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Edit the server's answer; later would be too late for a streamed one."""
        if flow.request.data.port == self._page.port:
            self._page.responseheaders(flow)
        treatment = self._treatments.pop(flow.id, None)
        if treatment is None or flow.response is None or flow.error:
            return None
        response = response_of(flow.response)
        rule, made = treatment.edited(response)
        if rule is None:
            return None
        if rule.mode is Mode.SHADOW:
            would = treatment.without_server(rule) or made
            self._recorder.touches[flow.id] = Touch(rule.name, "shadow", shadow=would)
            return None
        return self._in_time(self._edit, flow, rule, response, made)

    def _edit(self, flow: http.HTTPFlow, rule: Rule, response: Response, edited: Response) -> None:
        drops = _drops(rule) and flow.killable
        is_changed = drops or bool(flow.error) or edited != response
        touch = Touch(rule.name, "apply", server_response=response if is_changed else None)
        if edited != response:
            write_response(flow, edited)
        if drops:
            flow.kill()
        self._recorder.touches[flow.id] = touch

    @harmless
    def error(self, flow: http.HTTPFlow) -> None:
        """Forget a flow that gets no answer; a rule in shadow mode may have had one."""
        treatment = self._treatments.pop(flow.id, None)
        rule = None if treatment is None else treatment.rule()
        if treatment is None or rule is None or rule.mode is not Mode.SHADOW:
            return
        would = treatment.without_server(rule)
        if would is not None:
            self._recorder.touches[flow.id] = Touch(rule.name, "shadow", shadow=would)

    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        """A tunnel couldn't be opened."""
        self._connections.http_connect_error(flow)

    @harmless
    def tls_failed_client(self, data: tls.TlsData) -> None:
        """A browser broke TLS off."""
        self._connections.tls_failed_client(data)

    # Two tasks: what is recorded doesn't wait for rule files on a disk that takes its time.

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._look()

    @harmless
    def _look(self) -> None:
        self._recorder.tick(datetime.now(UTC))
        self._page.look()

    async def _watch_rules(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self._look_at_rules()

    @harmless
    async def _look_at_rules(self) -> None:
        await self._rules.look()

    # The page

    def _serve(self) -> None:
        self._page.serve(self._settings.web_port if self._settings.web else None)

    def _behind(self) -> Behind:
        rules = self._rules
        desk = Desk(
            sources=rules.sources,
            write=rules.write,
            toggle=rules.toggle,
            check_filter=check_filter,
            fresh=lambda: self._settings.fresh,
        )
        return Behind(self._recorder.store, lambda: rules.state, proxy_address, desk, guard.failed)

    # The journal

    def _write_rules(self, state: State) -> None:
        errors = [p for p in state.problems if p.severity is Severity.ERROR]
        self._recorder.file.write(
            rules_line(
                datetime.now(UTC),
                state.files,
                len(state.ruleset.rules),
                [_error(problem) for problem in errors],
                applied=state.applied,
            )
        )

    def _open_journal(self) -> None:
        self._recorder.file.close()
        self._recorder.file = JournalFile(self._settings.journal)
        self._recorder.file.write(
            start_line(
                datetime.now(UTC),
                corscope.__version__,
                version.VERSION,
                self._settings.as_options(),
            )
        )


def _pass_over_what_stays() -> None:
    """Let the garbage collector no longer look through what is there until the end anyway.

    That are the modules, mitmproxy's and, a quarter as many again, corscope's. To look through them
    takes 70 ms every few thousand exchanges, in which no flow gets on: 20 us of each, 5 of them for
    corscope's own. What is garbage by now would stay for good, so it is collected before.
    """
    gc.collect()
    gc.freeze()


def _drops(rule: Rule) -> bool:
    """Whether the rule's fault drops the connection."""
    return rule.fault is not None and rule.fault.abort


def _error(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": str(problem),
    }
