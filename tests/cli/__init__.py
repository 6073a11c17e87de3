"""The command `corscope`, as a user runs it."""
