"""The real server libraries, each beside the rule that imitates it."""
