"""Which policies has the page that asks: what does it demand of others, what is asked by https?

A request tells no more of its page than the origin, so that it is the origin's documents that tell:
the one that was opened last, and those that are in frames since. Where these differ nothing is
known, which counts as no policy. That all is asked by https also holds for what is in frames of the
page; where a `<meta>` says so it isn't seen. Workers have policies of their own, and their requests
look like the page's: they are taken for those.
"""

from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.embedder_policy import EmbedderPolicy, is_adhered_to
from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import byte_lowercase, contains, get
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.policy_container import (
    NO_POLICIES,
    PolicyContainer,
    create_a_policy_container,
)
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

    places: dict[tuple[str, str], dict[int, PolicyContainer]] = field(default_factory=dict)
    copies: dict[int, PolicyContainer] = field(default_factory=dict)

    def policies(self, client: str, page: str | None) -> PolicyContainer:
        """The policies that all open documents of an origin have."""
        opened = None if page is None else self.places.get((client, page))
        if opened is None:
            return NO_POLICIES
        embedders = {each.embedder for each in opened.values()}
        isolations = {each.isolation for each in opened.values()}
        return PolicyContainer(
            embedders.pop() if len(embedders) == 1 else EmbedderPolicy.UNSAFE_NONE,
            all(each.upgrades for each in opened.values()),
            isolations.pop() if len(isolations) == 1 else IsolationPolicy.NONE,
        )

    def note(self, asked: DocumentRequest, response: Response) -> bool:
        """Take note of what was answered; tells whether another policy is known from now on."""
        client, origin = asked.client, str(asked.origin)
        is_short = len(client) + len(origin) <= MOST_CHARACTERS
        if not is_short or not _is_document(asked, response):
            return False
        policies = self._policies(asked, response)
        before, opened = self.policies(client, origin), {hash(asked.url): policies}
        if asked.is_framed:
            if asked.embedder and not self._is_shown(asked, asked.embedder, policies, response):
                return False
            opened = {**self.places.get((client, origin), {}), **opened}
        if len(opened) <= MAX_FRAMES:
            keep(self.places, (client, origin), opened, MAX_ORIGINS)
        return self.policies(client, origin) != before

    def _is_shown(
        self,
        asked: DocumentRequest,
        embedder: TupleOrigin,
        policies: PolicyContainer,
        response: Response,
    ) -> bool:
        """Whether a page that demands something of what it embeds has it in a frame."""
        demands = self.policies(asked.client, str(embedder)).embedder
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
        return refused is None and is_adhered_to(policies.embedder, demands)

    def _policies(self, asked: DocumentRequest, response: Response) -> PolicyContainer:
        """Those of the answer, or of the copy which a 304 is about; what a frame's page has too."""
        policies = create_a_policy_container(asked.origin, response.headers, asked.engine)
        copy = hash((asked.client, asked.url))
        known = self.copies.get(copy) if response.status == 304 else None
        if known is not None:
            policies = _renewed(known, policies, response)
        keep(self.copies, copy, policies, MAX_COPIES)
        embedder = asked.embedder and str(asked.embedder)
        inherited = self.policies(asked.client, embedder).upgrades
        return policies._replace(upgrades=policies.upgrades or inherited)


def _renewed(known: PolicyContainer, told: PolicyContainer, response: Response) -> PolicyContainer:
    """A copy's policies as a 304 leaves them, which may say nothing new of them."""
    if contains(response.headers, "Cross-Origin-Embedder-Policy"):
        known = known._replace(embedder=told.embedder)
    if contains(response.headers, "Document-Isolation-Policy"):
        known = known._replace(isolation=told.isolation)
    if contains(response.headers, "Content-Security-Policy"):
        known = known._replace(upgrades=told.upgrades)
    return known


def _is_document(asked: DocumentRequest, response: Response) -> bool:
    """Whether it is shown, and neither leads elsewhere nor is saved as a file."""
    if response.status in _NO_DOCUMENT:
        return False
    disposition = byte_lowercase(get(response.headers, "Content-Disposition") or "")
    if disposition.partition(";")[0].strip() == "attachment":
        return False
    return location_url(response, asked.url, asked.engine) is None
