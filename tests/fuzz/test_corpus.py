"""What each target begins from, and what once was too much for it, holds."""

import pytest

from .registry import CORPUS, NAMES, Seed, fuzz_one_of, seeds


@pytest.mark.parametrize("seed", list(seeds()), ids=str)
def test_a_seed_is_taken(seed: Seed) -> None:
    fuzz_one_of(seed.target)(seed.path.read_bytes())


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("data", [b"", b"\n", b"\0", b"\xff" * 9, bytes(range(256))])
def test_any_bytes_are_taken(target: str, data: bytes) -> None:
    fuzz_one_of(target)(data)


def test_each_target_has_seeds_and_each_folder_of_seeds_its_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir() if any(folder.iterdir())} == set(NAMES)
