"""Which exchanges does a saved file hold? Flow files of mitmproxy and HARs."""
