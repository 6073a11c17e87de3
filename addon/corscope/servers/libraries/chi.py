"""How does a Go server answer with chi's middleware for CORS?

chi/cors descends from rs/cors, see `rs_cors_1_7`, from which it differs in little: which headers
are allowed where none are listed, and how it writes the names that it sends back.
"""

from string import ascii_letters, digits
from typing import Final

from corscope.messages import Request
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect, Evidence, Export
from corscope.servers.forwarded import forwarded_by
from corscope.servers.languages.go import (
    Code,
    added_to,
    code_with_imports,
    origin_function,
    struct,
)
from corscope.servers.libraries.rs_cors_1_7 import (
    DEFAULT_METHODS,
    SURPRISES,
    Variant,
    actual,
    complaints,
    options_of,
    preflight,
)
from corscope.servers.own_vary import REPLACES_VARY
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["CHI"]

_CHI: Final = Variant(
    default_headers=("Origin", "Accept", "Content-Type"),
    name_characters=frozenset(f"{ascii_letters}{digits}-_."),
    word_ends="-",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    return preflight(policy, request, _CHI)


def _export(policy: Policy) -> Export:
    function = origin_function(policy)
    begin = ""
    if function is not None:
        begin = f"isAllowed := {function.text}\n"
        body = "{ return isAllowed(origin) }"
        text = f"func(_ *http.Request, origin string) bool {body}"
        function = Code(text, ("net/http", *function.imports))
    options = options_of(policy, function)
    text = f"{begin}r.Use(cors.Handler({struct('cors.Options', options)}))\n"
    return Export("main.go", code_with_imports(text, options, "github.com/go-chi/cors"))


CHI = Dialect(
    name="chi",
    title="chi (go-chi/cors)",
    version="chi/cors 1.2.1",
    source="https://github.com/go-chi/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=actual,
    complaints=complaints,
    defaults=Policy(
        allow_origins=WILDCARD,
        allow_methods=DEFAULT_METHODS,
        allow_headers=_CHI.default_headers,
    ),
    export=_export,
    forwarded=forwarded_by(_preflight, added_to),
    settings=(REPLACES_VARY,),
    surprises=SURPRISES,
)
