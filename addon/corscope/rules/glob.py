"""Does a text match a pattern in which `*` stands for any characters?

A pattern is compared piece by piece with string searches: no regex is built from what a user
wrote, so that no pattern can take more than linear time. Nothing but `*` is special.
"""

from dataclasses import dataclass

from corscope.fetch.origin import DEFAULT_PORTS

__all__ = ["HostName", "UrlGlob", "glob_matches", "host_matches", "split_host", "split_url_glob"]


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches; `*` stands for any characters, also for none."""
    first, *others = pattern.split("*")
    if not others:
        return text == first
    *middle, last = others
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        position = text.find(piece, position, end)
        if position < 0:
            return False
        position += len(piece)
    return text.endswith(last)


@dataclass(frozen=True, slots=True)
class UrlGlob:
    """A glob over a whole URL in its three parts.

    Each part is matched on its own. Otherwise `https://*.example.com/*` would match
    `https://evil.test/a.example.com/`, and a rule meant for one's own hosts loosen another's.
    A glob that begins with an asterisk and has no scheme is meant for any host: it is `whole`.
    """

    scheme: str
    host: str
    rest: str
    whole: str | None = None

    def matches(self, url: "UrlGlob") -> bool:
        """Whether a URL, split the same way, matches."""
        if self.whole is not None:
            return glob_matches(self.whole, str(url))
        return self.matches_before_path(url) and glob_matches(self.rest, url.rest)

    def matches_before_path(self, url: "UrlGlob") -> bool:
        """Whether scheme and host match; a port may be the one that a URL leaves out."""
        if not glob_matches(self.scheme, url.scheme):
            return False
        return glob_matches(self.host, url.host) or (
            ":" in self.host and glob_matches(self.host, _with_port(url))
        )

    def __str__(self) -> str:
        """The URL or the glob, as it was before it was split."""
        if self.whole is not None:
            return self.whole
        runs_on = self.host.endswith("*") and self.rest == "*"
        return f"{self.scheme}://{self.host}{'' if runs_on else self.rest}"


def _with_port(url: UrlGlob) -> str:
    """The host with the port that is asked, which URLs leave out where it is the default."""
    host = split_host(url.host)
    return f"{host.name}:{host.port or DEFAULT_PORTS.get(url.scheme, '')}"


def split_url_glob(text: str) -> UrlGlob | None:
    """Split an absolute URL or a glob over one; None if it has no scheme, host or path.

    Scheme and host are folded to lower case, as they are in the URL that a browser sends. An
    asterisk at the end of the host, with no path behind it, runs on through the path.
    """
    scheme, separator, after = text.partition("://")
    if not separator:
        return UrlGlob("*", "*", "*", whole=text) if text.startswith("*") else None
    host, slash, path = after.partition("/")
    if not slash and host.endswith("*"):
        return UrlGlob(scheme.lower(), host.lower(), "*")
    if not slash or not host:
        return None
    return UrlGlob(scheme.lower(), host.lower(), slash + path)


@dataclass(frozen=True, slots=True)
class HostName:
    """A host, or a pattern of hosts, and its port; None where none is named."""

    name: str
    port: str | None

    def __str__(self) -> str:
        """As it was before it was split."""
        return self.name if self.port is None else f"{self.name}:{self.port}"


def split_host(text: str) -> HostName:
    """Split `host`, `host:port` or `[address]:port`, folded to lower case."""
    name, colon, port = text.lower().rpartition(":")
    if not colon or port.endswith("]"):
        return HostName(text.lower(), None)
    return HostName(name, port)


def host_matches(pattern: HostName, host: HostName, scheme: str) -> bool:
    """Whether a host matches; a pattern without a port matches any port."""
    if not glob_matches(pattern.name, host.name):
        return False
    if pattern.port is None:
        return True
    return glob_matches(pattern.port, host.port or str(DEFAULT_PORTS.get(scheme, "")))
