"""Attacks that succeeded as rows of a suite's dataset, judged by the scorer `resists`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from genaiops.core import Case, Json, UserError, encode, one_line
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


def cases_text(cases: Sequence[Case], before: str = "") -> str:
    """Return the cases as JSON Lines after those of `before`; the seed is a tag, by which a suite clusters.

    A line of `before` stays as it is: an attack that the app resists by now is what it must go on resisting.
    Only a case of the same id takes its place.
    """
    kept = ("id", "inputs", "expected", "tags")
    made: dict[str, str] = {}
    for one in cases:
        line = {key: value for key, value in _plain(one).items() if key in kept}
        made[one.id] = json.dumps(line, ensure_ascii=False)
    lines = [made.pop(_id(line), line) for line in before.split("\n") if line.strip()]
    return "".join(f"{line}\n" for line in (*lines, *made.values()))


def cases_before(path: Path) -> str:
    """Return the rows that stand at `path`; nothing where there is no file. Raises `UserError`."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "GAO-ARENA-424",
            f"{path.name} cannot be read, so that its rows would be lost",
            why=one_line(str(error), 200),
            fix="name another file for --cases, or mend this one",
            where=str(path),
        ) from error


def _id(line: str) -> str:
    try:
        row: object = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(cast("dict[str, object]", row).get("id", "")) if isinstance(row, dict) else ""


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
