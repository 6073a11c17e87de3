"""Which policy do the header rules of an HAProxy configuration make?

Of the customary forms these are understood: fixed values, and the request's own words, from a
variable or a capture that keeps them, where an ACL compares the origin with texts or regexes.
Files that a configuration names aren't read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, NoReturn

from corscope.cli.imports.regexes import compiled, escaped
from corscope.cli.imports.tree import Found, Node, Source
from corscope.cli.imports.web_servers.by_hand import (
    ANY_OPTIONS,
    LEAVES_NO_CREDENTIALS,
    ONLY_PREFLIGHT,
    AllowedOrigins,
    HeaderLine,
    OriginLines,
    SentLine,
    match_of,
    told_apart,
    told_of_late,
    told_of_lines,
    told_of_status,
)
from corscope.cli.imports.web_servers.haproxy_backends import Backends
from corscope.cli.imports.web_servers.haproxy_kept import Kept, deletes, in_force, kept_by
from corscope.cli.imports.web_servers.haproxy_rules import (
    VARIABLE,
    Rule,
    Term,
    Test,
    header_of,
    rules,
    test_of,
    tested,
)
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    is_cors_response_header_name,
)
from corscope.servers.policy import Policy
from corscope.servers.web_servers.by_hand import KEEP_OWN

__all__ = ["OWN_ANSWERS", "read_haproxy"]

_ECHOES: Final = {ALLOW_METHODS: f"%[{REQUEST_METHOD}]", ALLOW_HEADERS: f"%[{REQUEST_HEADERS}]"}
_RESPONSES: Final = {"http-response", "http-after-response"}
_SET_VAR: Final = re.compile(r"set-var\(([\w.]+)(?:,[\w,]+)?\)")
_VARIABLE: Final = re.compile(r"var\(([\w.]+)\)")
_CAPTURED: Final = re.compile(r"capture\.req\.hdr\((\d{1,4})\)")
_FIXED: Final = re.compile(r"str\((.*)\)")
_FLAG: Final = re.compile(r"(?:bool|int)\((\w+)\)")
_PREFLIGHT: Final = "preflight"
_ANSWERS: Final = {"return", "deny", "reject", "redirect", "tarpit", "use-service"}
_STATUSES: Final = {
    "return": ("status", 200),
    "deny": ("deny_status", 403),
    "tarpit": ("deny_status", 500),
    "redirect": ("code", 302),
}
"""What answers a request by itself, the word before the status, and that which it else has."""

_REFUSED: Final = 300
_ALWAYS: Final = {"TRUE", "HTTP", "HTTP_1.0", "HTTP_1.1", "HTTP_2.0"}
_REGEXES: Final = {"beg": "^{}", "end": "{}$", "sub": "{}"}


@dataclass(frozen=True, slots=True)
class _When:
    """When a rule counts: to whom, whether only for preflights, and what isn't understood."""

    origins: AllowedOrigins | None = None
    is_preflight: bool = False
    unread: tuple[str, ...] = ()


_SINGLE: Final = {ALLOW_ORIGIN, ALLOW_CREDENTIALS}
_PLAIN: Final = (_When(), _When(is_preflight=True))
"""When what is sent hangs on no origin."""


@dataclass(frozen=True, slots=True)
class _Sent:
    rule: Rule
    line: HeaderLine
    when: _When


def read_haproxy(source: Source) -> Iterator[Found]:
    """The rules that set CORS headers, and what they refer to."""
    reading = _Reading(source, tuple(rules(source)))
    sent = tuple(reading.sent())
    if not sent and not any(deletes(rule, ALLOW_ORIGIN) for rule in reading.rules):
        source.refuse("has no http-response set-header Access-Control-…")
    sections: dict[int, list[_Sent]] = {}
    for each in sent:
        sections.setdefault(each.rule.section, []).append(each)
    with_origin = [
        section
        for section in sections.values()
        if any(each.line.name == ALLOW_ORIGIN for each in section)
    ]
    names = frozenset(section[0].rule.backend for section in with_origin)
    backends = Backends(source, reading.rules, reading.acls, names)
    with_origin.sort(key=lambda section: backends.order(section[0].rule.backend))
    told: tuple[str, ...] = ()
    policies = [(section[0].rule.backend, section) for section in with_origin]
    if len(policies) < 2:
        own = with_origin[0] if with_origin else list(sent)
        told = _told_of_backends(sent, own, backends)
        policies = [(own[0].rule.backend if with_origin else "", list(sent))]
    for name, section in policies:
        for found in reading.all_found(section):
            there = backends.only_there(found, name)
            yield replace(there, warnings=(*there.warnings, *told))


def _told_of_backends(
    sent: Iterable[_Sent], own: Sequence[_Sent], backends: Backends
) -> tuple[str, ...]:
    """The headers of a backend for some requests, where the origin is allowed elsewhere."""
    return tuple(
        f"{backends.source.at(each.line.line)}: {each.line.title} is of the backend "
        f"{each.rule.backend} only; the rule sends it with all"
        for each in sent
        if each.rule.section != own[0].rule.section and backends.is_for_some(each.rule.backend)
    )


@dataclass
class _Reading:
    """What is known of variables, captures and ACLs."""

    source: Source
    rules: tuple[Rule, ...]
    acls: dict[tuple[int, str], list[Test]] = field(default_factory=dict)
    captures: dict[int, list[str]] = field(default_factory=dict)
    origins: dict[str, AllowedOrigins] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    """By variable, the request header that it holds, or that it says what a preflight is."""

    allowed: dict[tuple[str, int], AllowedOrigins] = field(default_factory=dict)
    flags: dict[str, list[tuple[bool, _When]]] = field(default_factory=dict)
    """By variable, whether it is made true or false, and when."""

    known: dict[tuple[int, str], _When] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note what the rules refer to."""
        for rule in self.rules:
            match rule.words:
                case ("acl", name, *test):
                    self.acls.setdefault((rule.section, name), []).append(test_of(test))
                case ("capture", "request", "header", name, *_):
                    self.captures.setdefault(rule.section, []).append(name.lower())
        for rule in self.rules:
            if rule.words[0] in {"http-request", *_RESPONSES} and len(rule.action) > 2:
                self._keep(rule)

    def _keep(self, rule: Rule) -> None:
        """`http-request set-var(NAME) SAMPLE [if …]`."""
        named = _SET_VAR.fullmatch(rule.action[1])
        if named is None:
            return
        sample = "".join(rule.action[2:])
        variable, header, fixed = named[1], self._header(sample, rule), _FIXED.fullmatch(sample)
        if header == ORIGIN:
            self._allow(variable, self._when(rule).origins)
        elif fixed:
            self._allow(variable, AllowedOrigins(exact=[fixed[1]]))
        elif header is not None:
            self.holds[variable] = header
        elif self._when(rule).is_preflight:
            self.holds[variable] = _PREFLIGHT
        elif flag := _FLAG.fullmatch(sample):
            is_true = flag[1] not in {"false", "0"}
            when = self._when(rule)  # which may ask for what the variable was before
            self.flags.setdefault(variable, []).append((is_true, when))

    def _allow(self, variable: str, origins: AllowedOrigins | None) -> None:
        given = origins or AllowedOrigins(is_any=True)
        if (variable, id(given)) not in self.allowed:
            self.allowed[variable, id(given)] = given
            self.origins.setdefault(variable, AllowedOrigins()).add(given)

    def _header(self, sample: str, rule: Rule) -> str | None:
        """The request header that a sample takes, also by way of a capture or a variable."""
        captured, kept = _CAPTURED.fullmatch(sample), _VARIABLE.fullmatch(sample)
        if captured:
            all_of_file = [name for names in self.captures.values() for name in names]
            names = self.captures.get(rule.section, all_of_file)
            number = int(captured[1])
            return names[number] if number < len(names) else None
        if kept:
            return self.holds.get(kept[1])
        found = header_of(sample)
        return None if found is None else found[0]

    # Conditions

    def _when(self, rule: Rule) -> _When:
        """When a rule counts."""
        if not rule.condition:
            return _When()
        if rule.is_turned_round:
            terms = [term for group in tested(rule.condition) for term in group]
            return self._all([Term(each.test, not each.is_not) for each in terms], rule)
        return _either([self._all(group, rule) for group in tested(rule.condition)])

    def _all(self, terms: Iterable[Term], rule: Rule) -> _When:
        """When all of these hold."""
        when = _When()
        for term in terms:
            other = self._term(term, rule)
            limited = [o for o in (when.origins, other.origins) if o is not None and not o.is_any]
            if len(limited) > 1:
                self._refuse(rule)
            origins = limited[0] if limited else when.origins or other.origins
            is_preflight = when.is_preflight or other.is_preflight
            when = _When(origins, is_preflight, when.unread + other.unread)
        return when

    def _term(self, term: Term, rule: Rule) -> _When:
        if isinstance(term.test, str):
            if term.test in _ALWAYS:
                return _When()
            if term.test == "METH_OPTIONS":
                return _When(is_preflight=not term.is_not)
            when = self._named(term.test, rule)
        else:
            when = self._test(term.test, rule)
        if not term.is_not or when == _When():
            return when
        if when.origins is not None:
            self._refuse(rule)
        return _When(unread=(str(term),)) if when.unread else _When()

    def _named(self, name: str, rule: Rule) -> _When:
        """When an ACL holds: of several lines any may."""
        key = (rule.section, name)
        if key not in self.known:
            tests = self.acls.get(key, [])
            read = [self._test(test, rule) for test in tests]
            self.known[key] = _either(read) if read else _When(unread=(name,))
        return self.known[key]

    def _test(self, test: Test, rule: Rule) -> _When:
        """When one test holds."""
        kept = _VARIABLE.fullmatch(test.sample)
        if kept and kept[1] in self.origins and test.how in {None, "found"} and not test.values:
            return _When(self.origins[kept[1]])
        if kept and self.holds.get(kept[1]) == _PREFLIGHT:
            return _When(is_preflight=True)
        if kept and kept[1] in self.flags:
            return self._flagged(kept[1], test, rule)
        if test.sample == "method" and "OPTIONS" in test.values:
            return _When(is_preflight=True)
        is_origin = self._header(test.sample, rule) == ORIGIN or (kept and kept[1] in self.origins)
        if is_origin:
            return _When(self._compared(test, rule))
        if self._header(test.sample, rule) in {REQUEST_METHOD, REQUEST_HEADERS}:
            return _When()
        return _When(unread=(str(test),))

    def _flagged(self, variable: str, test: Test, rule: Rule) -> _When:
        """When a variable is true that rules before have set.

        One that is false to begin with may be made so, but not the other way round: that would be
        the opposite of a condition.
        """
        first, *others = self.flags[variable]
        is_default = first == (False, _When())
        is_found = test.how == "found" and not is_default and not test.values
        is_true = test.how in {None, "bool", "int"} and not set(test.values) - {"1", "true"}
        is_plain = is_found or is_true
        settings = others if is_default else [first, *others]
        if not settings or not is_plain or not all(is_set for is_set, _ in settings):
            self._refuse(rule)
        return _either([when for _, when in settings])

    def _compared(self, test: Test, rule: Rule) -> AllowedOrigins:
        """The origins that fit."""
        found = header_of(test.sample)
        how = test.how or (found[1] if found else None) or "str"
        if test.file is not None:
            self.source.refuse(f"the origins stand in {test.file}: write them there", rule.line)
        if any(VARIABLE in value for value in test.values):
            self._refuse(rule)
        flag = "(?i)" if test.is_caseless else ""
        if how in {"found", "str"}:
            return AllowedOrigins(exact=list(test.values), is_any=how == "found")
        if how == "reg":
            place = self.source.at(rule.line)
            nodes = [Node(place, flag + value) for value in test.values]
            return AllowedOrigins(regexes=[compiled(node).pattern for node in nodes])
        if how not in _REGEXES:
            self._refuse(rule)
        regexes = [flag + _REGEXES[how].format(escaped(value)) for value in test.values]
        return AllowedOrigins(regexes=regexes)

    def _refuse(self, rule: Rule) -> NoReturn:
        written = " ".join(rule.condition).replace(VARIABLE, "$")
        short = written if len(written) <= 60 else f"{written[:60]}…"
        self.source.refuse(f"can't tell which origins fit: {short}", rule.line)

    # Header lines

    def sent(self) -> Iterator[_Sent]:
        """The CORS headers that are set, each with when it is, and not taken away again."""
        lines = [
            (rule, HeaderLine(rule.line, name.lower(), value))
            for rule in self.rules
            for name, value in _set_by(rule.action)
            if is_cors_response_header_name(name)
        ]
        for number in in_force([(rule, line.name) for rule, line in lines], self.rules):
            rule, line = lines[number]
            yield _Sent(rule, line, self._when(rule))

    def all_found(self, sent: Sequence[_Sent]) -> Iterator[Found]:
        """The policy that some of them make; or two, where preflights get something else.

        What `http-request return` answers has none of the `http-response` headers.
        """
        kept = kept_by(self.source, self.rules, [(each.rule, each.line.name) for each in sent])
        late = [each for each in sent if each.rule.action[0] in _LATE]
        if not late or not self.returns_preflights:
            yield self._found(sent, kept)
            return
        preflight = self._found([each for each in sent if each not in late], kept)
        usual = [each for each in sent if each.rule.action[1:2] != ("return",)]
        actual = self._found([e for e in usual if e.line.name not in ONLY_PREFLIGHT], kept)
        told = told_of_late(self.source, (each.line for each in late), "http-request return")
        yield from told_apart(actual, preflight, told)

    @cached_property
    def returns_preflights(self) -> bool:
        """Whether each OPTIONS is answered by `http-request return`."""
        return any(
            rule.action[:2] == ("http-request", "return") and self._when(rule).is_preflight
            for rule in self.rules
        )

    def _found(self, sent: Sequence[_Sent], kept: Kept) -> Found:
        """The policy that some of them make."""
        fields: dict[str, Any] = {}
        origins, warnings = OriginLines(), [*kept.warnings, *self.let_through]
        said, added = _with_beside(sent)
        lines = sorted(said, key=lambda each: each.when.is_preflight)  # what they say counts
        told: list[SentLine] = []
        for each in lines:
            line = each.line
            if line.name == ALLOW_ORIGIN:
                self._add_origin(origins, each)
            else:
                line = self._plain(each)
                fields |= line.fields(self.source, _ECHOES, "%[")
                if line.is_odd and (line.name, line.value) not in added:
                    place = self.source.at(line.line)
                    warnings.append(f"{place}: {line.title}: {line.value} {LEAVES_NO_CREDENTIALS}")
            told.append((line, each.when.is_preflight, each.when.origins))
            warnings += self._unread(each)
        place = self.source.at(lines[0].line.line) if lines else self.source.name
        warnings += origins.warnings(place)
        warnings += [*told_of_lines(self.source, told, fields), *self.answered]
        if not origins.is_sent:
            fields["allow_origins"] = ()
        forwards = not self.tells_preflights
        credentials = fields.get("allow_credentials")
        settings = ((KEEP_OWN.name, True),) if kept.keeps_own else ()
        policy = Policy(**fields, **origins.fields(), forward_preflight=forwards, settings=settings)
        found = Found(place, policy, match_of(told), warnings=tuple(dict.fromkeys(warnings)))
        odd = {ALLOW_CREDENTIALS} if dict(added).get(ALLOW_CREDENTIALS) and not credentials else ()
        return replace(found, added=added, removed=(*kept.removed, *odd))

    def _unread(self, sent: _Sent) -> Iterator[str]:
        """What of a rule isn't imported."""
        for how in sent.when.unread:
            yield f"{self.source.at(sent.line.line)}: the condition {how} is not imported"
        if sent.rule.words[0] == "http-response":
            yield OWN_ANSWERS

    @cached_property
    def answered(self) -> list[str]:
        """What is otherwise of the answers to preflights."""
        told: list[str] = []
        asks = "access-control-request-method"
        tests = [word for rule in self.rules for word in _tests_of(rule)]
        for rule in self.rules:
            status = _status(rule.action)
            when = self._when(rule) if status else _When()
            if status and when.is_preflight and when.unread:
                how = f"the condition {' '.join(when.unread)} is not imported"
                left = "" if _lets_pass(rule.action) else ", nor is what is answered then"
                told.append(f"{self.source.at(rule.line)}: {how}{left}")
            elif status and when.is_preflight:
                told += told_of_status(self.source, status, rule.line)
                if not any(asks in word.lower() for word in tests):
                    told.append(f"{self.source.at(rule.line)}: {ANY_OPTIONS}")
        return told

    @cached_property
    def tells_preflights(self) -> bool:
        """Whether it answers OPTIONS otherwise: if not, preflights go to the backend."""
        return any(
            when.is_preflight and (not when.unread or _lets_pass(rule.action))
            for rule in self.rules
            if _answers(rule.action)
            for when in [self._when(rule)]
        )

    @cached_property
    def let_through(self) -> list[str]:
        """Which rules keep a request or a response from those behind them."""
        last = {(rule.section, rule.words[0]): rule for rule in self.rules}
        return [
            f"{self.source.at(rule.line)}: what allow keeps from the rules behind it isn't imported"
            for rule in self.rules
            if rule.words[0] in {"http-request", *_RESPONSES}
            and rule.action[1:2] == ("allow",)
            and last[rule.section, rule.words[0]] != rule
        ]

    def _plain(self, sent: _Sent) -> HeaderLine:
        """The line with the request header in place of what holds it."""
        value = sent.line.value
        if VARIABLE in value:
            replace(sent.line, value=value.replace(VARIABLE, "$")).refuse(self.source)
        sample = re.fullmatch(r"%\[(.*)\]", value)
        header = self._header(sample[1], sent.rule) if sample else None
        if header is not None:
            return HeaderLine(sent.line.line, sent.line.name, f"%[{header}]")
        plain = value.replace("%%", "")
        if "%" in plain:
            sent.line.refuse(self.source)
        return HeaderLine(sent.line.line, sent.line.name, value.replace("%%", "%"))

    def _add_origin(self, origins: OriginLines, sent: _Sent) -> None:
        """A rule that sets Access-Control-Allow-Origin."""
        kept = re.fullmatch(r"%\[var\(([\w.]+)\)\]", sent.line.value)
        if kept and kept[1] in self.origins:
            limited = sent.when.origins is not None and not sent.when.origins.is_any
            is_any = self.origins[kept[1]].is_any
            origins.add(None, sent.when.origins if limited and is_any else self.origins[kept[1]])
            return
        plain = self._plain(sent)
        if plain.value == f"%[{ORIGIN}]":
            if any(how.startswith("var(") for how in sent.when.unread):
                self._refuse(sent.rule)
            origins.add(None, sent.when.origins)
        elif plain.value.startswith("%["):
            plain.refuse(self.source)
        else:
            origins.add(plain.value, sent.when.origins)


_LATE: Final = {"http-response", "rspadd"}


OWN_ANSWERS: Final = (
    "HAProxy's own answers, such as 503, get the headers too: for http-response they don't, for "
    "http-after-response they do"
)
"""What is said of headers that only answers of a backend get."""


def _tests_of(rule: Rule) -> tuple[str, ...]:
    """What a rule's condition or an ACL compares."""
    return rule.words if rule.words[0] == "acl" else rule.condition


def _status(action: tuple[str, ...]) -> int | None:
    """With what a rule answers a request by itself."""
    match action:
        case ("http-request", how, *words) if how in _STATUSES:
            word, usual = _STATUSES[how]
            status = dict(pairwise(words)).get(word, "")
            return int(status) if re.fullmatch("[0-9]{3}", status) else usual
    return None


def _lets_pass(action: tuple[str, ...]) -> bool:
    """Whether preflights may pass that it answers."""
    status = _status(action)
    return status is None or status < _REFUSED


def _with_beside(sent: Sequence[_Sent]) -> tuple[list[_Sent], tuple[tuple[str, str], ...]]:
    """The lines that a policy says, and those that are sent beside them, whatever is asked."""
    said, added = list(sent), list[tuple[str, str]]()
    for name in dict.fromkeys(each.line.name for each in sent):
        group = [each for each in sent if each.line.name == name]
        standing = _standing(group)
        beside = standing if standing and standing[0].line.is_odd else standing[1:]
        is_plain = any(all(each.when == plain for each in group) for plain in _PLAIN)
        if not beside or not is_plain or any("%" in each.line.value for each in beside):
            continue
        said = [each for each in said if each not in group]
        first = standing[0]
        if first.line.is_list:
            whole = first.line.joined(each.line.value for each in standing)
            said.append(replace(first, line=whole))
        else:
            added += [(name, each.line.value) for each in beside if name in _SINGLE]
            said.append(first)
    return said, tuple(added)


def _standing(group: Iterable[_Sent]) -> list[_Sent]:
    """Which lines of one name are left: what is set takes the place of those before it."""
    standing: list[_Sent] = []
    for each in sorted(group, key=lambda each: each.rule.words[0] == "http-after-response"):
        standing = [each] if each.rule.action[1] == "set-header" else [*standing, each]
    return standing


def _answers(action: tuple[str, ...]) -> bool:
    """Whether a rule settles the status by itself, or asks somebody else than usual."""
    match action:
        case ("http-request", how, *_):
            return how in _ANSWERS
        case ("http-response" | "http-after-response", "set-status", *_):
            return True
    return action[:1] == ("use_backend",)


def _set_by(action: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The headers that a rule sets."""
    match action:
        case (("http-response" | "http-after-response"), "set-header" | "add-header", name, value):
            yield name, value
        case ("rspadd", line) if ":" in line:
            name, _, value = line.partition(":")
            yield name, value.strip()
        case (_, "return", *words):
            for at, word in enumerate(words[:-2]):
                if word == "hdr":
                    yield words[at + 1], words[at + 2]


def _either(several: list[_When]) -> _When:
    """When any of these holds."""
    if len(several) == 1:
        return several[0]
    allowed = [each.origins for each in several if each.origins is not None]
    origins: AllowedOrigins | None = None
    if len(allowed) == len(several):
        origins = AllowedOrigins()
        for each in allowed:
            origins.add(each)
    is_preflight = all(each.is_preflight for each in several)
    return _When(origins, is_preflight, tuple(how for each in several for how in each.unread))
