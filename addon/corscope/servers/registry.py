"""Which dialects are there?

Here a new dialect is listed; nothing else has to know it.
"""

import difflib
from collections.abc import Iterable

from corscope.servers.dialect import Dialect
from corscope.servers.libraries.aiohttp import AIOHTTP
from corscope.servers.libraries.aspnet_core import ASPNET_CORE
from corscope.servers.libraries.chi import CHI
from corscope.servers.libraries.django import DJANGO
from corscope.servers.libraries.echo import ECHO_GO
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.libraries.fastify import FASTIFY
from corscope.servers.libraries.flask_cors import FLASK_CORS
from corscope.servers.libraries.gin import GIN
from corscope.servers.libraries.gorilla import GORILLA
from corscope.servers.libraries.h3 import H3
from corscope.servers.libraries.hapi import HAPI
from corscope.servers.libraries.hono import HONO
from corscope.servers.libraries.koa import KOA
from corscope.servers.libraries.laravel import LARAVEL
from corscope.servers.libraries.litestar import LITESTAR
from corscope.servers.libraries.quart_cors import QUART_CORS
from corscope.servers.libraries.rack_cors import RACK_CORS
from corscope.servers.libraries.rs_cors import RS_CORS
from corscope.servers.libraries.spring import SPRING
from corscope.servers.libraries.starlette import STARLETTE
from corscope.servers.platforms.api_gateway import API_GATEWAY
from corscope.servers.platforms.azure_blob import AZURE_BLOB
from corscope.servers.platforms.gcs import GCS
from corscope.servers.platforms.s3 import S3
from corscope.servers.standard import STANDARD
from corscope.servers.web_servers.apache import APACHE
from corscope.servers.web_servers.caddy import CADDY
from corscope.servers.web_servers.envoy import ENVOY
from corscope.servers.web_servers.haproxy import HAPROXY
from corscope.servers.web_servers.nginx import NGINX
from corscope.servers.web_servers.tomcat import TOMCAT
from corscope.servers.web_servers.traefik import TRAEFIK

__all__ = ["dialects", "find", "known_as", "nearest"]

_DIALECTS = (
    STANDARD,
    EXPRESS,
    FASTIFY,
    KOA,
    HONO,
    HAPI,
    H3,
    STARLETTE,
    NGINX,
    APACHE,
    CADDY,
    HAPROXY,
    RS_CORS,
    CHI,
    GIN,
    ECHO_GO,
    GORILLA,
    RACK_CORS,
    TOMCAT,
    FLASK_CORS,
    DJANGO,
    S3,
    GCS,
    AZURE_BLOB,
    API_GATEWAY,
    AIOHTTP,
    LITESTAR,
    QUART_CORS,
    SPRING,
    LARAVEL,
    ASPNET_CORE,
    ENVOY,
    TRAEFIK,
)
_BY_NAME = {dialect.name: dialect for dialect in _DIALECTS}
_KNOWN_AS = {
    "nestjs": EXPRESS.name,
    "nest": EXPRESS.name,
    "fastapi": STARLETTE.name,
    "nitro": H3.name,
    "nuxt": H3.name,
    "go-chi": CHI.name,
    "rails": RACK_CORS.name,
    "rack": RACK_CORS.name,
    "flask": FLASK_CORS.name,
    "quart": QUART_CORS.name,
    "httpd": APACHE.name,
    "istio": ENVOY.name,
    "envoy-gateway": ENVOY.name,
    "gateway-api": ENVOY.name,
    "aws-s3": S3.name,
    "asp.net": ASPNET_CORE.name,
    "dotnet": ASPNET_CORE.name,
}
_LONGEST_TYPO = 64  # comparing costs the product of both lengths


def dialects() -> tuple[Dialect, ...]:
    """All dialects, the standard first."""
    return _DIALECTS


def find(name: str) -> Dialect | None:
    """The dialect of this name."""
    return _BY_NAME.get(name)


def known_as(word: str) -> str | None:
    """The dialect of a server that goes by another name: FastAPI is Starlette."""
    return _KNOWN_AS.get(word.lower())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a mistyped one looks most like, or another name of it is."""
    lowered = {name.lower(): name for name in known}
    if (meant := known_as(word)) in lowered:
        return meant
    found = difflib.get_close_matches(word[:_LONGEST_TYPO].lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None
