"""Exchanges as the journal judges them, to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from corscope.journal.exchange import Missing, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.store import Store
from corscope.messages import HeaderList, Request, Response
from tests.journal.requests import CHROMIUM, FIREFOX, START, WEBKIT

PAGE = "https://app.example.com"
API = "https://api.example.com"

HOSTILE = (
    "<script>window.owned='yes'</script><img src=x onerror=\"window.owned='yes'\">"
    "\x1b[31m\u202e'\"&lt;javascript:alert(1)"
)
"""What a hostile server may put into a header, and a page into a rule's name: where it runs, the
window has something `owned`."""


@dataclass(slots=True)
class Recording:
    """A journal that is told of exchanges, and the store that keeps them."""

    store: Store = field(default_factory=Store)
    journal: Journal = field(default_factory=Journal)
    now: datetime = START
    count: int = 0

    def exchange(
        self,
        request: Request,
        response: Response | None,
        touch: Touch | None = None,
        error: str | None = None,
    ) -> str:
        """Let an exchange happen, and return its id."""
        self.count += 1
        id_ = f"exchange-{self.count}"
        self._note(id_, request)
        missing = Missing.NO_ANSWER if response is None else None
        cause = "connection refused" if response is None else None
        seen = Sighting(id_, response, missing, error, touch, cause)
        recorded = self.journal.answered(seen, self.now)
        assert recorded is not None, request
        self.store.add(recorded)
        return id_

    def _note(self, id_: str, request: Request) -> None:
        self.now += timedelta(milliseconds=37)
        for outcome in self.journal.requested(id_, "a browser", request, self.now):
            self.store.note(outcome)
        self.now += timedelta(milliseconds=81)


def asks(
    method: str,
    path: str = "/items",
    headers: HeaderList = (),
    *,
    origin: str = PAGE,
    agent: str = CHROMIUM,
    host: str = API,
) -> Request:
    """An actual request as a browser sends it."""
    own = (("Origin", origin), ("Sec-Fetch-Mode", "cors"), ("User-Agent", agent))
    return Request(method, host + path, (*own, *headers))


def preflight(
    method: str = "PUT",
    names: str = "",
    path: str = "/items",
    *,
    origin: str = PAGE,
    agent: str = CHROMIUM,
) -> Request:
    """A preflight as a browser sends it."""
    announced = (("Access-Control-Request-Headers", names),) if names else ()
    asked = (("Origin", origin), ("Access-Control-Request-Method", method), *announced)
    return Request("OPTIONS", API + path, (*asked, ("User-Agent", agent)))


def answers(status: int = 200, **headers: str) -> Response:
    """An answer; the headers' names with underscores, without what all of them begin with."""
    pairs = []
    for name, value in headers.items():
        words = name.replace("_", "-").title()
        is_other = words in {"Vary", "Location", "Content-Type", "X-Total-Count", "Etag"}
        pairs.append((words if is_other else f"Access-Control-{words}", value))
    return Response(status, tuple(pairs))


def told() -> Recording:
    """A bit of everything: what passes, what is refused, and what belongs together."""
    recording = Recording()
    recording.exchange(asks("GET", "/public/prices?currency=eur"), answers(allow_origin="*"))
    recording.exchange(
        preflight("DELETE", agent=FIREFOX), answers(204, allow_origin=PAGE, allow_methods="GET")
    )
    put(recording)
    redirected(recording)
    recording.exchange(
        asks("GET", "/me", (("Cookie", "id=1"),), agent=FIREFOX), answers(allow_origin="*")
    )
    recording.exchange(asks("GET", "/down"), None, error="Connection refused")
    recording.exchange(
        asks("GET", "/reports", agent=WEBKIT),
        answers(allow_origin=PAGE, allow_credentials="true", vary="Origin"),
        Touch(
            "the API as it should be",
            "apply",
            server_response=answers(allow_origin="https://www.example.com"),
        ),
    )
    recording.exchange(
        preflight("PUT", "content-type, x-tenant"),
        answers(
            204, allow_origin=PAGE, allow_methods="PUT", allow_headers="content-type", vary="Origin"
        ),
    )
    return recording


def busy() -> Recording:
    """The same, after a page has sent many a PUT, each with its preflight."""
    recording = told()
    allowed = answers(204, allow_origin=PAGE, allow_methods="PUT", allow_headers="content-type")
    for minute in range(12):
        recording.now += timedelta(minutes=minute)
        recording.exchange(preflight("PUT", "content-type"), allowed)
        recording.exchange(
            asks("PUT", headers=(("Content-Type", "application/json"),)),
            answers(allow_origin=PAGE, vary="Origin") if minute % 4 else answers(500),
        )
    return recording


def put(recording: Recording) -> str:
    """A preflight that a rule answers, and the request that it opens."""
    allowed = answers(
        204, allow_origin=PAGE, allow_methods="PUT", allow_headers="content-type", vary="Origin"
    )
    recording.exchange(
        preflight("PUT", "content-type", "/items/7"),
        allowed,
        Touch("the API as it should be", "apply", answered=True),
    )
    return recording.exchange(
        asks("PUT", "/items/7", (("Content-Type", "application/json"),)),
        answers(allow_origin=PAGE, vary="Origin", x_total_count="7", etag='"abc"'),
    )


def redirected(recording: Recording) -> str:
    """A request that is redirected to another host, which refuses."""
    target = "https://cdn.example.net/v2/logo"
    recording.exchange(
        asks("GET", "/logo"), answers(302, allow_origin=PAGE, location=target, vary="Origin")
    )
    return recording.exchange(
        asks("GET", "/v2/logo", host="https://cdn.example.net", origin="null"),
        answers(allow_origin=PAGE),
    )
