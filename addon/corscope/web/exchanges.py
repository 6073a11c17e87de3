"""The view of the exchanges: what the list begins with, and one exchange in full."""

import asyncio
from typing import TYPE_CHECKING, Final

from tornado.web import HTTPError

from corscope.servers.dialect import Dialect
from corscope.servers.registry import find
from corscope.web.handlers import Handler
from corscope.web.remedy import remedy, rule_export
from corscope.web.render import exchange_html, handoff_html, template_html
from corscope.web.story import Index

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["HANDLERS", "fragment"]


def fragment(page: "Page") -> str:
    """The list's frame; its rows come as events."""
    return template_html("exchanges.html", proxy=page.behind.proxy(), url=page.url)


class One(Handler):
    """One exchange in full."""

    async def get(self, _token: str, id_: str) -> None:
        """Answer with its HTML, which is written beside the traffic, not in its way."""
        story = Index(self.page.behind.store).story(id_)
        if story is None:
            raise HTTPError(404, reason="This exchange is no longer kept.")
        rules = self.page.behind.state().ruleset.rules
        self.html(await asyncio.to_thread(exchange_html, story, rules=rules))


class Fix(Handler):
    """What a server of some kind must be told, for one exchange to pass."""

    async def get(self, _token: str, id_: str, name: str) -> None:
        """Answer with the HTML of the configuration."""
        entry = self.page.behind.store.get(id_)
        if entry is None:
            raise HTTPError(404, reason="This exchange is no longer kept.")
        self.html(handoff_html(await asyncio.to_thread(remedy, entry.exchange, _dialect(name))))


class RuleExport(Handler):
    """The policy of a rule in force, as a server's configuration."""

    async def get(self, _token: str, name: str) -> None:
        """Answer with the HTML of the configuration."""
        rules = self.page.behind.state().ruleset.rules
        rule = self.required("rule")
        written = await asyncio.to_thread(rule_export, rules, rule, _dialect(name))
        self.html(handoff_html(written))


def _dialect(name: str) -> Dialect:
    found = find(name)
    if found is None:
        raise HTTPError(404, reason="There is no such dialect.")
    return found


HANDLERS: Final[tuple[tuple[str, type[Handler]], ...]] = (
    ("exchange/([^/]+)", One),
    ("exchange/([^/]+)/fix/([a-z0-9_-]+)", Fix),
    ("export/([a-z0-9_-]+)", RuleExport),
)
