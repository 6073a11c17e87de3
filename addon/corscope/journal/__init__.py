"""What happened: exchanges judged and recorded, preflights paired with what followed. Pure.

`journal` is the room's front door; `lines` writes what it returns in the journal's format.
"""
