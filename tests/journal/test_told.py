"""What is put off comes to the same as what is taken account of at once, and is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corscope.journal.caches import told as told_module
from corscope.journal.caches.told import Backlog, Told
from corscope.journal.exchange import Missing, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

from .requests import API, CHROMIUM, FIREFOX, PAGE, REFUSED, WEBKIT, actual, at, preflight

COOKIE: Final = ("Cookie", "a=1")
ASKED: Final = [
    preflight("PUT"),
    preflight("PUT", "x-tenant"),
    preflight("DELETE"),
    preflight("GET", "authorization"),
    actual("PUT"),
    actual("PUT", headers=(COOKIE,)),
    actual("PUT", headers=(("X-Tenant", "7"),)),
    actual("DELETE"),
    actual("GET", headers=(("Authorization", "Bearer x"),)),
    actual(),
    actual("PUT", origin="null"),
]


def allowing(methods: str, names: str, *more: tuple[str, str]) -> Response:
    headers: HeaderList = (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", names),
        *more,
    )
    return Response(204, headers)


WITH_CREDENTIALS: Final = ("Access-Control-Allow-Credentials", "true")
ANSWERS: Final = [
    allowing("PUT", "x-tenant", WITH_CREDENTIALS, ("Access-Control-Max-Age", "60")),
    allowing("PUT, DELETE", "x-tenant, authorization", WITH_CREDENTIALS),
    allowing("*", "*", ("Access-Control-Max-Age", "3")),
    allowing("DELETE", "", WITH_CREDENTIALS, ("Access-Control-Max-Age", "60")),
    REFUSED,
    None,
]

Turn = tuple[Request, str, str, str, Response | None, float]

TURNS: Final = st.tuples(
    st.sampled_from(ASKED),
    st.sampled_from([CHROMIUM, FIREFOX, WEBKIT, "curl"]),
    st.sampled_from(["one", "other"]),
    st.sampled_from([API, f"{API}/2"]),
    st.sampled_from(ANSWERS),
    st.sampled_from([0.1, 1.0, 4.0]),
)
PAIR: Final = st.sampled_from(
    [
        [(preflight("PUT"), ANSWERS[place]), (actual("PUT", headers=own), ANSWERS[place])]
        for place in (0, 1)
        for own in ((), (COOKIE,))
    ]
)


@st.composite
def turns(draw: st.DrawFn) -> list[Turn]:
    """Some turns, most of them pairs that come again and again, as an app's do."""
    made: list[Turn] = []
    _, agent, client, url, _, _ = draw(TURNS)
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            pair = draw(PAIR)
            made += [(request, agent, client, url, response, 0.1) for request, response in pair]
        else:
            made.append(draw(TURNS))
    return made


def by(agent: str, *made: tuple[Request, Response | None]) -> list[Turn]:
    return [(request, agent, "one", API, response, 0.1) for request, response in made]


_PAIR_WITH_COOKIE: Final = (
    (preflight("PUT"), ANSWERS[0]),
    (actual("PUT", headers=(COOKIE,)), ANSWERS[0]),
)

SEQUENCES: Final = {
    "another answer to the same preflight": by(
        FIREFOX,
        (preflight("PUT"), ANSWERS[1]),
        (preflight("PUT"), ANSWERS[0]),
        (actual("DELETE"), ANSWERS[0]),
    ),
    "the same pair once more in another credentials mode": by(
        FIREFOX,
        *_PAIR_WITH_COOKIE,
        (preflight("PUT"), ANSWERS[0]),
        (actual("PUT"), ANSWERS[0]),
        (actual("PUT", headers=(COOKIE,)), ANSWERS[0]),
    ),
    "the same once more, followed by nothing": by(
        FIREFOX,
        *_PAIR_WITH_COOKIE,
        (preflight("PUT"), ANSWERS[0]),
        (preflight("PUT"), ANSWERS[0]),
        (actual("PUT", headers=(COOKIE,)), ANSWERS[0]),
        (actual("PUT", headers=(COOKIE,)), ANSWERS[0]),
    ),
    "the same three times, of which one was with credentials, and another answer": by(
        CHROMIUM,
        *[(preflight("PUT"), ANSWERS[0]), (actual("PUT"), ANSWERS[0])] * 2,
        *[(preflight("PUT"), ANSWERS[0]), (actual("PUT", headers=(COOKIE,)), ANSWERS[0])],
        *[(preflight("PUT"), ANSWERS[1]), (actual("PUT", headers=(COOKIE,)), ANSWERS[1])],
        *[(actual("PUT"), ANSWERS[0])] * 2,
    ),
    "the same three times, then a refusal": by(
        FIREFOX,
        *_PAIR_WITH_COOKIE * 3,
        (preflight("DELETE"), ANSWERS[3]),
        (actual("PUT", headers=(COOKIE,)), REFUSED),
        (actual("PUT", headers=(COOKIE,)), ANSWERS[0]),
    ),
    "a refusal between, which clears what others had set": by(
        "curl",
        (preflight("DELETE"), ANSWERS[3]),
        *[(actual("DELETE"), ANSWERS[3])] * 2,
        (preflight("PUT"), ANSWERS[0]),
        (actual("PUT"), REFUSED),
        (preflight("PUT"), ANSWERS[0]),
        (actual("DELETE"), ANSWERS[3]),
    ),
}


def told_of(all_of_them: list[Turn], late: Sequence[int] = ()) -> list[object]:
    """All that a journal makes of them; an answer may come so many requests later."""
    journal, now, made = Journal(), 0.0, list[object]()
    owed: list[tuple[int, Sighting]] = []
    for number, (request, agent, client, url, response, wait) in enumerate(all_of_them):
        headers = (*request.headers, ("User-Agent", agent))
        asked = request._replace(url=url, headers=headers)
        made += journal.requested(str(number), client, asked, at(now))
        missing = Missing.NO_ANSWER if response is None else None
        due = number + (late[number] if number < len(late) else 0)
        owed.append((due, Sighting(str(number), response, missing)))
        made += [journal.answered(seen, at(now)) for due, seen in owed if due <= number]
        owed = [(due, seen) for due, seen in owed if due > number]
        now += wait
    return made


@settings(max_examples=1_000, deadline=None)
@given(
    turns(),
    st.lists(st.integers(0, 4), max_size=20),
    st.sampled_from([(1_000, 16), (3, 16), (1_000, 4), (1_000, 1)]),
)
def test_what_is_put_off_comes_to_the_same(
    made: list[Turn], late: list[int], bounds: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(told_module, "MOST", bounds[0])
        patch.setattr(told_module, "MOST_AT_A_PLACE", bounds[1])
        found = told_of(made, late)
        patch.setattr(told_module, "MOST_AT_A_PLACE", 0)
        expected = told_of(made, late)
    assert found == expected


def test_a_page_asks_the_same_many_times_at_once() -> None:
    """What was told before is gone from the backlog by then, where there is too much of it."""
    journal, asked, answered, followed = Journal(), 0, 0, 0
    for turn in "AAAAAAAARFRRRRFRFFFFRRFF":  # as Chromium did it
        if turn == "A":
            journal.requested(f"A{asked}", "one", preflight("PUT"), at(0))
            asked += 1
        elif turn == "R":
            journal.answered(Sighting(f"A{answered}", ANSWERS[0]), at(0))
            answered += 1
        else:
            request = actual("PUT", headers=(COOKIE,))
            [outcome] = journal.requested(f"F{followed}", "one", request, at(0))
            assert outcome.outcome == "followed"
            followed += 1


@pytest.mark.parametrize("made", SEQUENCES.values(), ids=SEQUENCES)
def test_and_what_comes_in_between_counts(
    made: list[Turn], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told_of(made)
    monkeypatch.setattr(told_module, "MOST_AT_A_PLACE", 0)
    assert found == told_of(made)


def test_the_same_pair_again_and_again_leaves_two_behind() -> None:
    """The one has put into the cache what the other drops."""
    journal = Journal()
    for number in range(100):
        for request in (preflight("PUT"), actual("PUT", headers=(COOKIE,))):
            id_ = f"{number} {request.method}"
            journal.requested(id_, "browser", request, at(number))
            journal.answered(Sighting(id_, ANSWERS[1]), at(number))
    assert len(journal.caches.told.places[PAGE, API]) == 6
    assert not journal.caches.clients


def test_what_waits_is_bounded_and_the_first_goes_first() -> None:
    taken: list[object] = []
    backlog = Backlog()
    for number in range(told_module.MOST + 1):
        backlog.add((PAGE, str(number)), Told(taken.append, (number,)))
    assert taken == [0]
    for number in range(told_module.MOST_AT_A_PLACE + 1):
        backlog.add((PAGE, API), Told(taken.append, (f"here {number}",)))
    at_the_place = [f"here {number}" for number in range(told_module.MOST_AT_A_PLACE + 1)]
    assert [each for each in taken if isinstance(each, str)] == at_the_place
    backlog.take_account_of_all()
    assert not backlog.places
    assert len(taken) == told_module.MOST + 1 + len(at_the_place)


def test_what_is_long_is_not_kept_without_need() -> None:
    journal = Journal()
    request = preflight("PUT", ", ".join(f"x-{number}" for number in range(200)))
    journal.requested("1", "browser", request, at(0))
    assert not journal.caches.told.places
    journal.answered(Sighting("1", ANSWERS[0]), at(0))
    assert not journal.caches.told.places
