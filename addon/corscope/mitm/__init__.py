"""The mitmproxy adapter: the only room that knows mitmproxy.

`addon` changes traffic, `record.recorder` observes it; what both do is decided in the other rooms.
"""
