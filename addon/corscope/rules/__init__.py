"""What the user asks for: from the text of rule files to rules, and from a rule to its effect.

`load` reads and checks, `match` chooses, `apply` answers and edits, `reload` swaps. Which text is
read when, and how the effect gets into the traffic, is the adapter's business.
"""
