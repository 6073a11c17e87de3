"""Which options has corscope in mitmproxy?

Declared here, and read once into frozen `Settings`, so that no other room asks mitmproxy.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mitmproxy import addonmanager, optmanager

__all__ = ["Settings", "declare", "read", "user_path"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options' values; each field is the option `cors_<field>`."""

    rules: tuple[str, ...] = ()
    journal: str = ""
    fresh: bool = True
    urls: str = "masked"
    web: bool = True
    web_port: int = 8085

    def as_options(self) -> dict[str, object]:
        """The values by the options' names."""
        return {f"cors_{name}": value for name, value in asdict(self).items()}


def user_path(text: str) -> Path:
    """The path that a user has named; a home that doesn't exist is missed when it is opened."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def declare(loader: addonmanager.Loader) -> None:
    """Declare the options."""
    loader.add_option(
        "cors_rules",
        Sequence[str],
        [],
        "CORS rule files (TOML), or folders of them. Saving a file is enough for it to count.",
    )
    loader.add_option(
        "cors_journal",
        str,
        "",
        "Append every CORS exchange to this file, one JSON object a line. Empty for no file.",
    )
    loader.add_option(
        "cors_fresh",
        bool,
        True,
        "Keep what a rule touches out of the browser's caches, unless the rule sets max_age.",
    )
    loader.add_option(
        "cors_urls",
        str,
        "masked",
        "How URLs are written to the journal and the log: query values masked, or in full.",
        choices=["masked", "full"],
    )
    loader.add_option(
        "cors_web",
        bool,
        True,
        "Serve the CORS page on this machine. The event log has its address.",
    )
    loader.add_option(
        "cors_web_port",
        int,
        8085,
        "The CORS page's port; where it is taken, the next one that is free. 0 for any.",
    )


def read(options: optmanager.OptManager) -> Settings:
    """Read the options."""
    return Settings(
        tuple(options.cors_rules),
        options.cors_journal,
        options.cors_fresh,
        options.cors_urls,
        options.cors_web,
        options.cors_web_port,
    )
