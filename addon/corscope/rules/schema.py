"""Which keys does a rule file have, and what may they be?

The tables below are the only place where that is said: `load` reads with them, and `schema_text`
writes them as JSON Schema (draft 2020-12) for editors. It ships as `schema.json` beside this
module; a test compares. After a change here write it anew:

    python -c "from corscope.rules.schema import schema_text as t; print(t(), end='')" > schema.json
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from corscope.fetch.headers import is_token
from corscope.rules.glob import HostName, UrlGlob, split_host, split_url_glob
from corscope.rules.kinds import (
    Amount,
    At,
    Choice,
    Either,
    Field,
    Filter,
    Flag,
    Json,
    OneOrMany,
    Pairs,
    Status,
    Table,
    Text,
    ValueKind,
    Whole,
)
from corscope.rules.meant import with_scheme
from corscope.rules.model import Fault, HeaderEdits, Match, Mode
from corscope.rules.problems import BadValueError, shown, shown_list
from corscope.rules.template import PLACEHOLDERS, Template, parse_template
from corscope.servers.dialect import Dialect, Setting
from corscope.servers.parts import is_sendable
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

_NAME = r"^[^\u0000-\u001f\u007f-\u00a0\u2028\u2029]*$"
_SOME_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TCHARS = f"^{_SOME_TCHARS}$"
_HOST = r"^(?:[^:/\s\u0080-\uffff]+|\[[^/\s\u0080-\uffff]*\])(?::(?:[0-9]{1,5}|\*))?$"
_ASCII = r"[\u0000-\u007f]"
_URL = (
    rf"^(?:\*(?!{_ASCII}*://){_ASCII}*"  # is meant for any host
    r"|(?:(?!://)[\s\S])*://(?:[\u0000-.0-\u007f]+/[\s\S]*|[\u0000-.0-\u007f]*\*))$"
)
_HEADER_VALUE = r"^[^\u0000\n\r\u0100-\uffff]*$"
_TEMPLATE = r"^(?:[^\u0000\n\r{}\u0100-\uffff]|\{\{|\}\}|\{(?:" + "|".join(PLACEHOLDERS) + r")\})*$"
_LOCATION = r"^[^\u0000\s\u0100-\uffff]*$"
_FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def _in_any_case(word: str) -> str:
    """A regex for the word; JSON Schema has no flag for it."""
    return "".join(f"[{char.upper()}{char}]" if char.isalpha() else char for char in word)


_EDITED = f"^(?!(?:{'|'.join(map(_in_any_case, sorted(_FRAMING)))})$){_SOME_TCHARS}$"


def _name(text: str) -> str:
    if not text.isprintable():
        raise BadValueError("must be one line of printable characters", "leave out the others")
    return text


def _token(text: str) -> str:
    if not is_token(text):
        raise BadValueError("is no token", "letters, digits and !#$%&'*+-.^_`|~ are allowed")
    return text


def _header_name(text: str) -> str:
    if not is_token(text):
        raise BadValueError("is no header name", "letters, digits and !#$%&'*+-.^_`|~ are allowed")
    return text


def _edited_name(text: str) -> str:
    if text.lower() in _FRAMING:
        message = "frames the message and belongs to the proxy"
        raise BadValueError(message, "drop it: a rule must not be able to split a response")
    return _header_name(text)


def _header_value(text: str) -> str:
    if not {"\r", "\n", "\0"}.isdisjoint(text):
        message = "must not hold a line break or NUL"
        raise BadValueError(message, "write one line: two would split the response")
    if not is_sendable(text):
        message = "must be Latin-1: a header has bytes, no other characters"
        raise BadValueError(message, "write the others percent-encoded, or leave them out")
    return text


def _template(text: str) -> Template:
    return parse_template(_header_value(text))


def _url_glob(text: str) -> UrlGlob:
    glob = split_url_glob(text)
    if glob is None:
        raise _no_url(text)
    if not glob.host.isascii():
        raise BadValueError("has a host that isn't ASCII", _punycode(glob.host))
    if not (glob.whole or "").isascii():
        raise BadValueError("isn't ASCII", "write it percent-encoded, as browsers send it")
    return glob


def _no_url(text: str) -> BadValueError:
    """Tell what a URL lacks, and how it may have been meant."""
    if ":///" in text or text.endswith("://"):
        meant = text.replace(":///", "://*/", 1) if ":///" in text else f"{text}*/*"
        return BadValueError("has no host", f"write {shown(meant)}")
    if text.startswith("/") and not text.startswith("//"):
        of_one = shown(f"https://api.example.com{text}")
        return BadValueError("has no host", f"write {shown(f'*{text}')}, or {of_one} say")
    meant = text if "://" in text else with_scheme(text)
    with_path = meant if meant.count("/") > 2 else f"{meant}/*"
    message = "has no path" if "://" in text else "has no scheme"
    return BadValueError(message, f"write {shown(with_path)}")


def _host(text: str) -> HostName:
    if "://" in text or "/" in text:
        bare = text.rpartition("://")[2].partition("/")[0]
        hint = f"write {shown(bare)} here, or use the key url"
        raise BadValueError("must be a host, not a URL", hint)
    if not text.isascii():
        raise BadValueError("isn't ASCII", _punycode(text))
    host = split_host(text)
    address = host.name.startswith("[") and host.name.endswith("]")
    spaced = any(char.isspace() for char in text)
    if not host.name or spaced or (":" in host.name and not address):
        several = shown_list(map(str.strip, text.split(","))) if "," in text else ""
        one = '"api.example.com", "*.example.com" or "[::1]:8080", say'
        raise BadValueError("is no host", f"write {several or one}")
    if host.port is not None and not re.fullmatch(r"[0-9]{1,5}|\*", host.port):
        raise BadValueError("has no port after its colon", "a port has digits only, or is *")
    return host


def _punycode(host: str) -> str:
    try:
        return f"browsers send {shown(host.encode('idna').decode('ascii'))}"
    except UnicodeError:
        return "browsers send it in punycode"


def _location(text: str) -> str:
    if any(char.isspace() for char in _header_value(text)):
        raise BadValueError("must not hold spaces", "write %20")
    return text


_HEADER_NAME = Text(_header_name, _TCHARS)
_METHOD = Text(_token, _TCHARS)
_EDITED_NAME = Text(_edited_name, _EDITED)
_EDITED_VALUE = Text(_template, _TEMPLATE, may_be_empty=True)
_ORIGIN = Text(_header_value, _HEADER_VALUE)
_STAR_OR_ECHO = Choice({WILDCARD: WILDCARD, ECHO: ECHO})


def _setting_kind(setting: Setting) -> ValueKind:
    match setting.kind:
        case "boolean":
            return Flag()
        case "integer":
            return Whole(-MAX_MAX_AGE, MAX_MAX_AGE)
        case "string":
            return Text(_header_value, may_be_empty=True)
        case "strings":
            return OneOrMany(Text(_header_value))


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
        Either(_ORIGIN, _ORIGIN),
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
        Either(_STAR_OR_ECHO, _METHOD),
        'The allowed methods, or "*", or "request", which sends back what is asked for.',
    ),
    Field(
        "allow_headers",
        Either(_STAR_OR_ECHO, _HEADER_NAME),
        'The allowed request headers, or "*", or "request", which sends back those asked for.',
    ),
    Field(
        "expose_headers",
        Either(Choice({WILDCARD: WILDCARD}), _HEADER_NAME),
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
    return replace(first, doc=doc, default=first.default if agree else None)


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
            OneOrMany(Text(_url_glob, _URL)),
            "A glob over the whole URL, such as https://api.example.com/v1/*; "
            "an asterisk before the path stays before the path.",
        ),
        Field(
            "host",
            OneOrMany(Text(_host, _HOST)),
            "A host or a glob over one, with or without a port: *.example.com, localhost:8080.",
        ),
        Field("origin", OneOrMany(Text()), "A glob over the Origin header, which must be there."),
        Field("method", OneOrMany(_METHOD), "The fetch's method; upper and lower case differ."),
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
        Field("remove", OneOrMany(_EDITED_NAME), "Headers to remove."),
        Field(
            "set",
            Pairs(_EDITED_NAME, _EDITED_VALUE),
            "Headers to set, replacing those of the same name; "
            "{origin} {method} {headers} {host} are filled in.",
        ),
        Field(
            "add",
            Pairs(_EDITED_NAME, OneOrMany(_EDITED_VALUE), repeated=True),
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
        Field("redirect", Text(_location, _LOCATION), "Answer with a redirect to this URL."),
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
        Field("name", Text(_name, _NAME), "What the log calls this rule; unique.", required=True),
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
