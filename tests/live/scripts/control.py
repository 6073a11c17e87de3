"""A second script for mitmdump: lets a test look inside and turn options while it runs.

Asks to the host `control.test` are answered here and go nowhere. It also sends what was asked for
over TLS to the test's plain server, so that no server certificate is needed.
"""

import gc
import json
from typing import Any

from mitmproxy import ctx, exceptions, http

HOST = "control.test"


def _state(asking: str) -> dict[str, Any]:
    # Not by way of gc: who looks at a tuple that another thread is making lets that fail.
    corscope: Any = ctx.master.addons.get("corscope")
    recorder = corscope._recorder
    return {
        "subjects": len(set(corscope._treatments) - {asking}),
        "touches": len(recorder.touches),
        "in_flight": len(recorder.journal.in_flight.keys() - {asking}),
        "recorders": sum(type(a).__name__ == "Recorder" for a in ctx.master.addons.chain),
    }


def requestheaders(flow: http.HTTPFlow) -> None:
    if flow.request.scheme == "https":
        flow.request.scheme = "http"
        flow.server_conn.via = None
        flow.request.data.host = "127.0.0.1"  # its setter would rewrite the Host header
        flow.request.data.port = int(ctx.options.mode[0].rpartition(":")[2])


def request(flow: http.HTTPFlow) -> None:
    if flow.request.host != HOST:
        return
    asked = json.loads(flow.request.get_text() or "{}")
    answer: dict[str, Any] = {}
    if "options" in asked:
        ctx.options.update(**asked["options"])
    if "command" in asked:
        words = [asked["command"], *asked.get("arguments", [])]
        try:
            answer["result"] = ctx.master.commands.call_strings(words[0], words[1:])
        except exceptions.CommandError as error:
            answer["error"] = str(error)
    answer["passed_over"] = gc.get_freeze_count()
    if ctx.master.addons.get("corscope") is not None:
        answer["state"] = _state(flow.id)
    flow.response = http.Response.make(200, json.dumps(answer))
