"""What kept the server from answering? Told by the message that mitmproxy leaves on the flow.

The messages are those of mitmproxy 11 and 12, and of the operating systems: Linux, macOS, Windows.
"""

import re
from typing import Final

__all__ = ["cause_of"]

_CAUSES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("dns", re.compile(r"\[Errno (?:-[2-5]|8|1100[1-4])\]|getaddrinfo|Name or service not known")),
    ("refused", re.compile(r"\[(?:Errno|WinError) (?:111|61|10061|1225)\]")),
    ("timeout", re.compile(r"\[(?:Errno|WinError) (?:110|60|10060|121)\]|timed? ?out", re.I)),
    ("unreachable", re.compile(r"\[(?:Errno|WinError) (?:101|113|51|65|10051|10065|1231)\]")),
    ("tls", re.compile(r"\bTLS\b|\bSSL\b|certificate", re.I)),
    ("invalid", re.compile(r"Cannot parse|protocol error", re.I)),
    ("scheme", re.compile(r"Invalid request scheme")),
    ("closed", re.compile(r"closed|unexpected server response|reset by|EOF", re.I)),
)


def cause_of(message: str) -> str | None:
    """A word for what happened; None for a message that says nothing known.

    Returns:
        "dns" (the host's name isn't known), "refused", "timeout", "unreachable", "tls" (the server
        speaks none, or shows a certificate that mitmproxy doesn't take), "invalid" (the answer
        can't be read), "scheme" (mitmproxy passes no such request on) or "closed" (the server hung
        up).
    """
    return next((cause for cause, pattern in _CAUSES if pattern.search(message)), None)
