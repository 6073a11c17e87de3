"""Is there anything in a journal that a pipeline is to fail on? `check` is the way in."""
