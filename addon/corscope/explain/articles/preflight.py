"""What is said of a preflight that fails for itself?"""

from typing import Final

from corscope.explain.articles.article import APP, Article
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.remarks.findings import FindingId
from corscope.servers.policy import Policy

__all__ = ["PREFLIGHT_ARTICLES"]

_PREFLIGHT: Final = CATALOGUE[Reason.PREFLIGHT_STATUS].section
_METHODS: Final = Policy(allow_origins=(APP,), allow_methods=("GET", "PUT", "DELETE"))
_HEADERS: Final = Policy(
    allow_origins=(APP,),
    allow_methods=("GET", "PUT"),
    allow_headers=("authorization", "content-type"),
)
_ASKED: Final = (
    "> OPTIONS /items",
    "> Origin: {origin}",
    "> Access-Control-Request-Method: {method}",
)

PREFLIGHT_ARTICLES: Final = (
    Article(
        id=Reason.PREFLIGHT_REDIRECT,
        title="The preflight is redirected",
        what='the preflight is redirected (status {status}) to "{detail}"; a preflight may not be',
        standard="A preflight is answered where it is asked: its redirect isn't followed, so what "
        "comes back is the redirect itself, whose status is no ok status. http to https, a slash "
        "added to the path and a login page are the usual redirects. The first may be Chromium's "
        "own, for a host that is known for HSTS: then nothing is sent at all.",
        section=_PREFLIGHT,
        fix="let the page ask for the final URL, or answer OPTIONS before the redirect.",
        looks=(*_ASKED, "< HTTP/1.1 {status}", "< Location: {detail}"),
        see=(Reason.PREFLIGHT_STATUS, FindingId.REDIRECT_TO_LOGIN),
        example="https://login.example/",
    ),
    Article(
        id=Reason.PREFLIGHT_STATUS,
        title="The preflight's status isn't 200 to 299",
        what="the preflight's status is {status}, not 200 to 299",
        standard="A preflight's answer has to pass the CORS check and to have an ok status, 200 to "
        "299. 401 and 403 come from authentication that stands before CORS, 404 and 405 from "
        "routing that doesn't know OPTIONS.",
        section=_PREFLIGHT,
        fix="answer OPTIONS with 204 before authentication and routing: a preflight never carries "
        "credentials.",
        looks=(*_ASKED, "< HTTP/1.1 {status}"),
        see=(Reason.PREFLIGHT_REDIRECT, Reason.ALLOW_ORIGIN_MISSING, FindingId.CHALLENGE_PAGE),
        policy=_HEADERS,
    ),
    Article(
        id=Reason.ALLOW_METHODS_INVALID,
        title="Access-Control-Allow-Methods is no list of methods",
        what='Access-Control-Allow-Methods, "{detail}", is no list of methods',
        standard="The header is a list of tokens with commas between them. Where any part of it is "
        "none, extracting its values fails as a whole, and so does the preflight, also for a "
        "method that needs no leave.",
        section=_PREFLIGHT,
        fix='send method names with commas between: "Access-Control-Allow-Methods: {method}".',
        looks=(*_ASKED, "< Access-Control-Allow-Methods: {detail}"),
        see=(Reason.METHOD_NOT_ALLOWED, Reason.ALLOW_HEADERS_INVALID),
        example="GET; PUT",
        policy=_METHODS,
    ),
    Article(
        id=Reason.ALLOW_HEADERS_INVALID,
        title="Access-Control-Allow-Headers is no list of names",
        what='Access-Control-Allow-Headers, "{detail}", is no list of header names',
        standard="The header is a list of tokens with commas between them. Where any part of it is "
        "none, extracting its values fails as a whole, and so does the preflight, also if the "
        "request has no header that needs leave.",
        section=_PREFLIGHT,
        fix='send header names with commas between: "Access-Control-Allow-Headers: {headers}".',
        looks=(*_ASKED, "< Access-Control-Allow-Headers: {detail}"),
        see=(Reason.HEADER_NOT_ALLOWED, Reason.ALLOW_METHODS_INVALID),
        example="content-type authorization",
        policy=_HEADERS,
    ),
    Article(
        id=Reason.METHOD_NOT_ALLOWED,
        title="The method isn't allowed",
        what="Access-Control-Allow-Methods doesn't allow {detail}",
        standard="Any method but GET, HEAD and POST has to stand in the preflight's "
        "Access-Control-Allow-Methods, spelled alike: PATCH and patch are two methods. The "
        "wildcard stands for all of them only without credentials.",
        section=_PREFLIGHT,
        fix='add it to the preflight\'s answer: "Access-Control-Allow-Methods: {method}" (names '
        "are case-sensitive, and * doesn't count with credentials).",
        looks=(*_ASKED, "< Access-Control-Allow-Methods: GET, POST"),
        see=(Reason.HEADER_NOT_ALLOWED, Reason.ALLOW_METHODS_INVALID),
        example="PUT",
        policy=_METHODS,
    ),
    Article(
        id=Reason.HEADER_NOT_ALLOWED,
        title="A request header isn't allowed",
        what="Access-Control-Allow-Headers doesn't allow {detail}",
        standard="Each header that script sets and that isn't safelisted has to stand in the "
        "preflight's Access-Control-Allow-Headers, in upper or lower case alike. The wildcard "
        "stands for all of them only without credentials, and by the standard never for "
        "Authorization. A Content-Type of application/json is not safelisted.",
        section=_PREFLIGHT,
        fix='add it to the preflight\'s answer: "Access-Control-Allow-Headers: {headers}" (* '
        "doesn't count with credentials), or let the page not send it.",
        looks=(
            *_ASKED,
            "> Access-Control-Request-Headers: {headers}",
            "< (no Access-Control-Allow-Headers with {detail})",
        ),
        see=(
            Reason.METHOD_NOT_ALLOWED,
            Reason.ALLOW_HEADERS_INVALID,
            CacheFindingId.STALE_PREFLIGHT,
        ),
        example="authorization",
        policy=_HEADERS,
    ),
)
