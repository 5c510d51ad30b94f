"""The door for scorers: names, parameters, plug-ins, and scorers that misbehave."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import BUILT_IN, build_scorers, score_output, scorer_specs
from genaiops.core import Case, Digest, Output, Score, ScorerSpec, Trace, UserError

CASE = Case(id="c", inputs={}, expected={"answers": ["x"]}, cluster="d")
TRACE = Trace(id="0" * 32)
PLUG_IN = """
from genaiops.arena.scorers import Mark, PureScorer
from genaiops.core import ScorerSpec

def length(parameters, context):
    name = parameters.get("name", "length")
    return PureScorer(ScorerSpec(name=name, high=None), lambda case, output: Mark(float(len(output.text))))
"""


def ruler(*names: str, **parameters: Any) -> Ruler:
    uses = tuple(ScorerUse(name=name, parameters=parameters) for name in names)
    return Ruler(name="qa", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_scorers.py").write_text(PLUG_IN)
    info = tmp_path / "my_scorers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-scorers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[genaiops.scorers]\nlength = my_scorers:length\ngone = my_scorers:gone\nabsent = no_such_module:x\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_scorers", raising=False)


def test_every_built_in_scorer_is_named_by_its_name() -> None:
    assert len(BUILT_IN) == 16
    names = ("answer_f1", *(name for name in BUILT_IN if name != "answer_f1"))
    assert [scorer.spec.name for scorer in build_scorers(ruler(*names))] == list(names)


def test_a_plug_in_comes_through_the_same_door(plug_in: None) -> None:
    (scorer,) = build_scorers(ruler("length"))
    (got,) = asyncio.run(score_output([scorer], CASE, 2, Output(text="four"), TRACE))
    assert (got.value, got.repeat) == (4.0, 2)


@pytest.mark.parametrize("name", ["gone", "absent"])
def test_a_plug_in_that_cannot_be_loaded_is_said_to_be_so(plug_in: None, name: str) -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler(name))
    assert caught.value.code == "GAO-ARENA-122"


def test_a_plug_in_must_go_by_its_name(plug_in: None) -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("length", name="other"))
    assert "'other'" in caught.value.why


@pytest.mark.proves("A-BAD-SCORER")
def test_an_unknown_scorer_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("answer_fl"))
    assert "did you mean 'answer_f1'" in caught.value.what


@pytest.mark.parametrize("parameters", [{"k": 0}, {"k": "5"}, {"k": True}, {"kk": 5}])
def test_a_wrong_parameter_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("retrieval_recall", **parameters))
    assert caught.value.code == "GAO-ARENA-123"


def test_specs_need_no_plug_in_where_the_ruler_keeps_them() -> None:
    kept = Ruler(
        name="qa",
        dataset_digest=Digest("sha256:" + "0" * 64),
        scorers=(ScorerUse(name="not_installed_here"),),
        specs=(ScorerSpec(name="not_installed_here", high=5.0),),
    )
    assert scorer_specs(kept)["not_installed_here"].high == 5.0


@dataclass
class Odd:
    """A scorer that gives whatever it was told to."""

    gives: object
    spec: ScorerSpec = field(default_factory=lambda: ScorerSpec(name="odd"))

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives  # type: ignore[return-value]


def score(value: float | None, name: str = "odd") -> Score:
    return Score(scorer=name, case="c", value=value)


@pytest.mark.parametrize(
    "gives",
    [
        RuntimeError("boom\x1b[2J"),
        [],
        [score(1.0), score(1.0)],
        [score(1.0, "another")],
        [score(None)],
        [score(float("nan"))],
        [score(float("inf"))],
        [score(1.5)],
        [score(-0.1)],
    ],
)
def test_a_scorers_own_failure_is_a_recorded_result_never_a_zero(gives: object) -> None:
    (got,) = asyncio.run(score_output([Odd(gives)], CASE, 0, Output(text="x"), TRACE))
    assert (got.value, got.status, got.case) == (None, "failed", "c")
    assert got.reason
    assert "\x1b" not in got.reason


def test_values_keep_nine_significant_digits() -> None:
    (got,) = asyncio.run(score_output([Odd([score(1 / 3)])], CASE, 0, Output(text="x"), TRACE))
    assert got.value == 0.333333333
