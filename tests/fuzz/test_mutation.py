"""What the fuzzing makes of its inputs."""

import pytest

from .mutation import changed

OTHERS = [b"Vary: Origin\n", b""]


@pytest.mark.parametrize("data", [b"", b"Origin: null\n", bytes(range(256))])
def test_a_change_is_the_same_for_the_same_seed_and_another_for_others(data: bytes) -> None:
    made = [changed(data, OTHERS, seed) for seed in range(100)]
    assert made == [changed(data, OTHERS, seed) for seed in range(100)]
    assert len(set(made)) > 20


def test_a_change_takes_whole_words_out_and_puts_those_of_others_in() -> None:
    made = {changed(b"Origin: null\n", OTHERS, seed) for seed in range(5_000)}
    assert {b"Origin: \n", b"Origin: null\nVary: Origin\n", b"Origin: null: null\n"} <= made
