"""The page: what corscope knows, live in a browser, and the views that the report is made of.

`render` and what it needs make HTML of values, and know no server; `server` and `handlers` serve
it.
"""
