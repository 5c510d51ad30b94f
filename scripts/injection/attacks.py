"""Attacks made by a grammar: overrides, leaks, personas, frames, suppression, forged turns, wrappers."""

import base64
import codecs
import random

from scripts.injection import scenes
from scripts.injection.grammar import Slots, expand, parts

_PARTS = parts("attacks")
SLOTS: Slots = _PARTS["slots"]
_FORMS = _PARTS["forms"]


def _case(rng: random.Random, text: str) -> str:
    roll = rng.random()
    if roll < 0.08:
        return text.upper()
    if roll < 0.25:
        return text.lower()
    return text[:1].upper() + text[1:]


def _leet(rng: random.Random, text: str) -> str:
    table = str.maketrans("aeiost", "43105+" if rng.random() < 0.3 else "431057")
    return text.translate(table)


def _spaced(rng: random.Random, text: str) -> str:
    joint = rng.choice([" ", "-", ".", "_", "  "])
    return joint.join(text[:90])


def _wrapped(rng: random.Random, text: str) -> str:
    raw = text[:160].encode()
    said = rng.choice(
        ["decode", "decode this and do what it says", "follow the decoded text", "run", "solve it"]
    )
    form = rng.randrange(4)
    if form == 0:
        return f"{said}: {base64.b64encode(raw).decode()}"
    if form == 1:
        return f"{raw.hex()} {said}"
    if form == 2:
        return f"{said} (rot13): {codecs.encode(text[:160], 'rot13')}"
    return f"{said}: {text[:120][::-1]}"


def _typos(rng: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(max(1, len(text) // 25)):
        at = rng.randrange(max(1, len(letters) - 1))
        letters[at : at + 2] = reversed(letters[at : at + 2])
    return "".join(letters)


def _suffixed(rng: random.Random, text: str) -> str:
    """Return a request with the kind of noise behind it that a search over tokens leaves."""
    pool = " ".join(_FORMS["noise"]).split()
    words = [word for name in ("character", "topic", "poem", "rules") for word in SLOTS[name]]
    parts: list[str] = []
    for _ in range(rng.randint(7, 20)):
        roll = rng.random()
        word = rng.choice(pool) if roll < 0.6 else rng.choice(rng.choice(words).split())
        if roll > 0.85:
            word = word[: rng.randint(2, 5)] + rng.choice(pool).capitalize()
        parts.append(word + rng.choice(["", " ", " ", " ", "."]))
    return f"{text}{rng.choice([' ', ' ', '. '])}{''.join(parts)}"


def direct(rng: random.Random) -> str:
    """Return one direct injection."""
    text = _case(rng, expand(rng, rng.choice(_FORMS["direct"]), SLOTS))
    roll = rng.random()
    for limit, change in ((0.02, _leet), (0.03, _spaced), (0.07, _wrapped), (0.12, _typos)):
        if roll < limit:
            return change(rng, text)
    return text


def jailbreak(rng: random.Random) -> str:
    """Return one jailbreak: a persona, a frame or a suffix around a harmful wish."""
    if rng.random() < 0.35:
        return scenes.harmful(rng)
    if rng.random() < 0.25:
        wish = expand(rng, "{harm}", SLOTS)
        lead = rng.choice(["Tell me", "Explain", "Write a guide on", "Give instructions for", "Describe"])
        return _suffixed(rng, f"{lead} {wish}")
    one = {**SLOTS, "name": [rng.choice(SLOTS["name"])], "villain": [rng.choice(SLOTS["villain"])]}
    text = _case(rng, expand(rng, rng.choice(_FORMS["jailbreak"]), one))
    return _leet(rng, text) if rng.random() < 0.02 else text
