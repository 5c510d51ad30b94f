"""Long set-ups: a role, a situation, a reason, and a wish that is harmful or harmless."""

import random

from scripts.injection.grammar import Slots, expand, parts

_PARTS = parts("scenes")
SLOTS: Slots = _PARTS["slots"]
FORMS = _PARTS["forms"]["forms"]


def harmful(rng: random.Random) -> str:
    """Return a set-up around something harmful."""
    return expand(rng, rng.choice(FORMS), {**SLOTS, "wish": SLOTS["harm"]})


def harmless(rng: random.Random) -> str:
    """Return the same kind of set-up around something harmless."""
    return expand(rng, rng.choice(FORMS), {**SLOTS, "wish": SLOTS["good"]})
