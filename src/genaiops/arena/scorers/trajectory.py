"""Which tools an app called, by name alone: how near to the expected path, and whether rules were kept.

The calls are those that the app reports in `Answer.tool_calls`; what it does not report was not called.
"""

from collections.abc import Mapping

from genaiops.arena.scorers.aligning import in_order
from genaiops.arena.scorers.base import (
    Mark,
    PureScorer,
    ScorerContext,
    scorer,
    take_parameters,
    wrong_parameter,
)
from genaiops.arena.scorers.expected import TOOL_LISTS, is_names, wanted_path, wanted_tools
from genaiops.core import Case, Json, Output, ScorerSpec, UserError, one_line


@scorer(ScorerSpec(name="trajectory"), lambda case: wanted_path(case) is not None)
def trajectory(case: Case, output: Output) -> Mark:
    """Nearness to the expected path: twice the longest common subsequence ÷ the two lengths together.

    ROUGE-L's F with equal weights (Lin, 2004), over names of tools; 1 where both are empty.
    """
    wanted, called = wanted_path(case) or (), _called(output)
    shared = len(in_order(len(wanted), len(called), lambda i, j: wanted[i] == called[j]))
    both = len(wanted) + len(called)
    return Mark(2 * shared / both if both else 1.0, f"called {' → '.join(called) or 'nothing'}")


def tool_rules(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 where only allowed tools were called, all required ones, and none that is forbidden.

    The suite states the lists as parameters; a case's own list in `expected.tools` stands instead.
    """
    given = take_parameters("tool_rules", parameters, dict.fromkeys(TOOL_LISTS))
    for name, value in given.items():
        if value is not None and not is_names(value):
            raise wrong_parameter("tool_rules", name, value, "a list of names of tools")

    def lists(case: Case) -> dict[str, frozenset[str]]:
        stated = {**given, **wanted_tools(case)}
        found = {key: frozenset(map(str, value)) for key, value in stated.items() if isinstance(value, list)}
        _refuse_contradiction(case, found)
        return found

    def mark(case: Case, output: Output) -> Mark:
        broken = _broken(lists(case), _called(output))
        return Mark(float(not broken), "; ".join(broken) or None)

    return PureScorer(ScorerSpec(name="tool_rules"), mark, lambda case: bool(lists(case)))


def _broken(lists: Mapping[str, frozenset[str]], called: tuple[str, ...]) -> list[str]:
    """Return in words the rules that the calls break."""
    made = frozenset(called)
    wrong = {
        "not allowed": made - lists.get("allowed", made),
        "required and not called": lists.get("required", frozenset()) - made,
        "forbidden": made & lists.get("forbidden", frozenset()),
    }
    return [f"{word}: {', '.join(sorted(tools))}" for word, tools in wrong.items() if tools]


def _refuse_contradiction(case: Case, lists: Mapping[str, frozenset[str]]) -> None:
    required = lists.get("required", frozenset())
    barred = required & lists.get("forbidden", frozenset()) | (required - lists.get("allowed", required))
    if barred:
        raise UserError(
            "GAO-ARENA-128",
            f"no calls can keep the tool rules of the case {one_line(case.id, 60)!r}",
            why=f"required, and at the same time forbidden or not allowed: {', '.join(sorted(barred))}",
            fix="correct expected.tools of this row, or the parameters of tool_rules",
        )


def _called(output: Output) -> tuple[str, ...]:
    return tuple(call.name for call in output.tool_calls)
