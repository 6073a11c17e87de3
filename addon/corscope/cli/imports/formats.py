"""Which formats can be imported, and how is a file's own told?"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Final

from corscope.cli.imports.libraries.aspnet_core import read_aspnet_core
from corscope.cli.imports.libraries.go import (
    read_chi,
    read_echo,
    read_gin,
    read_gorilla,
    read_rs_cors,
)
from corscope.cli.imports.libraries.javascript import (
    read_express,
    read_fastify,
    read_h3,
    read_hapi,
    read_hono,
    read_koa,
)
from corscope.cli.imports.libraries.laravel import read_laravel
from corscope.cli.imports.libraries.python import (
    read_aiohttp,
    read_django,
    read_flask_cors,
    read_litestar,
    read_quart_cors,
    read_starlette,
)
from corscope.cli.imports.libraries.ruby import read_rack_cors
from corscope.cli.imports.libraries.spring import read_spring
from corscope.cli.imports.libraries.vite import read_vite
from corscope.cli.imports.platforms.clouds import (
    read_api_gateway,
    read_azure_blob,
    read_gcs,
    read_s3,
)
from corscope.cli.imports.platforms.hosting import (
    read_firebase,
    read_netlify,
    read_next,
    read_static_web_apps,
    read_vercel,
)
from corscope.cli.imports.platforms.ingress import read_ingress
from corscope.cli.imports.platforms.serverless import read_serverless
from corscope.cli.imports.platforms.terraform import read_terraform
from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.apache import read_apache
from corscope.cli.imports.web_servers.caddy import read_caddy
from corscope.cli.imports.web_servers.envoy import read_envoy
from corscope.cli.imports.web_servers.haproxy import read_haproxy
from corscope.cli.imports.web_servers.nginx import read_nginx
from corscope.cli.imports.web_servers.tomcat import read_tomcat
from corscope.cli.imports.web_servers.traefik import read_traefik

__all__ = ["FORMATS", "IMPORTERS", "guess", "unread"]

IMPORTERS: Final[Mapping[str, Callable[[Source], Iterator[Found]]]] = {
    "express": read_express,
    "fastify": read_fastify,
    "koa": read_koa,
    "hono": read_hono,
    "hapi": read_hapi,
    "h3": read_h3,
    "starlette": read_starlette,
    "litestar": read_litestar,
    "flask-cors": read_flask_cors,
    "quart-cors": read_quart_cors,
    "django": read_django,
    "aiohttp": read_aiohttp,
    "rs-cors": read_rs_cors,
    "chi": read_chi,
    "gin": read_gin,
    "echo": read_echo,
    "gorilla": read_gorilla,
    "rack-cors": read_rack_cors,
    "nginx": read_nginx,
    "apache": read_apache,
    "s3": read_s3,
    "gcs": read_gcs,
    "azure-blob": read_azure_blob,
    "api-gateway": read_api_gateway,
    "spring": read_spring,
    "caddy": read_caddy,
    "haproxy": read_haproxy,
    "tomcat": read_tomcat,
    "laravel": read_laravel,
    "aspnet-core": read_aspnet_core,
    "envoy": read_envoy,
    "traefik": read_traefik,
}
"""What reads a server's configuration or code, by the dialect's name."""

FORMATS: Final[Mapping[str, Callable[[Source], Iterator[Found]]]] = {
    "ingress-nginx": read_ingress,
    "serverless": read_serverless,
    "terraform": read_terraform,
    "netlify": read_netlify,
    "vercel": read_vercel,
    "next": read_next,
    "vite": read_vite,
    "firebase": read_firebase,
    "static-web-apps": read_static_web_apps,
}
"""What reads a file that isn't written for one dialect, by a name of its own.

Each policy says which dialect answers so; `api-gateway` where it says none.
"""

_HAPROXY: Final = r"^[ \t]*(http-(request|(after-)?response)|rspadd|hdr)\s.*(?i:access-control-)"
_SIGNS: Final = {
    ".js": {
        "express": r"""["']cors["']|\.enableCors\(|\bNestFactory\b""",
        "fastify": r"""@fastify/cors|["']fastify-cors["']""",
        "koa": r"""@koa/cors|["']koa2?-cors["']""",
        "hono": r"hono/cors",
        "hapi": r"@hapi/hapi",
        "h3": r"handleCors\(",
    },
    ".py": {
        "starlette": r"\bCORSMiddleware\b",
        "litestar": r"\A(?=[\s\S]*\blitestar\b)[\s\S]*\bCORSConfig\b",
        "flask-cors": r"\bflask_cors\b",
        "quart-cors": r"\bquart_cors\b",
        "django": r"^[ \t]*CORS_\w+\s*=|\bcorsheaders\b",
        "aiohttp": r"\baiohttp_cors\b",
    },
    ".go": {
        "rs-cors": r"github\.com/rs/cors\b",
        "chi": r"github\.com/go-chi/cors\b",
        "gin": r"github\.com/gin-contrib/cors\b",
        "echo": r"github\.com/labstack/echo/(v\d+/)?middleware\b",
        "gorilla": r"github\.com/gorilla/handlers\b",
    },
    ".tf": {"terraform": r"^\s*(cors(_rule|_configuration)?\s*(=\s*)?|dynamic\s+\"cors\w*\"\s*)\{"},
    ".rb": {"rack-cors": r"\bRack::Cors\b"},
    ".conf": {
        "haproxy": _HAPROXY,
        "nginx": r"(?i:^[^#\n]*\b(add_header|more_set_headers)\s+[\"']?access-control-)",
        "apache": r"(?i:^[ \t]*header\s+(always\s+|onsuccess\s+)?"
        r"(set|add|unset|append|merge|setifempty|edit\*?)\s+[\"']?access-control-)",
    },
    ".cfg": {"haproxy": _HAPROXY},
    "caddyfile": {"caddy": r"(?i:access-control-)"},
    ".cs": {"aspnet-core": r"\b(UseCors|AddCors|CorsPolicyBuilder)\b"},
    ".php": {"laravel": r"[\"']allowed_?[oO]rigins"},
    ".java": {"spring": r"\bCorsConfiguration\b|\bCorsRegistry\b|@CrossOrigin\b"},
    ".json": {
        "ingress-nginx": r"\bnginx\.ingress\.kubernetes\.io/enable-cors\b",
        "s3": r"\bC(ORS|ors)Rules\b|\bMaxAgeSeconds\b|<CORSConfiguration\b"
        r"|\A\s*\[\s*\{[^{}]*\"AllowedOrigins\"",
        "gcs": r"\bresponseHeader\b|\bmaxAgeSeconds\b|<CorsConfig\b"
        r"|\A\s*\[\s*\{[^{}]*\"origin\"\s*:\s*\[",
        "azure-blob": r"\bmaxAgeInSeconds\b|<CorsRule\b",
        "tomcat": r"org\.apache\.catalina\.filters\.CorsFilter",
        "spring": r"^[ \t]*[\"']?[\w.-]*globalcors\b",
        "api-gateway": r"\A(?![\s\S]*^kind:)[\s\S]*\b[aA]llowOrigins\b|x-amazon-apigateway-cors"
        r"|\bAllowOrigin\b|\bAWS::(Lambda::Url|Serverless::Api)\b|\bFunctionUrlConfig\b",
        "envoy": r"envoy\.filters\.http\.cors|\bcorsPolicy\b|\btype: CORS\b|^kind: Security",
        "traefik": r"\A(?![\s\S]*\bAccessControlAllowOrigins\b)[\s\S]*"
        r"(?i:accesscontrol(allow|expose|max)|addvaryheader|customresponseheaders)",
    },
}
"""What only that server's files have, by the name's ending."""

_BY_NAME: Final = {
    "_headers": "netlify",
    "netlify.toml": "netlify",
    "vercel.json": "vercel",
    "now.json": "vercel",
    "firebase.json": "firebase",
    "staticwebapp.config.json": "static-web-apps",
    **{f"next.config.{ending}": "next" for ending in ("js", "mjs", "cjs", "ts", "mts")},
    **{f"vite.config.{ending}": "vite" for ending in ("js", "mjs", "cjs", "ts", "mts", "cts")},
    **{f"serverless.{ending}": "serverless" for ending in ("yml", "yaml", "json")},
}
"""What a file is that has this name."""

_SAME: Final = {
    **dict.fromkeys((".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"), ".js"),
    ".ru": ".rb",
    **dict.fromkeys((".xml", ".yaml", ".yml", ".toml"), ".json"),
}


_ON_FASTIFY: Final = re.compile(r"\bFastifyAdapter\b")
"""What NestJS has where it isn't on Express."""


_WITH_CORS: Final = re.compile(r"""["'](?:socket\.io|apollo-server(?:-express)?)["']""")
"""What is given options for Express' library, where no other has a sign in the file."""


_UNREAD: Final = {
    r"\bAccessControlAllowOrigins\b": "a response headers policy of CloudFront",
    r"^[ \t]*(%[\w-]+\.)?quarkus\.http\.cors\b": "Quarkus' CORS filter",
    r"^[ \t]*management\.endpoints\.web\.cors\.": "the CORS of Spring Boot's actuator",
    r"^[ \t]*micronaut\.server\.cors\.": "Micronaut's CORS filter",
}


def unread(source: Source) -> tuple[str, int] | None:
    """What a file has that is known and isn't read, and the line in which that is said."""
    for sign, what in _UNREAD.items():
        if found := re.search(sign, source.text, re.MULTILINE):
            return what, source.text.count("\n", 0, found.end()) + 1
    return None


def guess(source: Source) -> list[str]:
    """The dialects and formats whose signs a file bears; it is certain if there is one."""
    name = PurePath(source.name.lower()).name
    if name in _BY_NAME:
        return [_BY_NAME[name]]
    found = [
        dialect
        for dialect, sign in _signs(PurePath(source.name.lower())).items()
        if re.search(sign, source.text, re.MULTILINE)
    ]
    is_script = name.endswith((".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"))
    if not found and is_script and _WITH_CORS.search(source.text):
        return ["express"]
    if "express" in found and _ON_FASTIFY.search(source.text):
        return ["fastify"]
    return found


def _signs(path: PurePath) -> Mapping[str, str]:
    """What to look for in a file of this name; a proxy's may have any, standard input has none."""
    if path.name.startswith("caddyfile"):
        return _SIGNS["caddyfile"]
    if path.name == "-":
        several = (signs for ending, signs in _SIGNS.items() if ending != "caddyfile")
        return {dialect: sign for signs in several for dialect, sign in signs.items()}
    return _SIGNS.get(_SAME.get(path.suffix, path.suffix), _SIGNS[".conf"])
