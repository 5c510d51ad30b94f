"""Does any text crash the guard, pass by an error, or take long? Ten minutes; `make soak`: an hour.

    python -m bench.guard.fuzz [MINUTES]

Texts are pieces of the slow ones, of what the detectors look for, of a page of documentation and of raw code
points, in random order, encoded in layers now and then, whole and cut into a stream. Of each it is asked that
nothing is raised, that no detector fails but by `too_much`, that a redacted text does not change again, that
a stream passes on what the whole text does, and that no accepted text takes over 200 ms of processor time.
Every other text is asked of the default policy, the rest of one that names the other detectors too. Where one
thing was found the exit status is 1.
"""

import base64
import json
import os
import platform
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.guard.worst import SEEDS, everything

from genaiops.core import Surface, Where
from genaiops.guard import GuardResult, Pipeline, Stream, load_guard, parse_guard
from genaiops.guard.policy_file import SURFACES

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "bench" / "results" / "guard_fuzz.json"
SLOW_MS = 200.0
LENGTHS = (3, 30, 300, 5000)


def pieces() -> list[str]:
    """Return what texts are made of."""
    prose = (ROOT / "docs" / "guard.md").read_text(encoding="utf-8").split()
    return [
        *SEEDS.values(),
        *prose,
        "GB82 WEST 1234 5698 7654 32",
        "219-09-9999",
        "a@b.co",
        "password: Xy12abcd",
        "**Passwort:** `Sommer26!`",
        "4111\u00a01111\u00a01111\u00a01111",
        "7,4111111111111111,",
    ]


def made(chance: random.Random, stock: list[str]) -> str:
    """Return a text."""
    text = "".join(chance.choice(stock) for _ in range(chance.choice(LENGTHS)))
    if chance.random() < 0.2:
        text += "".join(chr(chance.randrange(0x110000)) for _ in range(20))
    for _ in range(chance.choice((0, 0, 0, 1, 2, 5))):
        text = base64.b64encode(text.encode(errors="replace")).decode()
    return text


def streamed(
    guard: Pipeline, text: str, where: Where, chance: random.Random
) -> tuple[str, GuardResult | None]:
    """Return what a stream passes on, and its result."""
    stream, out, result, at = Stream(guard, where), "", None, 0
    while at < len(text):
        size = chance.choice((1, 7, 50, 400)) if len(text) < 2000 else 4000
        piece = stream.feed(text[at : at + size])
        out, result, at = out + piece.text, piece.result or result, at + size
    end = stream.close()
    return out + end.text, end.result or result


def needs_whole(result: GuardResult) -> bool:
    """Say whether a stream cannot know in time: hidden or encoded text is found in the whole only."""
    taken = [one.finding for one in result.findings if one.action == "redact"]
    return any(one.detector == "hidden" or "(written as" in one.reason for one in taken)


def wrong(guard: Pipeline, text: str, where: Where, chance: random.Random) -> list[str]:
    """Return what does not hold of a text."""
    began = time.process_time()
    whole = guard.check(text, where)
    taken = (time.process_time() - began) * 1000
    said = [f"failed {one.detector} {one.kind}" for one in whole.failed if one.kind != "too_much"]
    if taken > SLOW_MS and not (whole.failed or whole.refused):
        said.append(f"slow {taken:.0f}")
    if whole.passes and guard.check(whole.text, where).text not in ("", whole.text):
        said.append("redacted again")
    if where.surface == "output":
        out, result = streamed(guard, text, where, chance)
        if result is None or (result.passes and (not whole.passes or out != whole.text)):
            said.append("stream passes other text")
        elif whole.passes and not result.passes and not needs_whole(whole):
            said.append("stream is late")
    return said


def main() -> None:
    """Look for as long as asked, and write what was found."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    seed = 20261130
    chance, stock = random.Random(seed), pieces()
    guards = (load_guard(), parse_guard(everything(), "everything"))
    surfaces: tuple[Surface, ...] = SURFACES
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    actions: Counter[str] = Counter()
    texts, before, end = 0, os.getloadavg(), time.monotonic() + minutes * 60
    while time.monotonic() < end:
        text = made(chance, stock)
        where = Where(surface=chance.choice((*surfaces, "output", "output")))
        guard = guards[texts % 2]
        texts += 1
        try:
            said = wrong(guard, text, where, chance)
        except Exception as error:  # noqa: BLE001  whatever is raised is what is looked for
            said = [f"raised {type(error).__name__}"]
        actions[guard.check(text, where).action] += 1
        for one in said:
            kind = " ".join(one.split()[:2])
            found[kind] += 1
            examples.setdefault(kind, text[:500])
    facts: dict[str, Any] = {
        "minutes": minutes,
        "seed": seed,
        "texts": texts,
        "actions": dict(actions),
        "found": dict(found),
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({**facts, "examples": examples}, indent=1))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
