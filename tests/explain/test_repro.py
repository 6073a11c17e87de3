"""A reproduction is text that a record leads to, or a sentence on why there can't be one.

That it fails in a browser as the original is shown in tests/browsers/test_repro.py.
"""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.explain.repro.program import ReproError, repro
from corscope.explain.repro.values import harmless_headers
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.safelist import cors_unsafe_request_header_names, unsafe_rule
from corscope.journal.exchange import Exchange, Missing, Sighting
from corscope.journal.journal import Journal
from corscope.journal.why import Why
from corscope.messages import Request, Response
from tests.explain.exchanges import ISOLATED, REQUIRE_CORP, embedded_under
from tests.journal.requests import CHROMIUM, START
from tests.web.scenes import HOSTILE, PAGE, Recording, answers, asks, preflight, put, redirected


def kept(recording: Recording) -> list[Exchange]:
    return [entry.exchange for entry in recording.store]


def told(text: str, name: str) -> object:
    """The value of a constant of the program, as far as it is one."""
    [value] = [
        node.value
        for node in ast.parse(text, feature_version=(3, 8)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.unparse(value)


def request_of(text: str) -> str:
    return str(told(text, "REQUEST"))


def one(request: Request, response: Response | None, **missing: object) -> Exchange:
    journal = Journal()
    journal.requested("1", "browser", request, START)
    recorded = journal.answered(Sighting("1", response, **missing), START)  # type: ignore[arg-type]
    assert recorded is not None
    return recorded


def test_a_preflight_and_what_it_opened_are_one_program_from_either() -> None:
    recording = Recording()
    put(recording)
    first, second = kept(recording)
    text = repro(second, [first, second])
    assert text == repro(first, [first, second])
    answered = str(told(text, "ANSWERS"))
    assert "(API, 'preflight', '/items/7'): (204" in answered
    assert "(API, 'actual', '/items/7'): (200" in answered
    assert "('Access-Control-Allow-Origin', PAGE)" in answered
    assert "'content-type': 'application/json'" in request_of(text)
    assert 'as the rule "the API as it should be" left them' in str(told(text, "NOTES"))


def test_the_page_comes_with_its_policy() -> None:
    headers = "{'Content-Type': 'text/html; charset=utf-8'"
    recording = Recording()
    put(recording)
    assert told(repro(kept(recording)[0]), "PAGE_HEADERS") == f"{headers}}}"
    text = repro(embedded_under(REQUIRE_CORP, Response(200, ())))
    policy = "'Cross-Origin-Embedder-Policy': 'require-corp'"
    assert told(text, "PAGE_HEADERS") == f"{headers}, {policy}}}"
    text = repro(embedded_under(ISOLATED, Response(200, ())))
    policy = "'Document-Isolation-Policy': 'isolate-and-require-corp'"
    assert told(text, "PAGE_HEADERS") == f"{headers}, {policy}}}"


def test_a_redirect_leads_to_another_port() -> None:
    recording = Recording()
    redirected(recording)
    text = repro(kept(recording)[-1], kept(recording))
    assert "('Location', API_2 + '/v2/logo')" in str(told(text, "ANSWERS"))
    assert "'url': API + '/logo'" in request_of(text)


def test_a_redirect_within_the_pages_origin_stands_for_what_no_record_has() -> None:
    recording = Recording()
    recording.journal.requested(
        "home", "a browser", Request("GET", f"{PAGE}/go", (("User-Agent", CHROMIUM),)), START
    )
    recording.journal.answered(
        Sighting("home", Response(302, (("Location", "https://api.example.com/x"),))), START
    )
    recording.exchange(asks("GET", "/x"), answers())
    text = repro(kept(recording)[0])
    assert "(PAGE, 'actual', '/go'): (307, [('Location', API + '/x')])" in str(
        told(text, "ANSWERS")
    )
    assert "'url': PAGE + '/go'" in request_of(text)
    assert "aren't recorded" in str(told(text, "NOTES"))
    assert told(text, "TITLE") == f"'GET {PAGE}/go from {PAGE}'"


def test_a_mode_that_did_not_show_is_the_one_that_fails() -> None:
    exchange = one(asks("GET", headers=()), answers(allow_origin="*"))
    assert "'credentials': 'include'" in request_of(repro(exchange))
    assert "didn't show" in repro(exchange)
    passing = repro(exchange, credentials=CredentialsMode.OMIT)
    assert "'credentials': 'omit'" in request_of(passing)
    assert "It passes." in passing


def test_a_mode_follows_from_what_came_next() -> None:
    """With credentials its preflight had been refused, so there were none."""
    recording = Recording()
    recording.exchange(preflight("PUT"), answers(204, allow_origin="*", allow_methods="PUT"))
    recording.exchange(asks("PUT"), answers())
    assert "'credentials': 'omit'" in request_of(repro(kept(recording)[0], kept(recording)))


def test_the_program_says_what_it_is_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    program = tmp_path / "repro.py"
    program.write_text(repro(one(asks("GET"), answers())), encoding="ascii")
    command = [sys.executable, "-I", str(program)]
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=30)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert f"python {program}\n" in helped.stdout
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hears_ctrl_c,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("Open http://localhost:")
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=30) == ("", "")
    assert running.returncode == 0


def _hears_ctrl_c() -> None:
    """As in a terminal: a shell's background job would pass it over."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_no_value_of_a_request_header_is_in_it() -> None:
    secret = (
        ("Authorization", "Bearer s3cret"),
        ("Cookie", "id=s3cret"),
        ("X-Api-Key", "s3cret"),
        ("Content-Type", "application/s3cret"),
    )
    exchange = one(asks("PUT", "/items?key=s3cret", secret), answers())
    assert [why.value for why in exchange.why if why.name == "content-type"] == [
        "application/s3cret"
    ]
    text = repro(exchange)
    assert "s3cret" not in text
    assert "'x-api-key': 'example'" in request_of(text)


@pytest.mark.parametrize("value", [HOSTILE, '"""\n', "\\", "'''\\\"", "{PAGE}%s", "x" * 65_536])
def test_hostile_values_stay_values(value: str) -> None:
    """The program has the same statements whatever was recorded."""
    header = value.replace("\n", " ").encode().decode("latin-1")
    hostile = one(
        asks("GET", f"/{value}", origin=f"https://{value}"),
        Response(200, (("Access-Control-Allow-Origin", header),)),
    )
    plain = one(asks("GET"), answers(allow_origin="https://b.example"))
    text = repro(hostile)
    assert text.isascii()
    assert [type(node) for node in ast.parse(text).body] == [
        type(node) for node in ast.parse(repro(plain)).body
    ]
    assert repr(header) in str(told(text, "ANSWERS"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (PAGE, "PAGE"),
        (f"{PAGE}/", "PAGE + '/'"),
        (f"{PAGE}, *", "PAGE + ', *'"),
        (PAGE.upper(), repr(PAGE.upper())),
        (f"{PAGE}:443", repr(f"{PAGE}:443")),
        (f"{PAGE}.evil.example", repr(f"{PAGE}.evil.example")),
        (f"{PAGE}.", repr(f"{PAGE}.")),
        (f"{PAGE}. ", repr(f"{PAGE}. ")),
        (f"x{PAGE}", repr(f"x{PAGE}")),
        (f"\xf5{PAGE}", repr(f"\xf5{PAGE}")),
        (f"*,\t{PAGE}", repr(f"*,\t{PAGE}")),
        (f"{PAGE}\t,*", repr(f"{PAGE}\t,*")),
        (f"*, {PAGE} ,*", "'*, ' + PAGE + ' ,*'"),
        ("https://api.example.com", "API"),
        ("null", "'null'"),
        ("*", "'*'"),
    ],
)
def test_origins_are_told_to_the_letter(value: str, written: str) -> None:
    exchange = one(asks("GET"), answers(allow_origin=value))
    answered = str(told(repro(exchange), "ANSWERS"))
    assert f"('Access-Control-Allow-Origin', {written})" in answered


def test_what_was_embedded_is_asked_for_by_script_and_told_so() -> None:
    destination = ("Sec-Fetch-Dest", "font")
    text = repro(one(asks("GET", "/a.woff2", (destination,)), answers(allow_origin="*, *")))
    assert "Access to fetch at" in text
    assert "Access to font at" not in text
    note = "Here script asks, whatever the page did"
    assert note in str(told(text, "NOTES"))
    assert note not in repro(one(asks("GET"), answers(allow_origin="*, *")))


@pytest.mark.parametrize(
    ("response", "missing", "because"),
    [
        (None, {"missing": Missing.NO_ANSWER, "cause": "tls"}, "speaks no TLS"),
        (None, {"missing": Missing.NO_ANSWER, "cause": "dns"}, "doesn't resolve"),
        (None, {"missing": Missing.NO_ANSWER, "error": "?"}, "doesn't tell why"),
        (None, {"missing": Missing.CLIENT_GONE, "error": "gone"}, "the browser went away"),
        (
            None,
            {"missing": Missing.UNREADABLE, "cause": "x-a", "error": "?"},
            "the browser can't read the answer",
        ),
        (Response(407, ()), {}, "from a proxy only"),
        (answers(allow_origin="a\r\nSet-Cookie: b"), {}, "can't be sent"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_cause(
    response: Response | None, missing: dict[str, object], because: str
) -> None:
    agent = CHROMIUM if response is None or response.status != 407 else "unknown"
    exchange = one(asks("GET", agent=agent), response, **missing)
    with pytest.raises(ReproError, match=because):
        repro(exchange)


def test_mixed_content_is_refused() -> None:
    with pytest.raises(ReproError, match="https page"):
        repro(
            one(
                asks("GET"),
                Response(
                    302, (("Location", "http://x.test/"), ("Access-Control-Allow-Origin", "*"))
                ),
            ),
            credentials=CredentialsMode.OMIT,
        )


def test_other_modes_are_refused() -> None:
    exchange = replace(one(asks("GET"), answers()), mode="websocket")
    with pytest.raises(ReproError, match="mode websocket"):
        repro(exchange)


def test_a_verdict_that_the_answer_does_not_lead_to_is_refused() -> None:
    """As where a browser goes by its own copy, of which the record doesn't hold all."""
    exchange = replace(
        one(asks("GET"), answers()), headers=(("Access-Control-Allow-Origin", PAGE),)
    )
    with pytest.raises(ReproError, match="more than this answer"):
        repro(exchange)


def test_a_refused_connection_is_a_port_where_nothing_listens() -> None:
    exchange = one(asks("GET"), None, missing=Missing.NO_ANSWER, cause="refused", error="x")
    text = repro(exchange)
    assert told(text, "CLOSED") == "[API]"
    assert "net::ERR_CONNECTION_REFUSED" in text


def test_a_dropped_connection_is_hung_up() -> None:
    exchange = one(asks("GET"), None, missing=Missing.DROPPED, error="x")
    text = repro(exchange)
    assert "(API, 'actual', '/items'): (None, [])" in str(told(text, "ANSWERS"))
    assert told(text, "CLOSED") == "[]"


NAMES = (
    *("accept", "accept-language", "authorization", "content-language", "content-type", "dpr"),
    *("if-none-match", "range", "save-data", "x-tenant", "intervention"),
)


@pytest.mark.parametrize("engine", [Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT])
def test_made_up_values_need_leave_in_every_browser(engine: Engine) -> None:
    values = harmless_headers(NAMES, ())
    assert cors_unsafe_request_header_names(tuple(values.items()), engine) == sorted(NAMES)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("content-type", "content-type"),
        ("content-type", "unsafe-byte"),
        ("content-type", "value-length"),
        ("accept", "unsafe-byte"),
        ("accept", "value-length"),
        ("accept-language", "language-byte"),
        ("content-language", "value-length"),
        ("range", "range-form"),
        ("range", "value-length"),
        ("x-tenant", "name"),
    ],
)
def test_made_up_values_are_unsafe_in_the_same_way(name: str, rule: str) -> None:
    [value] = harmless_headers([name], [Why("header", name, rule)]).values()
    assert unsafe_rule(name, value) == rule


def test_what_script_cannot_set_is_left_out() -> None:
    assert harmless_headers(["cookie", "sec-x", "no token", "x-ok"], ()) == {"x-ok": "example"}


def test_a_path_that_browsers_would_write_otherwise_gets_another() -> None:
    for path in ("/a/../b", "/%2e%2e/x", '/a"b', "/a b"):
        text = repro(one(asks("GET", path), answers()))
        assert re.search(r'"/recorded"', text), path


def test_a_path_begins_where_browsers_see_the_host_end() -> None:
    for rest in (r"\[a", r"\a/b"):
        exchange = replace(one(asks("GET", "/"), answers()), url=f"https://api.example.com{rest}")
        assert '"/recorded"' in repro(exchange), rest
    exchange = replace(one(asks("GET", "/"), answers()), url="https://api.example.com?a=b")
    assert '"/?a=b"' in repro(exchange)
