"""Proxies with their CORS, before an application that knows nothing of it."""
