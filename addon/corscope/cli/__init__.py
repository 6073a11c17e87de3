"""The `corscope` command: a module a subcommand, put together in `commands`.

What several of them take is read in `arguments`, what they write is laid out in `output`.
Wording, reading and judging is done in the other rooms; here are arguments, exit statuses and
what is written to the terminal.
"""
