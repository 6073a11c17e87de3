"""What does it mean that no connection came about, so that there is no exchange to tell of?

Worded for the event log. A browser that can't open its tunnel, or breaks it off, tells script what
it tells it of a CORS error: that the fetch has failed.
"""

from typing import Final

from corscope.explain.escape import escaped

__all__ = ["unreached_text", "untrusted_text"]

_FIXES: Final = {
    "dns": "mend the host's name in the page, or let it be known here.",
    "refused": "start the server, or mend its address.",
    "timeout": "see whether the server runs, and whether a firewall stands before it.",
    "unreachable": "see whether this machine is on the server's network.",
}
_NO_CAUSE_KNOWN: Final = "see whether the server runs, and whether its address is right."


def unreached_text(address: str, cause: str | None, error: str) -> str:
    """What to say where the proxy can't connect to where a browser wants a tunnel to.

    Args:
        address: host and port.
        cause: a word for what happened, None where it isn't known.
        error: the same in the system's words.
    """
    known = f"{cause}: " if cause else ""
    return (
        f"No CORS error: no connection to {escaped(address)} ({known}{escaped(error)}), so the "
        "browser's request wasn't sent. Chromium prints net::ERR_TUNNEL_CONNECTION_FAILED, Firefox "
        f'"CORS request did not succeed". Fix: {_FIXES.get(cause or "", _NO_CAUSE_KNOWN)}'
    )


def untrusted_text(host: str) -> str:
    """What to say where a browser refuses the certificate that mitmproxy shows for a host."""
    return (
        "No CORS error: the browser doesn't trust mitmproxy's certificate for "
        f"{escaped(host)}, so its request wasn't sent. Fix: let it trust mitmproxy's certificate "
        "authority, see http://mitm.it, or take a browser from `corscope run --browser`."
    )
