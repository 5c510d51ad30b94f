"""What speaks for a claim and against it, in numbers. Pure.

Overlap: how many of the claim's words the evidence holds, in one run, in pairs. Mismatches: numbers, names,
denials, opposites, absolutes, another order. Tokens: how near each token of the claim is to the evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from genaiops.app.reading.support.wording import (
    ABSOLUTES,
    OPPOSITES,
    compares,
    content,
    denies,
    is_empty,
    numbers,
    words,
)
from genaiops.app.reading.words import stem

Floats = NDArray[np.float32]
MAX_TOKENS = 100
"""Tokens of a claim that are looked at."""
_MAX_WORDS = 200
_SHARPNESS = 15.0
_WEAK_COSINE = 0.5


@dataclass(frozen=True, slots=True)
class Aligned:
    """A claim's tokens, what of the evidence stands beside each (both (n, d)), how near it is (n)."""

    claim: Floats
    beside: Floats
    nearness: Floats


def align(claim: Floats, evidence: Floats) -> Aligned:
    """Put beside each token of the claim the evidence's tokens, weighted by a softmax of their cosines.

    Parikh et al., "A decomposable attention model for natural language inference" (2016): attend, over unit
    vectors that are not learnt.
    """
    claim = claim[:MAX_TOKENS]
    if not len(claim) or not len(evidence):
        return Aligned(claim, np.zeros_like(claim), np.zeros(len(claim), np.float32))
    cosines = claim @ evidence.T
    nearness = cosines.max(axis=1)
    weights = np.exp(_SHARPNESS * (cosines - nearness[:, None]))
    return Aligned(claim, (weights / weights.sum(axis=1, keepdims=True)) @ evidence, nearness)


def nearness_features(nearness: Floats) -> dict[str, float]:
    """Return the mean, the weakest, the weakest fifth and the share of weak tokens."""
    if not len(nearness):
        return {"near": 0.0, "near_weakest": 0.0, "near_weak": 0.0, "weak_tokens": 1.0}
    return {
        "near": float(nearness.mean()),
        "near_weakest": float(nearness.min()),
        "near_weak": float(np.quantile(nearness, 0.2)),
        "weak_tokens": float((nearness < _WEAK_COSINE).mean()),
    }


def word_features(question: str, claim: str, evidence: Sequence[str]) -> dict[str, float]:
    """Return overlap and mismatches of a claim with its evidence, best sentence first."""
    everything = " ".join(evidence)
    best = evidence[0] if evidence else ""
    return {
        **_overlap(question, claim, everything, best),
        **_numbers(claim, everything),
        **_names(claim, everything),
        **_denials(claim, everything, best),
        "other_order": _other_order(content(claim), content(best)),
    }


def _overlap(question: str, claim: str, everything: str, best: str) -> dict[str, float]:
    said = [word.lower() for word in words(claim)][:_MAX_WORDS]
    held = [word.lower() for word in words(everything)]
    meant, meant_held = frozenset(content(claim)), frozenset(content(everything))
    added = meant - frozenset(content(question))
    held_set = frozenset(held)
    return {
        "content_held": len(meant & meant_held) / max(1, len(meant)),
        "content_held_by_best": len(meant & frozenset(content(best))) / max(1, len(meant)),
        "words_held": sum(word in held_set for word in said) / max(1, len(said)),
        "added_held": (len(added & meant_held) + 0.5) / (len(added) + 1),
        "content_missing": float(not meant <= meant_held),
        "pairs_held": len(set(pairwise(said)) & set(pairwise(held))) / max(1, len(said) - 1),
        "run": _longest_run(said, held) / max(1, len(said)),
    }


def _longest_run(said: Sequence[str], held: Sequence[str]) -> int:
    """Return the length of the longest run of words that stands in both."""
    places: dict[str, list[int]] = {}
    for at, word in enumerate(held):
        places.setdefault(word, []).append(at)
    longest = 0
    before: dict[int, int] = {}
    for word in said:
        now = {at: before.get(at - 1, 0) + 1 for at in places.get(word, ())}
        longest = max(longest, *now.values()) if now else longest
        before = now
    return longest


def _numbers(claim: str, everything: str) -> dict[str, float]:
    said, held = numbers(claim), numbers(everything)
    return {
        "number_missing": float(not said <= held),
        "numbers_held": float(bool(said) and said <= held),
        "number_differs": float(not said <= held and not held <= said),
    }


def _names(claim: str, everything: str) -> dict[str, float]:
    held = frozenset(content(everything))
    later = [word for word in words(claim)[1:] if word[0].isupper() and not is_empty(word.lower())]
    missing = sum(stem(word.lower()) not in held for word in later)
    return {"name_missing": float(missing > 0), "names_missing": missing / 3}


def _denials(claim: str, everything: str, best: str) -> dict[str, float]:
    said = [word.lower() for word in words(claim)]
    held = frozenset(word.lower() for word in words(everything))
    new = [word for word in said if word not in held]
    absolute = [word for word in said if word in ABSOLUTES]
    return {
        "denies": float(denies(claim)),
        "denial_differs": float(denies(claim) != denies(best)),
        "only_claim_denies": float(denies(claim) and not denies(everything)),
        "opposite": float(any(OPPOSITES.get(word, frozenset()) & held for word in new)),
        "absolute_new": float(any(word not in held for word in absolute)),
        "absolute_held": float(any(word in held for word in absolute)),
        "comparison_new": float(any(compares(word) for word in new)),
    }


def _other_order(claim: Sequence[str], best: Sequence[str]) -> float:
    """Return the share of pairs of shared words that stand the other way round (Kendall's distance)."""
    places: dict[str, int] = {}
    for at, word in enumerate(best):
        places.setdefault(word, at)
    shared = [places[word] for word in dict.fromkeys(claim) if word in places][:50]
    pairs = list(combinations(shared, 2))
    return sum(a > b for a, b in pairs) / len(pairs) if pairs else 0.0
