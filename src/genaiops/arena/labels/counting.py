"""Which labels of a run may count: those of the drawn cases from the first on, up to one that lacks a label.

Nobody chooses the order, so nobody chooses which labels count; what was labelled beyond a gap waits.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from genaiops.arena.labels.book import Entry, LabelBook
from genaiops.arena.labels.sample import Question, Side, sides_of
from genaiops.arena.model import Judge, Label, Run
from genaiops.arena.scale import LOST, OF_THE_FIRST, TIE, WON, judge_named, rubric_digest, value_of
from genaiops.core import Annotation
from genaiops.store import Store

CODE = "genaiops"
"""The author of labels that need nobody."""


def labels_of(run: Run, scorers: Sequence[str], store: Store) -> tuple[Label, ...]:
    """Return the labels of the judges `scorers` that may count in `run`, case by case as they were drawn.

    Several authors of one answer give several labels. Raises `ValueError` where a scorer is no judge.
    """
    book, ruler = LabelBook(store), run.suite.ruler
    return tuple(label for name in scorers for label in _counting(run, judge_named(ruler, name), book))


def entries_of(judge: Judge, question: Question, choice: str, *, author: str, at: str) -> list[Entry]:
    """Return what a choice says of each answer of a question."""
    words = [choice]
    if judge.form == "pair":
        first = OF_THE_FIRST[choice]
        words = [first, {WON: LOST, LOST: WON, TIE: TIE}[first]]
    return [
        Entry(
            case=question.case.id,
            against=against,
            annotation=Annotation(
                subject=subject,
                name=judge.name,
                value=value_of(judge, word),
                label=word,
                by="human",
                author=author,
                version=rubric_digest(judge),
                at=at,
            ),
        )
        for (subject, against), word in zip(question.about, words, strict=True)
    ]


def choices_by(author: str, judge: Judge, questions: Sequence[Question], book: LabelBook) -> dict[str, str]:
    """Return what an author last chose, by the id of the question."""
    ids: dict[tuple[str, str], str] = {one.about[0]: one.id for one in questions}
    found: dict[str, str] = {}
    for entry in book.latest(judge.name, rubric_digest(judge)):
        if entry.about in ids and entry.annotation.author == author:
            word = entry.annotation.label or ""
            found[ids[entry.about]] = _chosen(word) if judge.form == "pair" else word
    return found


def _chosen(word: str) -> str:
    return next(choice for choice, first in OF_THE_FIRST.items() if first == word)


def _counting(run: Run, judge: Judge, book: LabelBook) -> Iterator[Label]:
    said: dict[tuple[str, str], list[Annotation]] = defaultdict(list)
    for entry in book.latest(judge.name, rubric_digest(judge)):
        said[entry.about].append(entry.annotation)
    for sides in sides_of(run, judge):
        labels = [_labels(run, judge, side, said.get(side.about, [])) for side in sides]
        if not all(labels):
            return
        for given in labels:
            yield from given


def _labels(run: Run, judge: Judge, side: Side, said: Sequence[Annotation]) -> list[Label]:
    notes = list(said)
    if side.settled is not None:
        notes = [
            Annotation(
                subject=side.subject,
                name=judge.name,
                value=value_of(judge, side.settled),
                label=side.settled,
                by="code",
                author=CODE,
                version=rubric_digest(judge),
                at=run.finished_at,
            )
        ]
    return [Label(role=side.role, case=side.case, annotation=note) for note in notes]
