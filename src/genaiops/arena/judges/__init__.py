"""Judges: language models as scorers, examined before anything rests on them.

A judge is a rubric, a model and a scale (`judges:` in genaiops.yaml). What it is shown is data to it; it is
tried with canaries, held to its anchors, and marked in every claim until people's labels correct it.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.judges.family import same_family
    from genaiops.arena.judges.matches import Given
    from genaiops.arena.judges.panel import Panel
    from genaiops.arena.judges.reading import judge_files, read_judges
    from genaiops.arena.judges.scorer import Judged, JudgeScorer, judge_spec
    from genaiops.arena.judges.telling import judging_facts, judging_text, judging_warnings

__all__ = [
    "Given",
    "JudgeScorer",
    "Judged",
    "Panel",
    "judge_files",
    "judge_spec",
    "judging_facts",
    "judging_text",
    "judging_warnings",
    "read_judges",
    "same_family",
]

__getattr__ = attach(
    __name__,
    {
        "Given": "matches",
        "JudgeScorer": "scorer",
        "Judged": "scorer",
        "Panel": "panel",
        "judge_files": "reading",
        "judge_spec": "scorer",
        "judging_facts": "telling",
        "judging_text": "telling",
        "judging_warnings": "telling",
        "read_judges": "reading",
        "same_family": "family",
    },
)
