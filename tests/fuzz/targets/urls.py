"""Any URL: parsed to the same again, joined with any Location, masked without a secret."""

from __future__ import annotations

from corscope.fetch.engines import Engine
from corscope.fetch.headers import FAILURE
from corscope.fetch.hop import begin, preflight_request, redirected
from corscope.fetch.origin import origin_of_url, parse_serialized_origin
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.fetch.url import DEFAULT_PORTS, Url, parse_url
from corscope.journal.lines.masking import masked_url, plain_url
from corscope.messages import Response
from corscope.rules.glob import glob_matches, split_host, split_url_glob

__all__ = ["fuzz_one"]

APP = "https://app.example"
API = "https://api.example/items"


def fuzz_one(data: bytes) -> None:
    """The first line is a URL, the rest a Location that a redirect to there has."""
    first, _, rest = data.decode("latin-1").partition("\n")
    for text in (first, rest):
        _check_parsed(text)
        _check_masked(text)
        _check_glob(text)
    for engine in Engine:
        _check_redirect(rest, first if parse_url(first) else API, engine)


def _check_parsed(text: str) -> None:
    parsed = parse_url(text)
    origin = origin_of_url(text)
    written = parse_serialized_origin(text)
    assert written is None or str(written) == text
    if parsed is None:
        assert origin is None
        return
    assert parse_url(_written(parsed)) == parsed, _written(parsed)
    if origin is not None:
        assert origin_of_url(str(origin)) == origin


def _written(url: Url) -> str:
    """The URL without its path, as https://url.spec.whatwg.org/#url-serializing has it."""
    if url.host is None:
        return f"{url.scheme}:"
    assert url.port != DEFAULT_PORTS.get(url.scheme) or url.port is None
    userinfo = "user@" if url.includes_credentials else ""
    return f"{url.scheme}://{userinfo}{url.host}{'' if url.port is None else f':{url.port}'}/"


def _check_masked(text: str) -> None:
    """Masking hides, and what is masked has nothing left to hide."""
    for mask in (plain_url, masked_url):
        once = mask(text)
        assert mask(once) == once, once
        assert "#" not in once
        parsed = parse_url(once)
        assert (
            parsed is None
            or parsed.scheme not in {"http", "https"}
            or not (parsed.includes_credentials)
        )


def _check_glob(text: str) -> None:
    """A URL matches itself, and so does its host; no pattern is a mistake for who matches."""
    glob = split_url_glob(text)
    assert glob is None or "*" in text or glob.matches(glob)
    split_host(text)
    assert glob_matches(text, text)


def _check_redirect(location: str, url: str, engine: Engine) -> None:
    response = Response(307, (("Location", location),))
    target = location_url(response, url, engine)
    assert target is None or target == FAILURE or parse_url(target) is not None
    redirect_failure(response, url, engine)
    hop = redirected(begin(APP, url, "PUT", (("X-A", location),)), response, engine)
    if hop is not None:
        preflight_request(hop, engine)
