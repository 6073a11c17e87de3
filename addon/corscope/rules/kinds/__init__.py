"""What may stand as the value of a key in a rule file?

Each kind is told once and used twice: `read` checks a value and turns it into what the rules work
with, `schema` says the same to editors in JSON Schema. Which key has which kind is in
`rules.schema`.
"""
