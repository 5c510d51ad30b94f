"""Whether citations hold: the quote stands verbatim in a passage of this output, and the passage is right.

A citation *resolves* when its quote, not empty, stands verbatim in the retrieved passage that it names. It
*supports* when that passage holds a gold passage of the case; where the case names no gold passages,
resolving is all that can be checked. An answer without citations, and an abstention on a case that has an
answer, cite nothing and score 0: precision of nothing is 0 here, so that silence is never the best answer.
Cases that have no answer are not applicable: nothing there should be cited.
"""

from collections.abc import Mapping

from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters
from genaiops.arena.scorers.expected import answerable, gold, matches
from genaiops.core import Case, Json, Output, Passage, ScorerSpec


def citation_precision(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Share of the citations that resolve and support."""
    take_parameters("citation_precision", parameters, {})
    return PureScorer(
        ScorerSpec(name="citation_precision"), _precision, lambda case: answerable(case) is not False
    )


def citation_recall(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Share of the gold passages that a resolving citation points at."""
    take_parameters("citation_recall", parameters, {})
    return PureScorer(
        ScorerSpec(name="citation_recall"),
        _recall,
        lambda case: answerable(case) is not False and bool(gold(case)),
    )


def cited(output: Output) -> list[Passage | None]:
    """Return the passage that each citation resolves to, None where it does not."""
    by_id = {passage.id: passage for passage in output.passages}
    found: list[Passage | None] = []
    for citation in output.citations:
        passage = by_id.get(citation.passage)
        holds = passage is not None and bool(citation.quote.strip()) and citation.quote in passage.text
        found.append(passage if holds else None)
    return found


def _precision(case: Case, output: Output) -> Mark:
    found = cited(output)
    if output.abstained or not found:
        return Mark(0.0, "abstained" if output.abstained else "cites nothing")
    items = gold(case)
    good = [p for p in found if p is not None and (not items or any(matches(item, p) for item in items))]
    resolved = sum(passage is not None for passage in found)
    return Mark(len(good) / len(found), f"{len(found)} citations, {resolved} resolve, {len(good)} support")


def _recall(case: Case, output: Output) -> Mark:
    items = gold(case)
    found = [] if output.abstained else [passage for passage in cited(output) if passage is not None]
    return Mark(sum(any(matches(item, passage) for passage in found) for item in items) / len(items))
