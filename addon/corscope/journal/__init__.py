"""What happened: exchanges judged and recorded, paired with preflights, linked by redirects. Pure.

`journal` is the room's front door; `lines` writes what it returns in the journal's format.
"""
