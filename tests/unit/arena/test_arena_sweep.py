"""A sweep: its grid, its front, limits that hold together, and a winner only where there is one."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from tests.support.arena_scores import COST, LATENCY, make_cases, make_ruler, make_scores

from genaiops import stats
from genaiops.arena.engine import Answered
from genaiops.arena.ledger import Kept
from genaiops.arena.model import Reuse, Suite
from genaiops.arena.schedule import Step
from genaiops.arena.sweep import (
    Answers,
    Axis,
    SweepReport,
    Values,
    Yardstick,
    front,
    grid_cells,
    parse_axes,
    refuse_beside_sweep,
    tell,
)
from genaiops.arena.sweep.measuring import failures, measure
from genaiops.core import Digest, Output, Trace, UserError, read_yaml
from genaiops.core import Json as Value

DRAWS = 150
ALLOWED = 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)


def told(
    quality: Sequence[np.ndarray],
    codes: np.ndarray,
    *,
    cost: Sequence[np.ndarray] | None = None,
    latency: Sequence[np.ndarray] | None = None,
    yardstick: Yardstick = Yardstick("quality"),
    side_by_side: bool = True,
    doubt: str = "",
    key: int = 1,
) -> SweepReport:
    ones = [np.ones(codes.size)] * len(quality)
    values = [Values(*of) for of in zip(quality, cost or ones, latency or ones, strict=True)]
    sets = [() if at == 0 else (f"params.top_k={at}",) for at in range(len(values))]
    return tell(
        Answers(
            project="cities",
            suite="qa",
            asked=["--set", "params.answer=two words"],
            alpha=0.05,
            yardstick=yardstick,
            sets=sets,
            digests=[Digest(f"sha256:{at:064}") for at in range(len(values))],
            values=values,
            codes=codes,
            key=key,
            side_by_side=side_by_side,
            doubt=doubt,
            model_calls=0,
            reused=Reuse(),
            warnings=(),
        )
    )


def right_or_wrong(rng: np.random.Generator, codes: np.ndarray, chances: Sequence[float]) -> list[np.ndarray]:
    """Draw 0/1 scores of cells whose cases and clusters are alike, but for the chance of a right answer."""
    shared = rng.standard_normal(codes.max() + 1)[codes] + rng.standard_normal(codes.size)
    luck = (shared + 0.5 * rng.standard_normal((len(chances), codes.size))) / 1.5
    bars = [NormalDist().inv_cdf(chance) for chance in chances]
    return [(row < bar).astype(float) for row, bar in zip(luck, bars, strict=True)]


CODES = np.repeat(np.arange(24), 4)


@pytest.mark.proves("B-SWEEP-GRID")
def test_the_grid_is_every_combination_with_the_last_axis_turning_fastest() -> None:
    axes = parse_axes(["params.context_tokens=216,350", "params.examples=0,2"])
    assert grid_cells(axes) == [
        ("params.context_tokens=216", "params.examples=0"),
        ("params.context_tokens=216", "params.examples=2"),
        ("params.context_tokens=350", "params.examples=0"),
        ("params.context_tokens=350", "params.examples=2"),
    ]


@pytest.mark.proves("B-SWEEP-GRID")
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3, 6,9", (3, 6, 9)),
        ("0.2,1.0e-1", (0.2, 0.1)),
        ("true,false,~", (True, False, None)),
        ("short,'a, b',\"6\"", ("short", "a, b", "6")),
        ("[1, 2],[]", ([1, 2], [])),
        ("openai:gpt-4o,http://host:8000/v1#name", ("openai:gpt-4o", "http://host:8000/v1#name")),
    ],
)
def test_values_are_read_as_set_reads_them_and_are_spelled_so_that_set_reads_them_again(
    text: str, values: tuple[Value, ...]
) -> None:
    (axis,) = parse_axes([f"params.x={text}"])
    assert axis.values == values
    spelled = [cell.partition("=")[2] for (cell,) in grid_cells([axis])]
    assert [read_yaml(one, "--set").value for one in spelled] == list(values)


@pytest.mark.proves("B-BAD-SWEEP")
@pytest.mark.parametrize(
    ("sweeps", "sets", "code"),
    [
        (["params.top_k"], [], "GAO-ARENA-261"),
        (["=1,2"], [], "GAO-ARENA-261"),
        (["params.top_k=1,2", "params.top_k=3,4"], [], "GAO-ARENA-262"),
        (["params.top_k=1,2"], ["params.top_k=3"], "GAO-ARENA-262"),
        (["params.a=1,2,3,4,5", "params.b=1,2,3,4,5"], [], "GAO-ARENA-263"),
        (["params.top_k="], [], "GAO-ARENA-265"),
        (["params.top_k=3"], [], "GAO-ARENA-265"),
        (["params.top_k=3,3"], [], "GAO-ARENA-266"),
        (["params.top_k=3,,4"], [], "GAO-CORE-010"),
        (["params.top_k=[3,4"], [], "GAO-CORE-010"),
    ],
)
def test_a_sweep_that_is_none_is_refused(sweeps: list[str], sets: list[str], code: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_axes(sweeps, sets)
    assert refused.value.code == code
    assert "--sweep" in refused.value.where


@pytest.mark.proves("B-BAD-SWEEP")
def test_the_cap_is_named_and_may_be_reached() -> None:
    assert len(grid_cells([Axis("a", tuple(range(6))), Axis("b", tuple(range(4)))])) == 24
    with pytest.raises(UserError, match=r"26 cells \(13 × 2\); at most 24"):
        parse_axes(["a=" + ",".join(map(str, range(13))), "b=0,1"])


@pytest.mark.proves("B-BAD-SWEEP")
def test_what_belongs_to_a_verdict_is_refused_beside_a_sweep() -> None:
    refuse_beside_sweep({"--markdown": None, "--answers": False})
    with pytest.raises(UserError, match="--sweep and --junit"):
        refuse_beside_sweep({"--markdown": None, "--junit": "here.xml"})


@pytest.mark.proves("B-SWEEP-FRONT")
def test_the_front_holds_what_nothing_is_better_than_and_equal_cells_share_it() -> None:
    points = [(-0.9, 3.0), (-0.8, 1.0), (-0.8, 2.0), (-0.7, 1.5), (-0.9, 3.0)]
    assert front(points) == (True, True, False, False, True)


@pytest.mark.proves("B-SWEEP-FRONT")
def test_on_a_front_nobody_dominates_anybody_and_everyone_else_is_dominated() -> None:
    points = np.random.default_rng(1).integers(0, 4, (20, 3)).astype(float)
    marked = front(points.tolist())
    for at, point in enumerate(points):
        dominated = ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
        assert marked[at] == (not dominated)


@pytest.mark.proves("B-SWEEP-FRONT")
def test_the_front_reads_quality_as_the_scorer_means_it_and_leaves_out_what_is_not_known() -> None:
    rng = np.random.default_rng(2)
    wrong = right_or_wrong(rng, CODES, [0.5, 0.2])
    unknown = np.full(CODES.size, np.nan)
    report = told(
        wrong,
        CODES,
        cost=[np.ones(CODES.size), unknown],
        yardstick=Yardstick("wrong_answers", higher_is_better=False),
    )
    assert report.front_by == ("quality", "latency")
    assert [cell.front for cell in report.cells] == [False, True]
    assert [cell.best for cell in report.cells] == [False, True]


@pytest.mark.proves("B-SWEEP-LATENCY")
def test_latencies_of_other_times_are_told_and_not_compared() -> None:
    rng = np.random.default_rng(3)
    scores = right_or_wrong(rng, CODES, [0.5, 0.5])
    times = [np.full(CODES.size, 100.0), np.full(CODES.size, 50.0)]
    apart = told(scores, CODES, latency=times, side_by_side=False)
    assert [cell.latency_ms.value for cell in apart.cells] == [100.0, 50.0]
    assert [cell.latency_ms.change for cell in apart.cells] == [None, None]
    assert "latency" not in apart.front_by
    together = told(scores, CODES, latency=times)
    assert together.cells[1].latency_ms.change is not None
    assert together.cells[1].latency_ms.change.estimate == pytest.approx(0.5)
    assert "latency" in together.front_by


@pytest.mark.long
@pytest.mark.proves("B-SWEEP-WINNER")
@pytest.mark.parametrize("chances", [[0.6] * 5, [0.6, 0.6, 0.2, 0.2, 0.2]], ids=["all equal", "two equal"])
def test_among_equal_cells_a_winner_is_declared_no_more_often_than_alpha(chances: list[float]) -> None:
    rng = np.random.default_rng(4)
    won = naive = 0
    for draw in range(DRAWS):
        scores = right_or_wrong(rng, CODES, chances)
        won += told(scores, CODES, key=draw).winner is not None
        # what a look at each cell alone would call an improvement
        naive += any(stats.difference(one, scores[0], CODES, 0.05).low > 0.0 for one in scores[1:])
    assert won / DRAWS <= ALLOWED
    assert chances[-1] < 0.6 or naive / DRAWS > ALLOWED


@pytest.mark.proves("B-SWEEP-WINNER")
def test_a_cell_that_is_better_is_found_and_the_next_command_names_it() -> None:
    rng = np.random.default_rng(5)
    reports = [told(right_or_wrong(rng, CODES, [0.4, 0.5, 0.8, 0.45]), CODES, key=draw) for draw in range(50)]
    found = [report for report in reports if report.winner == ("params.top_k=2",)]
    assert len(found) >= 45
    assert found[0].next == "genaiops arena run --set 'params.answer=two words' --set params.top_k=2"
    assert found[0].headline.startswith("params.top_k=2 wins")
    assert [cell.beaten for cell in found[0].cells] == [True, True, False, True]


@pytest.mark.proves("B-SWEEP-WINNER")
def test_where_what_stands_is_the_best_there_is_nothing_to_try() -> None:
    scores = right_or_wrong(np.random.default_rng(6), CODES, [0.9, 0.3, 0.3])
    report = told(scores, CODES)
    assert (report.winner, report.next) == ((), "")
    assert report.headline.startswith("keep what you have")


@pytest.mark.proves("B-SWEEP-WINNER")
def test_no_winner_is_named_where_rows_are_missing_clusters_are_few_or_cells_are_copies() -> None:
    scores = right_or_wrong(np.random.default_rng(7), CODES, [0.1, 0.9])
    assert told(scores, CODES).winner is not None
    doubted = told(scores, CODES, doubt="3.0% of the rows are missing")
    assert doubted.winner is None
    assert "missing" in doubted.headline
    few = told(scores, CODES % 5)
    assert few.winner is None
    assert "at least 8 are needed" in few.headline
    copies = told([scores[0], scores[1], scores[1]], CODES)
    assert copies.winner is None
    assert "not proven better than 1 of 2 others" in copies.headline
    lost = told([np.full(CODES.size, np.nan), scores[1]], CODES)
    assert lost.winner is None
    assert lost.headline.startswith("nothing can be said")
    empty = [np.full(CODES.size, np.nan)] * 2
    blank = told(empty, CODES, cost=empty, latency=empty, side_by_side=False)
    assert (blank.winner, blank.front_by, blank.cases) == (None, (), 0)
    alone = told(scores, np.zeros(CODES.size, dtype=np.int64))
    assert (alone.winner, alone.needed) == (None, None)


@pytest.mark.proves("B-SWEEP-WINNER")
def test_an_open_sweep_says_how_many_clusters_would_show_a_lead() -> None:
    scores = right_or_wrong(np.random.default_rng(8), CODES, [0.5, 0.5, 0.5])
    report = told(scores, CODES)
    assert report.winner is None
    assert report.needed is not None
    assert report.needed > report.clusters == 24


@pytest.mark.long
@pytest.mark.proves("B-SWEEP-INTERVALS")
def test_limits_of_all_cells_hold_together_where_nothing_differs() -> None:
    rng = np.random.default_rng(9)
    scores = right_or_wrong(rng, CODES, [0.5, 0.5, 0.5, 0.5, 0.5])
    wrong = Counter[str]()
    for draw in range(DRAWS):
        cost, latency = (
            list(np.exp(rng.standard_normal(24)[CODES] + rng.standard_normal((5, CODES.size)))) for _ in "12"
        )
        cells = told(scores, CODES, cost=cost, latency=latency, key=draw).cells[1:]
        costs = [cell.cost_usd.change for cell in cells]
        times = [cell.latency_ms.change for cell in cells]
        wrong["cost low"] += any(one.low > 0.0 for one in costs)
        wrong["cost high"] += any(one.high < 0.0 for one in costs)
        wrong["latency low"] += any(one.low > 1.0 for one in times)
        wrong["latency high"] += any(one.high < 1.0 for one in times)
    assert max(wrong.values()) / DRAWS <= ALLOWED


@pytest.mark.proves("B-SWEEP-INTERVALS")
def test_cells_are_compared_on_the_cases_that_all_of_them_have() -> None:
    scores = right_or_wrong(np.random.default_rng(10), CODES, [0.5, 0.5])
    holed = scores[1].copy()
    holed[::5] = np.nan
    report = told([scores[0], holed], CODES)
    kept = np.isfinite(holed)
    assert report.cases == kept.sum()
    first, second = report.cells
    assert first.quality.value == pytest.approx(scores[0][kept].mean())
    assert second.quality.change is not None
    assert second.quality.change.estimate == pytest.approx((holed - scores[0])[kept].mean())
    same = told([scores[0][kept], holed[kept]], CODES[kept])
    assert [cell.quality for cell in same.cells] == [cell.quality for cell in report.cells]
    assert [cell.behind for cell in same.cells] == [cell.behind for cell in report.cells]


@pytest.mark.proves("B-SWEEP-WINNER", "B-SWEEP-LATENCY")
def test_a_cell_is_measured_by_what_the_suite_calls_right_and_by_what_its_answers_took() -> None:
    cases = make_cases(100, cluster_size=5)
    suite = Suite(ruler=make_ruler(), cases=cases, digest=Digest("sha256:" + "2" * 64))
    quality = [0.7] * 50 + [0.2] * 50
    scores = {"as it is": make_scores({"quality": quality}, {})["baseline"]}
    scores["k=2"] = make_scores({"quality": [None] * 2 + quality[2:]}, {})["baseline"]
    ok = Output(text="x", cost_nanousd=2_000, latency_ns=3_000_000)
    late = Output(status="timeout", error="too slow", latency_ns=60_000_000_000)
    outputs = {
        label: [
            Answered(
                Step(label, case, 0),
                Kept(late if label == "k=2" and not at else ok, Trace(id="t"), "", ""),
                False,
            )
            for at, case in enumerate(cases)
        ]
        for label in scores
    }
    measured = measure(suite, list(scores), scores, outputs)
    first, second = measured.values
    assert measured.yardstick.name == "right answers (quality ≥ 0.5)"
    assert first.quality.tolist() == [1.0] * 50 + [0.0] * 50
    assert np.isnan(second.quality[:2]).all()
    assert (first.cost[0], first.latency[0]) == (2e-6, 3.0)
    assert np.isnan([second.cost[0], second.latency[0]]).all()
    assert measured.doubt == "2.0% of the rows of k=2 are missing (at most 1% may be)"
    assert failures(outputs) == ["1 of 100 answers of k=2 ended timeout: too slow"]


@pytest.mark.proves("B-BAD-SWEEP")
def test_a_suite_without_a_measure_of_quality_cannot_be_swept() -> None:
    ruler = replace(make_ruler(specs=(COST, LATENCY)), correct=None)
    suite = Suite(ruler=ruler, cases=make_cases(4), digest=Digest("sha256:" + "2" * 64))
    with pytest.raises(UserError, match="no scorer that measures quality"):
        measure(suite, ["as it is"], {"as it is": []}, {"as it is": []})
