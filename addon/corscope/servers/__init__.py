"""What a server does: from a policy and a request to the headers that a server library sends.

`policy` says what is allowed, `dialect` what a server library is, `registry` finds one by name; a
dialect is a module (`standard` first of all), made of the `parts` and `patterns` that all share.
What a browser makes of the answer is none of this room's business.
"""
