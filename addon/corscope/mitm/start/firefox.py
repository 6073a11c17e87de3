"""What is Firefox told, so that it asks nothing of its own and sends all through the proxy?"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["ENVIRONMENT", "trust_in_profile", "user_js"]

_PREFERENCES: Final[Mapping[str, bool | int | str]] = {
    "network.proxy.no_proxies_on": "",
    "network.proxy.allow_hijacking_localhost": True,  # else localhost is reached past the proxy
    "network.lna.enabled": False,  # the prompt for local addresses, as in Chromium
    "network.http.http3.enable": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.newtabpage.enabled": False,
    "browser.newtabpage.activity-stream.feeds.topsites": False,
    "browser.newtabpage.activity-stream.unifiedAds.endpoint": "data:,",
    "browser.newtabpage.activity-stream.unifiedAds.tiles.enabled": False,
    "browser.search.update": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.topsites.contile.enabled": False,
    "datareporting.usage.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "data:,",
    "messaging-system.rsexperimentloader.enabled": False,
    "network.trr.mode": 5,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.firstRunURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "termsofuse.bypassNotification": True,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "extensions.blocklist.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.provider.google4.updateURL": "",
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
}

ENVIRONMENT: Final = {"MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}
"""Lets `services.settings.server` count, without which Firefox fetches lists all the time."""


_TRUST_SECONDS: Final = 20.0


def user_js(proxy: tuple[str, int] | None) -> str:
    """A profile's user.js for a proxy's host and port, or none: https://kb.mozillazine.org/User.js_file"""
    chosen = {**_PREFERENCES, "network.proxy.type": 0}
    if proxy is not None:
        host, port = proxy
        chosen["network.proxy.type"] = 1
        for scheme in ("http", "ssl"):
            chosen |= {f"network.proxy.{scheme}": host, f"network.proxy.{scheme}_port": port}
    lines = [f'user_pref("{name}", {_javascript(value)});' for name, value in chosen.items()]
    return "\n".join(lines) + "\n"


def trust_in_profile(profile: Path, authority: Path) -> str | None:
    """Let a Firefox profile trust a certificate authority; returns what to do where that fails.

    Windows has a certutil of its own, which is another program and refuses these arguments.
    """
    program = shutil.which("certutil")
    if program is None:
        return _BY_HAND
    trusted = ["-A", "-d", f"sql:{profile}", "-n", "mitmproxy", "-t", "C,,", "-i", str(authority)]
    try:
        done = subprocess.run(  # noqa: S603 - NSS's own tool
            [program, *trusted],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRUST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _BY_HAND
    return None if done.returncode == 0 else _BY_HAND


_BY_HAND: Final = (
    "Firefox doesn't trust mitmproxy's certificate yet: open http://mitm.it in it and install the "
    "certificate. NSS's certutil would let corscope do it (Debian: apt install libnss3-tools)."
)


def _javascript(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
