"""What is said of a redirect that isn't followed?"""

from typing import Final

from corscope.explain.articles.article import Article
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.journal.remarks.findings import FindingId

__all__ = ["REDIRECT_ARTICLES"]

_REDIRECT: Final = CATALOGUE[Reason.REDIRECT_INVALID].section

REDIRECT_ARTICLES: Final = (
    Article(
        id=Reason.REDIRECT_WITH_CREDENTIALS,
        title="The redirect's Location has a user name or a password",
        what="the redirect's Location has a user name or a password (host {detail})",
        standard="A CORS request may not be redirected to a URL that includes credentials, such as "
        "https://user@host/. They would be sent for a page that never knew them.",
        section=_REDIRECT,
        fix="redirect to a URL without them.",
        looks=("< HTTP/1.1 302", "< Location: https://user:secret@{detail}/"),
        see=(Reason.REDIRECT_INVALID,),
        example="login.example",
    ),
    Article(
        id=Reason.REDIRECT_INVALID,
        title="The redirect's Location is no URL",
        what='the redirect\'s Location, "{detail}", is no URL',
        standard="The Location is parsed against the response's URL; if that fails, so does the "
        "fetch. Two Location lines that disagree are no URL either.",
        section=_REDIRECT,
        fix="send one absolute http(s) URL or a path.",
        looks=("< HTTP/1.1 302", "< Location: {detail}"),
        see=(Reason.REDIRECT_NOT_HTTP, Reason.REDIRECT_WITH_CREDENTIALS),
        example="https://[login.example",
    ),
    Article(
        id=Reason.REDIRECT_NOT_HTTP,
        title="The redirect leads to no http(s) URL",
        what='the redirect leads to a "{detail}" URL, not to an http(s) one',
        standard="A fetch may be redirected only to an http or https URL.",
        section=_REDIRECT,
        fix="redirect to an http or https URL.",
        looks=("< HTTP/1.1 302", "< Location: {detail}//open"),
        see=(Reason.REDIRECT_TO_LOCAL, Reason.REDIRECT_INVALID),
        example="app:",
    ),
    Article(
        id=Reason.REDIRECT_TO_LOCAL,
        title="The redirect leads to no place on the network",
        what='the redirect leads to a "{detail}" URL, which is no place on the network',
        standard="A fetch may be redirected only to an http or https URL. data:, blob:, file: and "
        "about: URLs are none, though a page may fetch some of them directly.",
        section=_REDIRECT,
        fix="redirect to an http or https URL.",
        looks=("< HTTP/1.1 302", "< Location: {detail},moved"),
        see=(Reason.REDIRECT_NOT_HTTP,),
        example="data:",
    ),
    Article(
        id=Reason.REDIRECT_BAD_PORT,
        title="The redirect leads to a port that no browser asks",
        what="the redirect leads to port {detail}, which no browser asks",
        standard="Ports of other protocols, such as 25 of mail, are bad ports: a fetch to one of "
        "them is a network error, so that pages can't talk to such servers.",
        section=CATALOGUE[Reason.REDIRECT_BAD_PORT].section,
        fix="serve the target at another port.",
        looks=("< HTTP/1.1 302", "< Location: https://api.example:{detail}/"),
        see=(Reason.REDIRECT_INVALID,),
        example="25",
    ),
    Article(
        id=Reason.TOO_MANY_REDIRECTS,
        title="There are too many redirects",
        what="this is the 21st redirect in a row, and browsers follow 20",
        standard="A request's redirect count may be 20 at most; the next redirect is a network "
        "error.",
        section=_REDIRECT,
        fix="see whether the redirects lead in a circle.",
        looks=("< HTTP/1.1 302", "< Location: (a URL that was asked before)"),
        see=(FindingId.REDIRECT_TO_LOGIN,),
    ),
)
