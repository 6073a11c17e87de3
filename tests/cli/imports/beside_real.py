"""What is imported is held against the real server, which runs the very text that was read."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source
from corscope.messages import HeaderList, Request, Response
from corscope.servers.forwarded import answered_by, passed_on
from corscope.servers.policy import Policy
from tests.cli.imports.reading import dialect
from tests.servers.real.asked import Asked
from tests.servers.real.libraries import LIBRARIES, Library, Running

__all__ = ["differences"]

OTHER = "https://other.test"


class Heard(NamedTuple):
    """Of an answer what counts: the status, the lines of CORS and Vary by name, the body."""

    status: int
    lines: tuple[tuple[str, str], ...]
    body: bytes


def differences(
    name: str,
    texts: Sequence[str],
    origins: Sequence[str],
    library: Library | None = None,
    reader: Callable[[Source], Iterator[Found]] | None = None,
) -> list[str]:
    """The requests that the first rule of a text answers otherwise than the server that runs it.

    Args:
        name: a dialect whose library is installed.
        texts: configurations, as that library's program of the tests takes them.
        origins: what is asked for, beside another origin and none.
        library: what runs them, if not that of the dialect.
        reader: what reads them, if not that of the dialect.
    """
    library, reader = library or LIBRARIES[name], reader or IMPORTERS[name]
    library.require()
    policies = [next(iter(reader(Source("a.js", text)))).policy for text in texts]
    with Running(library, list(texts)) as server:
        assert server.errors == {}
        return [
            f"{texts[number]}\n{asked}\nreal {real}\nrule {ruled}"
            for number, (real_port, bare_port) in enumerate(
                zip(server.real, server.bare, strict=True)
            )
            for asked in _asked(origins)
            for real, ruled in [
                (
                    _heard(*_answer(real_port, asked)),
                    _ruled(name, policies[number], bare_port, asked),
                )
            ]
            if real != ruled
        ]


def _asked(origins: Sequence[str]) -> Iterator[Asked]:
    for origin in (*origins, OTHER, None):
        lines: HeaderList = () if origin is None else (("Origin", origin),)
        yield Asked("GET", "/ok", lines)
        yield Asked("OPTIONS", "/ok", lines)
        lines += (("Access-Control-Request-Method", "PUT"),)
        yield Asked("OPTIONS", "/ok", (*lines, ("Access-Control-Request-Headers", "x-a")))


def _answer(port: int, asked: Asked) -> tuple[int, HeaderList, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(asked.method, asked.path, headers=dict(asked.headers))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, tuple(response.getheaders()), body


def _ruled(name: str, policy: Policy, port: int, asked: Asked) -> Heard:
    """What the rule makes of what the application answers without the library."""
    server = dialect(name)
    assert server.complaints(policy) == ()
    request = Request(asked.method, f"http://127.0.0.1:{port}{asked.path}", asked.headers)
    made = answered_by(server, policy, request)
    if made is not None:
        return _heard(made.status, made.headers, made.body)
    status, headers, body = _answer(port, asked)
    response = passed_on(server, policy, request, Response(status, headers))
    return _heard(response.status, response.headers, body)


def _heard(status: int, headers: HeaderList, body: bytes) -> Heard:
    told = ("access-", "vary", "content-type", "etag")
    lines = sorted((n.lower(), v) for n, v in headers if n.lower().startswith(told))
    return Heard(status, tuple(lines), body)
