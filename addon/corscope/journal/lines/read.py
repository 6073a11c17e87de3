"""What did a line of the journal record? The way back from `lines`.

Lines of earlier versions lack some keys; what those tell is then taken from the others, as far as
they have it. Whatever a line has beyond the known keys is passed over.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast, get_args

from corscope.fetch.consoles.firefox import FIREFOX
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Engine
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.reasons import Kind, Reason, chromium_name, firefox_name
from corscope.fetch.safelist import UnsafeRule
from corscope.journal.exchange import (
    ENGINES,
    AnsweredBy,
    Exchange,
    Finding,
    Judgement,
    Outcome,
    OutcomeWord,
    RuleMode,
    Shadow,
    Verdict,
    Verdicts,
)
from corscope.journal.lines.line_object import LineError, LineObject
from corscope.journal.lines.write import VERSION
from corscope.journal.why import Why, WhyWhat
from corscope.journal.wire import SITES, Credentials

__all__ = ["LineError", "exchange_of", "outcome_of", "own_of"]

MOST_HOPS: Final = 1_000
"""Browsers follow 20 redirects. What is counted up to here must not be any number in a file."""

_REASONS: Final = tuple(Reason)


def exchange_of(line: Mapping[str, Any]) -> Exchange:
    """The exchange that a line records.

    Args:
        line: a line's object, of `"type": "exchange"`.

    Raises:
        LineError: a key is missing, or its value isn't what it should be.
    """
    read = _of_type(line, "exchange")
    kind = cast("Kind", read.one_of("kind", get_args(Kind)))
    credentials = cast("Credentials", read.one_of("credentials", get_args(Credentials)))
    verdicts = _verdicts(read.inner("verdicts"))
    shadow = read.inner("shadow") if read.has("shadow") else None
    judged = read.has("server_verdict")
    return Exchange(
        time=_time(read),
        id=read.text("id"),
        kind=kind,
        origin=read.text("origin"),
        url=read.text("url"),
        method=read.text("method"),
        request_headers=read.names("request_headers"),
        mode=read.text("mode"),
        mode_from=read.text("mode_from"),
        credentials=credentials,
        engine=Engine(read.one_of("engine", tuple(Engine))),
        status=read.maybe_number("status"),
        error=read.maybe_text("error"),
        headers=read.headers("headers"),
        server_headers=read.headers("server_headers") if read.has("server_headers") else None,
        rule=read.maybe_text("rule"),
        rule_mode=cast("RuleMode", read.one_of("rule_mode", get_args(RuleMode)))
        if read.has("rule_mode")
        else None,
        answered_by=cast("AnsweredBy", read.one_of("answered_by", get_args(AnsweredBy))),
        judgement=_judgement(read),
        verdicts=verdicts,
        server_verdict=_verdicts(read.inner("server_verdict")) if judged else None,
        shadow=_shadow(shadow) if shadow else None,
        preflight=read.maybe_text("preflight"),
        exposed=read.names("exposed") if read.has("exposed") else None,
        hidden=read.names("hidden") if read.has("hidden") else None,
        redirected_from=read.maybe_text("redirected_from"),
        hop=read.small_number("hop", MOST_HOPS) if read.has("hop") else 0,
        chain=read.maybe_text("chain"),
        why=_whys(read),
        location=read.maybe_text("location"),
        location_userinfo=read.flag("location_userinfo") if read.has("location_userinfo") else None,
        revalidated=read.flag("revalidated"),
        goes_by=read.headers("goes_by") if read.has("goes_by") else None,
        goes_by_status=_goes_by_status(read),
        engine_verdicts=_engine_verdicts(read, kind, credentials, verdicts),
        scene=_scene(read),
        embedder_policy=_embedder_policy(read),
        findings=_findings(read),
        server_status=read.maybe_number("server_status"),
        waited_ms=read.maybe_number("waited_ms"),
    )


def own_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """What `of_pattern` takes besides the pattern, from a line that has it.

    Args:
        line: a line's object, of `"type": "exchange"`, or the part of it that has these.

    Raises:
        LineError: a key is missing, or its value isn't what it should be.
    """
    read = _of_type(line, "exchange")
    return {
        "time": _time(read),
        "id_": read.text("id"),
        "preflight": read.maybe_text("preflight"),
        "chain": read.maybe_text("chain"),
        "findings": _findings(read),
        "waited_ms": read.maybe_number("waited_ms"),
    }


def outcome_of(line: Mapping[str, Any]) -> Outcome:
    """What a line records of a preflight's outcome.

    Args:
        line: a line's object, of `"type": "outcome"`.

    Raises:
        LineError: a key is missing, or its value isn't what it should be.
    """
    read = _of_type(line, "outcome")
    return Outcome(
        time=_time(read),
        id=read.text("id"),
        outcome=cast("OutcomeWord", read.one_of("outcome", get_args(OutcomeWord))),
        credentials=cast("Credentials", read.one_of("credentials", get_args(Credentials))),
        actual=read.maybe_text("actual"),
        after_ms=read.maybe_number("after_ms"),
        why=_whys(read),
    )


def _findings(read: LineObject) -> tuple[Finding, ...]:
    return tuple(
        Finding(each.text("id"), each.maybe_text("detail")) for each in read.objects("findings")
    )


def _of_type(line: Mapping[str, Any], type_: str) -> LineObject:
    read = LineObject(line)
    if read.content.get("v") != VERSION:
        raise read.refuse("v", f"{VERSION}, the only version there is")
    read.one_of("type", (type_,))
    return read


def _time(read: LineObject) -> datetime:
    try:
        moment = datetime.fromisoformat(read.text("time"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # before the year 1 or after 9999 in UTC
        pass
    raise read.refuse("time", "a time, as in 2026-01-02T03:04:05.678Z")


def _judgement(read: LineObject) -> Judgement:
    verdict = cast("Verdict", read.one_of("verdict", get_args(Verdict)))
    if verdict == "allowed" and read.has("reason"):
        raise read.refuse("reason", "null, for what is allowed has none")
    return Judgement(
        verdict,
        None if verdict == "allowed" else Reason(read.one_of("reason", _REASONS)),
        read.maybe_text("detail"),
        read.maybe_text("chromium"),
        read.one_of("firefox", FIREFOX) if read.has("firefox") else None,
    )


def _verdicts(read: LineObject) -> Verdicts:
    omit, include = _judgement(read.inner("omit")), _judgement(read.inner("include"))
    if include.verdict == "allowed" and omit.verdict != "allowed":
        raise read.refuse("omit", "allowed where credentials are")
    return Verdicts(omit, include)


def _shadow(read: LineObject) -> Shadow:
    return Shadow(read.headers("headers"), _verdicts(read.inner("verdicts")))


def _whys(read: LineObject) -> tuple[Why, ...]:
    return tuple(map(_why, read.objects("why")))


def _why(read: LineObject) -> Why:
    what = cast("WhyWhat", read.one_of("what", get_args(WhyWhat)))
    rules = tuple(UnsafeRule) if what == "header" else (what,)
    return Why(
        what,
        read.maybe_text("name"),
        read.one_of("rule", rules) if read.has("rule") else None,
        read.maybe_text("value"),
    )


def _scene(read: LineObject) -> Scene:
    scene = read.inner("scene") if read.has("scene") else LineObject({})
    return Scene(
        url=read.text("url"),
        origin=read.text("origin"),
        status=read.maybe_number("status"),
        location=scene.maybe_text("location"),
        page=scene.text("page") if read.has("scene") else read.text("origin"),
        first_url=scene.text("first_url") if read.has("scene") else read.text("url"),
        destination=scene.maybe_text("destination"),
        upgrades=scene.has("upgrades") and scene.flag("upgrades"),
        isolation=_isolation_policy(scene),
        site=scene.one_of("site", SITES) if scene.has("site") else None,
    )


def _goes_by_status(read: LineObject) -> int | None:
    """The status of the copy that is gone by, which in earlier lines was always the same."""
    return (read.maybe_number("goes_by_status") or 200) if read.has("goes_by") else None


def _embedder_policy(read: LineObject) -> EmbedderPolicy:
    if not read.has("embedder_policy"):
        return EmbedderPolicy.UNSAFE_NONE
    return EmbedderPolicy(read.one_of("embedder_policy", tuple(EmbedderPolicy)))


def _isolation_policy(scene: LineObject) -> IsolationPolicy:
    if not scene.has("isolation"):
        return IsolationPolicy.NONE
    return IsolationPolicy(scene.one_of("isolation", tuple(IsolationPolicy)))


def _engine_verdicts(
    read: LineObject, kind: Kind, credentials: Credentials, own: Verdicts
) -> dict[Engine, Verdicts]:
    """Each engine's verdicts; in a line that doesn't have them, what it does tell of them."""
    if read.has("engine_verdicts"):
        others = read.inner("engine_verdicts")
        return {
            engine: _verdicts(others.inner(engine)) if others.has(engine) else own
            for engine in ENGINES
        }
    if not read.has("engines"):
        return dict.fromkeys(ENGINES, own)
    engines, mode = read.inner("engines"), read.text("mode")
    return {
        engine: own
        if engine == read.text("engine")
        else _as_seen(_named(engines.inner(engine), kind, mode), credentials, own)
        for engine in ENGINES
    }


def _named(read: LineObject, kind: Kind, mode: str) -> Judgement:
    """An engine's judgement, with the browsers' names for its reason, which don't stand there."""
    judgement = _judgement(read)
    if judgement.reason is None or mode != "cors":
        return judgement
    return Judgement(
        judgement.verdict,
        judgement.reason,
        judgement.detail,
        chromium_name(judgement.reason, kind),
        firefox_name(judgement.reason),
    )


def _as_seen(seen: Judgement, credentials: Credentials, own: Verdicts) -> Verdicts:
    """Both verdicts of an engine of which only the one that was seen is told."""
    if seen.verdict == "conditional":
        blocked = Judgement("blocked", seen.reason, seen.detail, seen.chromium, seen.firefox)
        return Verdicts(Judgement("allowed"), blocked)
    if credentials == "unknown":
        return Verdicts(seen, seen)
    return Verdicts(own.omit, seen) if credentials == "include" else Verdicts(seen, own.include)
