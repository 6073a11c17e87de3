"""Which exchanges belong together? Preflights and what they opened, redirects and their hops."""
