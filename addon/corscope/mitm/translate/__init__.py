"""How do mitmproxy's objects become corscope's values, and back?

All that the other rooms get of live traffic, or give back to it, passes here. Header bytes are
decoded as Latin-1, order and duplicates kept.
"""
