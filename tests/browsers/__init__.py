"""corscope held against real browser engines."""
