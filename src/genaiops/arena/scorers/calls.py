"""Tool calls against those that a case expects: names, arguments and order, call by call.

The calls are those that the app reports in `Answer.tool_calls`. Arguments compare as JSON, field by field
(`comparing`): an argument that is null is one that is not given.
"""

from collections.abc import Mapping, Sequence

from genaiops.arena.scorers.aligning import any_order, in_order
from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, choice, take_parameters
from genaiops.arena.scorers.comparing import DEFAULTS, Comparing, comparing
from genaiops.arena.scorers.expected import WantedCall, wanted_calls
from genaiops.core import Case, Json, Output, ScorerSpec, ToolCall

_ORDERS = {"strict": in_order, "any": any_order}


def tool_call_f1(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """F1 over calls: twice the calls that are right ÷ (calls expected + calls made).

    `order` strict: right calls are a longest common subsequence; any: a largest matching. `extra` allowed:
    what was called besides does not count, and the value is the share of the expected calls that were made.
    """
    given = take_parameters("tool_call_f1", parameters, {"order": "strict", "extra": "wrong", **DEFAULTS})
    align = _ORDERS[choice("tool_call_f1", given, "order", _ORDERS)]
    allowed = choice("tool_call_f1", given, "extra", ("wrong", "allowed")) == "allowed"
    rules = comparing("tool_call_f1", given)

    def mark(case: Case, output: Output) -> Mark:
        wanted, made = wanted_calls(case) or (), output.tool_calls
        pairs = align(len(wanted), len(made), lambda i, j: not differences(rules, wanted[i], made[j]))
        both = 2 * len(wanted) if allowed else len(wanted) + len(made)
        value = 2 * len(pairs) / both if both else 1.0
        return Mark(value, _reason(rules, wanted, made, pairs, allowed=allowed) if value < 1 else None)

    def applies(case: Case) -> bool:
        wanted = wanted_calls(case)
        return wanted is not None and not (allowed and not wanted)

    return PureScorer(ScorerSpec(name="tool_call_f1"), mark, applies)


def differences(rules: Comparing, wanted: WantedCall, made: ToolCall) -> list[str]:
    """Return in which arguments a call is not the wanted one, `name` for another tool."""
    if wanted.name != made.name:
        return ["name"]
    open_ = {key: value for key, value in made.arguments.items() if key not in wanted.accept}
    meant = {key: value for key, value in wanted.arguments.items() if key not in wanted.accept}
    found = rules.compare(open_, meant)
    wrong = [
        key
        for key, options in wanted.accept.items()
        if not any(rules.compare(made.arguments.get(key), option, (key,)).same for option in options)
    ]
    return [*found.differ, *found.missing, *found.extra, *wrong]


def _reason(
    rules: Comparing,
    wanted: Sequence[WantedCall],
    made: Sequence[ToolCall],
    pairs: Sequence[tuple[int, int]],
    *,
    allowed: bool,
) -> str:
    """Return what is wrong: calls that differ and where, that lack, that nobody expected."""
    lacking = [one for index, one in enumerate(wanted) if index not in {i for i, _ in pairs}]
    besides = [one for index, one in enumerate(made) if index not in {j for _, j in pairs}]
    said: list[str] = []
    for one in lacking:
        near = next((call for call in besides if call.name == one.name), None)
        if near is None:
            said.append(f"missing: {one.name}")
            continue
        besides.remove(near)
        wrong = differences(rules, one, near)
        said.append(f"{one.name} differs in {', '.join(wrong)}" if wrong else f"{one.name} out of order")
    return "; ".join([*said, *(f"not expected: {call.name}" for call in besides if not allowed)])
