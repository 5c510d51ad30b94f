"""From a question, its evidence and what else was found to a training row. Pure, and fixed by the seed."""

import hashlib
from collections.abc import Mapping, Sequence

from genaiops.core import Passage, normalise
from genaiops.synthesis.model import RaftOptions, RaftRow, Source
from genaiops.synthesis.prompt import CLOSING, FINAL, OPENING, raft_prompt

REASON = "The passage answers the question in these words."


def make_row(
    source: Source, found: Sequence[Passage], options: RaftOptions, banned: frozenset[str]
) -> RaftRow | str:
    """Return the row of a question, or why there is none.

    `found` is what a search for the question brings, best first: those that do not hold the answer are the
    distractors, the hardest first. `banned` documents are in no row.
    """
    others = [
        one
        for one in found
        if one.id != source.passage
        and one.document not in banned
        and not _holds(one.text, source.answer)
        and source.quote not in one.text
    ]
    keeps = _chance(options.seed, source.id, "oracle") < options.keep
    wanted = options.distractors + (0 if keeps else 1)
    if len(others) < wanted:
        return "fewer passages without the answer than distractors"
    texts = [one.text for one in others[:wanted]] + ([source.text] if keeps else [])
    titles = [one.title for one in others[:wanted]] + ([source.title] if keeps else [])
    order = sorted(range(len(texts)), key=lambda at: _chance(options.seed, source.id, str(at)))
    texts, titles = [texts[at] for at in order], [titles[at] for at in order]
    shown = [f"[{at}] {text}" for at, text in enumerate(texts, 1)]
    messages = raft_prompt().render(question=source.question, texts=shown)
    return RaftRow(
        id=source.id,
        type=source.kind,
        question=source.question,
        context={"title": [[*titles]], "sentences": [[*texts]]},
        oracle_context=source.text,
        cot_answer=answer_text(source),
        instruction="\n\n".join(message.content for message in messages),
    )


def answer_text(source: Source) -> str:
    """Return the chain of thought: the quote, the reason, the answer on a line of its own."""
    return f"{OPENING}{source.quote}{CLOSING}\n{REASON}\n{FINAL} {source.answer}"


def quotes_of(text: str) -> list[str]:
    """Return what a text quotes, between the marks."""
    return [part.split(CLOSING)[0].strip() for part in text.split(OPENING)[1:] if CLOSING in part]


def check_row(row: RaftRow) -> str:
    """Return what is wrong with a row: no quote, or one that its oracle does not hold verbatim."""
    quotes = quotes_of(row.cot_answer)
    if not quotes:
        return "it quotes nothing"
    return "" if all(quote in row.oracle_context for quote in quotes) else "a quote is not verbatim"


def passages_of(row: RaftRow) -> list[str]:
    """Return the texts of a row's context, in their order."""
    return [text for some in row.context["sentences"] for text in some]


def strays(sources: Sequence[Source], banned: frozenset[str]) -> Mapping[str, str]:
    """Return the questions whose evidence lies in a document of the test, by id."""
    return {one.id: one.document for one in sources if one.document in banned}


def _holds(text: str, answer: str) -> bool:
    return bool(normalise(answer)) and f" {normalise(answer)} " in f" {normalise(text)} "


def _chance(seed: int, *names: str) -> float:
    digest = hashlib.sha256("/".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
