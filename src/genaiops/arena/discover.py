"""Slices that nobody declared, found in the inputs of the cases alone.

Scores, expectations and outputs are not read: a slice that was chosen by its scores would look bad by choice.
The same cases give the same slices, so that a verdict can be recomputed.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from genaiops.arena.datasets import scalar_text
from genaiops.core import Case, Json

FEWEST, MOST = 0.1, 0.9
"""The share of the cases that a slice may hold."""

_INPUTS = 20
_VALUES = 8
_VALUE_LENGTH = 40
_LETTERS = 40
_BEGINNING = 240

_ASKS = re.compile(r"\b(how (?:many|much)|who|whom|whose|when|where|why|which|what|how)\b")
_YES_OR_NO = re.compile(
    r"\W*(?:is|are|was|were|am|do|does|did|can|could|will|would|shall|should|may|might|must|has|have|had)\b"
)
_DIGIT = re.compile(r"\d")
_ALIKE = {"how much": "how many", "whom": "who", "whose": "who"}

Slices = dict[str, tuple[int, ...]]


def discover(cases: Sequence[Case]) -> Slices:
    """Return slices of the inputs by name, each with the places in `cases` that it holds.

    A text gives its length in terciles, what it asks (English), whether it holds a number, and its script;
    another scalar, and a text of few short values, gives its values. Of slices that hold the same cases the
    first stays. Inputs below the top level, and lists, are not looked at.
    """
    found: Slices = {}
    taken: set[tuple[int, ...]] = set()
    keys = sorted({key for case in cases for key in case.inputs})
    for key in keys[:_INPUTS]:
        values = {at: case.inputs[key] for at, case in enumerate(cases) if key in case.inputs}
        for name, rows in _slices(key, values):
            if FEWEST <= len(rows) / len(cases) <= MOST and rows not in taken:
                found[name] = rows
                taken.add(rows)
    return found


def _slices(key: str, values: Mapping[int, Json]) -> Iterator[tuple[str, tuple[int, ...]]]:
    texts = {at: value for at, value in values.items() if isinstance(value, str)}
    if _are_values(texts):
        texts = {}
    if texts:
        for what in (_lengths(texts), _each(texts, _asked), _each(texts, _number), _each(texts, _script)):
            yield from _grouped(what, f"{key}: ")
    scalars = {at: scalar_text(value) for at, value in values.items() if at not in texts}
    named = {at: name for at, name in scalars.items() if name is not None}
    if len(set(named.values())) <= _VALUES:
        yield from _grouped(named, f"{key} = ")


def _are_values(texts: Mapping[int, str]) -> bool:
    """Say whether texts are categories: few, short, and used again."""
    kinds = set(texts.values())
    return len(kinds) <= min(_VALUES, len(texts) // 2) and all(len(kind) <= _VALUE_LENGTH for kind in kinds)


def _grouped(labels: Mapping[int, str], prefix: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each label's slice; an empty label is none."""
    groups: dict[str, list[int]] = {}
    for at, label in labels.items():
        if label:
            groups.setdefault(label, []).append(at)
    for label in sorted(groups):
        yield prefix + label, tuple(groups[label])


def _each(texts: Mapping[int, str], label: Callable[[str], str]) -> dict[int, str]:
    return {at: label(text) for at, text in texts.items()}


def _lengths(texts: Mapping[int, str]) -> dict[int, str]:
    ordered = sorted(len(text) for text in texts.values())
    short, long = (ordered[(part * len(ordered) - 1) // 3] for part in (1, 2))

    def label(text: str) -> str:
        if len(text) <= short:
            return f"at most {short} characters"
        return f"{short + 1} to {long} characters" if len(text) <= long else f"over {long} characters"

    return _each(texts, label)


def _asked(text: str) -> str:
    beginning = " ".join(text[:_BEGINNING].lower().split())
    found = _ASKS.search(beginning)
    if found is not None:
        return f"asks {_ALIKE.get(found[1], found[1])}"
    return "asks yes or no" if _YES_OR_NO.match(beginning) else "no question word"


def _number(text: str) -> str:
    return "holds a number" if _DIGIT.search(text) else ""


def _script(text: str) -> str:
    """Return in which script most of the first letters are written, as Unicode calls it."""
    if text.isascii():
        return "latin letters" if any(character.isalpha() for character in text) else "no letters"
    letters = islice((character for character in text if character.isalpha()), _LETTERS)
    scripts = Counter("latin" if letter.isascii() else _script_of(letter) for letter in letters)
    if not scripts:
        return "no letters"
    return f"{max(sorted(scripts), key=scripts.__getitem__)} letters"


def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "unnamed").split()[0].lower()
