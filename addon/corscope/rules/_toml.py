"""Where does the TOML parser come from? The only place that imports one.

Some of mitmproxy's standalone binaries leave the standard library's parser out.
"""

try:
    from tomllib import loads
except ModuleNotFoundError:
    from tomli import loads

__all__ = ["loads"]
