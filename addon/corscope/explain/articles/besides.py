"""What is said of failures that aren't CORS's own?"""

from typing import Final

from corscope.explain.articles.article import Article
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.journal.remarks.findings import FindingId

__all__ = ["OTHER_ARTICLES"]

OTHER_ARTICLES: Final = (
    Article(
        id=Reason.MIXED_CONTENT,
        title="A page of https may not ask a plain http host",
        what="{detail} is plain http, and the page is https: that is mixed content, and no CORS "
        "error",
        standard="Main fetch blocks a request that is mixed content before anything is sent: a "
        "page that came securely gets nothing that anybody on the way may change. Hosts of this "
        "machine, such as localhost, are trusted without https.",
        section=CATALOGUE[Reason.MIXED_CONTENT].section,
        fix="serve it over https, and let redirects lead there.",
        looks=("> Origin: https://app.example", "< HTTP/1.1 302", "< Location: {detail}/"),
        see=(FindingId.REDIRECT_TO_LOGIN, Reason.PREFLIGHT_REDIRECT),
        example="http://api.example",
    ),
    Article(
        id=Reason.CROSS_ORIGIN_RESOURCE_POLICY,
        title="Cross-Origin-Resource-Policy keeps the answer from the page",
        what="Cross-Origin-Resource-Policy: {detail} keeps this answer from the page; that is no "
        "CORS error",
        standard="Images, scripts and other no-cors requests need no leave, but an answer may "
        "refuse to be embedded: with same-origin by any other origin, with same-site by any other "
        "site. The check is asked of requests whose mode is no-cors.",
        section=CATALOGUE[Reason.CROSS_ORIGIN_RESOURCE_POLICY].section,
        fix='send "Cross-Origin-Resource-Policy: cross-origin" with what others may embed, or '
        "same-site with what only pages of its own site may.",
        looks=("> Sec-Fetch-Mode: no-cors", "< Cross-Origin-Resource-Policy: {detail}"),
        harmless="If others aren't meant to embed it: then this is the policy at work.",
        see=(Reason.CROSS_ORIGIN_EMBEDDER_POLICY, Reason.ALLOW_ORIGIN_MISSING),
        example="same-origin",
    ),
    Article(
        id=Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        title="The page embeds only what says that it may be embedded",
        what="the page's Cross-Origin-Embedder-Policy: {detail} keeps it from what has no "
        "Cross-Origin-Resource-Policy; that is no CORS error",
        standard="Images, scripts and other no-cors requests need no leave, but a document that "
        "came with Cross-Origin-Embedder-Policy: require-corp, as cross-origin isolation demands, "
        "gets from another origin only what has a Cross-Origin-Resource-Policy, or what it asks "
        "for with CORS. Where an answer has none, same-origin is taken for it, at each "
        "redirect too.",
        section=CATALOGUE[Reason.CROSS_ORIGIN_EMBEDDER_POLICY].section,
        fix='send "Cross-Origin-Resource-Policy: cross-origin" with what others may embed; or ask '
        "with CORS, by the attribute crossorigin; or have the page send "
        '"Cross-Origin-Embedder-Policy: credentialless", which WebKit doesn\'t know.',
        looks=(
            "< Cross-Origin-Embedder-Policy: {detail} (the page's own answer)",
            "> Sec-Fetch-Mode: no-cors",
            "< (no Cross-Origin-Resource-Policy)",
        ),
        see=(
            Reason.CROSS_ORIGIN_RESOURCE_POLICY,
            Reason.DOCUMENT_ISOLATION_POLICY,
            Reason.ALLOW_ORIGIN_MISSING,
        ),
        example="require-corp",
    ),
    Article(
        id=Reason.DOCUMENT_ISOLATION_POLICY,
        title="The isolated page embeds only what says that it may be",
        what="the page's Document-Isolation-Policy: {detail} keeps it from what has no "
        "Cross-Origin-Resource-Policy; that is no CORS error",
        standard="Images, scripts and other no-cors requests need no leave, and no standard knows "
        "this policy. In Chromium a document that came with Document-Isolation-Policy: "
        "isolate-and-require-corp is isolated by itself, and gets from another origin only what "
        "has a Cross-Origin-Resource-Policy, or what it asks for with CORS. Where an answer has "
        "none, same-origin is taken for it, at each redirect too.",
        section=CATALOGUE[Reason.DOCUMENT_ISOLATION_POLICY].section,
        fix='send "Cross-Origin-Resource-Policy: cross-origin" with what others may embed; or ask '
        "with CORS, by the attribute crossorigin; or have the page send "
        '"Document-Isolation-Policy: isolate-and-credentialless".',
        looks=(
            "< Document-Isolation-Policy: {detail} (the page's own answer)",
            "> Sec-Fetch-Mode: no-cors",
            "< (no Cross-Origin-Resource-Policy)",
        ),
        see=(Reason.CROSS_ORIGIN_EMBEDDER_POLICY, Reason.CROSS_ORIGIN_RESOURCE_POLICY),
        example="isolate-and-require-corp",
    ),
    Article(
        id=Reason.PROXY_AUTHENTICATION,
        title="A server answers as a proxy would",
        what="407 is a status for proxies to send, which this browser takes from no server behind "
        "one",
        standard="407 asks for a proxy's password. By the standard it is an answer as any other "
        "once nobody can be asked; Chromium fails the fetch where it comes out of a tunnel, since "
        "behind one there is no proxy any more.",
        section=CATALOGUE[Reason.PROXY_AUTHENTICATION].section,
        fix="answer with 401 where the page is to log in.",
        looks=("< HTTP/1.1 407",),
        see=(FindingId.CREDENTIALS_NOT_SENT, FindingId.CAPTIVE_PORTAL),
    ),
    Article(
        id=Reason.NO_RESPONSE,
        title="No answer came from the server",
        what="no answer came from the server ({error}); the proxy's error page has no CORS "
        "headers, so the browser calls it a CORS error, which it is not",
        standard="Without an answer, HTTP-network fetch returns a network error. With a proxy "
        "between, the browser gets the proxy's own error page instead, and that fails the CORS "
        "check.",
        section=CATALOGUE[Reason.NO_RESPONSE].section,
        fix="start the server, or mend its address.",
        looks=("< HTTP/1.1 502 (the proxy's own)",),
        see=(Reason.CONNECTION_DROPPED, Reason.ALLOW_ORIGIN_MISSING),
    ),
    Article(
        id=Reason.CONNECTION_DROPPED,
        title="The connection was dropped",
        what="the connection was dropped without an answer ({error}); that is no CORS error",
        standard="Without an answer, HTTP-network fetch returns a network error, which script "
        "can't tell from a CORS error.",
        section=CATALOGUE[Reason.CONNECTION_DROPPED].section,
        fix="see why the connection was dropped.",
        looks=("< (nothing)",),
        see=(Reason.NO_RESPONSE, Reason.CLIENT_GONE),
    ),
    Article(
        id=Reason.CLIENT_GONE,
        title="The browser went away first",
        what="the browser went away before the answer ({error})",
        standard="A fetch that is terminated, because the page was left or script aborted it, ends "
        "in a network error.",
        section=CATALOGUE[Reason.CLIENT_GONE].section,
        fix="nothing, if the page was left or the request was aborted.",
        looks=("< (nothing: the browser had closed the connection)",),
        harmless="Always, unless script's own time limit is too short for this server.",
        see=(Reason.CONNECTION_DROPPED,),
    ),
    Article(
        id=Reason.NOT_RECORDED,
        title="The recording has no answer",
        what="no answer is in the recording, only that the request failed ({error}); unless that "
        "names the cause, it may be CORS",
        standard="Whatever makes a request fail, script gets a network error that says nothing of "
        "the cause; and browsers write no more into a HAR of some requests, such as those whose "
        "answer they have refused.",
        section=CATALOGUE[Reason.NOT_RECORDED].section,
        fix="look for the cause in the browser's console, or record it with mitmproxy.",
        looks=("< (not in the recording)",),
        see=(Reason.ALLOW_ORIGIN_MISSING, Reason.CONNECTION_DROPPED),
    ),
)
