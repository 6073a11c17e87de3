"""Which formats can be imported, and how is a file's own told?"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Final

from corscope.cli.imports.apache import read_apache
from corscope.cli.imports.aspnet_core import read_aspnet_core
from corscope.cli.imports.caddy import read_caddy
from corscope.cli.imports.clouds import read_api_gateway, read_azure_blob, read_gcs, read_s3
from corscope.cli.imports.envoy import read_envoy
from corscope.cli.imports.go_libraries import read_echo, read_gin, read_gorilla, read_rs_cors
from corscope.cli.imports.haproxy import read_haproxy
from corscope.cli.imports.javascript_libraries import (
    read_express,
    read_fastify,
    read_h3,
    read_hapi,
    read_hono,
    read_koa,
)
from corscope.cli.imports.laravel import read_laravel
from corscope.cli.imports.nginx import read_nginx
from corscope.cli.imports.python_libraries import (
    read_aiohttp,
    read_django,
    read_flask_cors,
    read_litestar,
    read_quart_cors,
    read_starlette,
)
from corscope.cli.imports.ruby_libraries import read_rack_cors
from corscope.cli.imports.spring import read_spring
from corscope.cli.imports.tomcat import read_tomcat
from corscope.cli.imports.traefik import read_traefik
from corscope.cli.imports.tree import Found, Source

__all__ = ["IMPORTERS", "guess"]

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

_HAPROXY: Final = r"^[ \t]*(http-(request|(after-)?response)|rspadd|hdr)\s.*(?i:access-control-)"
_SIGNS: Final = {
    ".js": {
        "express": r"""["']cors["']|\.enableCors\(""",
        "fastify": r"@fastify/cors",
        "koa": r"@koa/cors",
        "hono": r"hono/cors",
        "hapi": r"@hapi/hapi",
        "h3": r"handleCors\(",
    },
    ".py": {
        "starlette": r"\bCORSMiddleware\b",
        "litestar": r"\bCORSConfig\b",
        "flask-cors": r"\bflask_cors\b",
        "quart-cors": r"\bquart_cors\b",
        "django": r"^CORS_\w+\s*=|\bcorsheaders\b",
        "aiohttp": r"\baiohttp_cors\b",
    },
    ".go": {
        "rs-cors": r"github\.com/(rs|go-chi)/cors\b",
        "gin": r"github\.com/gin-contrib/cors\b",
        "echo": r"github\.com/labstack/echo/(v\d+/)?middleware\b",
        "gorilla": r"github\.com/gorilla/handlers\b",
    },
    ".rb": {"rack-cors": r"\bRack::Cors\b"},
    ".conf": {
        "haproxy": _HAPROXY,
        "nginx": r"^[ \t]*add_header\s+[\"']?access-control-",
        "apache": r"^[ \t]*header\s+(always\s+|onsuccess\s+)?(set|add|unset)\s+[\"']?"
        r"access-control-",
    },
    ".cfg": {"haproxy": _HAPROXY},
    "caddyfile": {"caddy": r"(?i)access-control-"},
    ".cs": {"aspnet-core": r"\b(UseCors|AddCors|CorsPolicyBuilder)\b"},
    ".php": {"laravel": r"[\"']allowed_?[oO]rigins"},
    ".java": {"spring": r"\bCorsConfiguration\b|\bCorsRegistry\b|@CrossOrigin\b"},
    ".json": {
        "s3": r"\bCORSRules\b|\bMaxAgeSeconds\b|<CORSConfiguration\b",
        "gcs": r"\bresponseHeader\b|\bmaxAgeSeconds\b|<CorsConfig\b",
        "azure-blob": r"\bmaxAgeInSeconds\b|<CorsRule\b",
        "tomcat": r"org\.apache\.catalina\.filters\.CorsFilter",
        "spring": r"^[ \t]*[\"']?[\w.-]*globalcors\b",
        "api-gateway": r"\A(?![\s\S]*^kind:)[\s\S]*\b[aA]llowOrigins\b|x-amazon-apigateway-cors",
        "envoy": r"envoy\.filters\.http\.cors|\bcorsPolicy\b|\btype: CORS\b|^kind: Security",
        "traefik": r"(?i:accesscontrol(allow|expose|max)|addvaryheader)",
    },
}
"""What only that server's files have, by the name's ending."""

_SAME: Final = {
    **dict.fromkeys((".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"), ".js"),
    ".ru": ".rb",
    **dict.fromkeys((".xml", ".yaml", ".yml", ".toml"), ".json"),
}


def guess(source: Source) -> list[str]:
    """The dialects whose signs a file bears; it is certain if there is one."""
    path = PurePath(source.name.lower())
    ending = path.suffix or path.name
    signs = _SIGNS.get(_SAME.get(ending, ending), {})
    return [
        dialect
        for dialect, sign in signs.items()
        if re.search(sign, source.text, re.MULTILINE | (re.IGNORECASE if ending == ".conf" else 0))
    ]
