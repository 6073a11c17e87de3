"""Which policy do the annotations of an Ingress make that ingress-nginx reads?

The controller writes nginx's configuration of them, by its template's part `CORS`: what it writes
is written here too, with `add_header … always` for `more_set_headers`, and read as any other.
Follows internal/ingress/annotations/cors and rootfs/etc/nginx/template/nginx.tmpl of
https://github.com/kubernetes/ingress-nginx, 1.12.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from corscope.cli.imports.languages.documents import read_document
from corscope.cli.imports.tree import Found, Node, Source
from corscope.cli.imports.web_servers.nginx import read_nginx

__all__ = ["nginx_text", "read_ingress"]

_PREFIX: Final = "nginx.ingress.kubernetes.io/"
_ORIGIN: Final = re.compile(r"([a-z]+://(\*\.)?[A-Za-z0-9\-.]*(:\d+)?|\*|null)?")
_METHODS: Final = re.compile(r"[A-Za-z, \t]+")
_HEADERS: Final = re.compile(r"[A-Za-z0-9_, \t*-]+")
_DEFAULT_METHODS: Final = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
_DEFAULT_HEADERS: Final = (
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,"
    "Range,Authorization"
)
_DEFAULT_MAX_AGE: Final = "1728000"
_SNIPPETS: Final = ("configuration-snippet", "server-snippet")
_OTHERS: Final = "other origins get the backend's own CORS headers, by the rule they get none"
_LINE: Final = re.compile(r"^[^:]*:\d+: ")


def read_ingress(source: Source) -> Iterator[Found]:
    """Every Ingress whose annotations have `enable-cors: "true"`."""
    found_any = False
    for node in read_document(source).all_of("annotations"):
        annotations = {
            name.removeprefix(_PREFIX): value
            for name, value in (node.value.items() if isinstance(node.value, Mapping) else ())
            if name.startswith(_PREFIX)
        }
        enabled = annotations.get("enable-cors")
        if enabled is None or not _is_true(enabled):
            continue
        found_any = True
        told = [*_snippets(annotations)]
        if _origins(annotations) != ["*"]:
            told.append(f"{enabled.place}: {_OTHERS}")
        for each in read_nginx(Source("nginx", nginx_text(annotations))):
            warnings = [_LINE.sub(f"{enabled.place}: ", one) for one in each.warnings]
            unique = tuple(dict.fromkeys((*told, *warnings)))
            yield Found(enabled.place, each.policy, each.match, unique, like="nginx")
    if not found_any:
        source.refuse(f'has no annotation {_PREFIX}enable-cors: "true"')


def _is_true(node: Node) -> bool:
    """As the controller reads a flag, by Go's `ParseBool`; what is none counts as not there."""
    return str(node.value).lower() in {"1", "t", "true"}


def _snippets(annotations: Mapping[str, Node]) -> Iterator[str]:
    for name in _SNIPPETS:
        node = annotations.get(name)
        if node is not None and "access-control-" in str(node.value).lower():
            yield f"{node.place}: {name} has CORS headers too, which are not imported"


def nginx_text(annotations: Mapping[str, Node]) -> str:
    """What the controller writes into a location for these annotations, named without prefix.

    Raises:
        UnreadableError: the number of seconds is none.
    """
    flag = annotations.get("cors-allow-credentials")
    credentials = flag is None or str(flag.value).lower() not in {"0", "f", "false"}
    expose = _text(annotations, "cors-expose-headers", _HEADERS, "")
    age = annotations.get("cors-max-age")
    headers = [
        ("Access-Control-Allow-Origin", "$cors_origin"),
        *([("Access-Control-Allow-Credentials", "true")] if credentials else []),
        (
            "Access-Control-Allow-Methods",
            _text(annotations, "cors-allow-methods", _METHODS, _DEFAULT_METHODS),
        ),
        (
            "Access-Control-Allow-Headers",
            _text(annotations, "cors-allow-headers", _HEADERS, _DEFAULT_HEADERS),
        ),
        *([("Access-Control-Expose-Headers", expose)] if expose else []),
        ("Access-Control-Max-Age", str(age.whole()) if age else _DEFAULT_MAX_AGE),
    ]
    lines = [f'    add_header {name} "{value}" always;' for name, value in headers]
    return "\n".join(
        [
            *(f"proxy_hide_header {name};" for name, _ in headers),
            *_tested(_origins(annotations)),
            "if ($request_method = 'OPTIONS') {",
            "    set $cors ${cors}options;",
            "}",
            'if ($cors = "true") {',
            *lines,
            "}",
            'if ($cors = "trueoptions") {',
            *lines,
            "    return 204;",
            "}",
            "",
        ]
    ).replace("$cors_origin", "*" if _origins(annotations) == ["*"] else "$http_origin")


def _text(annotations: Mapping[str, Node], name: str, form: re.Pattern[str], default: str) -> str:
    """An annotation's text; the default where it has another form, as the controller has it."""
    node = annotations.get(name)
    text = "" if node is None else node.text()
    return text if form.fullmatch(text) else default


def _origins(annotations: Mapping[str, Node]) -> list[str]:
    """The origins; all of them if none of those that are given has an origin's form."""
    node = annotations.get("cors-allow-origin")
    given = [] if node is None else [each.strip() for each in node.text().split(",")]
    taken = [each for each in given if each and _ORIGIN.fullmatch(each)]
    return ["*"] if "*" in taken or not taken else taken


def _tested(origins: list[str]) -> list[str]:
    """How the origin is tested: in any case, and from any character on to its end."""
    if origins == ["*"]:
        return ["set $cors 'true';"]
    escaped = (re.sub(r"[.+*?()\[\]{}|^$\\]", r"\\\g<0>", each) for each in origins)
    regexes = (f"({each.replace(chr(92) + '*', '[A-Za-z0-9-]+', 1)})" for each in escaped)
    return [f'if ($http_origin ~* "({"|".join(regexes)})$") {{', "    set $cors 'true';", "}"]
