"""The same requests to a real server and, through mitmdump with the rule, to its bare backend."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from corscope.fetch.headers import normalize
from corscope.rules.write import rule_text
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy
from tests.support.mitmdump import Mitmdump

from .asked import Asked
from .libraries import Library, Running

__all__ = ["Difference", "Played", "differences"]

AT_ONCE = 4
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What counts of an answer: status, CORS and Vary lines in order, what it says to OPTIONS.

    That is the body, and the lines that are about it. What other answers say is the application's;
    of them counts only whether they are empty.
    """

    status: int
    lines: tuple[tuple[str, str], ...]
    body: str
    about_body: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that the real server answers otherwise than the rule."""

    policy: Policy
    asked: Asked
    real: Picture
    ruled: Picture

    def __str__(self) -> str:
        return f"{self.policy}\n  {self.asked}\n    real: {self.real}\n    rule: {self.ruled}"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: `refused` has the server's words by the policy that it didn't start with."""

    compared: int
    differences: tuple[Difference, ...]
    refused: Mapping[Policy, str]


def differences(
    dialect: Dialect,
    library: Library,
    asked: Mapping[Policy, Sequence[Asked]],
    folder: Path,
) -> Played:
    """Ask both sides all that, each policy in the server's own configuration and as a rule.

    Args:
        dialect: what imitates the server; its exports configure it.
        library: the server itself.
        asked: policies that the dialect can have, each with the requests to be compared.
        folder: a folder of the caller's own for mitmdump's files.
    """
    assert dialect.export is not None
    policies = list(asked)
    configs = [dialect.export(policy).text for policy in policies]
    with Running(library, configs) as server:
        rules = folder / "rules.toml"
        rules.write_text(
            "\n".join(
                rule_text(f"policy {n}", {"host": f"127.0.0.1:{port}"}, policy, dialect)
                for n, (policy, port) in enumerate(zip(policies, server.bare, strict=True))
            ),
            encoding="utf-8",
        )
        options = {"cors_rules": rules, "cors_fresh": False, "flow_detail": 0}
        with Mitmdump(folder, options=options) as proxy:
            assert "not applied" not in proxy.log()
            jobs = [
                (policies[n], asked[policies[n]], server.real[n], server.bare[n], proxy.port)
                for n in range(len(policies))
                if n not in server.errors
            ]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found = [each for several in pool.map(_compare, jobs) for each in several]
    wrong = tuple(d for d in found if not _is_same(d, library))
    refused = {policies[number]: words for number, words in server.errors.items()}
    return Played(len(found), wrong, refused)


def _sorted(value: str) -> str:
    """A list with its members in order, and its commas as they were."""
    comma = ", " if ", " in value else ","
    return comma.join(sorted(value.split(comma)))


def _compare(job: tuple[Policy, Sequence[Asked], int, int, int]) -> list[Difference]:
    policy, asked, real, bare, proxy = job
    direct = _Client(real)
    ruled = _Client(proxy, f"http://127.0.0.1:{bare}")
    return [Difference(policy, each, direct.ask(each), ruled.ask(each)) for each in asked]


def _is_same(found: Difference, library: Library) -> bool:
    return _comparable(found.real, library) == _comparable(found.ruled, library)


def _comparable(picture: Picture, library: Library) -> Picture:
    """The picture without what is not the same in each of the server's processes."""
    lines, body = picture.lines, picture.body
    if not library.has_stable_lists:
        lines = tuple((name, _sorted(value)) for name, value in lines)
        body = " ".join(sorted(body.replace(",", " ").split()))
    lines = lines if library.is_ordered else tuple(sorted(lines))
    return replace(picture, lines=lines, body=body)


class _Client:
    """Asks one server over one connection, which is made anew when the server closes it."""

    def __init__(self, port: int, base: str = "") -> None:
        self._origin = base or f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._base = base

    def ask(self, asked: Asked) -> Picture:
        """Send the request, and give what counts of the answer.

        A connection may have been closed since its last answer: ours, or, which shows as a 502, the
        proxy's to the server. Either is asked again once.
        """
        for is_last in (False, True):
            try:
                picture = self._ask(asked)
                if picture.status != 502 or is_last:
                    return picture
            except (http.client.HTTPException, ConnectionError):
                self._connection.close()
        # The server ends it without an answer; so a gateway before it tells that.
        return Picture(502, (), "" if asked.method == "HEAD" else "body")

    def _ask(self, asked: Asked) -> Picture:
        connection = self._connection
        connection.putrequest(asked.method, self._base + asked.path, skip_accept_encoding=True)
        for name, value in asked.headers:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        response = connection.getresponse()
        body = response.read().decode("latin-1").replace(self._origin, "")
        if asked.method != "OPTIONS":
            return Picture(response.status, tuple(_lines(response)), body and "body")
        about_body = frozenset(_about_body(response))
        return Picture(response.status, tuple(_lines(response)), body, about_body)


def _lines(response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    """What stands in the lines: space around a value is no part of it (RFC 9110, section 5.5)."""
    for name, value in response.getheaders():
        if name.lower() == "vary" or name.lower().startswith("access-control-"):
            yield name.lower(), normalize(value)


def _about_body(response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    """What is said of the body; its length only where there is none, and some say so."""
    for name, value in response.getheaders():
        is_length = name.lower() == "content-length" and response.status in {204, 304}
        if is_length or name.lower() in {"content-type", "cache-control"}:
            yield name.lower(), value
