"""What in a rule is allowed, but probably not meant: unsafe, impossible or pointless?

Each check looks at one rule that is free of errors and yields remarks, which become warnings; each
has an id of the catalogue in `ids`. Only `unreachable` looks at several rules.
"""

from collections.abc import Iterator

from corscope.rules.kinds.place import Remark
from corscope.rules.lint.access import lint_access
from corscope.rules.lint.edits import lint_edits
from corscope.rules.lint.faults import lint_fault
from corscope.rules.lint.filters import lint_filters
from corscope.rules.lint.lists import lint_lists
from corscope.rules.lint.matched import lint_match
from corscope.rules.lint.origins import lint_origins
from corscope.rules.lint.reach import unreachable
from corscope.rules.model import Rule

__all__ = ["lint_rule", "unreachable"]


def lint_rule(rule: Rule) -> Iterator[Remark]:
    """Everything about the rule that looks suspicious."""
    yield from lint_match(rule.match)
    yield from lint_filters(rule.match)
    if rule.policy is not None and rule.dialect is not None:
        yield from lint_origins(rule.policy, rule.dialect)
        yield from lint_lists(rule.policy, rule.dialect, rule.match)
    yield from lint_edits(rule)
    yield from lint_fault(rule)
    yield from lint_access(rule)
