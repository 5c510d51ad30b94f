"""Does anything that one principal may not read reach them, by any path of a search?

    python -m bench.leaks.run

Two principals ask one opened index in turns; rows are for one, the other, both or everyone, and each holds
a canary: a word of its own in its text, metadata and, half of them, title. Questions are drawn to provoke:
most are the words, the title or the canary of a row that the asker may not read; with every mode, with and
without reranking, filters (known and unknown keys, the other's values) and history. Nothing that comes back
may hold a canary of a row closed to the asker that was not in the question itself: neither passages, nor what
is around them, nor errors, nor what the index tells of itself. Of every 20 questions two are asked again: of
an index opened for the asker alone, so that a cache filled by the other would show (token vectors of passages
too); and of an index of *only* what the asker may read, whose passages, scores and errors would differ if
others' rows had a part in them: in how rare a word is, how long a passage, how many bear a title, or which
metadata keys there are.

Not here: traces, outputs that are used again and studies. What runs on this machine searches on behalf of one
principal without groups (`app.services.LOCAL_USER`), so that nobody else's passages can be in them. Nor how
long an answer takes: what has more to skip takes longer.

*Words elsewhere* asks for a word beside another, or with a title or a filter, that stands in a closed row
alone, or nowhere: where the two answers differ, one may find out whether it stands there.

Expected: no leak (the upper limit of the two-sided 95 % interval of Clopper and Pearson is then 3.7 in
10,000), nothing told apart, and every answer that of the index of only what may be read.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.leaks.canaries import (
    CANARY,
    PRINCIPALS,
    WORDS,
    HashedWords,
    Row,
    make_index,
    make_rows,
)

from genaiops.core import GenaiopsError, Json, Passage, Principal
from genaiops.knowledge import LocalIndex, Mode, expand, retrieve

RESULTS = Path(__file__).parent.parent / "results" / "leaks.json"
ROWS, QUERIES, AGAIN = 1_000, 10_000, 20
MODES: tuple[Mode, ...] = ("hybrid", "dense", "lexical")


@dataclass(frozen=True)
class Asked:
    """One question with everything that goes with it."""

    principal: Principal
    text: str
    mode: Mode
    rerank: bool
    history: tuple[str, ...]
    where: dict[str, Json]
    k: int

    def holds(self) -> set[str]:
        """Return the canaries that the asker wrote."""
        return set(CANARY.findall(f"{self.text} {self.history} {self.where}"))


@dataclass
class Found:
    """What was counted."""

    leaks: list[str] = field(default_factory=list[str])
    paths: Counter[str] = field(default_factory=Counter[str])
    differing: int = 0
    compared: int = 0
    other_order: int = 0
    errors: int = 0
    other_errors: int = 0
    largest: float = 0.0
    told_apart: int = 0
    tried: int = 0


def draw_question(draw: random.Random, rows: list[Row], at: int) -> Asked:
    """Return a question that tries to get at a row which its asker may not read, three times of four."""
    principal = PRINCIPALS[at % 2]
    closed = [row for row in rows if not row.open_to(principal)]
    aim = draw.choice(closed if draw.random() < 0.75 else rows)
    words = aim.passage.text.split()
    text = draw.choice(
        [
            " ".join(draw.sample(words, 8)),
            aim.passage.title,
            aim.canary,
            f"{draw.choice(WORDS)} {aim.canary}",
            aim.passage.text,
            f"{aim.passage.title} and {draw.choice(rows).passage.title}",
        ]
    )
    filters: list[dict[str, Json]] = [
        {},
        {},
        {"kind": f"kind{draw.randrange(5)}"},
        {"topic": f"topic {aim.canary}"},
        {f"only_{aim.canary[:8]}": "x"},
        {"access": draw.choice(["red", "blue"])},
        {"kinds": "kind1"},
    ]
    return Asked(
        principal=principal,
        text=text,
        mode=draw.choice(MODES),
        rerank=draw.random() < 0.5,
        history=(" ".join(draw.sample(words, 5)),) if draw.random() < 0.3 else (),
        where=draw.choice(filters),
        k=draw.choice([1, 5, 20]),
    )


async def answer(index: LocalIndex, embedder: HashedWords, asked: Asked) -> list[Passage] | GenaiopsError:
    """Return what comes back, passages or an error."""
    try:
        return await retrieve(
            index,
            embedder,
            asked.text,
            asked.k,
            principal=asked.principal,
            history=asked.history,
            mode=asked.mode,
            rerank=asked.rerank,
            where=asked.where,
        )
    except GenaiopsError as error:
        return error


def leaked(told: list[Passage] | GenaiopsError, asked: Asked, rows: Mapping[str, Row]) -> list[str]:
    """Return the canaries and ids in `told` of rows closed to the asker, and not written by them."""
    text = repr(told) if isinstance(told, list) else f"{told} {vars(told)}"
    met = set(CANARY.findall(text)) - asked.holds()
    named = {one.id for one in told} if isinstance(told, list) else set[str]()
    return [name for name in met | named if not rows[name].open_to(asked.principal)]


async def measure(rows: list[Row], queries: int, folder: Path, seed: int) -> Found:
    """Ask `queries` questions and count what gets out."""
    embedder, draw, found = HashedWords(), random.Random(seed), Found()
    named = {name: row for row in rows for name in (row.canary, row.passage.id)}
    shared = await make_index(folder / "index", rows, embedder)
    alone = {one: LocalIndex(folder / "index") for one in PRINCIPALS}
    only = {
        one: await make_index(folder / one.id, [row for row in rows if row.open_to(one)], embedder)
        for one in PRINCIPALS
    }
    for at in range(queries):
        asked = draw_question(draw, rows, at)
        told = await answer(shared, embedder, asked)
        path = "error" if isinstance(told, GenaiopsError) else f"{asked.mode}{', reranked' * asked.rerank}"
        found.paths[path] += 1
        secrets = leaked(told, asked, named)
        if isinstance(told, list):
            around = expand(told, _by_document(told), around="section", budget=500, count=_lengths)
            secrets += leaked(around, asked, named)
        found.leaks += [f"{path}: {asked.text[:60]}"] * bool(secrets)
        if at % AGAIN < len(PRINCIPALS):
            again = await answer(alone[asked.principal], embedder, asked)
            found.differing += _written(again) != _written(told)
            _compare(found, told, await answer(only[asked.principal], embedder, asked))
            await _try_word(found, shared, embedder, draw, rows, asked.principal)
    found.leaks += [f"facts: {canary}" for canary in CANARY.findall(repr(shared.facts()))]
    for index in (shared, *alone.values(), *only.values()):
        index.close()
    return found


def _compare(found: Found, told: list[Passage] | GenaiopsError, alone: list[Passage] | GenaiopsError) -> None:
    if isinstance(told, GenaiopsError) or isinstance(alone, GenaiopsError):
        found.errors += 1
        found.other_errors += _written(told) != _written(alone)
    else:
        found.compared += 1
        found.other_order += [one.id for one in told] != [one.id for one in alone]
        scores = {one.id: one.score or 0.0 for one in alone}
        apart = [abs((one.score or 0.0) - scores[one.id]) for one in told if one.id in scores]
        found.largest = max([found.largest, *apart])


async def _try_word(
    found: Found,
    index: LocalIndex,
    embedder: HashedWords,
    draw: random.Random,
    rows: list[Row],
    who: Principal,
) -> None:
    """Count whether an answer tells what stands in a closed row alone from what stands nowhere."""
    closed = draw.choice([row for row in rows if not row.open_to(who)])
    word = draw.choice(WORDS)
    vector = (await embedder.embed([word], "query"))[0]
    kind = draw.choice(["word", "title", "value"])

    def ask(canary: str) -> list[Passage]:
        text = {"word": f"{word} {canary}", "title": f"{word} Page {canary}", "value": word}[kind]
        where: dict[str, Json] = {"topic": f"topic {canary}"} if kind == "value" else {}
        return index.search(index.snapshot(), text, vector, 5, principal=who, where=where)

    found.tried += 1
    found.told_apart += ask(closed.canary) != ask(f"zq{draw.getrandbits(48):012x}")


def _written(told: list[Passage] | GenaiopsError) -> str:
    return repr(told) if isinstance(told, list) else str(told)


def _by_document(passages: list[Passage]) -> dict[str, list[Passage]]:
    return {one.document: [other for other in passages if other.document == one.document] for one in passages}


def _lengths(texts: object) -> list[int]:
    return [len(text.split()) for text in texts]  # type: ignore[attr-defined]


def main() -> None:
    """Measure and write the result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--queries", type=int, default=QUERIES)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(make_rows(ROWS, seed=1), given.queries, Path(folder), seed=2))
    leaks = len(found.leaks)
    facts = {
        "queries": given.queries,
        "rows": ROWS,
        "principals": len(PRINCIPALS),
        "paths": dict(sorted(found.paths.items())),
        "leaks": leaks,
        "examples": found.leaks[:5],
        # Clopper-Pearson at zero: 1 - (alpha/2) ** (1/n)
        "upper 95 % limit of the rate": None if leaks else round(1 - 0.025 ** (1 / given.queries), 6),
        "answers that a cache changed": found.differing,
        "beside an index of only what may be read": {
            "compared": found.compared,
            "another order": found.other_order,
            "largest difference of a score": round(found.largest, 6),
            "errors": found.errors,
            "other errors": found.other_errors,
        },
        "words elsewhere": {"tried": found.tried, "told apart": found.told_apart},
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
