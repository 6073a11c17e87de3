"""What is Chromium told, so that it asks nothing of its own and sends all through the proxy?"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["FLAGS", "proxy_flags", "spki_hash"]

FLAGS: Final = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-search-engine-choice-screen",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--allow-browser-signin=false",
    # What can't be switched off is sent to a port that Chromium refuses to ask.
    "--gaia-url=http://127.0.0.1:1",
    "--component-updater=url-source=http://127.0.0.1:1/",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-domain-reliability",
    "--no-pings",
    "--disable-quic",  # HTTP/3 would go past the proxy
    # A page may be asked for a permission before it reaches a local server: that is no CORS,
    # and in a fresh profile it only stands in the way. Nor should http turn into https.
    "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,NetworkTimeServiceQuerying,OptimizationHints,"
    "OptimizationGuideModelDownloading,Translate",
)


def proxy_flags(proxy: tuple[str, int] | None) -> tuple[str, ...]:
    """The flags for a proxy's host and port; None for no proxy at all."""
    if proxy is None:
        return ("--no-proxy-server",)
    host, port = proxy
    # Without the second, localhost is reached past the proxy.
    return (f"--proxy-server=http://{host}:{port}", "--proxy-bypass-list=<-loopback>")


def spki_hash(certificate: Path) -> str:
    """Hash a certificate's public key as Chromium's flag wants it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(der).digest()).decode()
