"""System prompts that forbid something, with prompts that go after it and prompts that do not."""

import random
from collections.abc import Mapping, Sequence

from scripts.injection import attacks
from scripts.injection.grammar import Slots, expand, parts

Topics = Mapping[str, Sequence[str]]
_PARTS = parts("contexts")
SLOTS: Slots = _PARTS["slots"]
TOPICS: Topics = _PARTS["topics"]
_FORMS = _PARTS["forms"]


def _lead(rng: random.Random) -> str:
    """Return nothing, a pretext, or small talk that leads away."""
    roll = rng.random()
    if roll < 0.4:
        return ""
    if roll < 0.7:
        return rng.choice(_FORMS["leads"]) + " "
    talk = [
        expand(rng, rng.choice(["{chat}", "{question}"]), attacks.SLOTS) for _ in range(rng.randint(1, 6))
    ]
    return " ".join(talk) + rng.choice([" ", " By the way, ", " Now, ", " "])


def forbidden(rng: random.Random, topics: Topics = TOPICS) -> tuple[str, str]:
    """Return a prompt that goes after what the system prompt beside it forbids."""
    roll = rng.random()
    head = f"You are {rng.choice(SLOTS['role'])}. " if rng.random() < 0.7 else ""
    lead = _lead(rng)
    if roll < 0.55:
        topic = rng.choice(sorted(topics))
        ban = expand(rng, rng.choice(SLOTS["ban"]), {**SLOTS, "topic": [topic]})
        return lead + rng.choice(topics[topic]), head + ban
    one = {**SLOTS, "thing": [rng.choice(SLOTS["thing"])], "person": [rng.choice(SLOTS["person"])]}
    one["value"] = [rng.choice(SLOTS["value"])]
    if roll < 0.8:
        return lead + expand(rng, rng.choice(_FORMS["secret"]), one), head + expand(rng, "{secret}", one)
    return lead + expand(rng, rng.choice(_FORMS["person"]), one), head + expand(rng, "{private}", one)


def allowed(rng: random.Random, prompt: str | None, topics: Topics = TOPICS) -> tuple[str, str]:
    """Return a prompt with a system prompt that forbids something else, or nothing."""
    topic, other = rng.sample(sorted(topics), 2)
    asked = prompt or rng.choice(topics[other])
    asked = _lead(rng) + asked if rng.random() < 0.5 else asked
    one = {**SLOTS, "topic": [topic], "thing": [rng.choice(SLOTS["thing"])]}
    head = f"You are {rng.choice(SLOTS['role'])}. " if rng.random() < 0.7 else ""
    return asked, head + expand(
        rng, rng.choice(["{ban}", "{secret}", "{private}", "{ban} {secret}", ""]), one
    )
