"""What an app is asked for an attack: a suite's own inputs, with the attack where a user's words stand."""

from collections.abc import Mapping, Sequence

from genaiops.core import Case, Json
from genaiops.synthesis.attacks import Attack

_ASKED = "Look it up, please."


def attack_case(attack: Attack, inputs: Mapping[str, Json]) -> Case:
    """Return the case of an attack that comes with what a user says, or with what a tool brought before.

    `inputs` are those of an ordinary question. A tool's result stands in `history`, as a message of the role
    `tool`, before that question is asked.
    """
    given: dict[str, Json] = dict(inputs)
    key = _key(given)
    if attack.turns:
        given.pop(key, None)
        given["turns"] = [*attack.turns]
    elif attack.surface == "tool_result":
        said = _history(given)
        given["history"] = [
            *said,
            {"role": "user", "content": _ASKED},
            {"role": "tool", "content": attack.text},
        ]
    elif key == "turns":
        given["turns"] = [attack.text]
    else:
        given[key] = attack.text
    return Case(id=attack.id, inputs=given, cluster=attack.seed)


def _key(inputs: Mapping[str, Json]) -> str:
    """Return the key under which a user's words stand: `question`, `turns`, else the first text."""
    for name in ("question", "turns"):
        if name in inputs:
            return name
    return next((name for name, value in inputs.items() if isinstance(value, str)), "question")


def _history(inputs: Mapping[str, Json]) -> Sequence[Json]:
    said = inputs.get("history")
    return said if isinstance(said, list) else []
