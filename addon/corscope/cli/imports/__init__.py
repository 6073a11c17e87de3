"""Which policy does a server's own configuration or code hold?

It is read, never run: each language has a module in `languages` that turns a file into a tree of
plain values (`tree`). What finds the CORS options in it and reads them is in `libraries` for code
that calls one, in `web_servers` for the configuration of servers and proxies, in `platforms` for
what clouds, hosts and tools have. `formats` lists them all, and `command` is what the user calls.
"""
