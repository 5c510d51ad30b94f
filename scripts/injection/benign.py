"""Harmless prompts that sound like attacks, and harmless ones that do not."""

import random

from scripts.injection import indirect, languages, scenes
from scripts.injection.grammar import Slots, expand, parts

_PARTS = parts("benign")
SLOTS: Slots = _PARTS["slots"]
PROMPTS = _PARTS["forms"]["prompts"]
NOTES = _PARTS["forms"]["notes"]


def prompt(rng: random.Random) -> str:
    """Return one harmless prompt."""
    if rng.random() < 0.08:
        return languages.benign(rng)
    if rng.random() < 0.1:
        return scenes.harmless(rng)
    quoted = expand(rng, "{override} and {say}", indirect.SLOTS)
    text = expand(rng, rng.choice(PROMPTS), {**SLOTS, "quoted": [quoted]})
    if rng.random() < 0.2:
        text += " " + expand(rng, rng.choice(PROMPTS[:80]), SLOTS)
    return text.lower() if rng.random() < 0.15 else text


def page(rng: random.Random) -> str:
    """Return a harmless document with imperatives in it."""
    roll = rng.random()
    if roll < 0.3:
        return indirect.mail(rng)
    if roll < 0.42:
        return indirect.answer(rng)
    if roll < 0.52:
        return indirect.table(rng)
    if roll < 0.62:
        return indirect.result(rng)
    notes = [expand(rng, rng.choice(NOTES), SLOTS) for _ in range(rng.randint(2, 8))]
    return rng.choice([" ", "\n", "\n- "]).join(notes)
