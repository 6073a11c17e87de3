"""What is said of remarks that are no verdict?"""

from typing import Final

from corscope.explain.articles.article import APP, OTHER_APP, Article, TogetherId
from corscope.fetch.reasons import Reason
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.remarks.findings import LIKELY, MAY, FindingId
from corscope.servers.policy import Policy

__all__ = ["FINDING_ARTICLES"]

_CHECK: Final = "https://fetch.spec.whatwg.org/#concept-cors-check"
_CACHE: Final = "https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch"
_CACHES: Final = "https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"
_PREFLIGHT_CACHE: Final = "https://fetch.spec.whatwg.org/#cors-preflight-cache"
_REDIRECT: Final = "https://fetch.spec.whatwg.org/#http-redirect-fetch"
_CREDENTIALS: Final = "https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"

_ONE: Final = Policy(allow_origins=(APP,))
_SEVERAL: Final = Policy(allow_origins=(APP, OTHER_APP))
_WITH_CREDENTIALS: Final = Policy(allow_origins=(APP,), allow_credentials=True)

FINDING_ARTICLES: Final = (
    Article(
        id=FindingId.CHALLENGE_PAGE,
        title="A bot check answered",
        what="a bot check answered in the server's stead ({detail}); that is no CORS error",
        standard="The answer is judged as any other, whoever wrote it: a bot check's page has no "
        "CORS headers, so a fetch can't read it, and nobody can solve a riddle in a preflight.",
        section=_CHECK,
        fix="exempt the API's paths from the bot check, or at least OPTIONS.",
        looks=("> Origin: {origin}", "< HTTP/1.1 403", "< {detail}: challenge"),
        see=(Reason.ALLOW_ORIGIN_MISSING, Reason.PREFLIGHT_STATUS),
        example="cf-mitigated",
    ),
    Article(
        id=FindingId.CAPTIVE_PORTAL,
        title="The network wants a login",
        what="the network wants a login before it lets anything through; that is no CORS error",
        standard="Status 511 is sent by the network on the way, not by the server that was asked: "
        "a hotel's or a train's. Its page has no CORS headers.",
        section="https://www.rfc-editor.org/rfc/rfc6585#section-6",
        fix="log in to the network in a tab of its own.",
        looks=("< HTTP/1.1 511",),
        see=(Reason.PROXY_AUTHENTICATION, FindingId.REDIRECT_TO_LOGIN),
    ),
    Article(
        id=FindingId.PROXY_LOGIN,
        title="The proxy wants a login",
        what="the proxy wants a login before it asks the server, and the browser asks its user for "
        "it; that is no CORS error",
        standard="407 asks for a proxy's password. The browser shows a window for it, and script "
        "waits meanwhile; once the user has logged in, the browser asks again, and script gets "
        "that answer. Only where nobody logs in, or nobody is asked, as for a preflight in WebKit, "
        "is this one judged as any other, and it has no CORS headers.",
        section=_CACHE,
        fix="log in to the proxy where the browser asks for it: mitmproxy's own login is its "
        "option proxyauth.",
        looks=("< HTTP/1.1 407", "< Proxy-Authenticate: Basic"),
        see=(Reason.PROXY_AUTHENTICATION, FindingId.CAPTIVE_PORTAL),
    ),
    Article(
        id=FindingId.GATEWAY_ERROR,
        title="A gateway answered with an error of its own",
        what="{detail} has made this answer itself, since what is behind it didn't answer or "
        "wasn't asked; that is the error to mend",
        standard="The answer is judged as any other, whoever wrote it. The CORS headers are mostly "
        "set by the application, and it hasn't made this answer: so an error that is none of CORS "
        "is reported as one, and script sees neither its status nor its body.",
        section=_CHECK,
        fix="mend that error: with a 502, 503 or 504 the application is down, too slow or "
        "unreadable, with a 413 the body is larger than the gateway allows, with a 429 requests "
        "come too often; what else it is, the gateway's log says. For script to see the status, "
        "have the gateway send the CORS headers with its own answers too: in nginx by add_header "
        "with always, in Amazon API Gateway by its gateway responses.",
        looks=(
            *("> Origin: {origin}", "< HTTP/1.1 502", "< Server: {detail}"),
            "< (no Access-Control-Allow-Origin)",
        ),
        see=(Reason.ALLOW_ORIGIN_MISSING, Reason.NO_RESPONSE),
        example="nginx",
    ),
    Article(
        id=FindingId.WEBSOCKET_REFUSED,
        title="The server didn't open the WebSocket",
        what="the WebSocket fails, as the answer's status is {detail} and not 101; CORS has no say "
        "in that",
        standard="A WebSocket needs nobody's leave by CORS, and no header of CORS is read in the "
        "answer to its handshake. The browser sends the page's Origin, the server decides by it, "
        "and any status but 101 ends it. Redirects aren't followed.",
        section="https://websockets.spec.whatwg.org/#concept-websocket-establish",
        fix="see that the URL is the WebSocket's own, and that a proxy passes Upgrade and "
        "Connection on.",
        looks=("> Upgrade: websocket", "> Origin: {origin}", "< HTTP/1.1 {detail}"),
        see=(Reason.NO_RESPONSE, FindingId.GATEWAY_ERROR),
        example="403",
        says_fix=True,
        variants={
            "403": (
                "the WebSocket fails, as the answer's status is 403 and not 101; CORS has no say "
                "in that, but servers check a WebSocket's Origin by a list of their own",
                "put the page's origin on that list, as by CheckOrigin in Gorilla, "
                "setAllowedOrigins in Spring, AllowedOrigins in ASP.NET Core, check_origin in "
                "Phoenix or ALLOWED_HOSTS in Django Channels.",
            ),
            "404": (
                "the WebSocket fails, as the answer's status is 404 and not 101; CORS has no say "
                "in that",
                "see that the URL is the WebSocket's own, and that a proxy passes Upgrade and "
                "Connection on; Rails says so, too, where the page's origin isn't one of its "
                "allowed_request_origins.",
            ),
        },
    ),
    Article(
        id=FindingId.REDIRECT_TO_LOGIN,
        title="The request was redirected to a login page",
        what="this leads to what looks like a login page, at {detail}, so the session is missing "
        "or over",
        standard="A fetch follows redirects by itself, to other origins too, where the login page "
        "fails the CORS check or comes back as an answer that script didn't expect. Script is "
        "never told of the redirect.",
        section=_REDIRECT,
        fix="answer such requests with 401 instead; to log in, let the page go there itself, as no "
        "fetch can.",
        looks=("< HTTP/1.1 302", "< Location: {detail}/login"),
        see=(Reason.PREFLIGHT_REDIRECT, FindingId.CREDENTIALS_NOT_SENT),
        example="https://login.example",
        says_fix=True,
    ),
    Article(
        id=FindingId.ORIGIN_NULL_AFTER_REDIRECT,
        title="A redirect made the Origin null",
        what="the redirect from {detail} made the Origin null",
        standard="Once a redirect leads from an origin that isn't the page's to yet another one, "
        "the request's origin is tainted and serialized as null, so that the last server can't "
        "take the page's word for what others have redirected. Chromium's own redirect from http "
        "to https is such a one, too, which it makes for a host that is known for HSTS.",
        section=_REDIRECT,
        fix="fetch the last URL itself, or let the first one's server ask for it.",
        looks=("> Origin: null",),
        see=(Reason.ALLOW_ORIGIN_MISMATCH, Reason.ALLOW_ORIGIN_MISSING),
        example="https://api.example to https://files.example",
        says_fix=True,
    ),
    Article(
        id=FindingId.REDIRECT_DROPS_AUTHORIZATION,
        title="A redirect took the Authorization off",
        what="the redirect from {detail} took the Authorization off, as every redirect to another "
        "origin does",
        standard="HTTP-redirect fetch removes Authorization where the target is of another origin "
        "than the URL that redirects, so that a token doesn't reach whoever is redirected to.",
        section=_REDIRECT,
        fix="let the page ask for the last URL itself, with the token that is meant for it.",
        looks=("< HTTP/1.1 307", "< Location: https://files.example/", "< HTTP/1.1 401"),
        see=(FindingId.CREDENTIALS_NOT_SENT, FindingId.ORIGIN_NULL_AFTER_REDIRECT),
        example="https://api.example to https://files.example",
    ),
    Article(
        id=FindingId.CREDENTIALS_NOT_SENT,
        title="The server asks for credentials that weren't sent",
        what="the request carried neither Cookie nor Authorization, which the server asks for",
        standard="A fetch to another origin has no cookies unless its credentials mode is include, "
        "and then only those that SameSite, Secure, Domain, Path and the browser's own protection "
        "let through.",
        section=_CREDENTIALS,
        fix='fetch with credentials: "include" and send SameSite=None; Secure with the cookie, or '
        "send a token.",
        looks=("> (no Cookie, no Authorization)", "< HTTP/1.1 401"),
        see=(Reason.ALLOW_CREDENTIALS_NOT_TRUE, Reason.WILDCARD_WITH_CREDENTIALS),
        policy=_WITH_CREDENTIALS,
        variants={
            "omit": (
                "the server asks for credentials, and the page didn't include any: credentials: "
                '"include" sends cookies',
                None,
            ),
            "include": (
                "the page included credentials, but no cookie came: there is none, or its "
                "SameSite, Secure, Domain or Path keeps it back",
                None,
            ),
        },
    ),
    Article(
        id=FindingId.NON_CORS_COPY_MAY_BE_CACHED,
        title="A copy without CORS headers may be cached",
        what="a cache may hold this URL's answer to a request without Origin, which lacks the CORS "
        "headers",
        standard="A cache keeps an answer by its URL and by what Vary names. An image is asked for "
        "without Origin; if the server then leaves the CORS headers out and Vary doesn't name "
        "Origin, a fetch of the same URL may get that copy, and fail.",
        section=_CACHES,
        fix="send Vary: Origin on those answers too.",
        looks=("> (no Origin)", "< Cache-Control: max-age=3600", "< (no Vary: Origin)"),
        harmless="If the URL is never both embedded and fetched, or isn't cacheable.",
        see=(FindingId.VARY_ORIGIN_MISSING, FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS),
        policy=_ONE,
        says_fix=True,
        variants={
            LIKELY: (
                "likely the cached answer to a request without Origin, such as an image's",
                "send the CORS headers or Vary: Origin on those too.",
            )
        },
    ),
    Article(
        id=FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS,
        title="A 304 has no CORS headers",
        what="this 304 has no CORS headers, so the browser goes by those of its copy",
        standard="A 304 renews the headers of the copy that it is about, and the rest of the copy "
        "stays as it is. So the CORS check reads what an earlier answer said, perhaps to another "
        "origin.",
        section=_CACHE,
        fix="send the CORS headers on 304 too.",
        looks=('> If-None-Match: "…"', "< HTTP/1.1 304", "< (no Access-Control-Allow-Origin)"),
        harmless="If every origin gets the same Access-Control-Allow-Origin here, and it doesn't "
        "change.",
        see=(FindingId.NON_CORS_COPY_MAY_BE_CACHED, FindingId.VARY_ORIGIN_MISSING),
        policy=_ONE,
    ),
    Article(
        id=FindingId.SHARED_CACHE_FOREIGN_ORIGIN,
        title="A shared cache answered with what is for another origin",
        what="a shared cache answered, with what is for {detail}",
        standard="If Access-Control-Allow-Origin follows the request's Origin, the answer has to "
        "say so with Vary: Origin; else a CDN gives one origin's answer to the next.",
        section=_CACHES,
        fix="send Vary: Origin, and let the cache heed it.",
        looks=(
            "> Origin: {origin}",
            "< Access-Control-Allow-Origin: {detail}",
            "< Age: 12",
            "< (no Vary: Origin)",
        ),
        see=(FindingId.VARY_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_MISMATCH),
        example=OTHER_APP,
        policy=_SEVERAL,
        says_fix=True,
    ),
    Article(
        id=FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE,
        title="The preflight's answer and the actual one disagree",
        what="the preflight's answer and this one differ in {detail}",
        standard="Both answers have to pass the CORS check, each by its own headers: leave that a "
        "preflight gave doesn't carry over. Only Access-Control-Allow-Methods, -Headers and "
        "-Max-Age are the preflight's alone.",
        section="https://fetch.spec.whatwg.org/#http-fetch",
        fix="let one place in the server set the headers of both.",
        looks=("< (the preflight's) {detail}: …", "< (the actual answer's) no {detail}"),
        harmless="If both pass: then it only shows that two places set the headers.",
        see=(Reason.ALLOW_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_REPEATED),
        example="Access-Control-Allow-Credentials",
        policy=_WITH_CREDENTIALS,
    ),
    Article(
        id=FindingId.ANY_ORIGIN_WITH_CREDENTIALS,
        title="Any origin is allowed with credentials",
        what="{detail} is allowed with credentials too, so any site may be",
        standard="The wildcard doesn't count with credentials because any site could then read "
        "what is meant for one user. A server that sends back whatever Origin it gets undoes "
        "that.",
        section=_CREDENTIALS,
        fix="compare the Origin with a list.",
        looks=(
            "> Origin: {detail}",
            "< Access-Control-Allow-Origin: {detail}",
            "< Access-Control-Allow-Credentials: true",
        ),
        harmless="On a machine of your own, while you develop.",
        see=(Reason.WILDCARD_WITH_CREDENTIALS, FindingId.VARY_ORIGIN_MISSING),
        example="https://unrelated.example",
        policy=_WITH_CREDENTIALS,
        says_fix=True,
        variants={
            "null": (
                "null is allowed with credentials, and any site can make its requests come from "
                "null",
                "refuse null.",
            )
        },
    ),
    Article(
        id=FindingId.VARY_ORIGIN_MISSING,
        title="Vary: Origin is missing",
        what="{detail} got its own Access-Control-Allow-Origin at this URL, yet Vary: Origin is "
        "missing: a cache may mix the answers up",
        standard="If Access-Control-Allow-Origin follows the request's Origin, the answer has to "
        "say so with Vary: Origin, also where the header is left out; else a cache may give one "
        "origin's answer to another.",
        section=_CACHES,
        fix="send Vary: Origin on every answer of such a URL.",
        looks=("< Access-Control-Allow-Origin: {origin}", "< (no Vary: Origin)"),
        harmless="If the answer isn't cacheable, or there is one origin only.",
        see=(FindingId.SHARED_CACHE_FOREIGN_ORIGIN, FindingId.NON_CORS_COPY_MAY_BE_CACHED),
        example=OTHER_APP,
        policy=_SEVERAL,
        variants={
            MAY: (
                "if Access-Control-Allow-Origin follows the request's Origin, Vary: Origin is "
                "missing",
                None,
            )
        },
    ),
    Article(
        id=FindingId.MIXED_CONTENT,
        title="This browser lets mixed content through",
        what="a https page asks an http host: mixed content, which other browsers don't even send",
        standard="Main fetch blocks mixed content before it is sent. Browsers differ in which "
        "hosts of this machine and its network they trust without https.",
        section="https://w3c.github.io/webappsec-mixed-content/#should-block-fetch",
        fix="serve it over https.",
        looks=("> Origin: https://app.example", "> Host: 192.168.1.2"),
        harmless="While the page is only used in this browser, as on a developer's machine.",
        see=(Reason.MIXED_CONTENT,),
    ),
    Article(
        id=CacheFindingId.PREFLIGHT_CACHED,
        title="The preflight was cached",
        what="its preflight was {detail}",
        standard="What a preflight allowed is kept for Access-Control-Max-Age seconds, 5 without "
        "it, and a request that the cache covers is sent without a preflight.",
        section=_PREFLIGHT_CACHE,
        fix="nothing; to see the preflight again, load the page in a fresh browser profile.",
        looks=("< Access-Control-Max-Age: 600",),
        harmless="Always: it is what the cache is for.",
        see=(CacheFindingId.STALE_PREFLIGHT, CacheFindingId.PREFLIGHT_NOT_SEEN),
        example="answered by the OPTIONS of 12 s ago, good for 588 s more",
    ),
    Article(
        id=CacheFindingId.STALE_PREFLIGHT,
        title="A cached preflight is out of date",
        what="its preflight is out of date: {detail}",
        standard="The preflight cache isn't asked again before its entries end, whatever the "
        "server's policy has become: requests are let go that a new preflight would stop.",
        section=_PREFLIGHT_CACHE,
        fix="send a small Access-Control-Max-Age while you change the policy.",
        looks=("< Access-Control-Max-Age: 86400",),
        harmless="If the actual answer passes its own CORS check.",
        see=(CacheFindingId.PREFLIGHT_CACHED, Reason.HEADER_NOT_ALLOWED),
        example="the browser goes by the OPTIONS of 40 s ago; that of 5 s ago would refuse it",
    ),
    Article(
        id=CacheFindingId.PREFLIGHT_NOT_SEEN,
        title="A preflight is missing",
        what="it needs a preflight: {detail}",
        standard="A CORS request whose method or headers aren't safelisted is preceded by a "
        "preflight, unless the preflight cache covers it. WebKit sends none either where a page's "
        "service worker gets the request and leaves it to the browser.",
        section="https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        fix="nothing, if the request came from no browser, its preflight before corscope ran or "
        "the recording began, or the recording is one that has none, as Playwright's HARs.",
        looks=("> PUT /items", "> (no OPTIONS before it)"),
        harmless="If it came from a tool that is no browser, or from a browser that had asked "
        "before.",
        see=(CacheFindingId.PREFLIGHT_CACHED,),
        example="no preflight was seen for it: cached before corscope started, or not a browser",
    ),
    Article(
        id=TogetherId.ERRORS_WITHOUT_CORS_HEADERS,
        title="Only answers that go well have CORS headers",
        what="answers with status {detail} lack Access-Control-Allow-Origin, which others have, so "
        "that script can't see the error",
        standard="An error's answer goes through the CORS check as any other does. Where it fails, "
        "fetch rejects with the same TypeError as for a server that can't be reached: script sees "
        "neither the status nor the body that says what was wrong.",
        section=_CHECK,
        fix="send the header on every answer, also on those that the server makes by itself.",
        looks=("> Origin: {origin}", "< HTTP/1.1 500", "< (no Access-Control-Allow-Origin)"),
        harmless="If script needn't tell this error from any other failure.",
        see=(Reason.ALLOW_ORIGIN_MISSING, FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS),
        example="500",
        policy=_ONE,
        says_fix=True,
    ),
)
