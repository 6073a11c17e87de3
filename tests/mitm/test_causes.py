"""mitmproxy's own words for what failed, as seen of versions 11 and 12."""

from __future__ import annotations

import pytest

from corscope.mitm.record.causes import cause_of


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("[Errno -2] Name or service not known", "dns"),
        ("[Errno 8] nodename nor servname provided, or not known", "dns"),
        ("[Errno 11001] getaddrinfo failed", "dns"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 44515)", "refused"),
        (
            "Multiple exceptions: [Errno 61] Connect call failed ('::1', 80), "
            "[Errno 61] Connect call failed ('127.0.0.1', 80)",
            "refused",
        ),
        ("[WinError 1225] The remote computer refused the network connection", "refused"),
        ("[Errno 110] Connect call failed ('192.0.2.1', 80)", "timeout"),
        ("[Errno 113] Connect call failed ('192.0.2.1', 80)", "unreachable"),
        ("The remote server does not speak TLS.", "tls"),
        ("Certificate verify failed: self-signed certificate", "tls"),
        ("Invalid request scheme: ws", "scheme"),
        ("Cannot parse HTTP response: Bad HTTP response line: b'hello there'", "invalid"),
        ("server closed connection", "closed"),
        ("connection closed", "closed"),
        ("unexpected server response: b'HTTP/1.1 200 OK\\r\\nAccess'", "closed"),
        ("something else", None),
        ("", None),
    ],
)
def test_the_message_tells_the_cause(message: str, cause: str | None) -> None:
    assert cause_of(message) == cause
