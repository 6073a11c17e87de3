"""What does mixed content come to in an engine, and by which of its departures?"""

from typing import Final

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.mixed_content import UPGRADED, Load, is_blocked, upgraded_url
from corscope.fetch.origin import parse_serialized_origin
from corscope.journal.exchange import Exchange

__all__ = ["blocked_by_standard", "mixed_departure", "onward_url"]

_OF_UPGRADES: Final = (
    Departure.UPGRADED_AS_BEGUN,
    Departure.IP_ADDRESSES_UPGRADED,
    Departure.IPV6_UPGRADED,
)
_OF_HOSTS: Final = (
    Departure.LOOPBACK_IS_MIXED_CONTENT,
    Departure.LOCAL_NETWORK_IS_NO_MIXED_CONTENT,
)


def blocked_by_standard(exchange: Exchange, target: str) -> bool:
    """Whether by the standard the page may not go on there."""
    return is_blocked(_load(exchange), exchange.url, target, Engine.UNKNOWN)


def onward_url(exchange: Exchange, target: str, engine: Engine) -> str | None:
    """What the engine asks, by https, in the place of a redirect's target; None for that itself."""
    return upgraded_url(_load(exchange), exchange.url, target, engine)


def mixed_departure(exchange: Exchange, target: str, engine: Engine) -> Departure | None:
    """By what an engine goes on there otherwise than by the standard; None where it doesn't.

    Args:
        exchange: what came before.
        target: where to.
        engine: the engine.
    """
    load, url = _load(exchange), exchange.url
    goes, by_standard = (
        (upgraded_url(load, url, target, each), is_blocked(load, url, target, each))
        for each in (engine, Engine.UNKNOWN)
    )
    if goes == by_standard:
        return None
    if load.upgrades:
        return Departure.ALL_UPGRADED
    if load.destination == "track" and departs(engine, Departure.TRACK_IS_NO_MIXED_CONTENT):
        return Departure.TRACK_IS_NO_MIXED_CONTENT
    is_of_upgrade = goes[0] != by_standard[0] or departs(engine, Departure.UPGRADED_AS_BEGUN)
    is_upgraded = load.destination in UPGRADED and is_of_upgrade
    causes = _OF_UPGRADES if is_upgraded else _OF_HOSTS
    return next((each for each in causes if departs(engine, each)), None)


def _load(exchange: Exchange) -> Load:
    scene = exchange.scene
    page = parse_serialized_origin(scene.page)
    return Load(page, scene.destination, scene.first_url, scene.upgrades)
