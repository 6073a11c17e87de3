"""How does the demo's API answer? Wrongly, each case in its own way. Pure.

Serving it is done in `servers`; the cases of cause "rule" get a plain answer here, and the rule
file does the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from corscope.messages import HeaderList

__all__ = ["Asked", "answer"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the API. `page` is the origin of the demo's page, `elsewhere` a third one."""

    case: str
    press: str
    preflight: bool
    page: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API sends back."""

    status: int = 200
    headers: HeaderList = ()


def answer(asked: Asked) -> Answer:
    """Answer as the case wants it; 404 for what is no case."""
    make = _ANSWERS.get(asked.case)
    return make(asked) if make else Answer(404)


def _allow(origin: str, *more: tuple[str, str]) -> HeaderList:
    return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), *more)


def _fine(asked: Asked) -> Answer:
    return Answer(200, _allow(asked.page))


def _silent(asked: Asked) -> Answer:
    """A server that has never heard of CORS; one of these answers OPTIONS with 405."""
    return Answer(405 if asked.preflight else 200, (("X-Request-Id", asked.press),))


def _with_preflight(*allowed: tuple[str, str]) -> Callable[[Asked], Answer]:
    """A server that answers preflights, with these headers."""

    def make(asked: Asked) -> Answer:
        if asked.preflight:
            return Answer(204, _allow(asked.page, *allowed))
        return _fine(asked)

    return make


def _login(asked: Asked) -> Answer:
    return Answer(401, _allow(asked.page)) if asked.preflight else _fine(asked)


def _redirect(asked: Asked) -> Answer:
    location = f"{asked.elsewhere}/redirect-target/{asked.press}"
    return Answer(302, _allow(asked.page, ("Location", location)))


_CREDENTIALS: Final = "Access-Control-Allow-Credentials"

_ANSWERS: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    "works": _fine,
    "open-to-everyone": lambda _: Answer(200, (("Access-Control-Allow-Origin", "*"),)),
    "no-allow-origin": _silent,
    "sent-all-the-same": _silent,
    "opaque": _silent,
    "wrong-origin": lambda _: Answer(200, _allow("https://app.example.com")),
    "trailing-slash": lambda asked: Answer(200, _allow(f"{asked.page}/")),
    "cookies-allowed": lambda asked: Answer(200, _allow(asked.page, (_CREDENTIALS, "true"))),
    "wildcard-with-cookies": lambda _: Answer(
        200, (("Access-Control-Allow-Origin", "*"), (_CREDENTIALS, "true"))
    ),
    "wildcard-methods-with-cookies": _with_preflight(
        (_CREDENTIALS, "true"), ("Access-Control-Allow-Methods", "*")
    ),
    "credentials-spelling": lambda asked: Answer(200, _allow(asked.page, (_CREDENTIALS, "True"))),
    "preflight-passes": _with_preflight(
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Headers", "content-type, x-tenant"),
    ),
    "json-asks": _with_preflight(("Access-Control-Allow-Headers", "content-type")),
    "preflight-remembered": _with_preflight(
        ("Access-Control-Allow-Methods", "DELETE"),
        ("Access-Control-Max-Age", "600"),
    ),
    "preflight-login": _login,
    "method-not-allowed": _with_preflight(
        ("Access-Control-Allow-Methods", "GET, POST"),
        ("Access-Control-Allow-Headers", "content-type"),
    ),
    "header-not-allowed": _with_preflight(("Access-Control-Allow-Headers", "content-type")),
    "error-without-headers": lambda _: Answer(500),
    "header-not-exposed": lambda asked: Answer(
        200, _allow(asked.page, ("X-Request-Id", asked.press))
    ),
    "redirect-elsewhere": _redirect,
    "redirect-target": _fine,
    "two-origins": _fine,
    "preflight-redirect": _fine,
    "mended-by-rule": _silent,
}
