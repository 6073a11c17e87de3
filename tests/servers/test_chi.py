"""What chi/cors does otherwise than rs/cors 1.7; `real/` holds all of it against the real one."""

from corscope.fetch.headers import get
from corscope.servers.libraries.chi import CHI
from corscope.servers.libraries.rs_cors import RS_CORS
from corscope.servers.policy import Policy
from tests.servers.asking import answer, options

APP = "https://app.test"
ALLOWED = "access-control-allow-headers"


def test_by_default_it_does_not_allow_what_xmlhttprequest_once_had() -> None:
    asked = options(APP, "POST", "x-requested-with")
    assert get(answer(RS_CORS, Policy(), asked).headers, ALLOWED) == "X-Requested-With"
    assert get(answer(CHI, Policy(), asked).headers, ALLOWED) is None


def test_it_keeps_dots_and_begins_no_word_behind_an_underscore() -> None:
    asked = options(APP, "POST", "x_a, b.c")
    policy = Policy(allow_headers="*")
    assert get(answer(RS_CORS, policy, asked).headers, ALLOWED) == "X_A, Bc"
    assert get(answer(CHI, policy, asked).headers, ALLOWED) == "X_a, B.c"


def test_its_function_for_origins_is_given_the_request() -> None:
    assert CHI.export is not None
    assert CHI.export(Policy(allow_origins="request")).text == (
        'import "net/http"\nimport "github.com/go-chi/cors"\n\n'
        "isAllowed := func(string) bool { return true }\n"
        "r.Use(cors.Handler(cors.Options{\n"
        "\tAllowOriginFunc: func(_ *http.Request, origin string) bool "
        "{ return isAllowed(origin) },\n"
        "}))\n"
    )
