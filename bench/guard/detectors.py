"""How well are languages told apart and plainly harmful requests found, and in what time?

    python -m bench.guard.detectors [SHARED/data]

Languages: questions and paragraphs of XQuAD (5 languages), and English prompts of the guard set, of which
none may be found where English alone is allowed. The words were first written without them; the fewest
words that make a sentence, and some words of Arabic, German and English, were set on XQuAD's questions.

Harmful requests: a grammar written by hand. AdvBench was looked at while it was written, and so were JBB's
own behaviours, harmful and not, which are not in this set; of HarmBench and XSTest about a dozen rows had
come up when the languages were measured, else only their rates and those of the harmless rows were seen,
four times. Beside it its own objects that are harmful in themselves, anywhere in a text, as a list of
keywords. Expected before measuring: the grammar finds more than keywords at fewer false positives, and less
than half of what it never saw.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench.guard.conditions import conditions

from genaiops.core import Where
from genaiops.guard.detectors.harm_words import lexicon
from genaiops.guard.detectors.language import guess
from genaiops.guard.registry import build_detector
from genaiops.stats import difference, rate_interval

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "bench" / "results" / "guard_detectors.json"
DATA = Path(os.environ.get("GENAIOPS_BENCH_DATA", "../shared/data"))
INPUT = Where(surface="input")
ALPHA, LEAST, SURE = 0.025, 0.5, 0.6
SEEN = ("advbench",)
ORDINARY = ("msdocs_faq", "mtrag", "mt_bench", "self_instruct")
TEXT = "The river rose and the old mill by the road stood still for a day or two until it was dry. "
Row = dict[str, Any]
_WORD = re.compile(r"[\w'-]+")


def rows_of(file: Path) -> list[Row]:
    """Return the rows of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def rate(hits: Sequence[bool]) -> dict[str, Any]:
    """Return n, the rate and its 95 % interval."""
    found = rate_interval([float(hit) for hit in hits], range(len(hits)), ALPHA)
    low, high = max(0.0, found.low), min(1.0, found.high)
    return {
        "n": len(hits),
        "rate": round(found.estimate, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def languages(data: Path) -> dict[str, Any]:
    """Return how often each language is told rightly and wrongly, and English taken for another."""
    found: dict[str, Any] = {}
    for name, file, key in (("questions", "questions", "question"), ("paragraphs", "passages", "text")):
        every = rows_of(data / "rag_xquad_multilingual" / f"{file}.jsonl")
        for code in sorted({row["lang"] for row in every}):
            texts = [row[key].replace("\n", " ")[:2000] for row in every if row["lang"] == code]
            said = [guess(text) for text in texts]
            found[f"{name}, {code}"] = {
                "right": rate([one is not None and one.language == code for one in said]),
                "wrong": sum(one is not None and one.language != code for one in said),
            }
    detector = build_detector("language", {"allow": ["en"]}, "bench")
    english = [
        row
        for row in rows_of(data / "guardrails" / "prompts.jsonl")
        if row["label"] == "benign" and row["lang"] == "en" and row["surface"] == "user_prompt"
    ]
    found["English prompts found as foreign"] = rate(
        [any(one.confidence >= SURE for one in detector.detect(row["text"], INPUT)) for row in english]
    )
    return found


def keywords() -> Callable[[str], bool]:
    """Return a list of keywords as a detector: the grammar's objects, but for what anybody may speak of."""
    named = [harm.objects for harm in lexicon().harms if not harm.ordinary]
    words = {word.replace("_", " ") for objects in named for word in objects}

    def found(text: str) -> bool:
        low = " ".join(["", *_WORD.findall(text.lower()), ""])
        return any(f" {word} " in low for word in words)

    return found


def harmful(data: Path) -> dict[str, Any]:
    """Return the share of each source that grammar and keywords find, and the paired gain beyond AdvBench."""
    detector = build_detector("harmful", {}, "bench")
    ways: dict[str, Callable[[str], bool]] = {
        "grammar": lambda text: any(one.confidence >= LEAST for one in detector.detect(text, INPUT)),
        "keywords": keywords(),
    }
    rows = [
        row
        for row in rows_of(data / "guardrails" / "prompts.jsonl")
        if row["surface"] == "user_prompt"
        and (row["label"] == "benign" or row["category"] == "harmful_request")
    ]
    groups: dict[str, list[str]] = {}
    for row in rows:
        label = "harmful" if row["label"] == "attack" else "harmless"
        source = "ordinary" if row["source"] in ORDINARY else row["source"]
        groups.setdefault(f"{label}: {source}", []).append(row["text"])
        if label == "harmful" and row["source"] not in SEEN:
            groups.setdefault("harmful: not AdvBench", []).append(row["text"])
    told = {
        group: {way: [find(text) for text in texts] for way, find in ways.items()}
        for group, texts in sorted(groups.items())
    }
    gain = [np.array(told["harmful: not AdvBench"][way], dtype=float) for way in ("grammar", "keywords")]
    found = difference(gain[0], gain[1], range(len(gain[0])), ALPHA, least=-1, greatest=1)
    return {
        "groups": {group: {way: rate(hits) for way, hits in each.items()} for group, each in told.items()},
        "gain": {"est": float((gain[0] - gain[1]).mean()), "low": found.low, "high": found.high},
    }


def speed(repeats: int = 300) -> dict[str, float]:
    """Return the median milliseconds of processor time at 128 and 1,000 tokens."""
    schema = {"type": "object", "required": ["id"]}
    asked: dict[str, tuple[dict[str, Any], str]] = {
        "language": ({"allow": ["en"]}, TEXT),
        "harmful": ({}, TEXT),
        "json": ({"schema": schema}, ""),
    }
    result: dict[str, float] = {}
    for name, (given, prose) in asked.items():
        detector = build_detector(name, given, "bench")
        for tokens in (128, 1_000):
            text = (prose * 80)[: tokens * 4] or json.dumps({"id": 1, "items": ["word"] * (tokens // 2)})
            spent: list[float] = []
            for _ in range(repeats):
                began = time.process_time()
                detector.detect(text, INPUT)
                spent.append((time.process_time() - began) * 1000)
            result[f"{name} {tokens}"] = round(float(np.median(spent)), 4)
    return result


def main() -> None:
    """Measure, and write the results."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    before = os.getloadavg()
    facts: dict[str, Any] = {
        "language": languages(data),
        "harmful": harmful(data),
        "cpu_ms_p50": speed(),
        "machine": conditions(before),
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
