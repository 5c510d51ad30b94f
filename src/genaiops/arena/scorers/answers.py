"""Answers against short reference answers, as SQuAD scores them; an unanswerable case wants an abstention.

Normalisation and F1 as in Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text"
(2016), and the treatment of unanswerable questions as in "Know What You Don't Know" (2018): lower case, no
ASCII punctuation, no articles, single blanks; the best of several reference answers counts.
"""

from collections.abc import Callable, Mapping

from genaiops.app.reading import terms
from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters
from genaiops.arena.scorers.expected import answerable, answers
from genaiops.core import Case, Json, Output, Reads, ScorerSpec, normalise, token_f1


def has_reference(case: Case) -> bool:
    """Return whether a case says what is right: an answer, or that there is none."""
    return bool(answers(case)) or answerable(case) is False


def abstention_mark(case: Case, output: Output) -> Mark | None:
    """Return the mark that abstaining, or not abstaining, already decides; None where the text decides."""
    if answerable(case) is False:
        return (
            Mark(1.0, "rightly abstained") if output.abstained else Mark(0.0, "has no answer, yet answered")
        )
    return Mark(0.0, "abstained") if output.abstained else None


def exact_match(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 where the answer is a reference answer, normalised."""
    return _scorer("exact_match", parameters, lambda said, ref: float(normalise(said) == normalise(ref)))


def answer_f1(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Token F1 with the best reference answer."""
    return _scorer("answer_f1", parameters, token_f1)


def contains(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 where a reference answer stands in the answer, as whole words, normalised."""
    return _scorer("contains", parameters, _stands_in)


def added_f1(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """F1 of the words that answer and reference add to the question: for references of sentences.

    Stop words and word endings (English) do not count. To repeat the question scores 0, and so does text on
    the same subject that says something else; likeness of embeddings rewards both.
    """
    take_parameters("added_f1", parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        asked = terms(" ".join(value for value in case.inputs.values() if isinstance(value, str)))
        said = output.text or ""
        return abstention_mark(case, output) or Mark(
            max(_added(asked, said, reference) for reference in answers(case))
        )

    reads = frozenset[Reads]({"inputs", "expected", "output"})
    return PureScorer(ScorerSpec(name="added_f1", reads=reads), mark, has_reference)


def _added(asked: frozenset[str], answer: str, reference: str) -> float:
    said, meant = terms(answer) - asked, terms(reference) - asked
    if not meant:  # all that it says stands in the question, as in "tea or coffee?"
        return token_f1(answer, reference)
    return 2 * len(said & meant) / (len(said) + len(meant))


def _stands_in(answer: str, reference: str) -> float:
    said, meant = normalise(answer), normalise(reference)
    return float(bool(meant) and f" {meant} " in f" {said} ")


def _scorer(name: str, parameters: Mapping[str, Json], likeness: Callable[[str, str], float]) -> PureScorer:
    take_parameters(name, parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        decided = abstention_mark(case, output)
        if decided is not None:
            return decided
        text = output.text or ""
        return Mark(max(likeness(text, reference) for reference in answers(case)))

    return PureScorer(ScorerSpec(name=name), mark, has_reference)
