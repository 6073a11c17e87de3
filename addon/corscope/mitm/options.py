"""Which options has corscope in mitmproxy?

Declared here, and read once into frozen `Settings`, so that no other room asks mitmproxy.

mitmproxy keeps what it is told of an addon's options before there are any, and where such a value
is wrong it drops the addon without a word. It doesn't look at choices either.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from mitmproxy import addonmanager, exceptions, optmanager

from corscope.servers.registry import nearest

__all__ = ["Settings", "declare", "misspelt", "read", "user_path", "wrong"]

URLS: Final = ("masked", "full")
MOST_PORT: Final = 65_535

logger = logging.getLogger("corscope")


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
    """Declare the options, and take over what was set of them before."""
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
        choices=list(URLS),
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
    _take_over(loader.master.options)


def _take_over(options: optmanager.OptManager) -> None:
    """Take over what was set before the options were declared; of what is wrong, the default.

    A warning says which, because mitmproxy ends when an error is logged at its start.
    """
    for name, default in Settings().as_options().items():
        others = dict(options.deferred)
        if name not in others:
            continue
        options.deferred.clear()
        options.deferred[name] = others.pop(name)
        try:
            options.process_deferred()
            why = wrong(options)
        except (exceptions.OptionsError, TypeError) as error:
            why = str(error)
        if why is not None:
            logger.warning("CORS option %s: %s; the default, %r, counts.", name, why, default)
            options.update(**{name: default})
        options.deferred.clear()
        options.deferred.update(others)


def wrong(options: optmanager.OptManager) -> str | None:
    """Why a value is none of those that there are, which mitmproxy doesn't look at; else None."""
    if options.cors_urls not in URLS:
        return f"cors_urls must be {' or '.join(URLS)}, not {options.cors_urls!r}"
    if not 0 <= options.cors_web_port <= MOST_PORT:
        return f"cors_web_port must be from 0 to {MOST_PORT}, not {options.cors_web_port}"
    if not _can_be_path(options.cors_journal):
        return f"cors_journal must be a path, not {options.cors_journal!r}"
    for path in options.cors_rules:
        if not _can_be_path(path):
            return f"cors_rules must be paths, not {path!r}"
    return None


def _can_be_path(text: str) -> bool:
    """Whether a file could have this name; where none can, opening it is no OSError."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def misspelt(options: optmanager.OptManager) -> list[str]:
    """What to say of options that were set and that there are none of, but that seem to be ours."""
    ours = Settings().as_options()
    found = {name: nearest(name, ours) for name in options.deferred if name.startswith("cors_")}
    return [
        f"there is no option {name}"
        + (f"; did you mean {meant}?" if meant else f": there are {', '.join(ours)}")
        for name, meant in found.items()
    ]


def read(options: optmanager.OptManager) -> Settings:
    """Read the options."""
    return Settings(
        # `set cors_rules=` leaves one path, an empty one, which would be the folder at hand.
        tuple(path for path in options.cors_rules if path),
        options.cors_journal,
        options.cors_fresh,
        options.cors_urls,
        options.cors_web,
        options.cors_web_port,
    )
