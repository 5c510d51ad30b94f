"""The labelled pairs of claim and evidence: what the model learns from, and what judges it.

Two public sets teach the networks; neither is a set that judges, and no synthetic pair is used (they did not
pay):

- FEVER-Symmetric, Schuster et al. (2019): TalSchuster/FeverSymmetric on GitHub at FEVER_COMMIT, code MIT,
  texts from Wikipedia CC BY-SA 3.0. 1,420 claims with one sentence of evidence each.
- SNLI, Bowman et al. (2015), CC BY-SA 4.0, as it lies in OanaMariaCamburu/e-SNLI on GitHub at SNLI_COMMIT
  (MIT). The first 12,000 pairs of the development and test parts.

The sets that judge are those of `../shared/data/faithfulness` whose answers come with a context.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genaiops.app.reading.support.claims import claims_of
from genaiops.app.reading.support.evidence import choose, evidence_text, read_sources
from genaiops.core import Passage

FEVER_COMMIT = "fa25d17e73ea0694edc78133ec654b9f32f6db73"
SNLI_COMMIT = "7b585a3f077fdea899780eb0473940522ae44a2e"
SNLI_PAIRS = 12_000
JUDGING = ("begin_wow", "fm2", "halueval_qa", "mtrag_human_eval")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim, the sentences that it is held against, and whether it is supported."""

    question: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool
    group: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A labelled answer: its claims as pairs, and the whole text with the whole context."""

    source: str
    group: str
    supported: bool
    pairs: tuple[Pair, ...]
    text: str
    context: str


def fever_symmetric(folder: Path) -> list[Pair]:
    """Return the claims of FEVER-Symmetric; pairs that share a claim or a sentence are one group."""
    rows = [
        row
        for part in ("dev", "test")
        for row in _rows(folder / f"symmetric_v0.2/fever_symmetric_{part}.jsonl")
    ]
    pairs = [(row["claim"], row.get("evidence") or row["evidence_sentence"], _label(row)) for row in rows]
    groups = _linked([(f"c {claim}", f"e {sentence}") for claim, sentence, _ in pairs])
    return [
        Pair("", claim, _evidence([sentence], claim), label == "SUPPORTS", group)
        for (claim, sentence, label), group in zip(pairs, groups, strict=True)
    ]


def snli(folder: Path) -> list[Pair]:
    """Return pairs of SNLI: entailed is supported, neutral and contradicted are not."""
    found: list[Pair] = []
    for part in ("dev", "test"):
        columns = [_lines(folder / f"dataset/eSNLI/{name}.{part}") for name in ("s1", "s2", "labels")]
        for sentence, claim, label in zip(*columns, strict=True):
            if label in ("entailment", "neutral", "contradiction"):
                found.append(Pair("", claim, (sentence,), label == "entailment", f"snli {sentence}"))
    return found[:SNLI_PAIRS]


def answers(shared: Path) -> list[Answer]:
    """Return the labelled answers that have a context and claim something."""
    found: list[Answer] = []
    for row in _rows(shared / "data/faithfulness/labelled_responses.jsonl"):
        if row["source"] not in JUDGING:
            continue
        label, group = row["label"] == "faithful", f"{row['source']} {row['group']}"
        sources = read_sources(passages(row["context"]))
        pairs = tuple(
            Pair(
                row["question"] or "",
                claim.text,
                tuple(evidence_text(one) for one in choose(claim.text, sources)),
                label,
                group,
            )
            for claim in claims_of(row["response"])
        )
        found.append(Answer(row["source"], group, label, pairs, row["response"], "\n".join(row["context"])))
    return found


def passages(texts: list[str]) -> list[Passage]:
    """Return texts as the passages of an output."""
    return [Passage(id=f"p{at}", document=f"d{at}", text=text) for at, text in enumerate(texts)]


def _evidence(texts: list[str], claim: str) -> tuple[str, ...]:
    return tuple(evidence_text(one) for one in choose(claim, read_sources(passages(texts))))


def _label(row: dict[str, str]) -> str:
    return row.get("label") or row["gold_label"]


def _linked(keys: list[tuple[str, str]]) -> list[str]:
    """Return for each item the name of all that are linked with it by a key."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for first, second in keys:
        parent[root(first)] = root(second)
    return [root(first) for first, _ in keys]


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8").split("\n")]


def _rows(path: Path) -> Iterator[dict]:
    return (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)
