"""Steps are answered once, kept at once, shared where both arms are the same, and given up on in time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from genaiops.arena.engine import Answered, Budget, Side, answer_all
from genaiops.arena.ledger import Ledger
from genaiops.arena.schedule import schedule
from genaiops.core import Case, Output, OutsideError, Trace, Usage, digest_json
from genaiops.store import Store
from genaiops.work import Console, Progress

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

CASES = [Case(id=f"c{n}", inputs={"question": f"q{n}"}, cluster=f"c{n}") for n in range(8)]
Behaviour = Callable[[str], str]


class Counting:
    """A worker that follows a behaviour and remembers what it was asked."""

    def __init__(self, behaviour: Behaviour, asked: list[str]) -> None:
        self._behaviour = behaviour
        self._asked = asked

    async def answer(self, inputs, repeat, deadline):
        question = str(inputs["question"])
        self._asked.append(question)
        status = self._behaviour(question)
        output = Output(text=question, status=status, error=status, usage=Usage(calls=1), trace_id=question)
        return output, Trace(id=question)

    async def close(self) -> None:
        self._asked.append("closed")


@pytest.fixture
def ledger(tmp_path: Path):
    with Store.open(tmp_path / ".genaiops") as store:
        yield Ledger(store)


def side(name: str, asked: list[str], behaviour: Behaviour = lambda question: "ok", scope: str = "") -> Side:
    async def start() -> Counting:
        return Counting(behaviour, asked)

    return Side(digest_json(name), scope, start)


def answer(sides: dict[str, Side], ledger: Ledger, run: str = "one", jobs: int = 1) -> list[Answered]:
    steps = schedule(CASES, 1, "seed", list(sides))
    with Progress("t", len(steps), console=Console(quiet=True)) as progress:
        return asyncio.run(
            answer_all(steps, sides, ledger, run=run, budget=Budget(jobs=jobs), progress=progress)
        )


@pytest.mark.parametrize("jobs", [1, 4])
def test_every_step_is_answered_once_in_the_order_of_the_schedule(ledger: Ledger, jobs: int) -> None:
    one, two = [], []
    rows = answer({"a": side("a", one), "b": side("b", two)}, ledger, jobs=jobs)
    assert [row.step for row in rows] == schedule(CASES, 1, "seed", ["a", "b"])
    assert sum(row.calls for row in rows) == 16
    assert sorted(set(one) - {"closed"}) == sorted(set(two) - {"closed"}) == [f"q{n}" for n in range(8)]


@pytest.mark.parametrize("jobs", [1, 4])
def test_two_arms_that_are_the_same_app_share_one_answer(ledger: Ledger, jobs: int) -> None:
    asked: list[str] = []
    rows = answer({"a": side("same", asked), "b": side("same", asked)}, ledger, jobs=jobs)
    assert sum(row.calls for row in rows) == 8
    assert sum(row.reused for row in rows) == 8


def test_another_run_uses_answers_again_but_not_those_that_were_scoped(ledger: Ledger) -> None:
    asked: list[str] = []
    answer({"a": side("a", asked), "b": side("b", asked, scope="one/b")}, ledger)
    asked.clear()
    rows = answer({"a": side("a", asked), "b": side("b", asked, scope="two/b")}, ledger, run="two")
    assert {row.step.arm for row in rows if row.reused} == {"a"}
    assert len([question for question in asked if question != "closed"]) == 8


def test_what_was_kept_before_a_stop_is_not_asked_again(ledger: Ledger) -> None:
    asked: list[str] = []

    def third_is_fatal(question: str) -> str:
        if len(asked) == 3:
            raise RuntimeError("killed")
        return "ok"

    with pytest.raises(RuntimeError, match="killed"):
        answer({"a": side("a", asked, third_is_fatal)}, ledger)
    assert asked[-1] == "closed"
    before = set(asked[:2])
    asked.clear()
    rows = answer({"a": side("a", asked)}, ledger)
    assert before.isdisjoint(asked)
    assert [row.reused for row in rows] == [False] * 8, "the same run goes on: it reuses nothing"


def test_the_apps_own_failure_is_an_output_and_is_kept(ledger: Ledger) -> None:
    asked: list[str] = []
    answer({"a": side("a", asked, lambda question: "app_error")}, ledger)
    assert asked.count("q1") == 1
    asked.clear()
    assert {row.kept.output.status for row in answer({"a": side("a", asked)}, ledger)} == {"app_error"}
    assert asked == []


def test_a_passing_failure_outside_is_tried_again_and_nobody_sees_it(ledger: Ledger) -> None:
    asked: list[str] = []
    rows = answer(
        {
            "a": side(
                "a",
                asked,
                lambda question: "infra_error" if asked.count("q3") == 1 and question == "q3" else "ok",
            )
        },
        ledger,
    )
    assert {row.kept.output.status for row in rows} == {"ok"}
    assert asked.count("q3") == 2


def test_failures_outside_that_do_not_end_stop_the_run_and_are_not_kept(ledger: Ledger) -> None:
    asked: list[str] = []
    with pytest.raises(OutsideError, match="6 cases in a row"):
        answer({"a": side("a", asked, lambda question: "infra_error")}, ledger)
    assert len(asked) == 3 + 5 + 1, "after the first case nothing is tried again; then the worker is closed"
    asked.clear()
    assert sum(row.calls for row in answer({"a": side("a", asked)}, ledger)) == 8
