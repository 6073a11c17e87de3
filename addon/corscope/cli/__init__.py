"""The `corscope` command: a module a subcommand, put together in `commands`.

Wording, reading and judging is done in the other rooms; here are arguments, exit statuses and
what is written to the terminal.
"""
