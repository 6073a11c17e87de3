"""What does an option for origins say, where it may be a function?

Of Express, Fastify, Koa and Hono, and of NestJS on the first two: what becomes of the origins that
it doesn't allow, and what is answered where it ends in an error.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.javascript_errors import NESTS, PLAIN
from corscope.cli.imports.languages.javascript_handlers import json_text
from corscope.cli.imports.options import Fields, Reader, origin
from corscope.cli.imports.tree import Node, Tested, Thrown
from corscope.servers.libraries.origin_function import (
    ERROR,
    ERROR_BODY,
    ERROR_MESSAGE,
    ERROR_STATUS,
    ERROR_TYPE,
    IGNORE,
    MISSING_ORIGIN,
    OTHER_ORIGINS,
    reason_phrase,
)

__all__ = ["answered_by_nest", "express_origin", "fastify_origin", "hono_origin", "koa_origin"]


_NEVER_ANSWERED: Final = (
    "gives back what it allows, but is to call back with it: no request is answered"
)


def express_origin(node: Node) -> Fields:
    """As `origin`, but that a function has to call back: Express waits for it."""
    tested = node.value
    if isinstance(tested, Tested) and tested.is_returned:
        node.refuse(_NEVER_ANSWERED)
    return _refusing(node, {"error": ERROR, "false": IGNORE, "nothing": IGNORE})


_NO_ORIGIN: Final = Thrown(message="Invalid CORS origin option")
"""What Fastify answers where a function gives nothing."""


def fastify_origin(node: Node) -> Fields:
    """As Express's, but that it may give back a promise, and that null alone is no error."""
    tested = node.value
    if not isinstance(tested, Tested):
        return origin(node)
    if tested.is_returned and not tested.is_async:
        node.refuse(_NEVER_ANSWERED)
    if tested.is_undefined:
        return _nothing_allowed(node, tested)
    if tested.otherwise == "nothing":
        tested = replace(tested, error=_NO_ORIGIN)
    node = replace(node, value=tested)
    read = _refusing(node, {"error": ERROR, "false": IGNORE, "nothing": ERROR})
    if tested.otherwise == "fixed":
        told = "is the same for every origin; Vary, which is there with a function, is not"
        return {**read, "warnings": (told,)}
    return _with_code(_with_words(read, tested), tested.error)


def _with_code(fields: Fields, error: Thrown) -> Fields:
    """With the error's code, which Fastify sends too."""
    settings = fields.get("settings")
    if error.code is None or not isinstance(settings, Mapping):
        return fields
    if settings[OTHER_ORIGINS.name] != ERROR:
        return fields
    sent = {"statusCode": error.status, "code": error.code, "error": reason_phrase(error.status)}
    message = ERROR_MESSAGE.default if error.message is None else error.message
    body = json_text({**sent, "message": message})
    return {**fields, "settings": {**settings, ERROR_BODY.name: body}}


def _nothing_allowed(node: Node, tested: Tested) -> Fields:
    """What calls back `undefined` in the place of null: then nothing of CORS is sent."""
    told = (
        "calls back undefined, for which nothing of CORS is sent: null means that there is no error"
    )
    if tested.otherwise == "error":
        node.refuse(told)
    settings = {OTHER_ORIGINS.name: IGNORE, MISSING_ORIGIN.name: False}
    return {"allow_origins": (), "settings": settings, "warnings": (told,)}


def answered_by_nest(read_origin: Reader) -> Reader:
    """As on its platform, but that NestJS answers the error itself."""

    def read(node: Node) -> Fields:
        fields, tested = read_origin(node), node.value
        settings = fields.get("settings")
        if not isinstance(tested, Tested) or not isinstance(settings, Mapping):
            return fields
        if settings[OTHER_ORIGINS.name] != ERROR:
            return fields
        kept = {n: settings[n] for n in (OTHER_ORIGINS.name, MISSING_ORIGIN.name) if n in settings}
        status, body, told = _nests_answer(
            _NO_ORIGIN if tested.otherwise == "nothing" else tested.error
        )
        if status != ERROR_STATUS.default:
            kept[ERROR_STATUS.name] = status
        return {**fields, "settings": {**kept, ERROR_BODY.name: body}, "warnings": told}

    return read


def _nests_answer(error: Thrown) -> tuple[int, str, tuple[str, ...]]:
    """The status and the body that NestJS answers an error with, and what isn't known of it."""
    is_nests = error.made in NESTS or error.made == "HttpException"
    if error.made != "http-errors" and not is_nests:
        is_known = error.made in {*PLAIN, "string"}
        told = () if is_known else (f"has an error of {error.made}: taken for one of no status",)
        return 500, json_text({"statusCode": 500, "message": "Internal server error"}), told
    body = None if error.body is None else _plain(error.body)
    if body is not None:
        return error.status, json_text(body), ()
    is_told = error.message is not None and error.body is None
    return error.status, json_text(_of_nest_error(error)), () if is_told else (_WORDLESS,)


def _of_nest_error(error: Thrown) -> Mapping[str, object]:
    """What is sent of an exception that is made with words."""
    message = ERROR_MESSAGE.default if error.message is None else error.message
    phrase = reason_phrase(error.status)
    if error.made not in NESTS:
        is_hidden = error.made == "http-errors" and error.status >= 500
        return {"statusCode": error.status, "message": phrase if is_hidden else message}
    if not error.given:
        return {"message": phrase, "statusCode": error.status}
    second = error.given[1] if len(error.given) > 1 else None
    return {"message": message, "error": second or phrase, "statusCode": error.status}


def _plain(node: Node) -> object:
    """A value as JSON has it; None if it can't be told."""
    value = node.value
    if isinstance(value, Mapping):
        table = {name: _plain(each) for name, each in value.items()}
        return None if None in table.values() else table
    return value if isinstance(value, str | int | bool) else None


def _refusing(node: Node, refusals: Mapping[str, str]) -> Fields:
    """As `origin`, with what becomes of the origins that a function doesn't allow.

    Args:
        node: the option.
        refusals: what comes of each way to refuse.
    """
    fields, tested = origin(node), node.value
    if not isinstance(tested, Tested):
        return fields
    missing, others = (refusals.get(each) for each in (tested.missing, tested.otherwise))
    if tested.allowed is True and missing is None:
        return fields
    if tested.allowed is True:
        others = missing
    if others is None:
        return fields
    if missing not in (None, others):
        node.refuse("refuses what has no origin otherwise than other origins, which no rule does")
    return {**fields, "settings": _settings(others, tested, lets_in=missing is None)}


def _settings(others: str, tested: Tested, *, lets_in: bool) -> dict[str, object]:
    """How a function refuses; what is the usual way isn't written.

    Args:
        others: what becomes of other origins.
        tested: the function.
        lets_in: whether it lets a request without an Origin through.
    """
    settings: dict[str, object] = {OTHER_ORIGINS.name: others}
    if not lets_in:
        settings[MISSING_ORIGIN.name] = False
    if others == ERROR and tested.error.status != ERROR_STATUS.default:
        settings[ERROR_STATUS.name] = tested.error.status
    return settings


_WORDLESS: Final = f"has an error whose words can't be told: taken for {ERROR_MESSAGE.default!r}"


def _with_words(fields: Fields, tested: Tested) -> Fields:
    """With the words of the error, where a framework sends them."""
    settings, message = fields.get("settings"), tested.error.message
    if not isinstance(settings, Mapping) or settings[OTHER_ORIGINS.name] != ERROR:
        return fields
    if tested.error.made == "string":
        body = {ERROR_BODY.name: message or "", ERROR_TYPE.name: "text"}
        return {**fields, "settings": {**settings, **body}}
    if message is None:
        return {**fields, "warnings": (_WORDLESS,)}
    if message == ERROR_MESSAGE.default:
        return fields
    return {**fields, "settings": {**settings, ERROR_MESSAGE.name: message}}


def koa_origin(node: Node) -> Fields:
    """As `origin`; what a function throws is answered, and what it gives is sent as it stands."""
    tested = _sent_origin(node)
    fields = origin(node)
    if tested is None or tested.otherwise != "error":
        return fields
    settings = _settings(ERROR, tested, lets_in=tested.missing != "error")
    fields, error = {**fields, "settings": settings}, tested.error
    if error.status >= 500:
        return fields
    if error.made != "http-errors":  # whose words aren't sent, but those of its status
        error = Thrown(message=reason_phrase(error.status))
    return _with_words(fields, replace(tested, error=error))


def hono_origin(node: Node) -> Fields:
    """As `origin`; what a function gives is sent as it stands."""
    tested = _sent_origin(node)
    if tested is not None and tested.otherwise == "error":
        node.refuse("throws for other origins, which no rule does there: give back null")
    if tested is not None and tested.otherwise == "fixed":
        node.refuse("gives back one origin for all, which no rule does there: write it as it is")
    return origin(node)


def _sent_origin(node: Node) -> Tested | None:
    """A function whose value is sent."""
    if not isinstance(node.value, Tested):
        return None
    if not node.value.is_returned:
        node.refuse("calls back with what it allows, but is to give it back")
    if node.value.otherwise == "list":
        node.refuse("gives back a list: give back the origin")
    if node.value.is_flag:
        node.refuse('gives back true, which is sent as "true": give back the origin')
    return node.value
