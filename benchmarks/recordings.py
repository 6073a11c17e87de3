"""How is a session written as programs save it? As a flow file of mitmproxy's, and as a HAR.

Nothing is kept but what is being written, so that a file may be of any size.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mitmproxy import certs, connection, http
from mitmproxy.io import FlowWriter

from benchmarks.traffic import Body, Sample
from corscope.messages import HeaderList

__all__ = ["flow_of", "write_flows", "write_har"]


def write_flows(path: Path, samples: Iterable[Sample], size: int) -> int:
    """Write a flow file of about so many bytes; returns how many flows are in it."""
    count = 0
    with path.open("wb") as stream:
        writer = FlowWriter(stream)
        for sample in samples:
            if stream.tell() >= size:
                break
            writer.add(flow_of(sample))
            count += 1
    return count


def write_har(path: Path, samples: Iterable[Sample], size: int, indent: int | None) -> int:
    """Write a HAR of about so many bytes; returns how many entries are in it.

    Browsers indent by 2; without an indent it is written as other tools do, in one line.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        creator = {"name": "WebInspector", "version": "537.36"}
        log = json.dumps({"version": "1.2", "creator": creator, "pages": []})
        stream.write(f'{{"log": {log[:-1]}, "entries": [')
        written = 0
        for sample in samples:
            if written >= size:
                break
            written += stream.write(f"{',' if count else ''}{_entry(sample, indent)}")
            count += 1
        stream.write("]}}")
    return count


def flow_of(sample: Sample) -> http.HTTPFlow:
    """The flow that mitmproxy would have of it."""
    asked, client = sample.time.timestamp(), _client(sample.user_agent)
    answered = asked + sample.took.total_seconds()
    request = http.Request.make(sample.request.method, sample.request.url)
    request.http_version = "HTTP/1.1"
    request.headers = _headers(sample.request.headers)
    request.timestamp_start, request.timestamp_end = asked, asked + 0.0001
    response = http.Response(
        http_version=b"HTTP/1.1",
        status_code=sample.response.status,
        reason=b"OK",
        headers=_headers(sample.response.headers),
        content=sample.body.content,
        trailers=None,
        timestamp_start=answered,
        timestamp_end=answered + 0.001,
    )
    flow = http.HTTPFlow(client, _server(request.host))
    flow.id, flow.timestamp_created = sample.id, asked
    flow.request, flow.response = request, response
    return flow


def _headers(headers: HeaderList) -> http.Headers:
    return http.Headers([(name.encode(), value.encode()) for name, value in headers])


@cache
def _client(user_agent: str) -> connection.Client:
    port = 50_000 + len(user_agent)
    client = connection.Client(peername=("127.0.0.1", port), sockname=("127.0.0.1", 8080))
    _secure(client, user_agent)
    return client


@cache
def _server(host: str) -> connection.Server:
    server = connection.Server(address=(host, 443))
    server.peername, server.sockname = ("192.0.2.1", 443), ("192.0.2.2", 50_001)
    _secure(server, host)
    server.certificate_list = _certificates(host)
    return server


def _secure(end: connection.Connection, name: str) -> None:
    """What TLS leaves on a connection."""
    end.sni = name[:60]
    end.tls, end.tls_version, end.cipher = True, "TLSv1.3", "TLS_AES_256_GCM_SHA384"
    end.alpn, end.alpn_offers = b"http/1.1", [b"http/1.1"]
    end.timestamp_start = end.timestamp_tls_setup = 1767258000.0


@cache
def _certificates(host: str) -> list[certs.Cert]:
    """A host's certificate with its authority's, as servers send them."""
    store = _authority()
    return [store.get_cert(host, [], None).cert, store.default_ca]


@cache
def _authority() -> certs.CertStore:
    with TemporaryDirectory() as folder:
        return certs.CertStore.from_store(folder, "mitmproxy", 2048)


def _entry(sample: Sample, indent: int | None) -> str:
    text = json.dumps(_har_object(sample), indent=indent, ensure_ascii=False)
    return text if indent is None else text.replace("\n", "\n      ").join(("\n      ", ""))


def _har_object(sample: Sample) -> dict[str, Any]:
    """An entry with the fields that Chromium writes."""
    request, response, took = sample.request, sample.response, sample.took.total_seconds() * 1000
    return {
        "_connectionId": "1234",
        "_initiator": {"type": "script", "stack": {"callFrames": list(_frames(sample))}},
        "_priority": "High",
        "_resourceType": "fetch",
        "cache": {},
        "connection": "443",
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "http/1.1",
            "headers": _named(request.headers),
            "queryString": [],
            "cookies": [],
            "headersSize": 700,
            "bodySize": 0,
        },
        "response": {
            "status": response.status,
            "statusText": "OK",
            "httpVersion": "http/1.1",
            "headers": _named(response.headers),
            "cookies": [],
            "content": _content(sample.body),
            "redirectURL": "",
            "headersSize": 500,
            "bodySize": len(sample.body.content),
            "_transferSize": len(sample.body.content) + 500,
            "_error": None,
        },
        "serverIPAddress": "192.0.2.1",
        "startedDateTime": sample.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": took,
        "timings": {
            **dict.fromkeys(("blocked", "dns", "ssl", "connect", "send"), 1.0),
            "wait": took - 5,
            "receive": 0.5,
            "_blocked_queueing": 0.7,
        },
    }


def _frames(sample: Sample) -> Iterator[dict[str, Any]]:
    """Where in the page's scripts it was asked for."""
    for name in ("request", "load", "dispatch"):
        yield {
            "functionName": name,
            "scriptId": "17",
            "url": sample.request.url.partition("?")[0],
            "lineNumber": 12,
            "columnNumber": 34567,
        }


def _named(headers: HeaderList) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _content(body: Body) -> dict[str, Any]:
    about = {"size": len(body.content), "mimeType": body.mime}
    if body.is_text:
        return about | {"text": body.content.decode("utf-8", "replace")}
    return about | {"text": base64.b64encode(body.content).decode(), "encoding": "base64"}
