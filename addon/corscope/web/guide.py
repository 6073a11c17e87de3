"""The view of the guide: how CORS works, for who meets it today. It is made of the docs."""

from typing import TYPE_CHECKING

from corscope.web.render import template_html

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["fragment"]


def fragment(_page: "Page") -> str:
    """The guide."""
    return template_html("guide.html")
