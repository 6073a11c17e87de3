"""What does `addon/cors.py` give to mitmproxy? The addon, or nothing where it can't be loaded.

mitmproxy ends where a script fails as it is loaded, and all traffic with it. So what is imported
here at once runs in any Python and beside any mitmproxy.
"""

import logging
import platform

from mitmproxy import version

__all__ = ["script_addons"]

NEEDED = "mitmproxy 11.0.2 or later and Python 3.11 or later"

logger = logging.getLogger("corscope")


def script_addons() -> list[object]:
    """The addons of the script; none, and a warning, where they can't be loaded."""
    try:
        from corscope.mitm.addon import Corscope

        return [Corscope.at_hand()]
    except Exception as error:
        # A warning, because mitmproxy ends when an error is logged at its start.
        logger.warning(
            "corscope can't be loaded (%s: %s); traffic goes on without it. "
            "It needs %s; here are mitmproxy %s and Python %s.",
            type(error).__name__,
            " ".join(str(error).split()),
            NEEDED,
            version.VERSION,
            platform.python_version(),
        )
        logger.debug("where corscope can't be loaded", exc_info=True)
        return []
