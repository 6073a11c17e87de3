"""Real rule files in force, for a page to show and change."""

from __future__ import annotations

from pathlib import Path

from corscope.mitm.rules.live import LiveRules
from tests.web.scenes import HOSTILE, PAGE

__all__ = ["ALLOW", "NAME", "OTHER", "folder_of"]

NAME = "the API as it should be"
ALLOW = f"""# what production will allow

[[rule]]
name = "{NAME}"
description = "PUT and DELETE, with cookies"

[rule.match]
host = "api.example.com"

[rule.policy]
allow_origins = ["{PAGE}"]
allow_methods = ["PUT", "DELETE"]
allow_headers = ["content-type"]
allow_credentials = true
"""

OTHER = """[[rule]]
name = "off for now"
enabled = false
match.host = "cdn.example.net"
headers.set = { Access-Control-Allow-Origin = "*" }
"""

HOSTILE_RULE = f"""[[rule]]
name = '''{HOSTILE.replace(chr(27), "").replace(chr(0x202E), "").replace("'", "")}'''
match.host = "evil.test"
fault.abort = true
"""


def folder_of(folder: Path, **texts: str) -> LiveRules:
    """Write these files, by their names without `.toml`, and put them in force."""
    for name, text in texts.items():
        (folder / f"{name}.toml").write_bytes(text.encode())
    rules = LiveRules()
    rules.read([str(folder)])
    return rules
