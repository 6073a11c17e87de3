"""What the browser does: the CORS protocol of the Fetch standard, as pure functions.

Each function is named after its definition in https://fetch.spec.whatwg.org/ and keeps its step
order. `verdict` is the room's front door; where engines leave the standard is data in `engines`.
"""
