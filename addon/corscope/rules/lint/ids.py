"""By which name is each warning known? The names stay, whatever the words become."""

from typing import Final

from corscope.rules.kinds.place import Remark
from corscope.rules.locate import KeyPath
from corscope.rules.problems import shown

__all__ = ["LINTS", "remark"]

LINTS: Final = {
    "origin-has-path": "an origin with a path; none ever equals it",
    "origin-ends-in-slash": "an origin with a slash at its end; none ever equals it",
    "origin-upper-case": "an origin with upper-case letters; browsers send it in lower case",
    "origin-default-port": "an origin with its scheme's default port, which browsers leave out",
    "origin-without-scheme": "a host where an origin is meant",
    "origin-not-ascii": "an origin with other letters than ASCII's; browsers send Punycode",
    "origin-of-files": "`file:`, for which browsers send `null`",
    "origin-invalid": "what is no origin and no pattern, so that it never matches",
    "origin-null": "`null`, which is the origin of every sandboxed frame",
    "origin-covered": "an origin that another entry of the list allows anyway",
    "origin-insecure": "credentials for an origin without TLS that isn't on this machine",
    "public-suffix": "subdomains of a name below which anyone can have one",
    "pattern-not-understood": "a pattern that the rule's dialect has not: none fits it, or others",
    "no-origins": "a policy that names no origins",
    "regex-literal": "a regex between slashes, as JavaScript has it; they are part of it here",
    "regex-unanchored": "a regex that finds its match anywhere in an origin, or at its beginning",
    "regex-unescaped-dot": "a dot in a regex's host that stands for any character",
    "several-in-one": "several hosts, URLs or origins in one text, where an array is meant",
    "host-invalid": "a host that no URL has",
    "host-spelling": "a host that browsers write otherwise",
    "url-scheme": "a URL with a scheme that no proxy sees",
    "url-spelling": "a URL that browsers write otherwise, or with its fragment",
    "host-not-of-url": "a host to match that no URL to match beside it has",
    "method-wildcard": "`*` among the methods to match, where it is none",
    "filter-explosive": "a filter with a regex that could be tried on some request for ages",
    "any-origin": "a rule that lets any origin read a host that is not local",
    "any-origin-with-credentials": "the same, with the user's cookies",
    "wildcard-with-credentials": "`*` with credentials, to which it is no wildcard",
    "wildcard-with-others": "`*` beside other entries, which it makes needless",
    "duplicate-entry": "an entry that its list has already",
    "request-in-list": "`request` in a list of methods or headers, where it is a name",
    "method-forbidden": "a method that script can't use",
    "method-safelisted": "GET, HEAD or POST, which need no leave",
    "method-options": "OPTIONS, which only a script that sends it itself needs",
    "method-case": "a method that isn't in upper case",
    "header-forbidden": "a request header that the browser sets",
    "header-of-responses": "a response header among those of requests",
    "header-safelisted": "a request header whose usual values need no leave",
    "header-wildcard": "a header's name with a `*` in it, which stands for no other characters",
    "header-misspelt": "a header's name that looks like one of CORS, and isn't",
    "header-no-list": "a list of names by hand that browsers can't read",
    "expose-forbidden": "a response header that is never shown to script",
    "expose-safelisted": "a response header that script can read anyway",
    "expose-of-requests": "a request header among those of responses",
    "max-age-negative": "a max_age below 0",
    "max-age-above-cap": "a max_age above what some browsers keep",
    "max-age-no-number": "an Access-Control-Max-Age by hand that is no number of seconds",
    "field-without-use": "a field for preflights in a rule for others, or the other way about",
    "allow-origin-twice": "Access-Control-Allow-Origin on two lines, which browsers refuse",
    "allow-origin-several": "several origins in one Access-Control-Allow-Origin",
    "credentials-not-true": "Access-Control-Allow-Credentials that isn't `true` to the letter",
    "vary-removed": "a Vary without Origin beside an answer that depends on it",
    "removed-and-set": "a header that is removed although it is set, which replaces it",
    "header-set-again": "a header that is set twice, in other cases: the last one counts",
    "fault-without-use": "a fault that changes nothing",
    "fault-abort-with-answer": "a connection that is dropped and answered",
    "fault-status-no-redirect": "a redirect with a status that is none",
    "fault-status-without-location": "a redirect's status with no place to go to",
    "fault-redirect-placeholder": "a placeholder in a redirect, where none is filled in",
    "fault-redirect-without-scheme": "a host where a redirect's URL is meant",
    "fault-delay-long": "a delay of minutes, as where milliseconds are meant",
    "rule-unreachable": "a rule that can never match because an earlier one takes all it could",
}
"""What each warning is about, by its id."""


def remark(id_: str, path: KeyPath, value: object, message: str, hint: str = "") -> Remark:
    """A remark of the catalogue; a value of None is not shown."""
    assert id_ in LINTS, id_
    return Remark(path, None if value is None else shown(value), message, hint, id_)
