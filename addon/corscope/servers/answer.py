"""What does a server send when it answers by itself?"""

from typing import NamedTuple

from corscope.messages import HeaderList

__all__ = ["Answer"]


class Answer(NamedTuple):
    """A whole answer.

    The headers are complete but for Content-Length: whoever sends it adds that where it is missing
    and the status allows a body.
    """

    status: int
    headers: HeaderList = ()
    body: bytes = b""
