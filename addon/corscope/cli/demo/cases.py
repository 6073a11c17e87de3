"""Which failures does the demo show? Each case is a button on the page.

How the API fails is in `api`, what the rule file does about it in `rules.toml`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

__all__ = ["CASES", "Case", "as_json"]

Cause = Literal["server", "rule", "network"]


@dataclass(frozen=True, slots=True)
class Case:
    """A request that the page sends, and what is wrong about the answer.

    `cause` says who makes it so: the API itself, a rule in the demo's rule file, or the network.
    `reads` is a response header that the page's script would like to have. A request that is sent
    twice is sent to the same URL, as soon as the first answer is there.
    """

    id: str
    title: str
    story: str
    cause: Cause = "server"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Literal["omit", "include"] = "omit"
    mode: Literal["cors", "no-cors"] = "cors"
    reads: str | None = None
    times: int = 1


JSON_TYPE: Final = {"Content-Type": "application/json"}

CASES: Final = (
    Case(
        "works",
        "One that works",
        "The API sends Access-Control-Allow-Origin with the page's own origin.",
    ),
    Case(
        "open-to-everyone",
        "Open to everyone",
        "The wildcard * lets script of any origin read, as long as no credentials go along.",
    ),
    Case(
        "no-allow-origin",
        "No CORS headers at all",
        "The API was never told that a page of another origin would call it.",
    ),
    Case(
        "sent-all-the-same",
        "Sent all the same",
        "A plain form could send this POST too, so the browser doesn't ask. The API does what it "
        "says; only the answer is kept from script.",
        method="POST",
    ),
    Case(
        "opaque",
        "Mode no-cors, an opaque answer",
        'The page says mode: "no-cors". That is no way around: script gets an answer with nothing '
        "in it.",
        method="POST",
        mode="no-cors",
    ),
    Case(
        "wrong-origin",
        "Allowed, but another origin",
        "Production's origin is configured, and this page runs on localhost.",
    ),
    Case(
        "trailing-slash",
        "A slash too many",
        "The origin was copied from the address bar, with the slash at its end.",
    ),
    Case(
        "cookies-allowed",
        "With cookies, and allowed",
        "The API names the page's origin, and says that credentials may go along.",
        credentials="include",
    ),
    Case(
        "wildcard-with-cookies",
        "A wildcard, with cookies",
        'The page sends credentials: "include"; then the wildcard * doesn\'t count.',
        credentials="include",
    ),
    Case(
        "wildcard-methods-with-cookies",
        "A wildcard for methods, with cookies",
        "The origin is named, but with credentials * is no wildcard in Allow-Methods either.",
        method="PUT",
        credentials="include",
    ),
    Case(
        "credentials-spelling",
        "Allow-Credentials: True",
        "Some languages write booleans with a capital letter. Browsers want the word true.",
        credentials="include",
    ),
    Case(
        "preflight-passes",
        "A preflight that passes",
        "No form can send PUT, JSON or X-Tenant, so the browser asks first. The API allows it.",
        method="PUT",
        headers={**JSON_TYPE, "X-Tenant": "acme"},
    ),
    Case(
        "json-asks",
        "JSON makes it ask",
        "A form can send a POST, but not with this Content-Type. The answer lists the header; POST "
        "needs no listing.",
        method="POST",
        headers=JSON_TYPE,
    ),
    Case(
        "preflight-remembered",
        "A preflight that is remembered",
        "The same DELETE twice. Access-Control-Max-Age lets the browser keep the permission, so "
        "it asks once.",
        method="DELETE",
        times=2,
    ),
    Case(
        "preflight-login",
        "A preflight that must log in",
        "The API asks for a token on every request. Preflights never carry one.",
        headers={"Authorization": "Bearer demo"},
    ),
    Case(
        "method-not-allowed",
        "Method not allowed",
        "The preflight's answer allows GET and POST; the page sends PUT.",
        method="PUT",
        headers=JSON_TYPE,
    ),
    Case(
        "header-not-allowed",
        "Header not allowed",
        "The page sends X-Tenant, which the preflight's answer doesn't list.",
        headers={"X-Tenant": "acme"},
    ),
    Case(
        "error-without-headers",
        "A crash that looks like CORS",
        "The API fails with status 500, and its error page lacks the CORS headers.",
    ),
    Case(
        "header-not-exposed",
        "A header that script can't read",
        "The request works, but X-Request-Id isn't exposed, so script gets null.",
        reads="X-Request-Id",
    ),
    Case(
        "redirect-elsewhere",
        "Redirected to another origin",
        "From the second origin on, the browser sends Origin: null, and that isn't allowed.",
    ),
    Case(
        "backend-down",
        "The backend is down",
        "Nothing listens on that port. The browser calls it a CORS error, which it is not.",
        cause="network",
    ),
    Case(
        "two-origins",
        "Two Allow-Origin headers",
        "The application sets the header, and the proxy before it adds its own.",
        cause="rule",
    ),
    Case(
        "preflight-redirect",
        "A preflight that is redirected",
        "http turns into https, or a login page wants to be seen first.",
        cause="rule",
        method="DELETE",
    ),
    Case(
        "mended-by-rule",
        "Mended by a rule",
        "This API has no CORS headers either, but a rule answers as a well-configured server.",
        cause="rule",
        method="PUT",
        headers={**JSON_TYPE, "X-Tenant": "acme"},
        credentials="include",
        reads="X-Request-Id",
    ),
)


def as_json() -> list[dict[str, Any]]:
    """The cases for the page's script."""
    return [asdict(case) for case in CASES]
