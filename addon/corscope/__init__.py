"""corscope: what the browser does with a cross-origin answer, why, and how to change it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
