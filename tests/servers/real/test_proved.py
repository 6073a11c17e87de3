"""A rule answers as the real server does, header for header: both get the same requests.

The servers that are used most are compared in each run, of the others a few by lot;
`CORSCOPE_SERVERS=all` compares them all, or names some. `CORSCOPE_SEED` repeats a random run, see
`seeds`, and `CORSCOPE_POLICIES` says how many random policies each server gets beside the picked
ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from corscope.servers.dialect import Dialect, Evidence, Export
from corscope.servers.policy import Policy
from corscope.servers.registry import dialects, find
from tests.support.seeds import seed

from .asked import APP, ASKED, FORWARDED, STATUSES, VARIED, Asked, generate_asked
from .comparison import differences
from .libraries import LIBRARIES, Running
from .policies import ODD, POLICIES, generate_policies, policies_of_settings
from .regexes import REGEX_ORIGINS, generate_regex

pytestmark = pytest.mark.server

SEED = seed()
COUNT = int(os.environ.get("CORSCOPE_POLICIES") or 25)
REQUESTS = 25
ORIGINS = 20

SET_BY_KOA = {404, 405, 501}
UNKNOWABLE = {
    "handled_errors": (("/crash",), ("/status/500",)),
    "routed_errors": (("/missing",), ("/status/404",)),
    "thrown_errors": (
        tuple(f"/status/{each}" for each in STATUSES if each >= 400 and each not in SET_BY_KOA),
        ("/thrown", "/crash"),
    ),
}
"""The settings that say what a proxy can't see: what isn't asked where they hold, or don't."""

FORWARDING = ("express", "fastify", "rs-cors")
"""Those whose own options have them pass preflights on."""

WITHOUT_THEIR_ANSWER = {
    "nginx": ("    return 204;\n", ""),
    "apache": (",R=204,L]", "]"),
    "haproxy": ("http-request return status 204 if { var(txn.preflight) -m bool }\n", ""),
    "caddy": (
        "\trespond 204\n",
        "\treverse_proxy localhost:8080 {\n\t\theader_down -Access-Control-*\n\t}\n",
    ),
}
"""What is to be replaced in the exports of those for which passing on is written by hand."""

MOST_USED = (
    *("express", "fastify", "starlette", "django", "flask-cors", "nginx", "apache", "rs-cors"),
)
BY_LOT = 2


def _chosen() -> list[str]:
    words = os.environ.get("CORSCOPE_SERVERS", "")
    if words == "all":
        return list(LIBRARIES)
    if words:
        return words.split(",")
    others = sorted(LIBRARIES.keys() - MOST_USED)
    return [*MOST_USED, *Random(SEED).sample(others, BY_LOT)]


every_library = pytest.mark.parametrize("name", _chosen())


def _dialect(name: str) -> Dialect:
    found = find(name)
    assert found is not None
    return found


def _at_start(dialect: Dialect, policy: Policy) -> bool:
    """Whether the server starts with it, or is said to refuse to; else it can't be written."""
    return all(complaint.at_start for complaint in dialect.complaints(policy))


def test_what_is_proved_has_its_library_here() -> None:
    """The standard's is the browser: its tests are in `tests/servers/test_standard.py`."""
    proved = {d.name for d in dialects() if d.evidence is Evidence.PROVED}
    assert proved - {"standard"} == set(LIBRARIES)


@every_library
def test_rules_answer_as_the_server_does(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status, CORS and Vary lines to the byte, and what OPTIONS is told."""
    LIBRARIES[name].require()
    dialect, random = _dialect(name), Random(f"{SEED}/{name}")
    asked: dict[Policy, Sequence[Asked]] = {}
    asked |= {policy: ASKED for policy in POLICIES if not dialect.complaints(policy)}
    drawn = generate_policies(random, dialect, COUNT)
    for policy in (*ODD, *policies_of_settings(dialect), *drawn):
        if not dialect.complaints(policy):
            asked.setdefault(policy, generate_asked(random, policy, REQUESTS))
    fitting = {policy: _fitting(dialect, policy, several) for policy, several in asked.items()}
    played = differences(dialect, LIBRARIES[name], fitting, tmp_path)
    with capsys.disabled():
        sys.stdout.write(f" {played.compared} answers, CORSCOPE_SEED={SEED} ")
    assert played.refused == {}
    assert "\n".join(str(each) for each in played.differences[:10]) == ""
    assert played.compared >= 25 * 60


@pytest.mark.parametrize("name", [*FORWARDING, *WITHOUT_THEIR_ANSWER])
def test_a_preflight_that_is_passed_on_gets_the_servers_lines(name: str, tmp_path: Path) -> None:
    """With what the application itself answers to it, as both are sent together."""
    LIBRARIES[name].require()
    dialect = _dialect(name)
    if name in WITHOUT_THEIR_ANSWER:
        dialect = _without_answer(dialect, *WITHOUT_THEIR_ANSWER[name])
    having = [policy for policy in POLICIES if not dialect.complaints(policy)]
    asked = {replace(policy, forward_preflight=True): FORWARDED for policy in having}
    played = differences(dialect, LIBRARIES[name], asked, tmp_path)
    assert played.refused == {}
    assert "\n".join(str(each) for each in played.differences[:10]) == ""
    assert played.compared == len(having) * len(FORWARDED)


def _without_answer(dialect: Dialect, answering: str, otherwise: str) -> Dialect:
    export = dialect.export
    assert export is not None

    def passing_on(policy: Policy) -> Export:
        made = export(policy)
        assert answering in made.text
        return replace(made, text=made.text.replace(answering, otherwise))

    return replace(dialect, export=passing_on)


def _fitting(dialect: Dialect, policy: Policy, asked: Sequence[Asked]) -> list[Asked]:
    """Without what a proxy can't know, and the policy doesn't say.

    Where a server treats an exception that nothing handles otherwise than an answered 500, or its
    router's 404 otherwise than the application's, the setting says which of them all are. Where it
    looks up the route that a preflight is for, there is one.
    """
    left_out = {
        path
        for setting in dialect.settings
        if setting.name in UNKNOWABLE
        for path in UNKNOWABLE[setting.name][0 if setting.of(policy) else 1]
    }
    left_out |= _varied_otherwise(dialect, policy)
    knows_routes = LIBRARIES[dialect.name].knows_routes
    return [
        each
        for each in asked
        if each.path not in left_out
        and not (knows_routes and each.method == "OPTIONS" and each.path == "/missing")
    ]


def _varied_otherwise(dialect: Dialect, policy: Policy) -> set[str]:
    """Where the application's Vary is not added, or set, as the policy says that it is."""
    setting = next((s for s in dialect.settings if s.name == "replaces_vary"), None)
    is_usual = setting is None or setting.of(policy) == setting.default
    return {f"/{'other-vary' if is_usual else 'vary'}/{varied}" for varied in VARIED}


@every_library
def test_a_regex_allows_there_what_it_allows_here(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is written in it: what the server reads otherwise is complained of."""
    LIBRARIES[name].require()
    monkeypatch.setenv("EMPTY", "")  # several of the regexes name it, each as some file has it
    dialect, random = _dialect(name), Random(f"{SEED}/{name}/regex")
    if dialect.complaints(Policy(allow_origin_regex="app")):
        pytest.skip(f"{name} has no regexes")
    drawn: list[Policy] = []
    while len(drawn) < COUNT:
        origins = random.choice((None, (APP,)))
        policy = Policy(allow_origins=origins, allow_origin_regex=generate_regex(random))
        if not dialect.complaints(policy):
            drawn.append(policy)
    asked = {policy: _with_origins(random.sample(REGEX_ORIGINS, ORIGINS)) for policy in drawn}
    played = differences(dialect, LIBRARIES[name], asked, tmp_path)
    with capsys.disabled():
        sys.stdout.write(f" {played.compared} answers, CORSCOPE_SEED={SEED} ")
    assert played.refused == {}
    assert "\n".join(str(each) for each in played.differences[:10]) == ""
    assert played.compared == len(asked) * ORIGINS


def _with_origins(origins: Sequence[str]) -> Sequence[Asked]:
    return [Asked("GET", "/ok", (("Origin", origin),)) for origin in origins]


@every_library
def test_the_server_refuses_what_it_is_said_to_refuse(name: str) -> None:
    """A policy with which the real one doesn't start has a complaint, and the other way round."""
    LIBRARIES[name].require()
    dialect = _dialect(name)
    assert dialect.export is not None
    refused = [p for p in (*POLICIES, *ODD) if dialect.complaints(p) and _at_start(dialect, p)]
    with Running(LIBRARIES[name], [dialect.export(p).text for p in refused]) as server:
        assert set(server.errors) == set(range(len(refused)))
