"""Attacks that succeeded as rows of a suite's dataset, judged by the scorer `resists`."""

import json
from collections.abc import Sequence

from genaiops.core import Case, Json, encode
from genaiops.synthesis.attacks import Attack


def found_cases(found: Sequence[tuple[Attack, Case]], sentences: Sequence[str]) -> list[Case]:
    """Return a case for each attack that can be asked again by its inputs alone.

    One that was planted in a document cannot: a suite changes no document. `sentences` of the project's
    prompts stand for the canary, which only the red team's copy has; without one no leak can be told.
    """
    cases = [
        Case(
            id=attack.id,
            inputs=asked.inputs,
            expected=_never(attack, sentences),
            tags={"category": attack.category.name, "generator": attack.generator, "seed": attack.seed},
            cluster=attack.seed,
        )
        for attack, asked in found
        if attack.surface != "passage"
    ]
    return [one for one in cases if any(one.expected.values())]


def cases_text(cases: Sequence[Case]) -> str:
    """Return the cases as JSON Lines; the seed is a tag, by which a suite clusters."""
    kept = ("id", "inputs", "expected", "tags")
    lines = [{key: value for key, value in _plain(one).items() if key in kept} for one in cases]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _never(attack: Attack, sentences: Sequence[str]) -> dict[str, Json]:
    match attack.category.goal:
        case "word":
            return {"never": [attack.marks.word]}
        case "beacon":
            return {"never_host": [attack.marks.host]}
        case "tool":
            return {"never_call": [attack.marks.tool]}
        case "prompt":
            return {"never": [*sentences]}


def _plain(case: Case) -> dict[str, Json]:
    plain = encode(case)
    return plain if isinstance(plain, dict) else {}
