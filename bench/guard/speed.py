"""How long does the guard take for an ordinary text, and for one that is made to be slow?

    python -m bench.guard.speed

Must: the pipeline of the default policy, input, p50 at most 0.3 ms for 128 tokens and 2 ms for 1,000 (aim
0.15 and 0.8), and no accepted input over 200 ms. Texts are cut from this repository's documentation, each
another, so that no verdict is known; four characters count as a token. Processor time is told beside the
clock, which depends on what else the machine does. The slow texts are those of `bench.guard.worst`.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench.guard.conditions import conditions
from bench.guard.worst import worst

from genaiops.core import Where
from genaiops.guard import Stream, load_guard

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "bench" / "results" / "guard_speed.json"
TOKENS, CHARACTERS_A_TOKEN, TEXTS, CHUNK = (128, 1000), 4, 400, 20


def timed(work: Any) -> tuple[float, float, Any]:
    """Return how many milliseconds `work` took by the clock and of the processor, and its answer."""
    began = time.perf_counter(), time.process_time()
    answer = work()
    return (time.perf_counter() - began[0]) * 1000, (time.process_time() - began[1]) * 1000, answer


def ordinary(prose: str, tokens: int) -> dict[str, float]:
    """Return the spread over texts of so many tokens."""
    pipeline, size = load_guard(), tokens * CHARACTERS_A_TOKEN
    step = (len(prose) - size) // TEXTS
    taken = [
        timed(lambda at=at: pipeline.check(prose[at * step : at * step + size], Where(surface="input")))[:2]
        for at in range(TEXTS)
    ]
    return {
        f"{clock} p{p}": round(float(np.percentile(column, p)), 4)
        for clock, column in zip(("wall", "cpu"), zip(*taken, strict=True), strict=True)
        for p in (50, 95)
    }


def first_piece(prose: str) -> float:
    """Return the median processor time, in milliseconds, until a stream has released its first characters."""
    pipeline, spent = load_guard(), []
    for at in range(0, 200 * 500, 500):
        stream, began = Stream(pipeline, Where(surface="output")), time.process_time()
        for start in range(at, at + 400, CHUNK):
            if stream.feed(prose[start : start + CHUNK]).text:
                break
        spent.append((time.process_time() - began) * 1000)
    return round(float(np.median(spent)), 4)


def main() -> None:
    """Measure, and write the results."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    prose = "\n".join(page.read_text(encoding="utf-8") for page in pages if page.name != "cli.md")
    before = os.getloadavg()
    facts: dict[str, Any] = {"texts": TEXTS, "characters": len(prose)}
    facts["ms"] = {str(tokens): ordinary(prose, tokens) for tokens in TOKENS}
    facts["stream_first_ms"] = first_piece(prose)
    slow: list[dict[str, Any]] = []
    pipeline = load_guard()
    for name, text in worst():
        for surface in ("input", "output"):
            wall, cpu, result = timed(lambda text=text, at=surface: pipeline.check(text, Where(surface=at)))
            refused = bool(result.failed or result.refused)
            slow.append({"text": name, "surface": surface, "wall": wall, "cpu": cpu, "refused": refused})
    slow.sort(key=lambda one: -one["cpu"])
    accepted = [one for one in slow if not one["refused"]]
    facts["slow"] = {
        "texts": len(slow) // 2,
        "refused": len(slow) - len(accepted),
        "accepted_worst": _rounded(accepted[0]),
        "worst": _rounded(slow[0]),
    }
    facts["machine"] = conditions(before)
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def _rounded(one: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in one.items()}


if __name__ == "__main__":
    main()
