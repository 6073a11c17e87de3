"""How do the rule files come to act on a flow? Read, kept in force, matched and applied."""
