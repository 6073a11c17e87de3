"""What do the browsers' consoles print of a refusal? The sentences that people search for.

And of what they let through only for now. Each is a template in a module of its browser's, under
the name that this has for the reason, if it has one.
"""

from collections.abc import Collection

from corscope.fetch.consoles.chromium import chromium_messages
from corscope.fetch.consoles.firefox import firefox_messages, firefox_warnings
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.consoles.webkit import webkit_messages
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import INTERIM, Failure, Kind
from corscope.messages import HeaderList

__all__ = ["console_messages", "console_warnings"]


def console_messages(
    engine: Engine, kind: Kind, failure: Failure, scene: Scene, answer: HeaderList = ()
) -> tuple[str, ...]:
    """What the engine's console prints of a refused fetch, in order and as often.

    The first names the cause, others tell what came of it. Of an engine that isn't known, and of
    what a console passes over, there is none. Where script is free to choose, it is taken to use
    `fetch` without a word on redirects: XMLHttpRequest gives its own name instead.

    Args:
        engine: the engine.
        kind: whether it is a preflight that was refused.
        failure: why.
        scene: what the messages name besides.
        answer: the answer's header lines, on which hangs what is said after the cause.
    """
    if failure.detail == INTERIM and not _gives_up(engine, scene):
        return ()
    match engine:
        case Engine.CHROMIUM:
            return chromium_messages(kind, failure, scene)
        case Engine.FIREFOX:
            return firefox_messages(kind, failure, scene, answer)
        case Engine.WEBKIT:
            return webkit_messages(kind, failure, scene)
        case Engine.UNKNOWN:
            return ()


def _gives_up(engine: Engine, scene: Scene) -> bool:
    """Whether it doesn't wait on behind an interim answer that ends there."""
    return engine is Engine.FIREFOX and scene.url.startswith("https:")


def console_warnings(
    engine: Engine, names: Collection[str], answer: HeaderList, scene: Scene
) -> tuple[str, ...]:
    """What the engine's console prints of a preflight that passes.

    Args:
        engine: the engine.
        names: the lower-case names that the preflight asks leave for.
        answer: the answer's header lines.
        scene: what the message names.
    """
    return firefox_warnings(names, answer, scene) if engine is Engine.FIREFOX else ()
