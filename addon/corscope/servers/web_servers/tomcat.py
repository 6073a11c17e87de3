"""How does Tomcat answer with its CorsFilter?

Follows https://github.com/apache/tomcat/blob/9.0.70/java/org/apache/catalina/filters/CorsFilter.java.
What isn't allowed gets 403 and an empty body, on actual requests too; requests without an Origin
get all headers but Access-Control-Allow-Origin.
"""

import re
from typing import Final
from xml.sax.saxutils import escape

from corscope.fetch.headers import contains, delete, values
from corscope.fetch.origin import origin_of_url
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.java import hash_order
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    VARY,
    echoed,
    present,
    replaced_by,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed
from corscope.servers.repeated import reading_first

__all__ = ["TOMCAT"]

_DEFAULT_METHODS: Final = ("GET", "POST", "HEAD", "OPTIONS")
_DEFAULT_HEADERS: Final = (
    *("Origin", "Accept", "X-Requested-With", "Content-Type"),
    *("Access-Control-Request-Method", "Access-Control-Request-Headers"),
)
_DEFAULT_MAX_AGE: Final = 1800
_REFUSED: Final = Answer(403, (("content-type", "text/plain"),))
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s%<>\"{}|\\^`]+")


def _preflight(policy: Policy, request: Request) -> Answer | None:
    """What it answers without the application: also an actual request that it refuses."""
    origin = _cross_origin(request)
    if origin is None:
        return None
    has_no_type = request.method == "POST" and not contains(request.headers, "content-type")
    if has_no_type or not _is_valid(origin) or not _allows_origin(policy, origin):
        return _REFUSED
    if request.method != "OPTIONS" or not contains(request.headers, REQUEST_METHOD):
        return None if request.method in _methods(policy) else _REFUSED
    method = (echoed(request, REQUEST_METHOD) or "").strip()
    if method not in _methods(policy) or not set(_asked_names(request)) <= set(_names(policy)):
        return _REFUSED
    return Answer(200, _headers(policy, request))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if _preflight(policy, request) is not None:
        return Response(_REFUSED.status, _REFUSED.headers)
    own = response.headers
    headers = replaced_by(_headers(policy, request), delete(own, VARY))
    return Response(response.status, headers + tuple((VARY, each) for each in values(own, VARY)))


def _headers(policy: Policy, request: Request) -> HeaderList:
    """The lines of every answer that isn't refused; those of OPTIONS are more."""
    is_any = _is_any(policy)
    varies: tuple[str, ...] = () if is_any else ("Origin",)
    headers = present(
        (ALLOW_ORIGIN, WILDCARD if is_any else echoed(request, ORIGIN)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, ",".join(hash_order(listed(policy.expose_headers))) or None),
    )
    if request.method == "OPTIONS":
        varies += ("Access-Control-Request-Method", "Access-Control-Request-Headers")
    # A name is put in small letters when another is added behind it.
    vary = ",".join((*(name.lower() for name in varies[:-1]), *varies[-1:]))
    line = present((VARY, vary or None))
    headers = headers + line if is_any else line + headers
    return headers + _preflight_headers(policy) if request.method == "OPTIONS" else headers


def _preflight_headers(policy: Policy) -> HeaderList:
    age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
    return present(
        (MAX_AGE, str(age) if age > 0 else None),
        (ALLOW_METHODS, ",".join(_methods(policy)) or None),
        (ALLOW_HEADERS, ",".join(_names(policy)) or None),
    )


def _cross_origin(request: Request) -> str | None:
    """The origin; None if there is none, or if it is the server's own."""
    origin, own = echoed(request, ORIGIN), origin_of_url(request.url)
    return None if own is not None and origin == str(own) else origin


def _is_valid(origin: str) -> bool:
    if origin == "null" or origin.startswith("file://"):
        return True
    return not origin.endswith("://") and _URI.fullmatch(origin) is not None


def _is_any(policy: Policy) -> bool:
    return _written_origins(policy).strip() == WILDCARD


def _allows_origin(policy: Policy, origin: str) -> bool:
    known = {each.strip() for each in _written_origins(policy).split(",")}
    return _is_any(policy) or origin in known


def _written_origins(policy: Policy) -> str:
    """The list as the filter is given it, which it takes apart at commas."""
    return ",".join(listed(policy.allow_origins))


def _methods(policy: Policy) -> tuple[str, ...]:
    methods = policy.allow_methods
    return hash_order(_DEFAULT_METHODS if methods is None else listed(methods))


def _names(policy: Policy) -> tuple[str, ...]:
    names = _DEFAULT_HEADERS if policy.allow_headers is None else listed(policy.allow_headers)
    return hash_order(hash_order(name.lower() for name in hash_order(names)))


def _asked_names(request: Request) -> list[str]:
    asked = (echoed(request, REQUEST_HEADERS) or "").strip().rstrip(",")
    return [name.strip().lower() for name in asked.split(",")] if asked else []


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = list(value_complaints(policy))
    if policy.allow_origins == ECHO:
        hint = 'list the origins, or write "*"'
        found.append(Complaint("allow_origins", f'can\'t be "{ECHO}"', hint))
    if policy.allow_origin_regex is not None:
        found.append(Complaint("allow_origin_regex", "isn't known", "list the origins"))
    if _is_any(policy) and policy.allow_credentials:
        message = "can't be true where any origin is allowed"
        found.append(Complaint("allow_credentials", message, "list the origins", at_start=True))
    return tuple(found)


def _export(policy: Policy) -> Export:
    parameters = {
        "cors.allowed.origins": policy.allow_origins,
        "cors.allowed.methods": policy.allow_methods,
        "cors.allowed.headers": policy.allow_headers,
        "cors.exposed.headers": policy.expose_headers,
        "cors.support.credentials": "true" if policy.allow_credentials else None,
        "cors.preflight.maxage": None if policy.max_age is None else str(policy.max_age),
    }
    given = {name: ",".join(listed(v)) for name, v in parameters.items() if v is not None}
    text = _FILTER.format("".join(_PARAMETER.format(n, escape(v)) for n, v in given.items()))
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("web.xml", text, warned)


_FILTER: Final = """\
<filter>
  <filter-name>CorsFilter</filter-name>
  <filter-class>org.apache.catalina.filters.CorsFilter</filter-class>
{}</filter>
<filter-mapping>
  <filter-name>CorsFilter</filter-name>
  <url-pattern>/*</url-pattern>
</filter-mapping>
"""
_PARAMETER: Final = """\
  <init-param>
    <param-name>{}</param-name>
    <param-value>{}</param-value>
  </init-param>
"""


TOMCAT = Dialect(
    name="tomcat",
    title="Tomcat (CorsFilter)",
    version="Tomcat 9.0.70",
    source="https://tomcat.apache.org/tomcat-9.0-doc/config/filter.html#CORS_Filter",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_methods=_DEFAULT_METHODS, allow_headers=_DEFAULT_HEADERS, max_age=_DEFAULT_MAX_AGE
    ),
    export=_export,
    surprises=(
        "Another origin, and a method that isn't listed, get 403 on actual requests too.",
        "No origin is allowed where none is set.",
        "A cross-origin POST without a Content-Type is refused with 403.",
        "Lists are sent in the order of a Java hash table, and headers in small letters.",
        "An OPTIONS that is no preflight gets all of a preflight's headers, and then the "
        "application's status.",
        "`*` among methods or headers is a name like any other, and no wildcard.",
        "A max-age of 0 isn't sent; where nothing is set it is half an hour.",
    ),
)
