"""The cases of the browser tests as recorded exchanges, without a browser."""

from __future__ import annotations

from corscope.fetch.engines import Engine
from corscope.journal.exchange import Missing, Sighting
from corscope.journal.journal import Journal
from corscope.journal.store import Entry, Store
from corscope.messages import HeaderList, Request, Response
from tests.browsers.case import Case
from tests.browsers.predict import Sent, own_headers, predicted
from tests.explain.exchanges import exchange_of
from tests.journal.requests import CHROMIUM, FIREFOX, WEBKIT, at
from tests.support.origin_server import Answer

__all__ = ["ENGINES", "USER_AGENTS", "entry_of", "recorded"]

USER_AGENTS = {Engine.CHROMIUM: CHROMIUM, Engine.FIREFOX: FIREFOX, Engine.WEBKIT: WEBKIT}
ENGINES = tuple(USER_AGENTS)


def entry_of(request: Request, response: Response) -> Entry:
    """The same as an entry of the store."""
    return Entry(exchange_of(request, Sighting("x", response)))


def recorded(case: Case, engine: Engine) -> list[Entry]:
    """What is recorded of a case as this engine sends it."""
    journal, store = Journal(), Store()
    for number, sent in enumerate(predicted(case, engine).sent):
        id_, now = f"{case.slug}-{number}", at(number)
        for outcome in journal.requested(id_, "browser", _request(case, engine, sent), now):
            store.note(outcome)
        exchange = journal.answered(_sighting(id_, case, sent), now)
        assert exchange is not None
        store.add(exchange)
    return list(store)


def _request(case: Case, engine: Engine, sent: Sent) -> Request:
    kind, origin, url, method, names = sent
    headers: HeaderList = (("Origin", origin), ("User-Agent", USER_AGENTS[engine]))
    if url.startswith("https:"):
        headers += (("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site"))
    if kind == "preflight":
        headers += (("Access-Control-Request-Method", method),)
        headers += (("Access-Control-Request-Headers", ",".join(names)),) if names else ()
        return Request("OPTIONS", url, headers)
    headers += tuple(pair for pair in own_headers(case) if pair[0].lower() in names)
    headers += (("Cookie", "a=b"),) if case.mode == "include" else ()
    return Request(method, url, headers)


def _sighting(id_: str, case: Case, sent: Sent) -> Sighting:
    kind, _, url, method, _ = sent
    routes = case.routes()
    answer = routes.get(("OPTIONS" if kind == "preflight" else method, url))
    answer = answer or routes.get(("*", url))
    if isinstance(answer, Answer):
        lines = tuple((name, value.strip(" \t")) for name, value in answer.headers)
        return Sighting(id_, Response(answer.status, lines))
    return Sighting(id_, None, Missing.NO_ANSWER, "connection closed", cause="closed")
