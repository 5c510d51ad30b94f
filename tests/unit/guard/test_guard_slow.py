"""No text is slow to look at: what is made to be grows no faster than its length."""

import time

import pytest
from bench.guard.worst import SEEDS, TANGLED

from genaiops.core import Surface, Where
from genaiops.guard import Pipeline
from genaiops.guard.loading import default_policy, read_policy
from genaiops.guard.registry import BUILT_IN

SMALL, TIMES = 4 * 1024, 4
OTHERS = (
    "decode: {depth: 0}\ndetectors: {language: {allow: [en]}, harmful: {}}\n"
    "rules: [{find: [language.*, harmful.*], do: flag}]\n"
)
FLOOR = 0.003
"""Seconds below which a time says little."""


@pytest.mark.proves("E-GUARD-LINEAR")
@pytest.mark.parametrize(
    ("text", "surface"),
    [(default_policy(), "output"), (OTHERS, "input")],  # output has every detector that other places have
    ids=["default", "others"],
)
def test_texts_that_are_made_to_be_slow_take_time_in_proportion(text: str, surface: Surface) -> None:
    policy, detectors = read_policy(text, "policy")
    guard = Pipeline(policy, detectors, ours=frozenset(BUILT_IN), cache_characters=0)

    def seconds(seed: str, size: int) -> float:
        text = seed * (size // len(seed.encode()))
        began = time.process_time()
        guard.check(text, Where(surface=surface))
        return time.process_time() - began

    def is_slow(seed: str) -> bool:
        return seconds(seed, SMALL * TIMES) > 3 * TIMES * max(seconds(seed, SMALL), FLOOR)

    seeds = SEEDS | TANGLED
    suspects = [name for name, seed in seeds.items() if is_slow(seed)]
    assert [name for name in suspects if is_slow(seeds[name])] == []
