"""Which messages name no reason, or tell of something else that is taken for CORS?

Each by a part that all its forms have, with what it says: a sentence that begins "This says".
"""

from typing import Final

from corscope.explain.pasted.unsent import NO_FILE, NO_HTTP

__all__ = [
    "ASIDES",
    "BAD_PORT",
    "ERROR_STATUS",
    "FIRST_ASIDES",
    "LAST_ASIDES",
    "LOGIN",
    "LOOK_BEFORE",
    "OF_NO_CAUSE",
    "UNANSWERED",
]

_UNCOVERED: Final = (
    "that Access-Control-Allow-Headers: * will one day no longer cover Authorization: list it by "
    "name"
)
LOOK_BEFORE: Final = (
    "only that a request failed, not why: the message printed right before it names the cause"
)
_LOOK_AT_CONSOLE: Final = (
    "what script gets for every cause, so that it can't tell them apart: the browser's console can"
)
OF_NO_CAUSE: Final = frozenset({LOOK_BEFORE, _LOOK_AT_CONSOLE})
"""What tells so little that any line beside it tells more."""

_NOT_SAID_ONCE: Final = (
    "only that CORS is at fault, not why: later versions of Firefox name the cause"
)
_LOOK_CLOSER: Final = (
    "only that CORS is at fault, not why: the console names the cause, and so does what Chromium's "
    "network panel shows where the pointer rests on these words"
)
_UNHEARD: Final = (
    "that a script from another origin has failed, and that its page may not hear how: set "
    "crossorigin on the script element, and have its server send Access-Control-Allow-Origin"
)
_REFUSED_BY_SERVER: Final = (
    "that a server has refused the request itself, no browser: add the page's origin, as the "
    "request's Origin header has it, or the method or header to what that server allows"
)
_REFUSED_BESIDE_WILDCARD: Final = (
    "that a server, no browser, refuses its own configuration: * for origins beside credentials, "
    "which no browser takes. List the origins there, or leave credentials out; Spring has "
    "allowedOriginPatterns too, ASP.NET Core SetIsOriginAllowed"
)
_FORGED: Final = (
    "that a server took the request for a forged one (CSRF), of which it has a list of its own: in "
    "Django, add the page's origin to CSRF_TRUSTED_ORIGINS; CORS has no say in it"
)
_UNFOLLOWED_ONCE: Final = (
    "that an old Chromium followed no redirect of a request that had had a preflight; today's do. "
    "For the old ones let the page ask for the final URL"
)
_TAINTED: Final = (
    "that an image was loaded without CORS, so that script may draw it but not read its pixels: "
    "set crossorigin on the element before its src, and have the image's server send "
    "Access-Control-Allow-Origin"
)
_SHEET: Final = (
    "that a style sheet was loaded without CORS, so that it applies but script may not read its "
    "rules: set crossorigin on the link, and have its server send Access-Control-Allow-Origin"
)
_OWN_ORIGIN: Final = (
    "that something has to come from the page's own origin, as a worker, a service worker's script "
    'or what is fetched with mode "same-origin" does: no header of another server changes that'
)
_FRAME: Final = (
    "that script reached into a window or frame of another origin, where CORS has no say: let the "
    "two talk with postMessage"
)
_TARGET: Final = (
    "that the targetOrigin given to postMessage isn't the origin of the window that gets the "
    "message; CORS has no say in it"
)
_POLICY: Final = (
    "that the page's own Content-Security-Policy forbids the request, whatever CORS headers the "
    "server has: add its host to the directive that the message names"
)
_OPAQUE: Final = (
    "that an answer of a type like html or json came for an image, a script or the like, and was "
    "withheld from the page: the URL answers with something else than was wanted, often an error "
    "page or a login; CORS has no say in it"
)
_UPGRADED: Final = (
    "that a page of https loads something by plain http, which the browser asked by https instead, "
    "or let through: write https in the URL, and see that its server speaks it; CORS has no say "
    "in it"
)
_INTEGRITY: Final = (
    "that the integrity of a file couldn't be checked, or isn't what the page says: it takes "
    "crossorigin on the element and Access-Control-Allow-Origin from the server, and a hash of the "
    "very file that comes"
)
_FRAMED: Final = (
    "that a document doesn't let itself be shown in a frame of this page; CORS has no say in it"
)
_COOKIE: Final = (
    "that a cookie isn't taken, or sent, from another site, whatever CORS headers the server has: "
    "it has to set SameSite=None and Secure, and the browser may still block cookies of others"
)
_FORBIDDEN: Final = (
    "that script tried to set a header which only the browser sets, such as Origin; it was left "
    "out, and the request went on"
)
_ADDRESS_SPACE: Final = (
    "that Chromium keeps a page from addresses of this machine or its network: serve the page over "
    "https, and let its user allow local network access; older versions looked for "
    "Access-Control-Allow-Private-Network. No other header changes that"
)
_TARGET_SPACE: Final = (
    "that script has named a targetAddressSpace in which the server's address isn't: through a "
    "proxy Chromium sees none (`unknown`), so that such a fetch always fails there. Leave it out, "
    "or try what needs local network access without the proxy"
)
_FEDERATED: Final = (
    "that a login by FedCM has got no token, as Chromium asks for it with credentials: the "
    "identity provider has to send Access-Control-Allow-Origin with the page's origin, for which "
    "no * does, and Access-Control-Allow-Credentials: true"
)
_EXTENSION: Final = (
    "that an extension of the browser, such as a blocker of ads, has stopped the request: try it "
    "without"
)
_CERTIFICATE: Final = (
    "that the browser doesn't trust the server's certificate, or the proxy's: open the URL by "
    "itself to see why; script gets no answer until it does"
)
_UNREACHABLE: Final = (
    "that the server can't be reached: it isn't running there, its name doesn't resolve, or "
    "something on the way stops it; no CORS header is at fault"
)
_NO_SOCKET: Final = (
    "that a WebSocket wasn't opened, in which CORS has no say: the server can't be reached, or has "
    "refused the page's origin by a list of its own (`corscope why websocket-refused`)"
)
_UNASKED: Final = (
    "that Safari didn't ask the server at all: mostly a page of https asks for plain http, be it "
    "localhost's, which is mixed content; else the message printed right before it names the cause"
)
_CUT_OFF: Final = (
    "only that CORS is at fault, not why: what stands behind these words, after a colon, names the "
    "cause"
)
_REFERRER: Final = (
    "how much of the page's address goes along as Referer: it is what browsers take where nobody "
    "sets a Referrer-Policy, and no error. What failed, the console names"
)
_PROVISIONAL: Final = (
    "that the network panel doesn't have the headers that went over the wire, as of what was "
    "blocked or came from a cache; it is no error. What failed, the console names"
)
ERROR_STATUS: Final = (
    "that the server answered with an error, which is its own and no browser's: its log tells "
    "more. A message of CORS beside it says that this error page lacks the headers; and where the "
    "request was an OPTIONS, it is a preflight's status (`corscope why preflight-status`)"
)
_SILENT: Final = (
    "that audio or video was loaded without CORS, so that it plays but Web Audio gets silence of "
    "it: set crossorigin on the element before its src, and have its server send "
    "Access-Control-Allow-Origin"
)
_INSECURE: Final = (
    "that script did what it may not: mostly it read a canvas that has an image of another origin "
    "on it, loaded without CORS. Set crossorigin on the image before its src, and have its server "
    "send Access-Control-Allow-Origin"
)
_OPENER: Final = (
    "that a page and a window that it opened, or that opened it, are kept apart by a "
    "Cross-Origin-Opener-Policy: same-origin-allow-popups lets a page keep the windows that it "
    "opens, as for a login; CORS has no say in it"
)
_UNEMBEDDED: Final = (
    "that a page with a Cross-Origin-Embedder-Policy shows in its frames only documents that send "
    "such a policy, too, and let themselves be embedded by a Cross-Origin-Resource-Policy"
)
_NO_HOST: Final = (
    "that a development server doesn't take the request's Host or Origin, so that it answers 403 "
    "without CORS headers: name the host in Vite's server.allowedHosts, webpack-dev-server's "
    "allowedHosts or Next.js's allowedDevOrigins"
)
_NO_TLS: Final = (
    "that browser and server don't agree on TLS, as where https is asked of a port that speaks "
    "http; no CORS header is at fault"
)
_NO_PROXY: Final = (
    "that the proxy can't be reached, or can't reach the server: see that mitmproxy runs where the "
    "browser looks for it; no CORS header is at fault"
)
_TRACKER: Final = (
    "that Firefox takes the other site for one that tracks its users, and has stopped the request: "
    "try it with that protection switched off for the page"
)
UNANSWERED: Final = (
    "that Firefox got no answer: mostly the server can't be reached, or its certificate isn't "
    "trusted, and no CORS header is at fault; open the URL by itself to see"
)
"""What is likelier than any reason where Firefox says only that a request didn't succeed."""

BAD_PORT: Final = (
    "that no browser asks that port, as it is another protocol's (6000 and 10080 are such): serve "
    "it at another port"
)
"""What is likelier than a redirect to a bad port."""

LOGIN: Final = (
    "that the request was redirected to what looks like a login page, so that the session is "
    "missing or over: let the server answer such requests with 401 instead, and to log in let the "
    "page go there itself (location.href), as no fetch can; that page's headers aren't at fault"
)
"""What is likelier than a header that is missing where a redirect leads to a login page."""

_NO_BROWSER: Final = (
    "that a program of Node's couldn't reach the server: outside of browsers nobody asks for "
    "leave, and no CORS header is at fault"
)
_JSDOM: Final = (
    "that jsdom, in which tests run without a browser, has refused the answer in its own way: let "
    "the test stand in for the server, or give its page the server's origin (in Jest, "
    "testEnvironmentOptions.url)"
)
_SWITCHED_OFF: Final = (
    "that this Firefox has CORS switched off, and so forbids all requests to other origins: set "
    "content.cors.disable back to false in about:config"
)
_NO_ORIGIN: Final = (
    "that Firefox couldn't add the Origin header, as where an extension meddles with it: try it "
    "without"
)
_SERVICE_WORKER: Final = (
    "that the page's service worker, not the server, gave what can't stand for the answer: one "
    'that it fetched with mode "no-cors", say, or an error. Let it call fetch(event.request), or '
    "leave such requests alone"
)
_UNFOLLOWED: Final = (
    'that script asked with mode "no-cors" and wanted no redirect followed: browsers take only '
    'redirect: "follow" there'
)

FIRST_ASIDES: Final[dict[str, str]] = {
    "When allowCredentials is true, allowedOrigins cannot contain": _REFUSED_BESIDE_WILDCARD,
    "does not allow specifying a wildcard (any) origin and credentials": _REFUSED_BESIDE_WILDCARD,
    "'AllowCredentials' is set to true, and 'AllowOrigins' is set to": _REFUSED_BESIDE_WILDCARD,
    "Cannot use supports_credentials in conjunction with": _REFUSED_BESIDE_WILDCARD,
    "Cannot allow credentials with wildcard allowed origins": _REFUSED_BESIDE_WILDCARD,
    "Request has been terminated Possible causes: the network is offline": _LOOK_AT_CONSOLE,
    "disallowed for cross-origin requests that require preflight": _UNFOLLOWED_ONCE,
    "Request requires preflight, which is disallowed to follow": _UNFOLLOWED_ONCE,
}
"""Those that have a sentence in them which would be taken for a browser's, and isn't."""

ASIDES: Final[dict[str, str]] = {
    "Not allowed to request resource": _UNASKED,
    "Cross origin requests are only supported for HTTP": NO_HTTP,
    "by moving the resource to the same domain or enabling CORS": _NOT_SAID_ONCE,
    "the `Authorization` header is not covered": _UNCOVERED,
    "CORSAllowHeaderFromPreflightDeprecation": _UNCOVERED,
    "due to access control checks": LOOK_BEFORE,
    "load denied by Cross-Origin Resource Sharing policy": LOOK_BEFORE,
    "net::ERR_FAILED": LOOK_BEFORE,
    "Failed to load worklet module script": LOOK_BEFORE,
    "Failed to fetch a worker script": LOOK_BEFORE,
    "An unknown error occurred when fetching the script": LOOK_BEFORE,
    "bad URI or cross-site access not allowed": LOOK_BEFORE,
    "source URI is not allowed in this document": LOOK_BEFORE,
    "Access to restricted URI denied": NO_FILE,
    "NS_ERROR_DOM_BAD_URI": LOOK_BEFORE,
    "Not allowed to follow a redirection while loading": "that script wanted no redirect followed "
    '(redirect: "error")',
    "Refused to get unsafe header": "that script asked for a header which the answer doesn't "
    "expose: name it in Access-Control-Expose-Headers",
    "TypeError: Failed to fetch": _LOOK_AT_CONSOLE,
    "NetworkError when attempting to fetch resource": _LOOK_AT_CONSOLE,
    "TypeError: Load failed": _LOOK_AT_CONSOLE,
    "error loading dynamically imported module": _LOOK_AT_CONSOLE,
    "NetworkError: Failed to execute 'send' on 'XMLHttpRequest'": _LOOK_AT_CONSOLE,
    "NetworkError: A network error occurred": _LOOK_AT_CONSOLE,
    "Error: Network Error": _LOOK_AT_CONSOLE,
    '"Network Error"': _LOOK_AT_CONSOLE,
    "axios Network Error": _LOOK_AT_CONSOLE,
    "'ERR_NETWORK'": _LOOK_AT_CONSOLE,
    ": 0 Unknown Error": _LOOK_AT_CONSOLE,
    "statusText: 'Unknown Error'": _LOOK_AT_CONSOLE,
    '"statusText":"Unknown Error"': _LOOK_AT_CONSOLE,
    "XMLHttpRequest error": _LOOK_AT_CONSOLE,
    "The XMLHttpRequest onError callback was called": _LOOK_AT_CONSOLE,
    "TypeError: fetch failed": _NO_BROWSER,
    "jsdom/living/xhr": _JSDOM,
    "Cross origin http://localhost forbidden": _JSDOM,
    "Cross origin null forbidden": _JSDOM,
    "(Reason: CORS disabled)": _SWITCHED_OFF,
    "CORS header 'Origin' cannot be added": _NO_ORIGIN,
    "outputs zeroes due to CORS access restrictions": _SILENT,
    "has a cross-origin resource, the node will output silence": _SILENT,
    "has been tainted by cross-origin data": _TAINTED,
    "Tainted canvases may not be exported": _TAINTED,
    "contains cross-origin data, and may not be loaded": _TAINTED,
    "Failed to read the 'cssRules' property from 'CSSStyleSheet'": _SHEET,
    "Not allowed to access cross-origin stylesheet": _SHEET,
    "cannot be accessed from origin": _OWN_ORIGIN,
    "may not load data from": _OWN_ORIGIN,
    "the URL's origin is not same as the request origin": _OWN_ORIGIN,
    "does not match the current origin": _OWN_ORIGIN,
    "Script origin does not match the registering client's origin": _OWN_ORIGIN,
    "SECURITY_ERR: DOM Exception 18": _INSECURE,
    "The operation is insecure": _INSECURE,
    "from accessing a cross-origin frame": _FRAME,
    "from accessing a frame with origin": _FRAME,
    "on cross-origin object": _FRAME,
    "Permission denied to access property": _FRAME,
    "attempt to access frame with URL": _FRAME,
    "does not match the recipient window's origin": _TARGET,
    "Unable to post message to": _TARGET,
    "Content Security Policy": _POLICY,
    "Content-Security-Policy: The page's settings blocked": _POLICY,
    "net::ERR_BLOCKED_BY_CSP": _POLICY,
    "blocked:csp": _POLICY,
    "OpaqueResponseBlocking": _OPAQUE,
    "net::ERR_BLOCKED_BY_ORB": _OPAQUE,
    "Cross-Origin Read Blocking": _OPAQUE,
    "This request was automatically upgraded to HTTPS": _UPGRADED,
    "This content was automatically upgraded": _UPGRADED,
    "This request was not upgraded to HTTPS": _UPGRADED,
    "This content should also be served over HTTPS": _UPGRADED,
    "Mixed Content: Upgrading insecure display request": _UPGRADED,
    "in the integrity attribute": _INTEGRITY,
    "in the 'integrity' attribute": _INTEGRITY,
    "Subresource Integrity": _INTEGRITY,
    "not eligible for integrity checks": _INTEGRITY,
    "integrity checks failed": _INTEGRITY,
    "Failed integrity metadata check": _INTEGRITY,
    "MIME type": _OPAQUE,
    "X-Frame-Options": _FRAMED,
    "frame-ancestors": _FRAMED,
    "Cross-Origin-Opener-Policy policy would block": _OPENER,
    "Specify a Cross-Origin Embedder Policy": _UNEMBEDDED,
    "net::ERR_BLOCKED_BY_RESPONSE": LOOK_BEFORE,
    "SameSite": _COOKIE,
    "Third-party cookie": _COOKIE,
    'Cookie "': _COOKIE,
    "Refused to set unsafe header": _FORBIDDEN,
    "Attempt to set a forbidden header": _FORBIDDEN,
    "Server did not send the correct CORS headers": _FEDERATED,
    "IdentityCredentialError": _LOOK_AT_CONSOLE,
    "id assertion endpoint resulted in a network error": _LOOK_AT_CONSOLE,
    "Request had a target IP address space": _TARGET_SPACE,
    "InvalidLocalNetworkAccess": _TARGET_SPACE,
    "address space": _ADDRESS_SPACE,
    "privileged network position": _ADDRESS_SPACE,
    "Access-Control-Allow-Private-Network": _ADDRESS_SPACE,
    "NETWORK_ACCESS_CHECKS": _ADDRESS_SPACE,
    "Ensure that local network requests are compatible": _ADDRESS_SPACE,
    "InsecureLocalNetwork": _ADDRESS_SPACE,
    "LocalNetworkAccess": _ADDRESS_SPACE,
    "InsecurePrivateNetwork": _ADDRESS_SPACE,
    "PrivateNetworkAccess": _ADDRESS_SPACE,
    "AllowPrivateNetwork": _ADDRESS_SPACE,
    "ServiceWorker passed": _SERVICE_WORKER,
    "resulted in a network error response": _SERVICE_WORKER,
    "Response served by service worker is": _SERVICE_WORKER,
    "FetchEvent.respondWith received an error": _SERVICE_WORKER,
    "DisallowedByMode": _OWN_ORIGIN,
    "Ensure only same-origin resources are fetched": _OWN_ORIGIN,
    "NoCorsRedirectModeNotFollow": _UNFOLLOWED,
    "but the redirect mode is not": _UNFOLLOWED,
    "CORSDisabled": _SWITCHED_OFF,
    "CORSOriginHeaderNotAdded": _NO_ORIGIN,
    "WebSocket connection to": _NO_SOCKET,
    "establish a connection to the server at ws": _NO_SOCKET,
    "Ensure CORS requests are made on supported schemes": NO_HTTP,
    "Not allowed by CORS": _REFUSED_BY_SERVER,
    "Invalid CORS request": _REFUSED_BY_SERVER,
    "Disallowed CORS": _REFUSED_BY_SERVER,
    "CORS policy execution failed": _REFUSED_BY_SERVER,
    "Origin checking failed": _FORGED,
    "Invalid Host header": _NO_HOST,
    "server.allowedHosts": _NO_HOST,
    "allowedDevOrigins": _NO_HOST,
    "to Next.js dev resource": _NO_HOST,
    "net::ERR_BLOCKED_BY_CLIENT": _EXTENSION,
    "blocked:other": _EXTENSION,
    "content blocking is enabled": _TRACKER,
    "Enhanced Tracking Protection is enabled": _TRACKER,
    "net::ERR_CERT_": _CERTIFICATE,
    "net::ERR_INSECURE_RESPONSE": _CERTIFICATE,
    "SEC_ERROR_": _CERTIFICATE,
    "MOZILLA_PKIX_ERROR_": _CERTIFICATE,
    "The certificate for this server is invalid": _CERTIFICATE,
    "net::ERR_SSL_": _NO_TLS,
    "SSL_ERROR_": _NO_TLS,
    "An SSL error has occurred": _NO_TLS,
    "net::ERR_PROXY_CONNECTION_FAILED": _NO_PROXY,
    "net::ERR_TUNNEL_CONNECTION_FAILED": _NO_PROXY,
    "NS_ERROR_PROXY_": _NO_PROXY,
    "net::ERR_TIMED_OUT": _UNREACHABLE,
    "net::ERR_INTERNET_DISCONNECTED": _UNREACHABLE,
    "net::ERR_NETWORK_CHANGED": _UNREACHABLE,
    "Could not connect to the server": _UNREACHABLE,
    "server with the specified hostname could not be found": _UNREACHABLE,
    "The network connection was lost": _UNREACHABLE,
    "net::ERR_CONNECTION_": _UNREACHABLE,
    "net::ERR_NAME_NOT_RESOLVED": _UNREACHABLE,
    "net::ERR_ADDRESS_UNREACHABLE": _UNREACHABLE,
    "NS_ERROR_CONNECTION_REFUSED": _UNREACHABLE,
    "NS_ERROR_UNKNOWN_HOST": _UNREACHABLE,
    "NS_ERROR_NET_": _UNREACHABLE,
}

LAST_ASIDES: Final[dict[str, str]] = {
    "CORS error": _LOOK_CLOSER,
    "Script error.": _UNHEARD,
    "doesn't pass access control check": _CUT_OFF,
    "blocked by CORS policy": _CUT_OFF,
    "the server responded with a status of 4": ERROR_STATUS,
    "the server responded with a status of 5": ERROR_STATUS,
    "strict-origin-when-cross-origin": _REFERRER,
    "Provisional headers are shown": _PROVISIONAL,
}
"""Those that people write, too, around a message that tells more."""
