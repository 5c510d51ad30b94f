"""Attacks and harmless requests in other languages, from parts of our own."""

import random

from scripts.injection.grammar import parts

LANGUAGES = parts("languages")
"""By language: overrides, what is then asked for, personas, harmless requests, words to a reader."""


def direct(rng: random.Random) -> str:
    """Return an override, mostly with a demand."""
    one = LANGUAGES[rng.choice(sorted(LANGUAGES))]
    if rng.random() < 0.15:
        return rng.choice(one["override"])
    joint = rng.choice([" ", ", ", ". "])
    return rng.choice(one["override"]) + joint + rng.choice(one["ask"])


def jailbreak(rng: random.Random) -> str:
    """Return a persona without rules, with an override at times."""
    one = LANGUAGES[rng.choice(sorted(LANGUAGES))]
    head = rng.choice(one["override"]) + ". " if rng.random() < 0.5 else ""
    return head + rng.choice(one["persona"])


def benign(rng: random.Random) -> str:
    """Return one or two harmless requests."""
    one = LANGUAGES[rng.choice(sorted(LANGUAGES))]
    return " ".join(rng.sample(one["benign"], rng.randint(1, 2)))


def indirect(rng: random.Random) -> str:
    """Return an instruction to whoever reads a document."""
    one = LANGUAGES[rng.choice(sorted(LANGUAGES))]
    head = rng.choice(one["override"]) + ". " if rng.random() < 0.4 else ""
    return head + rng.choice([*one["to_reader"], *one["ask"]])
