"""What a person is shown: what the judge sees of a question, as safe text, and nothing of arms. Pure."""

import json
from collections.abc import Iterator

from genaiops.arena.labels.sample import Question
from genaiops.arena.model import Judge
from genaiops.arena.report.words import clip
from genaiops.core import Json, Output

_LONGEST = 30_000
"""Characters of one part: a spreadsheet's cell holds 32,767."""


def parts_of(judge: Judge, question: Question) -> dict[str, str]:
    """Return the texts to show, by their names: inputs, expected, passages, then the answer or both."""
    case, parts = question.case, dict[str, str]()
    if "inputs" in judge.sees:
        parts["inputs"] = _values(case.inputs)
    if "expected" in judge.sees:
        parts["expected"] = _values(case.expected)
    many = len(question.outputs) > 1
    for number, output in enumerate(question.outputs, 1):
        ending = f"_{number}" if many else ""
        if "passages" in judge.sees:
            parts[f"passages{ending}"] = "\n\n".join(passage.text for passage in output.passages)
        parts[f"answer{ending}"] = "\n".join(_said(output))
    return {name: clip(text, _LONGEST) for name, text in parts.items()}


def _values(values: dict[str, Json]) -> str:
    if list(values) == ["question"]:
        return _text(values["question"])
    return "\n".join(f"{name}: {_text(value)}" for name, value in values.items())


def _said(output: Output) -> Iterator[str]:
    """Yield what a judge is shown of an answer: text or turns, data, tool calls, that it abstained."""
    for number, turn in enumerate(output.turns, 1):
        yield f"{number}. " + "\n   ".join(_said(turn))
    if not output.turns:
        if output.text:
            yield output.text
        if output.data is not None:
            yield _text(output.data)
        for call in output.tool_calls:
            yield f"called {call.name} {_text(call.arguments)}"
    if output.abstained:
        yield "(it declined to answer)"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
