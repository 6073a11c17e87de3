"""How is the program written that plays a recorded fetch back?

Small enough to be read before it is run. Every value from the wire stands in it as a Python
literal in ASCII; its page gets them as JSON and shows them as text.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from corscope.explain.parts.words import exchange_words
from corscope.explain.repro.plan import Plan
from corscope.explain.repro.sayings import Saying
from corscope.explain.repro.served import Answer
from corscope.explain.repro.stage import Place, Text
from corscope.explain.repro.story import Story
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.isolation_policy import IsolationPolicy

__all__ = ["file_text"]


def file_text(plan: Plan) -> str:
    """The program, for Python 3.8 and later."""
    parts = (_head(plan), _places(plan), _answers(plan), _request(plan), _expected(plan))
    return "\n\n".join("\n".join(part) for part in parts) + "\n\n\n" + _MACHINERY


def _head(plan: Plan) -> Iterator[str]:
    end = plan.story.end
    yield "#!/usr/bin/env python3"
    yield _comment(_title(plan.story))
    yield from map(_comment, _reason(plan.story))
    yield from map(_comment, plan.notes)
    yield f"# Recorded on {end.time:%Y-%m-%d}; values of request headers are made up."
    yield _DOCSTRING


_DOCSTRING: Final = '''"""Play a recorded cross-origin request back on this machine, in any browser.

    python THIS_FILE

needs Python 3.8 or later and nothing else. Open the address that it prints: the page there sends
the request, and shows how it ends beside what the browsers are expected to say. Ctrl-C ends it.
Made by corscope.
"""

import json
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

SOCKETS = {}


def origin(host):
    """Take a free port of this machine, and return the origin that a browser sees in it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    name = "http://%s:%d" % (host, taken.getsockname()[1])
    SOCKETS[name] = taken
    return name'''


def _title(told: Story) -> str:
    first = told.legs[0].either
    return f"{first.method} {first.scene.first_url} from {first.scene.page}"


def _reason(told: Story) -> Iterator[str]:
    """What happened in the end and how it is mended, as everywhere."""
    end, judgement = told.end, told.judgement(told.end)
    if judgement.reason is None:
        yield "It passes."
        return
    words = exchange_words(end, judgement)
    yield f"{judgement.reason}: {words.what}"
    yield f"Fix: {words.fix}"


def _places(plan: Plan) -> Iterator[str]:
    yield ""
    yield "# Each origin is a port here: what differs in the port is another origin to a browser."
    for place in plan.places:
        yield f'{place.name} = origin("{place.host}")  {_comment(place.origin)}'
    closed = ", ".join(sorted(place.name for place in plan.closed))
    yield f"CLOSED = [{closed}]  # where nothing listens"


def _answers(plan: Plan) -> Iterator[str]:
    yield "# What the page itself comes with."
    yield f"PAGE_HEADERS = {_mapping(_page_headers(plan))}"
    yield ""
    yield "# What was answered: the status, None for a server that hangs up, and the header lines."
    yield "ANSWERS = {"
    for answer in plan.answers:
        yield from _answer(answer)
    yield "}"


def _page_headers(plan: Plan) -> Mapping[str, str]:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    if plan.embedder_policy is not EmbedderPolicy.UNSAFE_NONE:
        headers["Cross-Origin-Embedder-Policy"] = plan.embedder_policy
    if plan.isolation_policy is not IsolationPolicy.NONE:
        headers["Document-Isolation-Policy"] = plan.isolation_policy
    return headers


def _answer(answer: Answer) -> Iterator[str]:
    stand_in = "  # not in the record" if answer.is_stand_in else ""
    key = f'({answer.place.name}, "{answer.kind}", {_literal(answer.path)})'
    if not answer.headers:
        yield f"    {key}: ({answer.status}, []),{stand_in}"
        return
    yield f"    {key}: ({answer.status}, [{stand_in}"
    for name, value in answer.headers:
        yield f"        ({_literal(name)}, {_expression(value)}),"
    yield "    ]),"


def _request(plan: Plan) -> Iterator[str]:
    yield "# What the page's script sends."
    yield "REQUEST = {"
    yield f'    "url": {_expression(plan.url)},'
    yield f'    "method": {_literal(plan.method)},'
    yield f'    "headers": {_mapping(plan.headers)},'
    yield f'    "body": {_literal("{}") if plan.has_body else None},'
    yield f'    "credentials": "{plan.credentials}",'
    yield f'    "mode": "{plan.mode}",'
    yield f'    "redirect": "{"follow" if plan.follows else "manual"}",'
    yield f'    "upload_listener": {plan.uses_xhr},  # then it is an XMLHttpRequest'
    yield f'    "sandboxed": {plan.is_sandboxed},  # then it comes from a frame of opaque origin'
    yield "}"


def _expected(plan: Plan) -> Iterator[str]:
    yield "# What the browsers do, and what they call and print it."
    yield f"TITLE = {_literal(_title(plan.story))}"
    notes = [*_reason(plan.story), *plan.notes]
    yield "NOTES = ["
    yield from (f"    {_literal(note)}," for note in notes)
    yield "]"
    yield "EXPECTED = ["
    for saying in plan.sayings:
        yield from _saying(saying)
    yield "]"


def _saying(saying: Saying) -> Iterator[str]:
    opening = f'    ("{saying.browser}", "{saying.verdict}", {_literal(saying.name)}, ['
    if not saying.prints:
        yield f"{opening}]),"
        return
    yield opening
    yield from (f"        {_expression(line)}," for line in saying.prints)
    yield "    ]),"


def _comment(text: str) -> str:
    return f"# {ascii(text)[1:-1]}"


def _literal(text: str | None) -> str:
    """The text as a Python literal in ASCII, in double quotes as all of the program's are."""
    if text is None:
        return "None"
    quoted = ascii(f'"{text}')  # with a double quote in it, single ones are put around
    return '"' + quoted[2:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _mapping(values: Mapping[str, str]) -> str:
    return (
        "{"
        + ", ".join(f"{_literal(name)}: {_literal(value)}" for name, value in values.items())
        + "}"
    )


def _expression(text: Text) -> str:
    """The value as Python, with the places' names where their origins stand in it."""
    pieces = [each.name if isinstance(each, Place) else _literal(each) for each in text]
    return " + ".join(pieces) or '""'


_MACHINERY: Final = r'''class Handler(BaseHTTPRequestHandler):
    """Answer as it was recorded; the page that sends the request is at the page origin's /."""

    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):  # whatever the method is
            return self.answer
        raise AttributeError(name)

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        if (self.server.origin, self.path) == (PAGE, "/"):
            self.send(200, PAGE_HEADERS.items(), page())
            return
        asks_leave = "Access-Control-Request-Method" in self.headers
        kind = "preflight" if asks_leave and self.command == "OPTIONS" else "actual"
        status, headers = ANSWERS.get((self.server.origin, kind, self.path), (404, []))
        if status is not None:
            self.send(status, headers, b"played back")

    def send(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(body)


class Server(socketserver.ThreadingTCPServer):
    """Listens on a port that was taken before."""

    daemon_threads = True

    def __init__(self, name, taken):
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = taken
        self.origin = name
        self.server_activate()


def page():
    data = {"title": TITLE, "notes": NOTES, "expected": EXPECTED, "request": REQUEST}
    return HTML.replace("DATA", json.dumps(data).replace("<", "\\u003c")).encode("ascii")


HTML = r"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A cross-origin request, played back</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 52rem; }
  main { padding: 0 1rem; overflow-wrap: anywhere; }
  h1 { font-size: 1.25rem; }
  h2 { font-size: 1.1rem; margin: 1.75rem 0 .25rem; }
  h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
  p { margin: .25rem 0; }
  #result { padding: .5rem .75rem; border-left: .25rem solid; }
  #result[data-passed=true] { color: light-dark(#11683f, #72d3a0); }
  #result[data-passed=false] { color: light-dark(#ab2119, #ff9d92); }
  code { display: block; font-size: .875rem; white-space: pre-wrap; }
</style>
<main>
<h1 id="title"></h1>
<div id="notes"></div>
<h2>How it ends in this browser</h2>
<p id="result" role="status">The request is under way.</p>
<h2>How browsers are expected to end it</h2>
<p>Each with what it prints in its console, in the developer tools (F12). Script is never told why.
To send the request again, load this page anew.</p>
<div id="expected"></div>
</main>
<script>
const {title, notes, expected, request} = DATA;
const send = async request => {
  const {url, method, headers, body, credentials, mode, redirect} = request;
  if (request.upload_listener) {
    return await new Promise(done => {
      const xhr = new XMLHttpRequest();
      xhr.onload = () => done([true, `status ${xhr.status}`]);
      xhr.onerror = () => done([false, "an error event"]);
      xhr.open(method, url);
      xhr.withCredentials = credentials === "include";
      xhr.upload.onprogress = () => {};
      Object.entries(headers).forEach(([name, value]) => xhr.setRequestHeader(name, value));
      xhr.send(body);
    });
  }
  try {
    const options = {method, headers, body: body ?? undefined, credentials, mode, redirect};
    const answer = await fetch(url, options);
    const names = [...answer.headers.keys()].join(", ") || "none";
    const opaque = answer.type.startsWith("opaque");
    return [true, opaque ? "an opaque answer, of which script can read nothing"
      : `status ${answer.status}; header names that script can read: ${names}`];
  } catch (error) {
    return [false, String(error)];
  }
};
// A sandboxed frame has an opaque origin, which is sent as "Origin: null".
const sendFromFrame = () => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  const asked = JSON.stringify(request).replace(/</g, "\\u003c");
  const script = `(${send})(${asked}).then(end => parent.postMessage(end, "*"))`;
  frame.srcdoc = `<script>${script}<` + "/script>";
  onmessage = event => done(event.data);
  document.body.append(frame);
});
const add = (parent, tag, text) => {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text;
  return element;
};
document.getElementById("title").textContent = title;
notes.forEach(note => add(document.getElementById("notes"), "p", note));
for (const [browser, verdict, name, prints] of expected) {
  const box = document.getElementById("expected");
  add(box, "h3", `${browser}: ${verdict}${name ? `, ${name}` : ""}`);
  prints.forEach(line => add(box, "code", line));
}
(request.sandboxed ? sendFromFrame() : send(request)).then(([passed, text]) => {
  const result = document.getElementById("result");
  result.textContent = `${passed ? "It passed" : "It was blocked"}. Script gets: ${text}`;
  result.dataset.passed = passed;
});
</script>
</html>
"""


def main():
    if sys.argv[1:]:  # as --help; it takes no arguments
        print(__doc__.replace("THIS_FILE", sys.argv[0]).strip())
        return
    for name, taken in SOCKETS.items():
        if name not in CLOSED:  # a port that is taken and doesn't listen refuses connections
            threading.Thread(target=Server(name, taken).serve_forever, daemon=True).start()
    try:
        print("Open %s/ in a browser. Ctrl-C ends this." % PAGE, flush=True)
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
'''
