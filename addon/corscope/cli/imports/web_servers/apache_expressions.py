"""When does a condition of Apache's hold?

As https://httpd.apache.org/docs/2.4/expr.html has expressions, and mod_rewrite its conditions: of
both the customary forms are understood.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.cli.imports.web_servers.asked import OPTIONS, Asked, Compared, is_found

__all__ = ["ANY", "ORIGIN", "Scene", "all_of", "any_of", "flags_of"]

ORIGIN: Final = "expr=%{HTTP:Origin}"
"""What stands for the request's own origin."""

_ASKED_FOR: Final = "expr=%{HTTP:Access-Control-Request-…}"
_NAMED: Final = re.compile(
    r"%\{(?:(?P<kind>HTTP|req|http|ENV|env|reqenv):)?(?P<name>[\w-]+)\}"
    r"|(?P<function>req|http|reqenv|env)\(\s*[\"'](?P<argument>[\w-]+)[\"']\s*\)"
)
_REGEX: Final = re.compile(
    r"(?:m(?P<mark>[/#!,|^$])|/)(?P<regex>.*)(?(mark)(?P=mark)|/)(?P<flags>\w*)"
)
_TEXT: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w./:-]+)")
_BINARY: Final = re.compile(r"(?P<left>\S+)\s*(?P<how>=~|!~|==|!=|=)\s*(?P<right>\S.*)", re.DOTALL)
_LISTED: Final = re.compile(r"(?P<left>\S+)\s+-?in\s+\{(?P<items>[^{}]*)\}")
_ITEM: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
ANY: Final = frozenset({".", ".+", ".*", "(.*)", "(.+)", "^(.*)$", "^(.+)$", "^.*$", "^.+$"})
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Scene:
    """A request, and the variables that are set for it."""

    asked: Asked
    compared: Compared
    variables: Mapping[str, str]
    known: frozenset[str]

    def holds(self, expression: str) -> bool | None:
        """Whether an expression holds; None if that shows only when Apache runs."""
        if len(expression) > _LONGEST:
            return None
        parts = (each.split("&&") for each in expression.split("||"))
        return any_of([all_of([self._term(term) for term in terms]) for terms in parts])

    def fulfils(self, tested: str, pattern: str, *, is_caseless: bool) -> bool | None:
        """Whether a RewriteCond holds."""
        if pattern.startswith("!"):
            return _not(self.fulfils(tested, pattern[1:], is_caseless=is_caseless))
        value = self.named(tested)
        if pattern.startswith("="):
            return self.is_text(value, pattern[1:].strip('"'))
        if pattern[:1] in {"-", "<", ">"}:
            return None
        return self.fits(value, flags_of(is_caseless) + pattern)

    def _term(self, term: str) -> bool | None:
        text = term.strip()
        if text.startswith("!") and not text.startswith("!="):
            return _not(self._term(text[1:]))
        if text[:3] in {"-n ", "-z ", "-T "}:
            is_set = self._is_set(self.named(text[3:].strip()))
            return _not(is_set) if text.startswith("-z") else is_set
        among = _LISTED.fullmatch(text)
        if among is not None:
            items = [one or other for one, other in _ITEM.findall(among["items"])]
            value = self.named(among["left"])
            return any_of([self.is_text(value, item) for item in items])
        binary = _BINARY.fullmatch(text)
        if binary is None:
            return None
        value, how, right = self.named(binary["left"]), binary["how"], binary["right"].strip()
        regex, literal = _REGEX.fullmatch(right), _TEXT.fullmatch(right)
        told = None
        if how.endswith("~") and regex:
            told = self.fits(value, flags_of("i" in regex["flags"]) + regex["regex"])
        elif not how.endswith("~") and literal:
            told = self.is_text(value, next(part for part in literal.groups() if part is not None))
        return _not(told) if how.startswith("!") else told

    def named(self, operand: str) -> str | None:
        """What `%{HTTP:Name}`, `reqenv('NAME')` and the like stand for; None if it doesn't show."""
        found = _NAMED.fullmatch(operand)
        if found is None:
            return None
        kind = (found["kind"] or found["function"] or "").lower()
        name = found["name"] or found["argument"]
        if not kind:
            return self.asked.method if name == "REQUEST_METHOD" else None
        return self.variable(name) if kind.endswith("env") else self.header(name)

    def header(self, name: str) -> str | None:
        """A header of the request."""
        match name.lower():
            case "origin":
                return ORIGIN
            case "access-control-request-method" | "access-control-request-headers":
                return _ASKED_FOR if self.asked.method == OPTIONS else ""
        return None

    def variable(self, name: str) -> str | None:
        """A variable; empty if it isn't set now, but elsewhere in the file."""
        return self.variables.get(name, "" if name in self.known else None)

    def _is_set(self, value: str | None) -> bool | None:
        return None if value is None or value.startswith("%{") else bool(value)

    def is_text(self, value: str | None, text: str) -> bool | None:
        """Whether a value is this text."""
        if value == ORIGIN:
            return bool(text) and self.compared.is_text(self.asked, text)
        if value is None or value == _ASKED_FOR or value.startswith("%{"):
            return None
        return value == text

    def fits(self, value: str | None, regex: str) -> bool | None:
        """Whether a regex is found in a value."""
        if value in {ORIGIN, _ASKED_FOR} and regex in {*ANY, "^$"}:
            return regex != "^$"
        if value == ORIGIN:
            return self.compared.fits(self.asked, regex)
        if value is None or value == _ASKED_FOR or value.startswith("%{"):
            return None
        return is_found(regex, value)


def flags_of(is_caseless: bool) -> str:
    """What begins a regex whose case doesn't matter."""
    return "(?i)" if is_caseless else ""


def all_of(told: list[bool | None]) -> bool | None:
    """Whether all hold."""
    return False if False in told else None if None in told else True


def any_of(told: list[bool | None]) -> bool | None:
    """Whether one holds."""
    return True if True in told else None if None in told else False


def _not(told: bool | None) -> bool | None:
    return None if told is None else not told
