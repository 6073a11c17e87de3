"""What is said of a CORS check that fails?"""

from typing import Final

from corscope.explain.articles.article import APP, OTHER_APP, Article
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.journal.remarks.findings import FindingId
from corscope.servers.policy import Policy

__all__ = ["CHECK_ARTICLES"]

_CHECK: Final = CATALOGUE[Reason.ALLOW_ORIGIN_MISSING].section
_ONE: Final = Policy(allow_origins=(APP,))
_SEVERAL: Final = Policy(allow_origins=(APP, OTHER_APP))
_CREDENTIALS: Final = Policy(allow_origins=(APP,), allow_credentials=True)
_ALLOW_THIS_ORIGIN: Final = (
    'send "Access-Control-Allow-Origin: {origin}" and "Vary: Origin", on error answers too.'
)
_ASKED: Final = "> Origin: {origin}"
_READING_ALONE: Final = (
    "If nothing on the page needs the answer. A request that needs no preflight has reached the "
    "server and had its effect there; only reading the answer is refused."
)

CHECK_ARTICLES: Final = (
    Article(
        id=Reason.ALLOW_ORIGIN_MISSING,
        title="Access-Control-Allow-Origin is missing",
        what="the answer (status {status}) has no Access-Control-Allow-Origin",
        standard="An answer from another origin is shared with a page only if it says so itself. "
        "The CORS check gets Access-Control-Allow-Origin, and where there is none it fails, "
        "whatever status or other headers the answer has. Error answers are no exception: a 500 "
        "or a 404 without the header reaches script as a network error.",
        section=_CHECK,
        fix=_ALLOW_THIS_ORIGIN,
        looks=(_ASKED, "< (no Access-Control-Allow-Origin)"),
        harmless=_READING_ALONE,
        see=(
            Reason.ALLOW_ORIGIN_MISMATCH,
            Reason.NO_RESPONSE,
            FindingId.CHALLENGE_PAGE,
            FindingId.NON_CORS_COPY_MAY_BE_CACHED,
        ),
        policy=_ONE,
    ),
    Article(
        id=Reason.ALLOW_ORIGIN_REPEATED,
        title="Access-Control-Allow-Origin is there more than once",
        what='Access-Control-Allow-Origin is there more than once, which makes "{detail}"',
        standard="Lines of one name are combined, with a comma and a space between them, before "
        "anything is compared. What comes of two lines is equal to no origin, even where both "
        "say the same.",
        section=_CHECK,
        fix="let one place set it: the application or the proxy before it, not both.",
        looks=(
            _ASKED,
            "< Access-Control-Allow-Origin: {origin}",
            "< Access-Control-Allow-Origin: *",
        ),
        see=(Reason.ALLOW_ORIGIN_LIST, Reason.ALLOW_CREDENTIALS_NOT_TRUE),
        example=f"{APP}, *",
        policy=_ONE,
    ),
    Article(
        id=Reason.ALLOW_ORIGIN_LIST,
        title="Access-Control-Allow-Origin is a list",
        what='Access-Control-Allow-Origin is a list, "{detail}", where one origin may stand',
        standard="The header's value is one origin, or null, or the wildcard, and it is compared "
        "as a whole. There is no syntax for several: a list is equal to no origin.",
        section=_CHECK,
        fix="compare the request's Origin with your list and send back the one that matches, with "
        '"Vary: Origin".',
        looks=(_ASKED, "< Access-Control-Allow-Origin: {detail}"),
        see=(Reason.ALLOW_ORIGIN_REPEATED, FindingId.VARY_ORIGIN_MISSING),
        example=f"{APP}, {OTHER_APP}",
        policy=_SEVERAL,
    ),
    Article(
        id=Reason.ALLOW_ORIGIN_INVALID,
        title="Access-Control-Allow-Origin is no origin",
        what='Access-Control-Allow-Origin is "{detail}", which is no origin',
        standard="An origin is written as scheme, host and, unless it is the scheme's own, port: "
        "no path, no slash at the end, no pattern. The CORS check compares bytes, so what isn't "
        "written as the browser writes its Origin is never equal to it.",
        section=_CHECK,
        fix='send an origin, scheme, host and port: "Access-Control-Allow-Origin: {origin}" and '
        '"Vary: Origin".',
        looks=(_ASKED, "< Access-Control-Allow-Origin: {detail}"),
        see=(Reason.ALLOW_ORIGIN_MISMATCH, Reason.ALLOW_ORIGIN_LIST),
        example="app.example",
        policy=_ONE,
    ),
    Article(
        id=Reason.ALLOW_ORIGIN_MISMATCH,
        title="Another origin is allowed, not the page's",
        what='Access-Control-Allow-Origin is "{detail}", not the page\'s origin, to the letter',
        standard="The value has to be the request's origin byte for byte. Another scheme, a port "
        "too many or too few, a slash at the end, localhost for 127.0.0.1, a letter in upper case: "
        "each makes another origin.",
        section=_CHECK,
        fix=_ALLOW_THIS_ORIGIN,
        looks=(_ASKED, "< Access-Control-Allow-Origin: {detail}"),
        harmless="If the page isn't meant to read the answer: then this is the policy at work.",
        see=(
            Reason.ALLOW_ORIGIN_INVALID,
            FindingId.VARY_ORIGIN_MISSING,
            FindingId.SHARED_CACHE_FOREIGN_ORIGIN,
            FindingId.ORIGIN_NULL_AFTER_REDIRECT,
        ),
        example=OTHER_APP,
        policy=_SEVERAL,
    ),
    Article(
        id=Reason.WILDCARD_WITH_CREDENTIALS,
        title="The wildcard doesn't count with credentials",
        what='Access-Control-Allow-Origin is "*", which doesn\'t count where credentials are '
        "included",
        standard="The wildcard is taken for any origin only if the request's credentials mode "
        "isn't include. With credentials the value is compared as it stands, and no origin is "
        "written as an asterisk: who may read what is meant for one user has to be named.",
        section=_CHECK,
        fix='send "Access-Control-Allow-Origin: {origin}", "Access-Control-Allow-Credentials: '
        'true" and "Vary: Origin", or let the page not include credentials.',
        looks=(_ASKED, "> Cookie: session=…", "< Access-Control-Allow-Origin: *"),
        harmless="If the page needs no credentials there: without them the answer is allowed.",
        see=(Reason.ALLOW_CREDENTIALS_NOT_TRUE, FindingId.ANY_ORIGIN_WITH_CREDENTIALS),
        example="*",
        policy=_CREDENTIALS,
    ),
    Article(
        id=Reason.ALLOW_CREDENTIALS_NOT_TRUE,
        title="Access-Control-Allow-Credentials isn't true",
        what="credentials are included, but Access-Control-Allow-Credentials is {detail}",
        standard="If the request's credentials mode is include, the origin alone isn't enough: "
        "Access-Control-Allow-Credentials has to be `true`, in lower case, once. A preflight's "
        "answer needs it too, though a preflight itself never carries credentials.",
        section=_CHECK,
        fix='send "Access-Control-Allow-Credentials: true", once and in lower case, or let the '
        "page not include credentials.",
        looks=(
            _ASKED,
            "< Access-Control-Allow-Origin: {origin}",
            "< (no Access-Control-Allow-Credentials: true)",
        ),
        harmless="If the page needs no credentials there: without them nobody asks for the header.",
        see=(Reason.WILDCARD_WITH_CREDENTIALS, FindingId.CREDENTIALS_NOT_SENT),
        policy=_CREDENTIALS,
    ),
)
