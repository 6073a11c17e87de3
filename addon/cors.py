"""corscope, to be loaded by mitmproxy: `mitmproxy -s addon/cors.py`."""

from corscope.mitm.script import script_addons

addons = script_addons()
