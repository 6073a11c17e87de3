"""Which keys does a rule file have, and what may they be?

The tables below are the only place where that is said: `load` reads with them, and `schema_text`
writes them as JSON Schema (draft 2020-12) for editors. It ships as `schema.json` beside this
module; a test compares. After a change here `make dialects` writes it anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from corscope.rules.kinds.place import At
from corscope.rules.kinds.table import Field, Table
from corscope.rules.kinds.values import (
    Amount,
    Choice,
    Either,
    Filter,
    Flag,
    Json,
    OneOrMany,
    Pairs,
    Status,
    Text,
    ValueKind,
    Whole,
)
from corscope.rules.model import Fault, HeaderEdits, Match, Mode
from corscope.rules.problems import shown
from corscope.rules.texts import (
    EDITED_NAME,
    EDITED_VALUE,
    HEADER_NAME,
    HOST,
    LOCATION,
    METHOD,
    ORIGIN,
    RULE_NAME,
    URL,
    header_value,
)
from corscope.servers.dialect import Dialect, Setting
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.registry import dialects
from corscope.servers.standard import STANDARD

__all__ = [
    "FAULT",
    "HEADERS",
    "MATCH",
    "POLICY",
    "RULE",
    "json_schema",
    "policy_table",
    "schema_text",
]

LONGEST_DELAY = 600
MAX_MAX_AGE = 2**31 - 1

_STAR_OR_ECHO = Choice({WILDCARD: WILDCARD, ECHO: ECHO})


def _setting_kind(setting: Setting) -> ValueKind:
    if setting.choices:
        return Choice({choice: choice for choice in setting.choices})
    match setting.kind:
        case "boolean":
            return Flag()
        case "integer":
            return Whole(-MAX_MAX_AGE, MAX_MAX_AGE)
        case "string":
            return Text(header_value, may_be_empty=True)
        case "strings":
            return OneOrMany(Text(header_value))


def _setting_fields(dialect: Dialect) -> tuple[Field, ...]:
    return tuple(
        Field(
            setting.name,
            _setting_kind(setting),
            setting.doc,
            list(setting.default) if isinstance(setting.default, tuple) else setting.default,
        )
        for setting in dialect.settings
    )


def _build_policy(*, dialect: Dialect = STANDARD, **values: Any) -> tuple[Dialect, Policy]:
    settings = {setting.name for setting in dialect.settings}
    known = {name: value for name, value in values.items() if name not in settings}
    further = tuple((name, value) for name, value in values.items() if name in settings)
    return dialect, Policy(**known, settings=further)


def _check_policy(values: Mapping[str, Any], at: At) -> None:
    dialect, policy = _build_policy(**values)
    for complaint in dialect.complaints(policy):
        value = values.get(complaint.field)
        place = at.into(complaint.field) if complaint.field in values else at
        place.complain(complaint.message, complaint.hint, value=value)


_OF_RULE = dict.fromkeys(
    ("name", "description", "enabled", "mode"),
    "it belongs to the rule: write it right below [[rule]]",
)
_TABLES = {
    name: f"what stands below a [table] belongs to it: write [rule.{name}] above this"
    for name in ("match", "policy", "headers", "fault")
}
_ABOVE = {**_OF_RULE, **_TABLES}
"""Where to write what a table of a rule hasn't, but the rule has."""

_HOST_IN_MATCH = dict.fromkeys(("url", "host", "filter"), "it belongs into [rule.match]")

_POLICY_FIELDS = (
    Field(
        "allow_origins",
        Either(ORIGIN, ORIGIN),
        "The allowed origins and patterns; or one origin that is sent to everybody; "
        'or "*", the wildcard; or "request", which sends back any origin.',
    ),
    Field(
        "allow_origin_regex",
        Text(may_be_empty=True),
        "A regular expression for origins, as that server understands it.",
    ),
    Field(
        "allow_methods",
        Either(_STAR_OR_ECHO, METHOD),
        'The allowed methods, or "*", or "request", which sends back what is asked for.',
    ),
    Field(
        "allow_headers",
        Either(_STAR_OR_ECHO, HEADER_NAME),
        'The allowed request headers, or "*", or "request", which sends back those asked for.',
    ),
    Field(
        "expose_headers",
        Either(Choice({WILDCARD: WILDCARD}), HEADER_NAME),
        'The response headers that script may read, or "*".',
    ),
    Field("allow_credentials", Flag(), "Whether credentialed requests are allowed."),
    Field(
        "max_age",
        Whole(-1, MAX_MAX_AGE),
        "For how many seconds browsers may keep a preflight's answer.",
    ),
    Field(
        "preflight",
        Choice({"answer": False, "forward": True}),
        "Answer preflights, or forward them to the backend and replace its CORS headers.",
        "answer",
        into="forward_preflight",
    ),
)


def policy_table(known: Sequence[Dialect]) -> Table:
    """The table of a policy; a dialect's further settings are keys of it where it is named."""
    by_name = {dialect.name: dialect for dialect in known}
    homes = _homes(known)

    def further(raw: Mapping[str, object]) -> Sequence[Field]:
        like = raw.get("like", STANDARD.name)
        return _setting_fields(by_name[like]) if isinstance(like, str) and like in by_name else ()

    like = Field(
        "like",
        Choice(by_name),
        "The dialect: which server library's way of answering is imitated.",
        STANDARD.name,
        into="dialect",
    )
    return Table(
        fields=(like, *_POLICY_FIELDS),
        build=_build_policy,
        example='like = "express", allow_origins = ["https://app.example.com"]',
        check=_check_policy,
        further=further,
        all_further=_of_all(homes),
        elsewhere=_elsewhere(homes),
        beside={**_ABOVE, **_HOST_IN_MATCH},
        dependent=_needs_home(homes),
    )


_Homes = Mapping[str, Sequence[tuple[Dialect, Field]]]
"""The dialects that have a further setting, by its name."""


def _homes(known: Sequence[Dialect]) -> _Homes:
    found: dict[str, list[tuple[Dialect, Field]]] = {}
    for dialect in known:
        for each in _setting_fields(dialect):
            found.setdefault(each.name, []).append((dialect, each))
    return found


def _of_all(homes: _Homes) -> tuple[Field, ...]:
    """Each setting once, with what it is to each of its dialects, and a default if they agree."""
    return tuple(map(_of_its_dialects, homes.values()))


def _of_its_dialects(found: Sequence[tuple[Dialect, Field]]) -> Field:
    names: dict[str, list[str]] = {}
    for dialect, field in found:
        names.setdefault(field.doc, []).append(dialect.name)
    doc = "Only for " + " For ".join(f"{', '.join(of)}: {doc}" for doc, of in names.items())
    first = found[0][1]
    agree = all(field.default == first.default for _, field in found)
    default = first.default if agree else None
    return replace(first, doc=doc, default=default, kind=_kind_of_all([f.kind for _, f in found]))


def _kind_of_all(kinds: Sequence[ValueKind]) -> ValueKind:
    """One that takes what any of them does: the words to choose from may be others."""
    words = {
        word: what
        for kind in kinds
        if isinstance(kind, Choice)
        for word, what in kind.words.items()
    }
    return Choice(words) if words else kinds[0]


def _elsewhere(homes: _Homes) -> dict[str, str]:
    """A hint for each further setting where another dialect is imitated."""
    return {
        name: f"only like = {' or '.join(shown(dialect.name) for dialect, _ in fields)} has it"
        for name, fields in homes.items()
    }


def _needs_home(homes: _Homes) -> dict[str, Json]:
    """The same for editors."""
    return {
        name: {
            "required": ["like"],
            "properties": {"like": {"enum": [dialect.name for dialect, _ in fields]}},
        }
        for name, fields in homes.items()
    }


POLICY = policy_table(dialects())

_IN_POLICY = {each.name: "it belongs into [rule.policy]" for each in POLICY.fields}

_WITHIN_URL = 'it is a part of the url: write url = "*/v1/users?page=*", say'
_IN_OTHER_WORDS = {
    **dict.fromkeys(("path", "paths", "query", "scheme", "protocol"), _WITHIN_URL),
    "port": 'write it behind the host: host = "localhost:8080"',
    "header": 'write filter = "~hq x-tenant", say: it looks at the request\'s headers',
    "referer": 'write filter = "~hq referer", say',
}
"""What people look for in a match, and how it is said there."""

_MATCHED_HEADERS = (
    'to match by a header write filter = "~hq x-tenant", say; to edit any, write [rule.headers] '
    "above this"
)

MATCH = Table(
    fields=(
        Field(
            "url",
            OneOrMany(URL),
            "A glob over the whole URL, such as https://api.example.com/v1/*; "
            "an asterisk before the path stays before the path.",
        ),
        Field(
            "host",
            OneOrMany(HOST),
            "A host or a glob over one, with or without a port: *.example.com, localhost:8080.",
        ),
        Field("origin", OneOrMany(Text()), "A glob over the Origin header, which must be there."),
        Field("method", OneOrMany(METHOD), "The fetch's method; upper and lower case differ."),
        Field(
            "kind",
            OneOrMany(
                Choice({each: each for each in ("preflight", "actual")}, "leave it out for both")
            ),
            "Preflights or actual requests; default both.",
        ),
        Field(
            "status",
            OneOrMany(Status()),
            "The server's status, such as 404 or 5xx; for rules with headers or fault.",
        ),
        Field("filter", OneOrMany(Filter()), "A mitmproxy filter expression over the request."),
    ),
    build=Match,
    example='host = "api.example.com"',
    any_of=("url", "host"),
    elsewhere=_IN_OTHER_WORDS,
    beside={**_ABOVE, **_IN_POLICY, "headers": _MATCHED_HEADERS},
)

HEADERS = Table(
    fields=(
        Field("remove", OneOrMany(EDITED_NAME), "Headers to remove."),
        Field(
            "set",
            Pairs(EDITED_NAME, EDITED_VALUE),
            "Headers to set, replacing those of the same name; "
            "{origin} {method} {headers} {host} are filled in.",
        ),
        Field(
            "add",
            Pairs(EDITED_NAME, OneOrMany(EDITED_VALUE), repeated=True),
            "Header lines to add to those that are there.",
        ),
    ),
    build=HeaderEdits,
    example='remove = "Access-Control-Allow-Origin"',
    any_of=("remove", "set", "add"),
    beside=_ABOVE,
    otherwise='headers are named in remove, set or add: set = { "Vary" = "Origin" }, say',
)

FAULT = Table(
    fields=(
        Field("status", Whole(200, 599), "Answer with this status and without CORS headers."),
        Field("redirect", LOCATION, "Answer with a redirect to this URL."),
        Field("delay", Amount(LONGEST_DELAY), "Seconds to wait before the answer.", 0),
        Field("abort", Flag(), "Drop the connection instead of answering.", default=False),
    ),
    build=Fault,
    example="status = 401",
    any_of=("status", "redirect", "delay", "abort"),
    beside=_ABOVE,
)


def _build_rule(*, policy: tuple[Dialect, Policy] | None = None, **values: Any) -> dict[str, Any]:
    dialect, built = policy or (None, None)
    return {**values, "policy": built, "dialect": dialect}


_IN_MATCH = {each.name: "it belongs into [rule.match]" for each in MATCH.fields}

_WITHOUT_STATUS: Json = {"properties": {"match": {"not": {"required": ["status"]}}}}

RULE = Table(
    fields=(
        Field("name", RULE_NAME, "What the log calls this rule; unique.", required=True),
        Field("description", Text(may_be_empty=True), "A note for people.", ""),
        Field("enabled", Flag(), "Whether the rule is looked at.", default=True),
        Field(
            "mode",
            Choice(
                {mode.value: mode for mode in Mode},
                'write "shadow" to change nothing and log what the rule would do',
            ),
            "Whether the rule acts, or only logs what it would do.",
            Mode.APPLY.value,
        ),
        Field("match", MATCH, "Whom the rule is about; every key must hold.", required=True),
        Field("policy", POLICY, "Act as a server that has this policy."),
        Field("headers", HEADERS, "Edit response headers by hand."),
        Field("fault", FAULT, "Break the answer as real servers do."),
    ),
    build=_build_rule,
    example='policy.allow_origins = ["https://app.example.com"]',
    any_of=("policy", "headers", "fault"),
    elsewhere={**_IN_POLICY, **_IN_MATCH},
    dependent={
        "match": {"anyOf": [_WITHOUT_STATUS, {"required": ["headers"]}, {"required": ["fault"]}]}
    },
)


def json_schema() -> dict[str, Any]:
    """The rule file's JSON Schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "corscope rule file",
        "description": "Rules are tried in order; the first one that matches applies.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"rule": {"type": "array", "items": RULE.schema()}},
    }


def schema_text() -> str:
    """The schema as it ships."""
    return json.dumps(json_schema(), indent=2) + "\n"
