"""Tool calls, trajectories, tool rules and steps: what each says of the calls that an app reports."""

import asyncio
from typing import Any

import pytest

from genaiops.app.schema import SuiteConfig
from genaiops.arena.datasets import dataset_digest
from genaiops.arena.judge import judge
from genaiops.arena.model import Lock, Role, Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.suites import resolve_suite
from genaiops.core import Case, Digest, Output, Score, ToolCall, Trace, Usage, UserError

TRACE = Trace(id="0" * 32)
FIND = {"name": "find_user", "arguments": {"email": "a@example.org"}}
BOOK = {"name": "book", "arguments": {"to": "SEA", "seats": 2}, "accept": {"cabin": ["economy", None]}}
PAY = {"name": "pay", "arguments": {"amount": 120.0}}


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, arguments=arguments)


DONE = (call("find_user", email="a@example.org"), call("book", to="SEA", seats=2), call("pay", amount=120))


def score(name: str, expected: dict[str, Any], made: tuple[ToolCall, ...], **parameters: Any) -> Score:
    ruler = Ruler(
        name="x",
        dataset_digest=Digest("sha256:" + "0" * 64),
        scorers=(ScorerUse(name=name, parameters=parameters),),
    )
    case = Case(id="c", inputs={}, expected=expected, cluster="c")
    output = Output(tool_calls=made, usage=Usage(calls=3))
    return asyncio.run(score_output(build_scorers(ruler), case, 0, output, TRACE))[0]


def calls(made: tuple[ToolCall, ...], *wanted: dict[str, Any], **parameters: Any) -> Score:
    return score("tool_call_f1", {"tool_calls": list(wanted)}, made, **parameters)


@pytest.mark.proves("B-SCORER-TOOL-CALLS")
@pytest.mark.parametrize(
    ("made", "strict", "any_order", "subset"),
    [
        (DONE, 1.0, 1.0, 1.0),
        (DONE[::-1], 1 / 3, 1.0, 1.0),
        ((DONE[1], DONE[0], DONE[2]), 2 / 3, 1.0, 1.0),
        (DONE[:2], 4 / 5, 4 / 5, 2 / 3),
        ((*DONE, call("email")), 6 / 7, 6 / 7, 1.0),
        ((call("email"), *DONE, *DONE), 6 / 10, 6 / 10, 1.0),
        ((call("pay", amount=121), *DONE[:2]), 4 / 6, 4 / 6, 2 / 3),
        ((), 0.0, 0.0, 0.0),
    ],
)
def test_calls_count_by_name_arguments_and_order(
    made: tuple[ToolCall, ...], strict: float, any_order: float, subset: float
) -> None:
    assert calls(made, FIND, BOOK, PAY).value == pytest.approx(strict)
    assert calls(made, FIND, BOOK, PAY, order="any").value == pytest.approx(any_order)
    assert calls(made, FIND, BOOK, PAY, order="any", extra="allowed").value == pytest.approx(subset)


def test_strict_order_with_other_calls_allowed_between() -> None:
    between = (DONE[0], call("email"), DONE[2], DONE[1])
    assert calls(between, FIND, BOOK, extra="allowed").value == 1.0
    assert calls(between, FIND, BOOK, PAY, extra="allowed").value == pytest.approx(2 / 3)


def test_the_reason_says_which_call_is_wrong_and_where() -> None:
    made = (call("pay", amount=1), call("book", to="SEA", seats=3, meal="fish"), call("email"))
    assert calls(made, FIND, BOOK).reason == (
        "missing: find_user; book differs in seats, meal; not expected: pay; not expected: email"
    )
    assert calls(DONE[1::-1], FIND, BOOK).reason in ("find_user out of order", "book out of order")
    assert calls(DONE, FIND, BOOK, PAY).reason is None


@pytest.mark.parametrize(
    ("cabin", "right"), [("economy", True), (None, True), ("business", False), (["economy"], False)]
)
def test_an_argument_may_have_several_values_or_be_left_out(cabin: Any, right: bool) -> None:
    given = {} if cabin is None else {"cabin": cabin}
    assert calls((call("book", to="SEA", seats=2, **given),), BOOK).value == float(right)


def test_arguments_compare_as_data_do() -> None:
    said = call("book", to="sea.", seats=2.0, request_id="x81", note=None)
    wanted = {"name": "book", "arguments": {"to": "SEA", "seats": 2, "request_id": "?"}}
    assert calls((said,), wanted).value == 0.0
    assert calls((said,), wanted, match="normalised", fields={"request_id": "ignore"}).value == 1.0
    near = {"name": "pay", "arguments": {"amount": 119.5}}
    assert calls((DONE[2],), near, fields={"amount": {"absolute": 1}}).value == 1.0


def test_no_call_may_be_what_is_expected() -> None:
    assert calls(()).value == 1.0
    assert calls(DONE[:1]).value == 0.0
    assert calls((), extra="allowed").status == "not_applicable"
    assert score("tool_call_f1", {}, DONE).status == "not_applicable"


def test_a_call_that_fits_two_is_given_where_both_can_be_right() -> None:
    either = {"name": "get", "arguments": {}, "accept": {"id": [1, 2]}}
    first = {"name": "get", "arguments": {"id": 1}}
    assert calls((call("get", id=1), call("get", id=2)), either, first, order="any").value == 1.0


@pytest.mark.proves("B-SCORER-TRAJECTORY")
@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ({"trajectory": ["find_user", "book", "pay"]}, 1.0),
        ({"trajectory": ["find_user", "pay"]}, 4 / 5),
        ({"trajectory": ["pay", "book", "find_user"]}, 1 / 3),
        ({"tool_calls": [FIND, PAY]}, 4 / 5),
        ({"trajectory": []}, 0.0),
        ({}, None),
    ],
)
def test_a_trajectory_is_near_by_the_tools_in_their_order(
    expected: dict[str, Any], value: float | None
) -> None:
    got = score("trajectory", expected, DONE)
    assert got.value == (value if value is None else pytest.approx(value))
    assert got.status == ("not_applicable" if value is None else "ok")
    if value is not None:
        assert got.reason == "called find_user → book → pay"


@pytest.mark.proves("B-SCORER-TRAJECTORY")
@pytest.mark.parametrize(
    ("parameters", "tools", "value", "reason"),
    [
        ({"forbidden": ["delete"]}, {}, 1.0, None),
        ({"forbidden": ["pay", "book"]}, {}, 0.0, "forbidden: book, pay"),
        ({"required": ["find_user", "email"]}, {}, 0.0, "required and not called: email"),
        ({"allowed": ["find_user", "book"]}, {}, 0.0, "not allowed: pay"),
        ({"forbidden": ["pay"]}, {"forbidden": []}, 1.0, None),
        ({"forbidden": ["pay"]}, {"required": ["book"]}, 0.0, "forbidden: pay"),
        ({}, {"allowed": ["find_user", "book", "pay"], "required": ["pay"]}, 1.0, None),
    ],
)
def test_tool_rules_are_kept_or_named(
    parameters: dict[str, Any], tools: dict[str, Any], value: float, reason: str | None
) -> None:
    got = score("tool_rules", {"tools": tools} if tools else {}, DONE, **parameters)
    assert (got.value, got.reason) == (value, reason)
    assert score("tool_rules", {}, DONE).status == "not_applicable"


@pytest.mark.proves("B-SCORER-STEPS")
def test_steps_are_calls_of_models_and_of_tools() -> None:
    assert score("steps", {}, DONE).value == 6.0
    assert score("steps", {}, DONE, count="model").value == 3.0
    assert score("steps", {}, DONE, count="tool").value == 3.0
    assert score("steps", {}, DONE).reason == "3 calls of models, 3 of tools"


@pytest.mark.proves("B-SCORER-STEPS")
def test_the_cost_of_a_success_follows_the_scorer_that_is_named_as_right() -> None:
    cases = tuple(
        Case(id=f"c{n}", inputs={}, expected={"tool_calls": [FIND, PAY]}, cluster=f"c{n}") for n in range(12)
    )
    named = ({"wrong_answers": {"right": "tool_call_f1", "from": 1}}, "tool_call_f1", "cost_usd")
    config = SuiteConfig(dataset="x.jsonl", scorers=named)  # type: ignore[arg-type]
    suite = resolve_suite("agent", config, cases, dataset_digest(cases))
    found: dict[Role, list[Score]] = {}
    for role, successes in ("baseline", 4), ("candidate", 8):
        found[role] = []
        for n, case in enumerate(cases):
            made = (DONE[0], DONE[2]) if n < successes else DONE
            output = Output(tool_calls=made, cost_nanousd=2_000_000)
            found[role] += asyncio.run(score_output(build_scorers(suite.ruler), case, 0, output, TRACE))
    told = judge(suite.ruler, cases, found, lock=Lock())[0].cost_per_correct
    assert told is not None
    assert told.correct == "tool_call_f1 ≥ 1"
    assert (told.baseline_usd, told.candidate_usd) == (pytest.approx(0.006), pytest.approx(0.003))


@pytest.mark.proves("B-BAD-MODE")
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("tool_call_f1", {"order": "sorted"}),
        ("tool_call_f1", {"order": ["any"]}),
        ("tool_call_f1", {"extra": True}),
        ("tool_call_f1", {"match": "close"}),
        ("tool_rules", {"forbidden": "delete"}),
        ("tool_rules", {"allowed": [1]}),
        ("tool_rules", {"banned": ["delete"]}),
        ("trajectory", {"by": "edit"}),
        ("steps", {"count": "all"}),
        ("steps", {"count": ["model"]}),
    ],
)
def test_an_unknown_mode_is_refused(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        score(name, {}, DONE, **parameters)
    assert caught.value.code == "GAO-ARENA-123"


@pytest.mark.proves("B-BAD-EXPECTATION")
@pytest.mark.parametrize(
    ("scorer", "expected", "place"),
    [
        ("tool_call_f1", {"tool_calls": "find_user"}, "expected.tool_calls of the case 'second'"),
        ("tool_call_f1", {"tool_calls": ["find_user"]}, "expected.tool_calls.0 "),
        ("tool_call_f1", {"tool_calls": [FIND, {"tool": "pay"}]}, "expected.tool_calls.1 "),
        ("tool_call_f1", {"tool_calls": [{"arguments": {}}]}, "expected.tool_calls.0.name"),
        ("tool_call_f1", {"tool_calls": [{"name": "a", "arguments": "{}"}]}, "tool_calls.0.arguments"),
        ("tool_call_f1", {"tool_calls": [{"name": "a", "accept": {"x": 1}}]}, "tool_calls.0.accept"),
        ("tool_call_f1", {"tool_calls": [{"name": "a", "accept": {"x": []}}]}, "tool_calls.0.accept"),
        ("trajectory", {"trajectory": "a, b"}, "expected.trajectory"),
        ("trajectory", {"trajectory": [""]}, "expected.trajectory"),
        ("tool_rules", {"tools": ["a"]}, "expected.tools "),
        ("tool_rules", {"tools": {"forbid": ["a"]}}, "expected.tools "),
        ("tool_rules", {"tools": {"forbidden": "a"}}, "expected.tools.forbidden"),
        ("tool_rules", {"tools": {"required": ["a"], "forbidden": ["a"]}}, "tool rules of the case 'second'"),
        ("tool_rules", {"tools": {"required": ["a"], "allowed": ["b"]}}, "tool rules of the case 'second'"),
    ],
)
@pytest.mark.parametrize("conversation", [False, True])
def test_an_expectation_in_another_form_is_refused_before_anything_runs(
    scorer: str, expected: dict[str, Any], place: str, conversation: bool
) -> None:
    inputs: dict[str, Any] = {"turns": ["Hello", "And now?"]} if conversation else {}
    wrong: dict[str, Any] = {"turns": [{}, expected]} if conversation else expected
    cases = (
        Case(id="first", inputs={}, expected={"tools": {"required": ["a"]}, "tool_calls": []}, cluster="a"),
        Case(id="second", inputs=inputs, expected=wrong, cluster="b"),
    )
    config = SuiteConfig(dataset="x.jsonl", scorers=({scorer: None},))  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        resolve_suite("agent", config, cases, dataset_digest(cases))
    assert place in caught.value.what
    assert caught.value.fix
