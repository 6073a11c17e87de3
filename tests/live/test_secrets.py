"""What comes by in secret comes out nowhere: a real session, and all that corscope makes of it."""

from __future__ import annotations

import json
import re
import stat
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from corscope.cli.commands import corscope
from tests.support.mitmdump import wait_until

from .proxy import Proxy, exchanges
from .secrets import IN_QUERIES, RULES, Secrets, session
from .wire import RawServer


@dataclass(frozen=True, slots=True)
class Session:
    """What a session has left behind."""

    folder: Path
    secrets: Secrets
    texts: dict[str, str]


def recorded(server: RawServer, folder: Path, urls: str) -> Session:
    """A session, and what there is to read of it while it runs."""
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    options = {
        "cors_rules": rules,
        "cors_urls": urls,
        "cors_web": True,
        "cors_web_port": 0,
        "flow_detail": 0,
        "stream_large_bodies": "1k",
        "hardump": folder / "saved.har",
    }
    known, texts = Secrets(), dict[str, str]()
    arguments = ("-w", str(folder / "saved.flows"))
    with Proxy(folder, server.mode, options, arguments=arguments) as proxy:
        session(proxy, server, known)
        wait_until(lambda: _is_idle(proxy), 30, "all to be recorded")
        texts |= _page(proxy)
        for name in ("report.html", "report.md"):
            proxy.control(command="cors.report", arguments=[str(folder / name)])
            proxy.told(rf"written to \S*{name}")
            texts[name] = (folder / name).read_text("utf-8")
    texts["journal"] = proxy.journal_path.read_text("utf-8")
    texts["event log"] = proxy.log()
    return Session(folder, known, texts)


def _is_idle(proxy: Proxy) -> bool:
    state = proxy.control()["state"]
    return not (state["subjects"] or state["touches"] or state["in_flight"])


def _page(proxy: Proxy) -> dict[str, str]:
    """All that the page shows."""
    address = urlsplit(re.findall(r"CORS page: (\S+)", proxy.log())[0])

    def fetched(path: str) -> str:
        connection = HTTPConnection("127.0.0.1", address.port or 0, timeout=30)
        connection.request("GET", f"{address.path}{path}")
        return connection.getresponse().read().decode()

    known = exchanges(proxy.journal())
    paths = [f"view/{name}" for name in ("exchanges", "endpoints", "rules", "guide")]
    paths += [f"exchange/{entry['id']}" for entry in known]
    paths += [f"exchange/{entry['id']}/fix/nginx" for entry in known]
    paths += ["matrix", "rules/list", "rules/file/0"]
    paths += [f"rules/from/{entry['id']}" for entry in known]
    paths += [f"endpoint?url={quote(url)}" for url in {e["url"].partition("?")[0] for e in known}]
    return {path: fetched(path) for path in paths} | {"events": _events(address)}


def _events(address: SplitResult) -> str:
    connection = HTTPConnection("127.0.0.1", address.port or 0, timeout=30)
    connection.request("GET", f"{address.path}events")
    response = connection.getresponse()
    got = b""
    while b"event: rows" not in got or not got.endswith(b"\n\n"):
        got += response.read1(65_536)
    connection.close()
    return got.decode()


@pytest.fixture(scope="module")
def masked(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return recorded(server, tmp_path_factory.mktemp("masked"), "masked")


@pytest.fixture(scope="module")
def full(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return recorded(server, tmp_path_factory.mktemp("full"), "full")


def leaks(session: Session) -> dict[str, set[str]]:
    """What is read where, as far as anything is."""
    found = {name: session.secrets.found(text) for name, text in session.texts.items()}
    return {name: places for name, places in found.items() if places}


def test_nothing_that_is_written_or_shown_while_it_runs_holds_a_secret(masked: Session) -> None:
    assert leaks(masked) == {}
    kinds = {entry.partition("/")[0] for entry in masked.texts}
    assert kinds >= {"journal", "event log", "report.html", "report.md", "events", "exchange"}
    assert len(masked.texts) > 200
    assert len(masked.secrets.of) > 20


def test_whole_urls_show_the_values_of_queries_and_nothing_else(full: Session) -> None:
    found = leaks(full)
    assert set.union(*found.values()) == set(IN_QUERIES)
    assert found["journal"] == set(IN_QUERIES)


def test_a_secret_would_be_found_in_whatever_form(masked: Session) -> None:
    secret = masked.secrets["cookie"]
    forms = [
        secret,
        secret.upper(),
        secret.encode().hex(),
        "".join(f"%{ord(c):02X}" for c in secret),
    ]
    forms += [b64encode(f"{'x' * n}{secret}yz".encode()).decode() for n in range(4)]
    packed = b64encode(zlib.compress(json.dumps([secret]).encode())).decode()
    forms.append(f'<script type="text/plain" class="packet">{packed}</script>')
    for form in forms:
        assert masked.secrets.found(f"before {form} after") == {"cookie"}, form


def test_a_flows_comment_and_metadata_hold_no_secret(masked: Session) -> None:
    with (masked.folder / "saved.flows").open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    told = [f"{flow.comment} {flow.marked} {flow.metadata}" for flow in flows]
    assert sum("CORS" in each for each in told) > 50
    assert masked.secrets.found("\n".join(told)) == set()


# The command, over what was saved, which has all the secrets in it


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., str]:
    """Run the command in this process, in a folder of its own; what it prints and writes."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> str:
        with pytest.raises(SystemExit) as ended:
            corscope.main([*map(str, arguments)], prog_name="corscope")
        assert ended.value.code in {0, 1}
        told = "\n".join(capsys.readouterr())
        return told + "".join(file.read_text("utf-8") for file in tmp_path.iterdir())

    return command


@pytest.mark.parametrize("name", ["journal.jsonl", "saved.flows", "saved.har"])
@pytest.mark.parametrize(
    "command",
    [
        ("explain", "--long", "--steps", "--engines"),
        ("report", "-o", "report.html"),
        ("report", "-o", "report.md"),
        ("repro", "--last", "-o", "repro.py"),
        ("rule-from",),
        ("infer", "--host", "api.test"),
        ("what-if", "rules.toml", "--on"),
    ],
    ids=" ".join,
)
def test_no_command_tells_a_secret_of_what_was_saved(
    masked: Session, run: Callable[..., str], command: tuple[str, ...], name: str
) -> None:
    rules = str(masked.folder / "rules.toml")
    told = run(*(rules if word == "rules.toml" else word for word in command), masked.folder / name)
    assert ".test" in told, "it tells of none of the exchanges"
    assert masked.secrets.found(told) == set()


@pytest.mark.parametrize("format_", ["text", "json", "junit", "sarif"])
def test_no_pipeline_gets_a_secret(masked: Session, run: Callable[..., str], format_: str) -> None:
    told = run("check-log", masked.folder / "journal.jsonl", "--format", format_)
    assert "allow-origin-missing" in told
    assert masked.secrets.found(told) == set()


def test_each_exchange_can_be_played_back_without_a_secret(
    masked: Session, run: Callable[..., str]
) -> None:
    lines = masked.texts["journal"].splitlines()
    ids = [entry["id"] for entry in exchanges(map(json.loads, lines))]
    flows = masked.folder / "saved.flows"
    for id_ in ids[:: max(1, len(ids) // 12)]:
        told = run("repro", "--id", id_, "--force", flows) + run("rule-from", "--id", id_, flows)
        assert masked.secrets.found(told) == set()


# Who may read the files


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes")
@pytest.mark.parametrize("name", ["journal.jsonl", "report.html", "report.md"])
def test_a_file_that_tells_of_traffic_is_its_users_alone(masked: Session, name: str) -> None:
    assert stat.S_IMODE((masked.folder / name).stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes")
def test_what_the_command_writes_is_its_users_alone_unless_it_was_there(
    masked: Session, run: Callable[..., str], tmp_path: Path
) -> None:
    journal = masked.folder / "journal.jsonl"
    for name, mode in (("new", 0o600), ("there", 0o640)):
        report, repro = tmp_path / f"{name}.html", tmp_path / f"{name}.py"
        if name == "there":
            for file in (report, repro):
                file.touch()
                file.chmod(mode)
        run("report", journal, "-o", report, "--force")
        run("repro", journal, "--last", "-o", repro, "--force")
        assert {stat.S_IMODE(file.stat().st_mode) for file in (report, repro)} == {mode}
