"""corscope, to be loaded by mitmproxy: `mitmproxy -s addon/cors.py`."""

from corscope.mitm.addon import Corscope

addons = [Corscope()]
