"""What it means: from a record to sentences and the fix. Pure.

`parts.words` has the wording of each reason, `line` the one line of an exchange.
"""
