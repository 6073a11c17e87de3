"""A third script for mitmdump: lets a function of corscope fail, one after another as a test says.

Which functions there are to choose from is seen, not listed: what traffic calls while it is
watched. A function is made to fail by giving it other code, so that it fails for whoever has
imported it, at its own place.
"""

import inspect
import json
import sys
import threading
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from types import CodeType, FrameType, FunctionType
from typing import Any

from mitmproxy import ctx, http

from corscope.journal.alike.memo import Memo
from corscope.mitm import guard

HOST = "faults.test"
NEVER = ("corscope.mitm.guard", "corscope.cli", "corscope.explain.failure")
"""What stands between a failure and the traffic, and what has no part in either."""

called: set[CodeType] = set()
broken: dict[FunctionType, CodeType] = {}
last: list[http.HTTPFlow] = []


class InjectedError(Exception):
    """No code of corscope's expects this one."""

    raised = 0

    def __init__(self, words: str) -> None:
        super().__init__(words)
        InjectedError.raised += 1


def _own() -> Iterator[tuple[str, Any]]:
    """All that corscope's modules and their classes define, by module and name.

    Not by way of gc: who looks at a tuple that another thread is making lets that fail.
    """
    for name, module in tuple(sys.modules.items()):
        if name.startswith("corscope.") and not name.startswith(NEVER):
            for each in tuple(vars(module).values()):
                if getattr(each, "__module__", None) != name:
                    continue
                yield name, each
                if isinstance(each, type):
                    yield from ((name, own) for own in tuple(vars(each).values()))


def _functions() -> dict[str, FunctionType]:
    """The functions of corscope by module and name, without what they are wrapped in."""
    found = {}
    for module, each in _own():
        inner = getattr(each, "fget", None) or inspect.unwrap(each)
        if isinstance(inner, classmethod | staticmethod):
            inner = inner.__func__
        if isinstance(inner, FunctionType) and inner.__code__.co_filename == _file_of(module):
            found[f"{module}:{inner.__qualname__}"] = inner
    return found


def _file_of(module: str) -> str:
    return str(sys.modules[module].__file__)


def _watch(frame: FrameType, event: str, _: object) -> None:
    if event == "call":
        called.add(frame.f_code)


def _forget_what_is_cached() -> None:
    """What has its answer already isn't called."""
    for _, each in _own():
        if isinstance(each, _lru_cache_wrapper):
            each.cache_clear()
    recorder = ctx.master.addons.get("corscope")._recorder
    memories = [recorder.journal.readings, recorder.loaded.readings]
    for name, module in tuple(sys.modules.items()):
        if name.startswith("corscope."):
            memories += [each for each in vars(module).values() if isinstance(each, Memo)]
    for each in memories:
        each.clear()


def _set_watched(watched: bool) -> list[str]:
    _forget_what_is_cached()
    threading.setprofile(_watch if watched else None)
    sys.setprofile(_watch if watched else None)
    if watched:
        called.clear()
        return []
    return sorted(name for name, each in _functions().items() if each.__code__ in called)


def _let_fail(name: str, secret: str) -> None:
    broken_one = _functions()[name]
    code = broken_one.__code__
    failing = "def fail(*args, **kwargs):\n    raise _injected_error(_injected_words)\n"
    made: dict[str, Any] = {}
    exec(compile(failing, code.co_filename, "exec"), made)
    new = made["fail"].__code__.replace(
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_freevars=code.co_freevars,
        co_firstlineno=code.co_firstlineno,
    )
    constants = {"_injected_error": InjectedError, "_injected_words": secret}
    broken_one.__globals__.update(constants)
    broken[broken_one] = code
    _forget_what_is_cached()
    _forget_what_was_told()
    InjectedError.raised = 0
    broken_one.__code__ = new


def _forget_what_was_told() -> None:
    """Not when all is mended: a thread's last failure may be on its way, and was told before."""
    guard._reported.clear()
    ctx.master.addons.get("corscope")._recorder.marked.clear()


def _mend() -> int:
    """Let all work again; how often something failed."""
    while broken:
        function, code = broken.popitem()
        function.__code__ = code
    return InjectedError.raised


def _look_at(flow: http.HTTPFlow) -> list[str]:
    """Ask as a person does who points at a flow; the answers, or what is said instead."""
    told = []
    for name, arguments in (("cors.explain", (flow,)), ("cors.rules", ()), ("cors.reload", ())):
        try:
            told.append(str(ctx.master.commands.call(name, *arguments)))
        except Exception as error:
            told.append(f"{type(error).__name__}: {error}")
    view = ctx.master.addons.get("corscope")._content_view
    told.append(str(view._text(flow)))
    return told


def response(flow: http.HTTPFlow) -> None:
    if flow.request.host != HOST:
        last[:] = [flow]


def request(flow: http.HTTPFlow) -> None:
    if flow.request.host != HOST:
        return
    asked = json.loads(flow.request.get_text() or "{}")
    answer: dict[str, Any] = {}
    if "watched" in asked:
        answer["called"] = _set_watched(asked["watched"])
    if "fail" in asked:
        _let_fail(asked["fail"], asked["secret"])
    if asked.get("mend"):
        answer["raised"] = _mend()
    if asked.get("look") and last:
        answer |= {"told": _look_at(last[0]), "id": last[0].id}
    flow.response = http.Response.make(200, json.dumps(answer))
