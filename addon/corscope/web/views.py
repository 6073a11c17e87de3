"""Which views has the page?

Here a new view is listed. It brings a template for what stands in it at first, a module of its name
in `static/views/`, and the handlers that the module asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corscope.web import endpoints, exchanges, guide, rules
from corscope.web.handlers import Handler

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["VIEWS", "View"]


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        name: its name in the address, and that of its module.
        title: what the page's navigation calls it.
        fragment: makes its HTML.
        handlers: what else it asks the server, by paths below the token.
    """

    name: str
    title: str
    fragment: "Callable[[Page], str]"
    handlers: tuple[tuple[str, type[Handler]], ...] = ()


VIEWS: Final = (
    View("exchanges", "Exchanges", exchanges.fragment, exchanges.HANDLERS),
    View("endpoints", "Endpoints", endpoints.fragment, endpoints.HANDLERS),
    View("rules", "Rules", rules.fragment, rules.HANDLERS),
    View("guide", "Guide", guide.fragment),
)
