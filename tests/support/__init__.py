"""Real programs for tests to drive: a server, a mitmdump, a browser."""
