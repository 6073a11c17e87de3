"""Which Cross-Origin-Embedder-Policy has the page that asks?

A request without CORS tells no more of its page than the origin, so that it is the origin's
documents that tell: the one that was opened last, and those that are in frames since. Where these
differ nothing is known, which counts as no policy. Workers have a policy of their own, and their
requests look like the page's: they are taken for those.
"""

from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.embedder_policy import EmbedderPolicy, is_adhered_to, obtain_an_embedder_policy
from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import byte_lowercase, contains, get
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.redirect import location_url
from corscope.fetch.resource_policy import resource_policy_failure
from corscope.journal.alike.memo import MOST_CHARACTERS, keep
from corscope.journal.senders.sites import are_cross_site
from corscope.messages import Request, Response

__all__ = ["DocumentRequest", "Documents", "document_request"]

MAX_ORIGINS: Final = 1_000
MAX_FRAMES: Final = 16
MAX_COPIES: Final = 2_000

_FRAMES: Final = frozenset({"iframe", "frame"})
_NO_DOCUMENT: Final = frozenset({204, 205})


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """A navigation of a tab, or of a frame in a page of the origin `embedder`."""

    client: str
    url: str
    origin: TupleOrigin
    engine: Engine
    is_framed: bool
    embedder: TupleOrigin | None


def document_request(client: str, request: Request) -> DocumentRequest | None:
    """The request, if it asks for a document; of those of plain-http hosts none has a policy."""
    headers, destination = request.headers, get(request.headers, "Sec-Fetch-Dest")
    is_framed = destination in _FRAMES
    if not is_framed and destination != "document":
        return None
    origin = origin_of_url(request.url)
    if origin is None or contains(headers, "Sec-Purpose"):  # nobody may ever look at it
        return None
    embedder = origin_of_url(get(headers, "Referer") or "") if is_framed else None
    return DocumentRequest(client, request.url, origin, engine_of(headers), is_framed, embedder)


@dataclass(slots=True)
class Documents:
    """The policies of what is open, by client and origin, each document's by its URL; bounded.

    Of URLs the hash is kept. `copies` are the policies of what a 304 may be about.
    """

    places: dict[tuple[str, str], dict[int, EmbedderPolicy]] = field(default_factory=dict)
    copies: dict[int, EmbedderPolicy] = field(default_factory=dict)

    def policy(self, client: str, page: str | None) -> EmbedderPolicy:
        """The policy that all open documents of an origin have."""
        if page is None:
            return EmbedderPolicy.UNSAFE_NONE
        policies = set(self.places.get((client, page), {}).values())
        return policies.pop() if len(policies) == 1 else EmbedderPolicy.UNSAFE_NONE

    def note(self, asked: DocumentRequest, response: Response) -> bool:
        """Take note of what was answered; tells whether another policy is known from now on."""
        client, origin = asked.client, str(asked.origin)
        is_short = len(client) + len(origin) <= MOST_CHARACTERS
        if not is_short or not _is_document(asked, response):
            return False
        policy = self._policy(asked, response)
        before, opened = self.policy(client, origin), {hash(asked.url): policy}
        if asked.is_framed:
            if asked.embedder and not self._is_shown(asked, asked.embedder, policy, response):
                return False
            opened = {**self.places.get((client, origin), {}), **opened}
        if len(opened) <= MAX_FRAMES:
            keep(self.places, (client, origin), opened, MAX_ORIGINS)
        return self.policy(client, origin) is not before

    def _is_shown(
        self,
        asked: DocumentRequest,
        embedder: TupleOrigin,
        policy: EmbedderPolicy,
        response: Response,
    ) -> bool:
        """Whether a page that demands something of what it embeds has it in a frame."""
        demands = self.policy(asked.client, str(embedder))
        if demands is EmbedderPolicy.UNSAFE_NONE:
            return True
        refused = resource_policy_failure(
            embedder,
            asked.url,
            response,
            is_cross_site=are_cross_site(embedder, asked.origin),
            embedder=EmbedderPolicy.REQUIRE_CORP,  # for frames have credentials
            engine=asked.engine,
        )
        return refused is None and is_adhered_to(policy, demands)

    def _policy(self, asked: DocumentRequest, response: Response) -> EmbedderPolicy:
        """That of the answer; or of the copy which a 304 is about, and says nothing new of."""
        policy = obtain_an_embedder_policy(asked.origin, response.headers, asked.engine)
        copy = hash((asked.client, asked.url))
        is_told = contains(response.headers, "Cross-Origin-Embedder-Policy")
        if response.status == 304 and not is_told:
            return self.copies.get(copy, policy)
        return keep(self.copies, copy, policy, MAX_COPIES)


def _is_document(asked: DocumentRequest, response: Response) -> bool:
    """Whether it is shown, and neither leads elsewhere nor is saved as a file."""
    if response.status in _NO_DOCUMENT:
        return False
    disposition = byte_lowercase(get(response.headers, "Content-Disposition") or "")
    if disposition.partition(";")[0].strip() == "attachment":
        return False
    return location_url(response, asked.url, asked.engine) is None
