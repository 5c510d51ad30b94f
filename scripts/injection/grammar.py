"""Sentences from a grammar: `{slot}` is replaced by one of the slot's forms, again and again."""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

_SLOT = re.compile(r"\{([a-z_0-9]+)\}")

Slots = Mapping[str, Sequence[str]]


def expand(rng: random.Random, template: str, slots: Slots) -> str:
    """Return `template` with every slot replaced; raises `KeyError` where a slot has no forms."""
    for _ in range(12):
        filled = _SLOT.sub(lambda match: rng.choice(slots[match.group(1)]), template)
        if filled == template:
            break
        template = filled
    return template


def parts(name: str) -> dict[str, dict[str, list[str]]]:
    """Return the tables of `words/NAME.toml`."""
    file = Path(__file__).parent / "words" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
