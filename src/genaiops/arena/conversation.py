"""A conversation: the app is asked turn by turn, each time with what was said so far and its own answers.

A case is one where its `inputs.turns` lists what the user says. Each turn the app gets `question`, this
turn's text, and `history`, the messages before it as `{role, content}`, beside the case's other inputs: an
app that answers single questions can be asked, too. The user's words are fixed; they do not react.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from genaiops.core import Json, Output, Trace, Usage

Ask = Callable[[dict[str, Json]], Awaitable[tuple[Output, Trace]]]
"""One question to the app: its output and what happened meanwhile."""


def is_turns(value: Json) -> TypeGuard[list[str]]:
    """Say whether a value lists what a user says turn by turn."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def turn_count(inputs: Mapping[str, Json]) -> int:
    """Return how often the app is asked for one case: once for each turn, once where there are none."""
    turns = inputs.get("turns")
    return len(turns) if is_turns(turns) else 1


async def converse(inputs: dict[str, Json], ask: Ask) -> tuple[Output, Trace]:
    """Return what the app answers to `inputs`, turn by turn where they hold turns.

    A turn that fails ends the conversation, and its status is the whole's; one that the guard stops ends it
    too, as what was stopped is not to be talked about further.
    """
    turns = inputs.get("turns")
    if not is_turns(turns):
        return await ask(inputs)
    outputs: list[Output] = []
    traces: list[Trace] = []
    for index in range(len(turns)):
        output, trace = await ask(turn_inputs(inputs, turns, index, outputs))
        outputs.append(output)
        traces.append(trace)
        if output.status != "ok" or output.stopped:
            break
    return _whole(outputs, len(turns)), _one_trace(traces)


def turn_inputs(
    inputs: Mapping[str, Json], turns: Sequence[str], index: int, answers: Sequence[Output]
) -> dict[str, Json]:
    """Return what the app gets at turn `index`; `answers` are its outputs of the turns before."""
    history: list[Json] = []
    for said, answer in zip(turns[:index], answers, strict=False):
        history.append({"role": "user", "content": said})
        history.append({"role": "assistant", "content": _words(answer)})
    rest = {key: value for key, value in inputs.items() if key != "turns"}
    return {**rest, "question": turns[index], "history": history}


def _words(answer: Output) -> str:
    if answer.text is not None or answer.data is None:
        return answer.text or ""
    return json.dumps(answer.data, ensure_ascii=False)


def _whole(outputs: Sequence[Output], turns: int) -> Output:
    last = outputs[-1]
    costs = [output.cost_nanousd for output in outputs]
    known = [cost for cost in costs if cost is not None]
    return replace(
        last,
        tool_calls=tuple(call for output in outputs for call in output.tool_calls),
        abstained=all(output.abstained for output in outputs),
        error=None if last.error is None else f"turn {len(outputs)} of {turns}: {last.error}",
        usage=sum((output.usage for output in outputs), Usage()),
        cost_nanousd=sum(known) if len(known) == len(costs) else None,
        latency_ns=sum(output.latency_ns for output in outputs),
        trace_id=outputs[0].trace_id,
        turns=tuple(outputs),
        stopped=next((output.stopped for output in outputs if output.stopped), ""),
    )


def _one_trace(traces: Sequence[Trace]) -> Trace:
    name = traces[0].id
    return Trace(
        id=name, spans=tuple(replace(span, trace_id=name) for trace in traces for span in trace.spans)
    )
