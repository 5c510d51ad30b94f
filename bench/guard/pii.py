"""Does our detector of personal data find what Presidio's does, and how fast? Must: no less, 10 times faster.

    python -m bench.guard.pii [TEXTS.jsonl]

The set: rows with `text` and `entities` (`start`, `end`, `type`), which are not ours to ship. It was looked
at while the detector was written, so ours is flattered: rows that nobody saw will say less.

Presidio runs in an environment of its own (`.peers/presidio`: presidio-analyzer and a small English spaCy
model, named by `GENAIOPS_BENCH_SPACY`), with its default recognisers, on the same texts in the same run.
Names and places are asked of neither: we have no detector for them yet. The time of its model is told apart.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench.guard.conditions import conditions

from genaiops.core import Where
from genaiops.guard.registry import build_detector

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "bench" / "results" / "guard_pii.json"
PEER = ROOT / ".peers" / "presidio"
DATA = Path(os.environ.get("GENAIOPS_BENCH_PII", "../shared/data/pii/texts.jsonl"))
STRUCTURED = (
    *("CREDIT_CARD", "IBAN_CODE", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "IP_ADDRESS"),
    "US_DRIVER_LICENSE",
)
OURS = {
    "pii.card": "CREDIT_CARD",
    "pii.iban": "IBAN_CODE",
    "pii.phone": "PHONE_NUMBER",
    "pii.email": "EMAIL_ADDRESS",
    "pii.us_ssn": "US_SSN",
    "pii.ip": "IP_ADDRESS",
    "pii.driving_licence": "US_DRIVER_LICENSE",
}
LEAST = 0.5
PEER_LEAST = (0.0, 0.3, 0.5)
"""Presidio's own default keeps every score; the difference is to the best of these on the same texts."""
DRAWS = 2000
Span = tuple[int, int, str]

ASK = """
import json, sys, time
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
model, kinds = sys.argv[1], json.loads(sys.argv[2])
nlp = NlpEngineProvider(nlp_configuration={
    "nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}).create_engine()
engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
texts = [json.loads(line)["text"] for line in open(sys.argv[3], encoding="utf-8")]
found, taken = [], []
engine.analyze(texts[0], language="en", entities=kinds)
for text in texts:
    began = time.process_time()
    artifacts = nlp.process_text(text, "en")
    between = time.process_time()
    results = engine.analyze(text, language="en", entities=kinds, nlp_artifacts=artifacts)
    ended = time.process_time()
    found.append([(r.start, r.end, r.entity_type, r.score) for r in results])
    taken.append((between - began, ended - between))
json.dump({"found": found, "taken": taken}, sys.stdout)
"""


def ours(texts: Sequence[str]) -> tuple[list[list[Span]], list[float], Counter[str]]:
    """Return what our detector finds, the seconds of processor time, and how often it found other things."""
    detector = build_detector("pii", {}, "bench")
    where = Where(surface="input")
    detector.detect(texts[0], where)
    found: list[list[Span]] = []
    taken: list[float] = []
    others: Counter[str] = Counter()
    for text in texts:
        began = time.process_time()
        findings = detector.detect(text, where)
        taken.append(time.process_time() - began)
        kept = [one for one in findings if one.confidence >= LEAST and one.category in OURS]
        found.append([(one.start, one.end, OURS[one.category]) for one in kept])
        others.update(
            one.category for one in findings if one.confidence >= LEAST and one.category not in OURS
        )
    return found, taken, others


def presidio(file: Path, model: str) -> tuple[list[list[list[Any]]], list[float], list[float]]:
    """Return what Presidio finds with its scores, and the seconds of its model and of its recognisers."""
    asked = [str(PEER / "bin" / "python"), "-c", ASK, model, json.dumps(STRUCTURED), str(file)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(answer.stdout)
    return said["found"], [one[0] for one in said["taken"]], [one[1] for one in said["taken"]]


def counts(told: Sequence[Span], found: Sequence[Span], exact: bool) -> dict[str, tuple[int, int, int]]:
    """Return for each type how many were found rightly, wrongly, and not, in one text."""
    result: dict[str, tuple[int, int, int]] = {}
    for kind in STRUCTURED:
        true = [one for one in told if one[2] == kind]
        said = sorted({one for one in found if one[2] == kind})
        hit = [any(_same(one, other, exact) for other in said) for one in true]
        wrong = [one for one in said if not any(_same(one, other, exact) for other in true)]
        result[kind] = sum(hit), len(wrong), len(hit) - sum(hit)
    return result


def _same(one: Span, other: Span, exact: bool) -> bool:
    return one[:2] == other[:2] if exact else one[0] < other[1] and other[0] < one[1]


def f1(rows: Iterable[tuple[int, int, int]]) -> float:
    """Return F1 over texts; 1 where there is nothing to find and nothing was found."""
    right, wrong, missed = (sum(column) for column in zip(*rows, strict=True))
    return 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 1.0


def interval(
    mine: list[tuple[int, int, int]], theirs: list[tuple[int, int, int]], groups: Sequence[str]
) -> list[float]:
    """Return the 95 % interval of the difference in F1, drawing whole templates."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        places[group].append(at)
    names = sorted(places)
    sums = [[np.sum([side[at] for at in places[name]], axis=0) for name in names] for side in (mine, theirs)]
    totals = [np.array(side) for side in sums]
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(DRAWS):
        chosen = random.integers(0, len(names), len(names))
        drawn.append(f1([tuple(totals[0][chosen].sum(0))]) - f1([tuple(totals[1][chosen].sum(0))]))
    return [round(float(value), 4) for value in np.percentile(drawn, (2.5, 97.5))]


def main() -> None:
    """Measure both, and write the results."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows]
    told = [[(e["start"], e["end"], e["type"]) for e in row["entities"]] for row in rows]
    groups = [str(row.get("template_id") or row["id"]) for row in rows]
    before = os.getloadavg()
    mine, my_time, others = ours(texts)
    facts: dict[str, Any] = {
        "set": f"{file.parent.name}/{file.name}",
        "texts": len(texts),
        "types": list(STRUCTURED),
    }
    peer = presidio(file, os.environ.get("GENAIOPS_BENCH_SPACY", "en_core_web_sm")) if PEER.exists() else None
    for name, exact in (("exact", True), ("overlap", False)):
        sides = {"ours": [counts(t, f, exact) for t, f in zip(told, mine, strict=True)]}
        for at_least in PEER_LEAST if peer else ():
            kept = [[(s, e, kind) for s, e, kind, sure in each if sure >= at_least] for each in peer[0]]
            sides[f"presidio from {at_least}"] = [
                counts(t, f, exact) for t, f in zip(told, kept, strict=True)
            ]
        facts[name] = {
            side: {kind: round(f1(one[kind] for one in each), 4) for kind in STRUCTURED}
            | {"all": round(f1(one[kind] for one in each for kind in STRUCTURED), 4)}
            for side, each in sides.items()
        }
        if peer:
            best = max(list(sides)[1:], key=lambda side: facts[name][side]["all"])
            pooled = [
                [tuple(np.sum(list(one.values()), axis=0)) for one in sides[side]] for side in ("ours", best)
            ]
            facts[name]["ours against"] = best
            facts[name]["difference"] = interval(pooled[0], pooled[1], groups)
    facts["told"] = {kind: sum(one[2] == kind for each in told for one in each) for kind in STRUCTURED}
    facts["others_found"] = dict(others)
    facts["cpu_us"] = {"ours": round(float(np.median(my_time)) * 1e6, 1)}
    if peer:
        recognisers = float(np.median(peer[2]))
        facts["cpu_us"] |= {
            "presidio, its model": round(float(np.median(peer[1])) * 1e6, 1),
            "presidio, its recognisers": round(recognisers * 1e6, 1),
        }
        facts["times_faster"] = round(recognisers / float(np.median(my_time)), 1)
    facts["machine"] = conditions(before)
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
