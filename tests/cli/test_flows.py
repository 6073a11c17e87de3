"""Reading saved flow files and HARs: all that is readable, then the error, in bounded memory."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import tcp
from mitmproxy.flow import Flow
from mitmproxy.http import Response
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

import corscope
from corscope.messages import Response as MessageResponse
from corscope.mitm.saved import flows
from corscope.mitm.saved.capture import Capture
from corscope.mitm.saved.flows import FlowFileError, read_captures

Entry = dict[str, Any]


def entry(url: str = "https://api.test/x", **changed: Any) -> Entry:
    """What Chromium writes for an exchange over HTTP/2."""
    return {
        "startedDateTime": "2026-11-23T10:00:00.000Z",
        "time": 12.5,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "h2",
            "headers": [
                {"name": ":authority", "value": "api.test"},
                {"name": "Origin", "value": "https://app.test"},
            ],
        },
        "response": {
            "status": 200,
            "httpVersion": "h2",
            "headers": [
                {"name": "Access-Control-Allow-Origin", "value": "https://app.test"},
                {"name": "Access-Control-Allow-Credentials", "value": "true"},
            ],
            "content": {"text": "hello", "size": 5},
        },
    } | changed


def har(*listed: Entry, **log: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "pages": [{"id": "a"}], "entries": listed} | log})


def saved(*found: Flow) -> bytes:
    buffer = io.BytesIO()
    for flow in found:
        FlowWriter(buffer).add(flow)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], tuple[list[Capture], str]]:
    """Read a file of this content: its exchanges, and the error's text."""

    def reading(content: str | bytes) -> tuple[list[Capture], str]:
        file = tmp_path / "capture"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        found: list[Capture] = []
        try:
            for each in read_captures(file):
                found.append(each)  # what came before the error counts
        except FlowFileError as error:
            return found, str(error)
        return found, ""

    return reading


Read = Callable[[str | bytes], tuple[list[Capture], str]]


class TestFlowFiles:
    def test_flows_of_http_are_read_and_others_passed_over(self, read: Read) -> None:
        stream = tcp.TCPFlow(tflow.tclient_conn(), tflow.tserver_conn())
        found, error = read(saved(tflow.tflow(resp=True), stream, tflow.tflow(err=True)))
        assert [each.request.url for each in found] == ["http://address:22/path"] * 2
        assert error == ""

    def test_a_flow_that_waited_for_its_answer_as_it_was_saved_is_nothing_yet(
        self, read: Read
    ) -> None:
        """As `w` in mitmproxy's list of flows writes it; the running proxy records none either."""
        found, error = read(saved(tflow.tflow(), tflow.tflow(resp=True)))
        assert [each.sighting.response is not None for each in found] == [True]
        assert error == ""

    def test_an_empty_file_holds_no_flows(self, read: Read) -> None:
        """mitmdump -w leaves one where nothing passed."""
        assert read(b"") == ([], "")

    @pytest.mark.parametrize("cut", [1, 100, 500])
    def test_a_flow_cut_off_in_the_middle_is_told_after_those_before(
        self, read: Read, cut: int
    ) -> None:
        one = saved(tflow.tflow(resp=True))
        found, error = read(one * 3 + one[:-cut])
        assert len(found) == 3
        assert f"the flow at byte {3 * len(one)}: is cut off, {cut:,} bytes are missing" in error

    def test_a_length_cut_off_is_told(self, read: Read) -> None:
        one = saved(tflow.tflow(resp=True))
        found, error = read(one + b"12")
        assert len(found) == 1
        assert "ends in the middle of a flow's length" in error

    @pytest.mark.parametrize(
        "junk", [b"\x00\xff\xfe" * 99, b"\x89PNG\r\n", b"hello\n", b"99x", b"1" * 40, b":5}"]
    )
    def test_junk_is_told_with_what_can_be_read(self, read: Read, junk: bytes) -> None:
        found, error = read(junk)
        assert found == []
        assert "at byte 0: there is no flow here" in error
        assert "journals, flow files" in error
        assert "HARs" in error

    def test_what_a_console_printed_is_told_with_who_reads_it(self, read: Read) -> None:
        blocked = "Access to fetch at 'https://a.test/' … has been blocked by CORS policy: No …"
        found, error = read(f"a.js:1 {blocked}".encode())
        assert found == []
        assert "is what a browser's console printed\n    `corscope why -` reads" in error

    def test_a_har_may_have_it_in_its_bodies(self, read: Read) -> None:
        content = {"text": "has been blocked by CORS policy"}
        response = {"status": 200, "headers": [], "content": content}
        found, error = read(har(entry(response=response)))
        assert (len(found), error) == (1, "")

    @pytest.mark.parametrize(
        ("packed", "what"),
        [
            (gzip.compress(b"{}"), "is packed with gzip"),
            (b"PK\x03\x04", "is a ZIP archive"),
            (b"PK\x03\x04" * 2000, "is a ZIP archive"),
            (har(entry()).encode("utf-16"), "is in UTF-16"),
            (har(entry()).encode("utf-16-le"), "is in UTF-16"),
            (har(entry()).encode("utf-16-be"), "is in UTF-16"),
        ],
    )
    def test_what_has_to_be_unpacked_first_is_told(
        self, read: Read, packed: bytes, what: str
    ) -> None:
        found, error = read(packed)
        assert found == []
        assert f": {what}\n    " in error

    def test_junk_after_flows_is_told_with_its_place(self, read: Read) -> None:
        one = saved(tflow.tflow(resp=True))
        found, error = read(one + b"junk")
        assert len(found) == 1
        assert f"at byte {len(one)}" in error

    def test_a_mangled_flow_does_not_hide_the_ones_after_it(self, read: Read) -> None:
        one = saved(tflow.tflow(resp=True))
        found, error = read(one + b"4:true!" + b"0:}" + one)
        assert len(found) == 2
        assert error.count("the others were read") == 2

    def test_a_length_beyond_all_bounds_takes_no_memory(
        self, read: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, error = read(b"999999999999:abc")
        assert "is longer than" in error
        assert "is cut off" in error
        one = saved(tflow.tflow(resp=True))
        monkeypatch.setattr(flows, "LARGEST", 100)
        found, error = read(one + one)
        assert found == []
        assert error.count("is longer than 100 bytes") == 2

    def test_many_problems_are_counted_but_not_all_listed(self, read: Read) -> None:
        _, error = read(b"0:}" * 1000)
        assert error.count("can't be read") == flows.LISTED
        assert f"and {1000 - flows.LISTED} more like these" in error


class TestHars:
    def test_an_entry_becomes_an_exchange(self, read: Read) -> None:
        [found], error = read(har(entry()))
        assert error == ""
        assert found.request.url == "https://api.test/x"
        assert found.request.headers == (("Origin", "https://app.test"),)
        assert found.sighting.response == MessageResponse(
            200,
            (
                ("Access-Control-Allow-Origin", "https://app.test"),
                ("Access-Control-Allow-Credentials", "true"),
            ),
        )
        assert found.answered - found.asked == timedelta(milliseconds=12.5)

    def test_a_byte_order_mark_is_tolerated(self, read: Read) -> None:
        """Fiddler and PowerShell write one."""
        found, error = read(b"\xef\xbb\xbf \r\n" + har(entry()).encode())
        assert (len(found), error) == (1, "")

    def test_only_the_logs_own_entries_count(self, read: Read) -> None:
        text = (
            '{"entries": [1], "comment": "\\"entries\\": [{]", "log": {"pages": [{"entries": [7]}],'
            f' "creator": {{"log": {{"entries": []}}}}, "entries": [{json.dumps(entry())}],'
            ' "n": -1.5e3, "t": true, "z": null}, "more": []}'
        )
        found, error = read(text)
        assert (len(found), error) == (1, "")

    @pytest.mark.parametrize(
        "fields",
        [
            {"time": None},
            {"time": "12"},
            {"startedDateTime": "yesterday"},
            {"startedDateTime": None},
            {"request": {"url": "https://api.test/x"}},
            {"request": {"url": "https://api.test/x", "method": "POST", "postData": {}}},
            {"request": {"url": "https://api.test/x", "headers": [["Origin", "https://a.test"]]}},
            {"request": {"url": "https://api.test/x", "headers": [{}, [], None, 3]}},
            {"response": {"status": 200, "headers": [{"name": "ETag", "value": None}]}},
            {"response": {"status": 204, "headers": []}},
        ],
    )
    def test_fields_that_browsers_leave_out_are_not_missed(self, read: Read, fields: Entry) -> None:
        found, error = read(har(entry(**fields)))
        assert (len(found), error) == (1, "")

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"response": {"status": 0, "headers": [], "_error": "net::ERR_FAILED"}}, "ERR_FAILED"),
            ({"response": {"status": 0, "headers": []}}, "the HAR holds no response"),
            ({"response": None}, "the HAR holds no response"),
            ({"response": {"status": 0}, "_error": "NS_ERROR_DOM_BAD_URI"}, "NS_ERROR"),
        ],
    )
    def test_a_failed_request_has_an_error_in_place_of_a_response(
        self, read: Read, fields: Entry, message: str
    ) -> None:
        [found], error = read(har(entry(**fields)))
        assert (found.sighting.response, error) == (None, "")
        assert message in (found.sighting.error or "")

    def test_repeated_lines_that_were_joined_come_apart(self, read: Read) -> None:
        headers = [{"name": "Access-Control-Allow-Origin", "value": "*\nhttps://a.test"}]
        [found], _ = read(har(entry(response={"status": 200, "headers": headers})))
        assert found.sighting.response is not None
        name = "Access-Control-Allow-Origin"
        assert found.sighting.response.headers == ((name, "*"), (name, "https://a.test"))

    @pytest.mark.parametrize(
        "url", ["data:,x", "wss://api.test/", "blob:https://a.test/1", "about:"]
    )
    def test_what_no_proxy_sees_is_passed_over(self, read: Read, url: str) -> None:
        found, error = read(har(entry(url), entry()))
        assert (len(found), error) == (1, "")

    @pytest.mark.parametrize(
        ("broken", "why"),
        [
            ("{}", "request is not an object"),
            ("[1, 2]", "the entry is not an object"),
            ('{"request": {}}', "it has no request.url"),
            ('{"request": {"url": "https://[::1"}}', "can't be read"),
            ('{"a": tru}', "can't be read"),
            (json.dumps(entry(response={"status": 204})), "its response has no headers"),
            (json.dumps(entry(response={"status": 204, "headers": {}})), "has no headers"),
            ("17", "the entry is not an object"),
            ("[" * 3000 + "]" * 3000, "can't be read"),
        ],
    )
    def test_a_broken_entry_does_not_hide_the_others(
        self, read: Read, broken: str, why: str
    ) -> None:
        whole = json.dumps(entry())
        found, error = read(f'{{"log": {{"entries": [{whole}, {broken}, {whole}]}}}}')
        assert len(found) == 2
        assert "entry 2: " in error
        assert why in error

    @pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.95])
    def test_a_truncated_har_is_read_up_to_the_cut(self, read: Read, kept: float) -> None:
        text = har(*[entry() for _ in range(10)])
        found, error = read(text[: int(len(text) * kept)])
        assert len(found) == pytest.approx(10 * kept, abs=1.5)
        assert "the file ends at byte" in error
        assert "only be captured again" in error

    def test_what_needs_no_leave_may_lack_its_headers(self, read: Read) -> None:
        asked = {"url": "https://api.test/x", "headers": []}
        found, error = read(har(entry(request=asked, response={"status": 204})))
        assert (len(found), error) == (1, "")

    @pytest.mark.parametrize("more", [har(entry()), "}", "x"])
    def test_what_follows_a_har_is_not_passed_over_in_silence(self, read: Read, more: str) -> None:
        found, error = read(f"{har(entry())}\n{more}\n")
        assert len(found) == 1
        assert "after entry 1: there is more behind the end of the HAR, near byte " in error
        assert "name each HAR as a file of its own" in error

    @pytest.mark.parametrize(
        "text", ["{", '{"log"', '{"log":', '{"log":{}}', '{"log": 3}', '{"a": 1}', "{]", '{"a" 1}']
    )
    def test_what_is_no_har_is_told(self, read: Read, text: str) -> None:
        found, error = read(text)
        assert found == []
        assert error

    def test_an_entry_beyond_bounds_is_left_out(
        self, read: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flows, "LARGEST", 2000)
        large = entry(response={"status": 200, "headers": [{"name": "x" * 3000, "value": ""}]})
        found, error = read(har(entry(), large, entry()))
        assert len(found) == 2
        assert "entry 2: can't be read: it is longer than 2,000 characters" in error

    def test_odd_characters_survive(self, read: Read) -> None:
        headers = [{"name": "X", "value": text} for text in ("é", "\udc80", "\ud800", '"\\')]
        [found], error = read(har(entry(response={"status": 200, "headers": headers})))
        assert error == ""
        assert found.sighting.response is not None
        values = [value.encode("latin-1") for _, value in found.sighting.response.headers]
        assert values == ["é".encode(), b"\x80", "\ufffd".encode(), b'"\\']


class TestNames:
    def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(FlowFileError, match="nowhere: can't be read: No such file"):
            list(read_captures(tmp_path / "nowhere"))

    def test_a_folder_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(FlowFileError, match="this is a folder"):
            list(read_captures(tmp_path))

    def test_progress_ends_at_the_files_size(self, tmp_path: Path) -> None:
        for name, content in (("a", saved(*[tflow.tflow()] * 50)), ("b", har(entry()).encode())):
            (tmp_path / name).write_bytes(content)
            heard: list[int] = []
            list(read_captures(tmp_path / name, heard.append))
            assert heard == sorted(heard)
            assert heard[-1] == len(content)


MEASURE = """
import resource, sys
from contextlib import suppress
from pathlib import Path
from corscope.mitm.saved.flows import read_captures

list(read_captures(Path(sys.argv[1])))
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
count = sum(1 for _ in read_captures(Path(sys.argv[2])))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no getrusage")
@pytest.mark.parametrize("kind", ["har", "flows"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    """A file of 40 MB, read in a process of its own that has read a small one before."""
    body = 'x"\\\n' * 5000
    large = entry(response={"status": 200, "headers": [], "content": {"text": body}})
    flow = tflow.tflow(resp=Response.make(200, body))
    one = saved(flow)
    count = 40_000_000 // len(one if kind == "flows" else json.dumps(large))
    files = [tmp_path / "small", tmp_path / "large"]
    for file, number in zip(files, (1, count), strict=True):
        with file.open("wb") as stream:
            if kind == "flows":
                stream.writelines([one] * number)
            else:
                stream.write(b'{"log": {"entries": [' + json.dumps(large).encode())
                stream.writelines([b"," + json.dumps(large).encode()] * (number - 1))
                stream.write(b"]}}")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(corscope.__file__).parents[1])},
    )
    found, grown = map(int, done.stdout.split())
    assert found == count
    assert grown < 8_000_000, f"{files[1].stat().st_size:,} bytes took {grown:,} of memory"
