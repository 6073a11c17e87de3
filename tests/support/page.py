"""What a page asks for and what its script sees, alike in every browser.

One script, `PLAY`, sends all of it, so that a difference between two browsers is theirs. It takes
a list of asks and sends them at once: a round trip to a browser costs more than a fetch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["PLAY", "Ask", "AskingPage", "Seen", "arguments"]

PLAY = r"""
async asks => {
    const send = async ({url, init, xhr, listens}) => {
        const makers = {
            blob: ({text, type}) => new Blob([text], {type}),
            buffer: ({text}) => new TextEncoder().encode(text),
            form: ({text}) => {
                const form = new FormData();
                form.append("file", new File([text], "a.txt", {type: "text/plain"}));
                return form;
            },
            params: ({text}) => new URLSearchParams({text}),
        };
        const sent = init.body?.kind ? makers[init.body.kind](init.body) : init.body;
        if (!xhr) {
            try {
                const answer = await fetch(url, {...init, body: sent});
                const body = await answer.text().catch(error => String(error));
                return {ok: true, error: "", status: answer.status, type: answer.type,
                        headers: [...answer.headers], body};
            } catch (error) {
                return {ok: false, error: String(error), status: 0, type: "error", headers: [],
                        body: ""};
            }
        }
        return await new Promise(resolve => {
            const xhr = new XMLHttpRequest();
            xhr.onloadend = () => resolve({
                ok: xhr.status !== 0, error: xhr.status === 0 ? "error event" : "",
                status: xhr.status, type: "xhr", body: xhr.responseText,
                headers: xhr.getAllResponseHeaders().split("\r\n").filter(line => line)
                    .map(line => [line.slice(0, line.indexOf(":")),
                                  line.slice(line.indexOf(":") + 2)]),
            });
            xhr.open(init.method || "GET", url);
            xhr.withCredentials = init.credentials === "include";
            if (listens) {
                xhr.upload.onprogress = () => {};
            }
            for (const [name, value] of Object.entries(init.headers || {})) {
                xhr.setRequestHeader(name, value);
            }
            xhr.send(sent || null);
        });
    };
    // An opaque origin can't be scripted from outside: its frame runs the same code on a message.
    const sandbox = () => new Promise(resolve => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts";
        frame.srcdoc = `<script>const send = ${send};
            onmessage = async event => event.ports[0].postMessage(await send(event.data));
            </` + `script>`;
        frame.onload = () => resolve(frame);
        document.body.append(frame);
    });
    const sendSandboxed = async ask => {
        document.sandboxedFrame ??= sandbox();
        const frame = await document.sandboxedFrame;
        const {port1, port2} = new MessageChannel();
        const seen = new Promise(resolve => { port1.onmessage = event => resolve(event.data); });
        frame.contentWindow.postMessage(ask, "*", [port2]);
        return await seen;
    };
    return await Promise.all(asks.map(ask => ask.sandboxed ? sendSandboxed(ask) : send(ask)));
}
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One fetch, or with ``xhr`` an XMLHttpRequest that is described as a fetch would be.

    A body that is no text is a mapping: its ``kind``, ``blob``, ``buffer``, ``form`` or
    ``params``, the ``text`` in it, and a blob's ``type``.
    ``sandboxed`` sends it from a frame whose origin is opaque (``Origin: null``); ``listens``
    gives the XMLHttpRequest an upload listener, which is one of the causes of a preflight.
    """

    url: str
    init: Mapping[str, object] = field(default_factory=dict)
    xhr: bool = False
    sandboxed: bool = False
    listens: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What script got: whether the fetch resolved, and then all that it could read."""

    ok: bool
    error: str
    status: int
    type: str
    headers: tuple[tuple[str, str], ...]
    body: str


def arguments(asks: Sequence[Ask]) -> list[dict[str, Any]]:
    """Give the asks in the form that `PLAY` takes."""
    return [{**asdict(ask), "init": dict(ask.init)} for ask in asks]


def _results(found: Sequence[dict[str, Any]]) -> list[Seen]:
    """Read what `PLAY` gave."""
    return [
        Seen(**{**each, "headers": tuple((str(n), str(v)) for n, v in each["headers"])})
        for each in found
    ]


class AskingPage(ABC):
    """An open document of any browser: what it asks rests on `run`, which each has of its own."""

    @abstractmethod
    def run(self, script: str, argument: object) -> Any:
        """Call an asynchronous function in the page, and return what it resolves to."""

    def play(self, asks: Sequence[Ask]) -> list[Seen]:
        """Send all of these at once, and return what script saw of each when all are done."""
        return _results(self.run(PLAY, arguments(asks)))

    def fetch(
        self, url: str, init: Mapping[str, object] | None = None, sandboxed: bool = False
    ) -> Seen:
        """Fetch; ``sandboxed`` does it in a frame whose origin is opaque (``Origin: null``)."""
        return self.play([Ask(url, init or {}, sandboxed=sandboxed)])[0]

    def xhr(
        self, url: str, init: Mapping[str, object] | None = None, sandboxed: bool = False
    ) -> Seen:
        """Send an XMLHttpRequest, described as a fetch would be."""
        return self.play([Ask(url, init or {}, xhr=True, sandboxed=sandboxed)])[0]
