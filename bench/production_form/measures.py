"""What counts as right, stated before measuring and equal for all arms. All are reported, none is chosen.

Short reference answers: `answer_f1 >= 0.5`. Long ones: `added_f1 >= 0.3` and `word_share >= 0.6`, side by
side. `semantic_similarity >= 0.6` is shown beside them and is no ruler: `rulers.py` finds that it calls a
repeated question right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.app.reading import terms
from genaiops.core import Case, Output, Score, ScorerSpec, Trace

THRESHOLDS = {"answer_f1": 0.5, "added_f1": 0.3, "word_share": 0.6, "semantic_similarity": 0.6}
_LONG = ("added_f1", "word_share", "semantic_similarity")
MEASURES = {"msdocs": _LONG, "mtrag": _LONG, "hotpotqa": ("answer_f1",)}


_WORD_SHARE = ScorerSpec(name="word_share", reads=frozenset({"inputs", "expected", "output"}))


@dataclass(frozen=True)
class WordShare:
    """The share of the answer's words (no stop words, none of the question's) that the reference holds."""

    spec: ScorerSpec = _WORD_SHARE

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the share; 0 where the answer adds no word to the question."""
        references = case.expected.get("answers")
        if not isinstance(references, list) or not references:
            return (Score(scorer=self.spec.name, case=case.id, status="not_applicable"),)
        said = terms(output.text or "") - terms(str(case.inputs["question"]))
        share = max(len(said & terms(str(one))) for one in references) / len(said) if said else 0.0
        return (Score(scorer=self.spec.name, case=case.id, value=0.0 if output.abstained else share),)


def outcome(case: Case, output: Output, value: float | None, threshold: float) -> str:
    """Return correct, wrong, abstained (an answer exists) or declined (none does). A failure is wrong."""
    answerable = case.expected["answerable"]
    if output.status != "ok":
        return "wrong"
    if output.abstained:
        return "abstained" if answerable else "declined"
    if not answerable:
        return "wrong"
    return "correct" if (value or 0.0) >= threshold - 1e-9 else "wrong"
