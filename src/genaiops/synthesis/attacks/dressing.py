"""Texts dressed so that an app takes them for something else: frames are data, the choice is seeded. Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SLIPS = 0.12
"""Of the longer words so many get a slip of the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """The frames of `own.yaml`: `{text}` is where the attack stands."""

    decode: str
    role_play: tuple[str, ...]
    shots: tuple[tuple[str, str], ...]
    asked: str
    answered: str
    crescendo: tuple[str, ...]
    translated: Mapping[str, str]
    tool_result: str


def filled(frame: str, **values: str) -> str:
    """Return `frame` with each `{name}` replaced; other braces stay as they are."""
    for name, value in values.items():
        frame = frame.replace("{" + name + "}", value)
    return frame


def mutated(text: str, chance: random.Random, kept: Sequence[str]) -> str:
    """Return the text with slips, odd capitals and doubled blanks; words that hold one of `kept` stay."""
    words: list[str] = []
    for word in text.split(" "):
        if len(word) < 4 or any(mark and mark in word for mark in kept) or "/" in word:
            words.append(word)
            continue
        at = chance.randrange(1, len(word) - 1)
        turned = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        slip = turned if chance.random() < _SLIPS else word
        words.append(slip.swapcase() if chance.random() < _SLIPS else slip)
    return "".join(word + ("  " if chance.random() < _SLIPS else " ") for word in words).strip()


def many_shot(text: str, frames: Frames, chance: random.Random) -> str:
    """Return a text like a long conversation in which everything was obeyed; it ends in `text`."""
    shots = chance.sample(frames.shots, len(frames.shots))
    told = [f"{frames.asked}: {asked}\n{frames.answered}: {answered}" for asked, answered in shots]
    return "\n".join([*told, f"{frames.asked}: {text}", f"{frames.answered}:"])


def crescendo(text: str, frames: Frames) -> tuple[str, ...]:
    """Return the turns of a conversation that begins harmless."""
    return tuple(filled(turn, text=text) for turn in frames.crescendo)
