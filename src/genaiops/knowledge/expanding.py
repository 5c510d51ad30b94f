"""Around what was found: a hit with its neighbours, or with its whole section, within a number of tokens.

Pure: the passages of a document come in, so that whoever calls has read them under the same principal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from genaiops.core import Passage
from genaiops.knowledge.chunks import Count

Around = Literal["neighbours", "section"]


def expand(
    hits: Sequence[Passage],
    documents: Mapping[str, Sequence[Passage]],
    *,
    around: Around,
    budget: int,
    count: Count,
) -> list[Passage]:
    """Return each hit with what stands around it, at most `budget` tokens each, best first as before.

    `documents` has the passages of the documents that were hit, by document. `neighbours` are the passages
    after and before, in turns; `section` are those under the hit's own headings, and what is below them. A
    hit keeps its id and score. One that lies within a better one's surroundings is left out.
    """
    expanded: list[Passage] = []
    for hit in hits:
        covered = any(_holds(better, hit) for better in expanded)
        if not covered:
            expanded.append(_grown(hit, documents.get(hit.document, ()), around, budget, count))
    return expanded


def _holds(better: Passage, hit: Passage) -> bool:
    return better.document == hit.document and better.start <= hit.start and hit.end <= better.end


def _grown(hit: Passage, siblings: Sequence[Passage], around: Around, budget: int, count: Count) -> Passage:
    row = sorted(siblings, key=lambda one: (one.start, one.end))
    if around == "section":
        row = [one for one in row if one.heading[: len(hit.heading)] == hit.heading]
    at = next((at for at, one in enumerate(row) if one.id == hit.id), -1)
    if at < 0:
        return hit
    first, last, grown = at, at + 1, hit
    turns = ["after", "before"]
    while turns:
        turn = turns.pop(0)
        wider = (first, last + 1) if turn == "after" else (first - 1, last)
        if wider[0] < 0 or wider[1] > len(row):
            continue
        joined = _joined(row[wider[0] : wider[1]], hit)
        if count([joined.text])[0] <= budget:
            (first, last), grown = wider, joined
            turns.append(turn)
    return grown


def _joined(row: Sequence[Passage], hit: Passage) -> Passage:
    """Return passages that follow each other as one, what they share and each heading written once."""
    text, end = row[0].text, row[0].end
    for last, one in pairwise(row):
        new = one.heading[-1:] if one.heading != last.heading else ()
        # the header of a table that goes on stands above already
        lead = 0 if new else len(one.text) - (one.end - one.start)
        own = one.text[lead + max(0, end - one.start) :]
        text += own if one.start < end else "".join(f"\n\n{each}" for each in (*new, own))
        end = max(end, one.end)
    return replace(hit, text=text, start=row[0].start, end=end, page=row[0].page)
