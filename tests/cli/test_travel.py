"""`corscope report` and `corscope repro`, over a journal, flows and a HAR of the same traffic."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from corscope.cli.commands import corscope
from tests.live.proxy import Proxy
from tests.live.wire import RawServer, ask, preflight, reply

pytestmark = pytest.mark.live

URL = "http://api.test/items"


@dataclass(frozen=True, slots=True)
class Done:
    status: object
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            corscope.main([*map(str, arguments)], prog_name="corscope")
        return Done(ended.value.code, *capsys.readouterr())

    return command


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a journal, flows and a HAR: a GET is blocked, a PUT at its preflight too."""
    folder = tmp_path_factory.mktemp("travel")
    har = folder / "saved.har"
    with RawServer() as server:
        server.answers[URL] = reply("Access-Control-Allow-Origin: http://other.test")
        arguments = ("-w", str(folder / "saved.flows"), "--set", f"hardump={har}")
        with Proxy(folder, server.mode, scripts=(), arguments=arguments) as proxy:
            proxy.ask(ask(URL + "?token=s3cret", "Authorization: Bearer s3cret"))
            proxy.ask(preflight(URL, "PUT"))
            proxy.wait_for(lambda entry: entry.get("kind") == "preflight")
    return folder


FILES = ("journal.jsonl", "saved.flows", "saved.har")


@pytest.mark.parametrize("file", FILES)
def test_the_report_is_a_page_without_secrets(run: Run, captured: Path, file: str) -> None:
    done = run("report", captured / file, "-o", "report.html")
    assert (done.status, done.err) == (0, ""), done
    assert done.out == "report.html written: 2 exchanges\n"
    html = Path("report.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "s3cret" not in html


@pytest.mark.parametrize("file", FILES)
def test_the_report_is_markdown_where_the_file_is(run: Run, captured: Path, file: str) -> None:
    run("report", captured / file, "-o", "ticket.md")
    text = Path("ticket.md").read_text(encoding="utf-8")
    assert text.startswith("# CORS report\n\n2 exchanges from ")
    assert "0 allowed, 2 blocked, 0 conditional." in text
    assert f"| `{URL}` | `GET, PUT` | `http://page.test` | 0 | 2 | 0 |" in text
    assert f"### 1. `allow-origin-mismatch`: `GET {URL}?token=*`" in text
    assert "```http\nAccess-Control-Allow-Origin: http://other.test\n```" in text
    assert 'Fix: send "Access-Control-Allow-Origin: http://page.test"' in text
    assert "s3cret" not in text


def test_markdown_can_be_asked_for_on_standard_output(run: Run, captured: Path) -> None:
    done = run("report", captured / "journal.jsonl", "--format", "markdown")
    assert done.out.startswith("# CORS report\n")


def test_a_report_is_not_written_over_another_file(run: Run, captured: Path) -> None:
    Path("report.html").write_text("mine", encoding="utf-8")
    done = run("report", captured / "journal.jsonl", "-o", "report.html")
    assert done.status == 1
    assert "--force overwrites it" in done.err
    assert run("report", captured / "journal.jsonl", "-o", "report.html", "--force").status == 0


def test_what_cannot_be_read_is_told_with_its_place(run: Run, captured: Path) -> None:
    torn = Path("torn.jsonl")
    whole = (captured / "journal.jsonl").read_bytes()
    torn.write_bytes(whole + b'{"v":1,"type":"exchange"}\n{"v":1,"ty')
    lines = len(whole.splitlines())
    done = run("report", torn, "-o", "report.html")
    assert done.status == 1
    assert "2 exchanges" in done.out
    first, second = done.err.splitlines()
    assert first.startswith(f"torn.jsonl:{lines + 1}: ")
    assert second == f"torn.jsonl:{lines + 2}: is no line of a journal; left out"
    missing = run("report", "none.jsonl")
    assert missing.status == 1
    assert "none.jsonl: can't be read: No such file" in missing.err


def test_of_several_failures_one_has_to_be_named(run: Run, captured: Path) -> None:
    done = run("repro", captured / "journal.jsonl")
    assert done.status == 1
    assert "2 exchanges failed; --id ID names one:" in done.err
    [line] = [each for each in done.err.splitlines() if "preflight for PUT" in each]
    id_ = line.split()[0]
    for named in (("--id", id_), ("--id", id_[:9]), ("--last",)):
        assert run("repro", captured / "journal.jsonl", *named, "--force").status == 0
        assert '"method": "PUT"' in Path("repro.py").read_text(encoding="ascii")
    both = run("repro", captured / "journal.jsonl", "--id", id_, "--last")
    assert both.status == 2
    unknown = run("repro", captured / "journal.jsonl", "--id", "\x1b[2Jnone")
    assert "no exchange has the id" in unknown.err
    assert "\x1b" not in unknown.err


@pytest.mark.parametrize("file", FILES)
def test_the_program_answers_as_the_server_did(run: Run, captured: Path, file: str) -> None:
    done = run("repro", captured / file, "--last", "-o", "put.py")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "put.py written: python put.py"
    with subprocess.Popen(
        [sys.executable, "-I", "put.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        try:
            assert program.stdout is not None
            page = urlsplit(program.stdout.readline().split()[1])
            html = fetched(page.port, "GET", "/", {})[1]
            data = json.loads(html.partition("request} = ")[2].partition(";\n")[0])
            api = urlsplit(data["request"]["url"])
            assert api.port != page.port
            asked = {"Access-Control-Request-Method": "PUT", "Origin": page.geturl()}
            headers, _ = fetched(api.port, "OPTIONS", api.path, asked)
            assert headers["Access-Control-Allow-Origin"] == "http://other.test"
        finally:
            program.terminate()


def fetched(
    port: int | None, method: str, path: str, headers: dict[str, str]
) -> tuple[dict[str, str], str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def test_what_cannot_be_reproduced_is_said(run: Run, captured: Path) -> None:
    lines = [
        json.loads(line)
        for line in (captured / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    exchange = next(line for line in lines if line["type"] == "exchange")
    Path("a.jsonl").write_text(
        json.dumps({**exchange, "mode": "websocket"}, separators=(",", ":")), encoding="utf-8"
    )
    done = run("repro", "a.jsonl")
    assert done.status == 1
    assert (
        done.err == "Error: this can't be reproduced: a request of mode websocket needs no leave\n"
    )
    Path("empty.jsonl").write_text('{"v":1,"type":"start"}\n', encoding="utf-8")
    assert "no CORS exchange is in there" in run("repro", "empty.jsonl").err
