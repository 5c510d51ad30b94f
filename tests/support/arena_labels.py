"""Judges and people's labels out of thin air, for tests of claims that labels correct."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.support.arena_scores import make_cases, make_ruler, make_scores

from genaiops.arena.drawing import draw_order
from genaiops.arena.model import ROLES, Judge, Label, Role, Ruler
from genaiops.arena.scale import rubric_digest
from genaiops.core import Annotation, Claim, Score, ScorerSpec

HELPFUL = Judge(name="helpful", model="local:qwen3-8b", rubric="Does the answer help?")
SPEC = ScorerSpec(name="helpful", reads=frozenset({"output", "model"}), deterministic=False)
SEED = "5b1f0a77"


def judged_ruler(*claims: Claim, judge: Judge = HELPFUL, **more: object) -> Ruler:
    """Return a ruler with one judge as its scorer."""
    return replace(make_ruler(*claims, specs=(SPEC,), **more), judges=(judge,))  # type: ignore[arg-type]


def judge_scores(before: Sequence[float | None], after: Sequence[float | None]) -> dict[Role, list[Score]]:
    """Return what the judge said of each case on both arms."""
    return make_scores({"helpful": before}, {"helpful": after})


def label(role: Role, case: str, value: float | None, *, author: str = "ann", **more: object) -> Label:
    """Return what a person said of an answer."""
    note = Annotation(
        subject=f"{role}/{case}",
        name="helpful",
        value=value,
        by="human",
        author=author,
        version=rubric_digest(HELPFUL),
        at="2026-11-24T10:00:00Z",
    )
    return Label(role=role, case=case, annotation=replace(note, **more))  # type: ignore[arg-type]


def drawn_labels(
    scores: Mapping[Role, Sequence[Score]],
    truth: Mapping[Role, Mapping[str, float]],
    count: int,
    *,
    seed: str = SEED,
    author: str = "ann",
) -> list[Label]:
    """Return labels of the first `count` drawn cases, on both arms, that say the truth."""
    return [
        label(role, case, truth[role][case], author=author)
        for case in draw_order(scores, "helpful", seed)[:count]
        for role in ROLES
    ]


def by_case(before: Sequence[float], after: Sequence[float]) -> dict[Role, dict[str, float]]:
    """Return what is true of each case, by arm."""
    ids = [case.id for case in make_cases(len(before))]
    return {"baseline": dict(zip(ids, before, strict=True)), "candidate": dict(zip(ids, after, strict=True))}
