"""Where in a rule file is something wrong, and what? As a key's path; the line is found later."""

from collections.abc import Callable
from dataclasses import dataclass

from corscope.rules.locate import KeyPath
from corscope.rules.problems import shown

__all__ = ["At", "Remark"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong with a value, by its key's path; `load` knows the file and the line.

    What is only suspicious has an id, of those in `lint.ids`.
    """

    path: KeyPath
    value: str | None
    message: str
    hint: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class At:
    """The place that is being read, and the list that its mistakes go to."""

    path: KeyPath
    remarks: list[Remark]
    check_filter: Callable[[str], None]

    def into(self, part: str | int) -> "At":
        """The place of a key or an item in this one."""
        return At((*self.path, part), self.remarks, self.check_filter)

    def aside(self) -> "At":
        """The same place with a list of its own, for mistakes that are yet to be put otherwise."""
        return At(self.path, [], self.check_filter)

    def complain(self, message: str, hint: str, *, value: object = None) -> None:
        """Note a mistake, and the way out; a value of None is not shown."""
        text = None if value is None else shown(value)
        self.remarks.append(Remark(self.path, text, message, hint))
