"""How is a rule written down as TOML?

For what makes rule files: imports, inferred policies, templates. What it writes, `load` reads.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy

__all__ = ["header_rule_text", "policy_table_text", "rule_text", "toml_value"]

_WIDTH = 88
_SURROGATES = range(0xD800, 0xE000)
_MOST_OF_FOUR_DIGITS = 0xFFFF
_FIELDS = (
    *("allow_origins", "allow_origin_regex", "allow_methods", "allow_headers"),
    *("expose_headers", "allow_credentials", "max_age"),
)


def rule_text(
    name: str,
    match: Mapping[str, object],
    policy: Policy,
    dialect: Dialect,
    *,
    description: str = "",
    enabled: bool = True,
    notes: Mapping[str, str] | None = None,
    added: Iterable[tuple[str, str]] = (),
    removed: Iterable[str] = (),
    redirect: str = "",
) -> str:
    """Write one rule that has a policy.

    Args:
        name: the rule's name.
        match: the keys of `[rule.match]` with their values, as a rule file has them.
        policy: its policy.
        dialect: the policy's dialect.
        description: the rule's description; left out where empty.
        enabled: whether the rule is on.
        notes: a comment for each of the policy's fields, by its name.
        added: header lines that are sent beside the policy's.
        removed: headers that are taken away behind it.
        redirect: where it redirects to, by a 301; empty where it doesn't.
    """
    head = _head(name, match, description, enabled=enabled)
    edits = _edits_text(added, removed)
    fault = f"\n[rule.fault]\nstatus = 301\nredirect = {toml_value(redirect)}\n" if redirect else ""
    return f"{head}\n{policy_table_text(policy, dialect, notes or {})}{edits}{fault}"


def _edits_text(added: Iterable[tuple[str, str]], removed: Iterable[str]) -> str:
    """A rule's `[rule.headers]`; nothing if there is nothing to edit."""
    several: dict[str, list[str]] = {}
    for name, value in added:
        several.setdefault(name.title(), []).append(_without_placeholders(value))
    names = [name.title() for name in removed]
    pairs = [f"{toml_value(name)} = {toml_value(values)}" for name, values in several.items()]
    lines = [f"remove = {toml_value(names)}"] if names else []
    lines += [f"add = {{ {', '.join(pairs)} }}"] if pairs else []
    return "\n".join(["\n[rule.headers]", *lines]) + "\n" if lines else ""


def _without_placeholders(value: str) -> str:
    """A value in which braces stand for themselves."""
    return value.replace("{", "{{").replace("}", "}}")


def header_rule_text(
    name: str, match: Mapping[str, object], set_to: Mapping[str, str], *, description: str = ""
) -> str:
    """Write one rule that sets headers.

    Args:
        name: the rule's name.
        match: the keys of `[rule.match]` with their values, as a rule file has them.
        set_to: the headers and their values, in which braces are placeholders.
        description: the rule's description; left out where empty.
    """
    pairs = (f"{toml_value(key)} = {toml_value(value)}" for key, value in set_to.items())
    head = _head(name, match, description, enabled=True)
    return f"{head}\n[rule.headers]\nset = {{ {', '.join(pairs)} }}\n"


def _head(name: str, match: Mapping[str, object], description: str, *, enabled: bool) -> str:
    lines = ["[[rule]]", f"name = {toml_value(name)}"]
    if description:
        lines.append(f"description = {toml_value(description)}")
    if not enabled:
        lines.append("enabled = false")
    lines += ["", "[rule.match]"]
    lines += [f"{key} = {toml_value(value)}" for key, value in match.items()]
    return "\n".join(lines) + "\n"


def policy_table_text(policy: Policy, dialect: Dialect, notes: Mapping[str, str]) -> str:
    """Write a rule's `[rule.policy]`; fields that aren't set are left out, but not their notes."""
    pairs = dict(_policy_pairs(policy, dialect))
    lines = ["[rule.policy]"]
    for key in dict.fromkeys((*pairs, *notes)):
        lines += [f"# {key}: {_one_line(notes[key])}"] if key in notes else []
        lines += [f"{key} = {toml_value(pairs[key])}"] if key in pairs else []
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _policy_pairs(policy: Policy, dialect: Dialect) -> Iterator[tuple[str, object]]:
    yield "like", dialect.name
    for field in _FIELDS:
        value = getattr(policy, field)
        if value is not None:
            yield field, value
    if policy.forward_preflight:
        yield "preflight", "forward"
    yield from policy.settings


def toml_value(value: object) -> str:
    """Write a boolean, an integer, a string, or a list of such."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            return _string(value)
        case tuple() | list():
            items = [toml_value(item) for item in value]
            on_one_line = f"[{', '.join(items)}]"
            if len(on_one_line) <= _WIDTH:
                return on_one_line
            return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _string(text: str) -> str:
    """A basic string, which a terminal can be shown. JSON's escapes are TOML's too."""
    return "".join(map(_shown, json.dumps(text, ensure_ascii=False)))


def _shown(char: str) -> str:
    code = ord(char)
    if char.isprintable():
        return char
    if code in _SURROGATES:  # half a character, for which TOML has no escape
        return "\ufffd"
    return f"\\u{code:04x}" if code <= _MOST_OF_FOUR_DIGITS else f"\\U{code:08x}"
