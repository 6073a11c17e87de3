"""What failed before there was a request? The event log tells, once a host and cause.

No exchange begins where a tunnel isn't opened or its TLS breaks off, so the journal has nothing to
say of it: which page wanted what doesn't show.
"""

import logging
import re
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from mitmproxy import http, tls
from mitmproxy.utils import human

from corscope.explain.connections import unreached_text, untrusted_text
from corscope.journal.alike.memo import Shelf
from corscope.journal.lines.masking import masked_error
from corscope.mitm.guard import harmless
from corscope.mitm.record.causes import cause_of

__all__ = ["Connections"]

QUIET_SECONDS: Final = 10.0
"""For so long the same isn't said again: a browser tries a host several times."""

MOST_TOLD: Final = 1_000
MOST_CHARACTERS: Final = 1_000_000
"""So much is remembered of what was said, since a host may have any name."""

# The alerts of https://www.rfc-editor.org/rfc/rfc8446#section-6.2 by which a client refuses a
# certificate, as OpenSSL names them.
_REFUSED: Final = re.compile("unknown ca|bad certificate|certificate unknown")

logger = logging.getLogger("corscope")


@dataclass(slots=True)
class Connections:
    """Two of mitmproxy's hooks; `told` is when what was said last."""

    told: "Shelf[tuple[str, str], float]" = field(
        default_factory=lambda: Shelf(MOST_TOLD, MOST_CHARACTERS)
    )

    @harmless
    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        """A tunnel was refused: by mitmproxy, since it can't connect, or by another addon."""
        error = flow.server_conn.error
        if error is None:
            return
        address = human.format_address((flow.request.host, flow.request.port))
        cause, shown = cause_of(error), masked_error(error)
        self._tell(address, cause or shown, unreached_text(address, cause, shown))

    @harmless
    def tls_failed_client(self, data: tls.TlsData) -> None:
        """A client broke TLS off; one that says so doesn't like the certificate."""
        if not _REFUSED.search(data.conn.error or ""):
            return
        host = data.conn.sni or human.format_address(data.context.server.address)
        self._tell(host, "untrusted", untrusted_text(host))

    def _tell(self, host: str, cause: str, text: str) -> None:
        now, key = monotonic(), (host, cause)
        before = self.told.get(key)
        if before is not None and now - before < QUIET_SECONDS:
            return
        self.told.put(key, now, len(host) + len(cause))
        logger.warning(text)
