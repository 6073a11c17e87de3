"""Secrets that can be told apart, a session that is full of them, and where they come out again."""

from __future__ import annotations

import json
import re
import secrets
import socket
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable

from .proxy import Proxy
from .test_http2 import Http2
from .wire import PAGE, RawServer, ask, preflight, reply

__all__ = ["IN_QUERIES", "RULES", "Secrets", "session"]

RULES = """
[[rule]]
name = "edits"
match.host = "edit.test"
headers.set = { Access-Control-Allow-Origin = "{origin}", X-Asked = "{method} {headers} {host}" }

[[rule]]
name = "answers"
match.host = "open.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["PUT"] }

[[rule]]
name = "would answer"
mode = "shadow"
match.host = "shadow.test"
policy.allow_origins = "*"

[[rule]]
name = "sends away"
match.host = "away.test"
fault.redirect = "https://login.test/"
"""

IN_QUERIES = frozenset(
    {
        "query",
        "query without a name",
        "query in base64",
        "query of a preflight",
        "query of a Location",
    }
)
"""The places that `cors_urls = "full"` shows."""

ALLOWED = (f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Credentials: true")
MODERN = ("User-Agent: AppleWebKit/537.36 Chrome/156.0.0.0", "Sec-Fetch-Mode: cors")


class Secrets:
    """One secret for each place, made when it is first asked for."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def __getitem__(self, place: str) -> str:
        return self.of.setdefault(place, f"s3cr3t{secrets.token_hex(8)}")

    def found(self, text: str) -> set[str]:
        """The places whose secrets stand in a text, in whatever form."""
        text = "\n".join([text, *_unpacked(text)]).lower()
        return {
            place for place, secret in self.of.items() if any(f in text for f in _forms(secret))
        }


def _forms(secret: str) -> Iterable[str]:
    """A secret as it is, in hexadecimal, percent-encoded, and in base64 wherever it begins."""
    yield secret
    yield secret.encode().hex()
    yield "".join(f"%{byte:02x}" for byte in secret.encode())
    yield "".join(f"\\u{ord(char):04x}" for char in secret)
    yield "".join(f"&#{ord(char)};" for char in secret)
    for before in range(3):
        coded = b64encode(b"\0" * before + secret.encode()).decode()
        yield coded[4:-4].lower()


def _unpacked(text: str) -> Iterable[str]:
    """What a report holds packed."""
    for packet in re.findall(r'<script type="text/plain"[^>]*>([^<]+)</script>', text):
        yield json.dumps(json.loads(zlib.decompress(b64decode(packet))))


def session(proxy: Proxy, server: RawServer, secret: Secrets) -> None:
    """Ask in all the ways in which a secret comes by."""
    _let_answer(server, secret)
    carried = _carried(secret)
    for host in ("api", "edit", "open", "shadow", "away", "other"):
        url = f"http://{host}.test/items"
        query = f"?token={secret['query']}&{secret['query without a name']}#{secret['fragment']}"
        body = json.dumps({"password": secret["request body"]}).encode()
        named = "Access-Control-Request-Headers: x-api-key,authorization"
        asked = f"{url}?t={secret['query of a preflight']}"
        proxy.ask(preflight(asked, "PUT", named, f"Referer: {PAGE}/?{secret['referrer']}"))
        proxy.ask(ask(url + query, *carried, *MODERN))
        proxy.ask(ask(url + query, *carried, method="PUT", body=body))
        for before in ("", " "):  # so that it ends in two equals signs, and in one
            coded = b64encode(f"{before}{secret['query in base64']}".encode()).decode()
            proxy.ask(ask(f"{url}?{coded}", *carried, *MODERN))
        proxy.ask(ask(f"{url}/stream", *carried, method="POST", body=body * 100))
        for name in ("moved", "moved/odd", "moved/odder", "login", "challenge", "broken", "torn"):
            proxy.ask(ask(f"{url}/{name}", *carried, *MODERN))
            proxy.ask(preflight(f"{url}/{name}", "PUT", *MODERN))
        proxy.ask(ask(f"{url}/image", *carried, "Sec-Fetch-Mode: no-cors", origin=None))
        proxy.ask(ask(f"{url}/same", f'If-None-Match: "{secret["etag"]}"', *MODERN))
    with Http2(proxy.port, "secure.test") as client:
        headers = [line.partition(": ")[::2] for line in carried]
        client.headers(client.send("/items?token=" + secret["query"], *_lower(headers)))


def _lower(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers]


def _carried(secret: Secrets) -> tuple[str, ...]:
    """What browsers and scripts send along."""
    basic = b64encode(f"{secret['basic user']}:{secret['basic password']}".encode()).decode()
    return (
        f"Cookie: sid={secret['cookie']}; theme=dark",
        f"Authorization: Bearer {secret['bearer token']}",
        f"Authorization: Basic {basic}",
        f"X-Api-Key: {secret['api key']}",
        f"X-Csrf-Token: {secret['csrf token']}",
        f"Referer: {PAGE}/reset?token={secret['referrer']}",
        f"Sec-WebSocket-Protocol: {secret['websocket protocol']}",
        "Content-Type: application/json",
    )


def _let_answer(server: RawServer, secret: Secrets) -> None:
    answer = (
        *ALLOWED,
        f"Set-Cookie: sid={secret['set-cookie']}; HttpOnly",
        f"X-Token: {secret['response header']}",
        f"WWW-Authenticate: Bearer realm={secret['realm']}",
        f'ETag: "{secret["etag"]}"',
        f"Link: <https://api.test/?{secret['link']}>",
    )
    body = json.dumps({"token": secret["response body"]}).encode()
    locations = {
        "moved": f"http://{secret['location user']}:{secret['location password']}@other.test/items"
        f"?code={secret['query of a Location']}#access_token={secret['location fragment']}",
        "moved/odd": f"http:/\t/{secret['odd location']}@other.test/items",
        "moved/odder": f"\\\\{secret['odder location']}@other.test/items?#{secret['fragment']}",
        "login": f"https://login.test/signin?state={secret['query of a Location']}",
    }

    def chunked(connection: socket.socket) -> None:
        head = "\r\n".join(("HTTP/1.1 200 OK", *answer, "Transfer-Encoding: chunked", "", ""))
        piece = secret["streamed body"].encode() * 100
        connection.sendall(head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(piece), piece))

    def broken(connection: socket.socket) -> None:
        line = f"Set-Cookie sid={secret['line that breaks']}"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n".encode())

    def torn(connection: socket.socket) -> None:
        connection.sendall(f"{secret['no answer at all']}\r\n\r\n".encode())

    for host in ("api", "edit", "open", "shadow", "away", "other", "secure"):
        url = f"http://{host}.test/items"
        server.answers |= {
            url: reply(*(answer if host != "other" else answer[1:]), body=body),
            f"{url}/stream": chunked,
            f"{url}/broken": broken,
            f"{url}/torn": torn,
            f"{url}/challenge": reply(*answer[2:], status="401 Unauthorized", body=body),
            f"{url}/image": reply(*answer[2:], "Cross-Origin-Resource-Policy: same-origin"),
            f"{url}/same": reply(*answer[3:], status="304 Not Modified", body=b""),
        }
        for name, location in locations.items():
            moved = reply(*answer, f"Location: {location}", status="302 Found", body=body)
            server.answers[f"{url}/{name}"] = moved
