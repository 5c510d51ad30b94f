"""The door for scorers: names, parameters, plug-ins, and scorers that misbehave."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.documents import ROOT, blocks

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

class Length:
    def __init__(self, most=3):
        self.most = most

def number(parameters, context):
    return 3

def needy(parameters, context):
    from genaiops.arena.scorers import scorer
    return scorer(ScorerSpec(name="needy"))(lambda case, output, words: 1.0)(parameters, context)
"""


def ruler(*names: str, **parameters: Any) -> Ruler:
    uses = tuple(ScorerUse(name=name, parameters=parameters) for name in names)
    return Ruler(name="qa", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("length", "gone", "number", "Length", "needy")
    points = "".join(f"{name} = my_scorers:{name}\n" for name in names)
    install(tmp_path, monkeypatch, PLUG_IN, points + "absent = no_such_module:x\nbroken = my_broken:x\n")
    (tmp_path / "my_broken.py").write_text("raise RuntimeError('no licence')")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, entry_points: str) -> None:
    """Put a package with scorers where Python finds it, as an installer does."""
    (folder / "my_scorers.py").write_text(code)
    info = folder / "my_scorers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-scorers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[genaiops.scorers]\n{entry_points}")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "my_scorers", raising=False)


def test_every_built_in_scorer_is_named_by_its_name() -> None:
    assert len(BUILT_IN) == 26
    names = ("answer_f1", *(name for name in BUILT_IN if name != "answer_f1"))
    assert [scorer.spec.name for scorer in build_scorers(ruler(*names))] == list(names)


def test_a_plug_in_comes_through_the_same_door(plug_in: None) -> None:
    (scorer,) = build_scorers(ruler("length"))
    (got,) = asyncio.run(score_output([scorer], CASE, 2, Output(text="four"), TRACE))
    assert (got.value, got.repeat) == (4.0, 2)


@pytest.mark.proves("B-BAD-PLUG-IN")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone", "gone"),
        ("absent", "no_such_module"),
        ("broken", "RuntimeError: no licence"),
        ("number", "int"),
        ("Length", "(parameters, context)"),
        ("needy", "'words' of <lambda> needs a default"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_said_to_be_so(plug_in: None, name: str, why: str) -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler(name))
    assert caught.value.code == "GAO-ARENA-122"
    assert why in caught.value.why


@pytest.mark.proves("B-TEN-LINES")
def test_the_ten_lines_that_are_shown_are_a_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {block.language: block.text for block in reversed(list(blocks(ROOT / "CONTRIBUTING.md")))}
    assert len([line for line in shown["python"].splitlines() if line.strip()]) <= 10
    _, _, points = shown["toml"].partition('[project.entry-points."genaiops.scorers"]\n')
    install(
        tmp_path,
        monkeypatch,
        shown["python"],
        points.replace("my_package.scorers", "my_scorers").replace('"', ""),
    )
    said = Output(text="one two three")
    for parameters, value in ({"words": 2}, 0.0), ({"words": 3}, 1.0), ({}, 1.0):
        (got,) = asyncio.run(
            score_output(build_scorers(ruler("within_words", **parameters)), CASE, 0, said, TRACE)
        )
        assert (got.value, got.status) == (value, "ok")
    (failed,) = asyncio.run(
        score_output(build_scorers(ruler("within_words")), CASE, 0, Output(status="timeout"), TRACE)
    )
    assert failed.value == 0.0
    for wrong in {"words": "2"}, {"words": True}, {"words": 2.5}, {"letters": 2}:
        with pytest.raises(UserError) as caught:
            build_scorers(ruler("within_words", **wrong))
        assert caught.value.code == "GAO-ARENA-123"


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


@pytest.mark.proves("B-BAD-AUTOEVALS")
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"metric": "Factuality"}, "that ask a model are not supported"),
        ({"metric": "Levenstein"}, "did you mean Levenshtein?"),
        ({}, "one of ExactMatch"),
        ({"metric": ["ExactMatch"]}, "one of ExactMatch"),
    ],
)
def test_a_metric_of_autoevals_that_asks_a_model_or_is_unknown_is_refused(
    parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("autoevals", **parameters))
    assert caught.value.code == "GAO-ARENA-123"
    assert said in caught.value.why


@pytest.mark.proves("B-BAD-AUTOEVALS")
def test_without_the_package_the_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autoevals", None)
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("autoevals", metric="Levenshtein"))
    assert caught.value.fix == "pip install 'genaiops[autoevals]'"


def test_other_peoples_packages_are_imported_only_where_a_suite_names_them() -> None:
    build_scorers(ruler("answer_f1", *(name for name in BUILT_IN if name != "answer_f1")))
    assert "autoevals" not in sys.modules
