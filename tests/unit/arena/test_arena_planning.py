"""What `arena plan` says of claims and rules before anything runs."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.support.arena_scores import claim, make_cases, make_ruler, make_scores

from genaiops.arena.model import Looks, Ruler
from genaiops.arena.planning import claim_warnings, looks_plan, plan_claims, rule_warnings
from genaiops.core import Case

NOT_WORSE = claim("quality", "not_worse", 0.05)


def planned(ruler: Ruler, cases: Sequence[Case], spread: float | None = None):
    """The plan of the first claim, after an earlier run whose differences have this standard deviation."""
    if spread is None:
        return plan_claims(ruler, cases, {}, "")[0]
    rng = np.random.default_rng(1)
    after = np.clip(0.5 + spread * rng.standard_normal(len(cases)), 0.0, 1.0).tolist()
    scores = make_scores({"quality": [0.5] * len(cases)}, {"quality": after})
    return plan_claims(ruler, cases, scores, "3f9a")[0]


@pytest.mark.proves("B-PLAN")
def test_the_effect_comes_from_an_earlier_runs_spread_with_the_range_of_that() -> None:
    plan = planned(make_ruler(NOT_WORSE), make_cases(200), 0.1)
    assert plan.basis == "run 3f9a"
    found = plan.detectable
    assert found.low is not None
    assert found.effect is not None
    assert found.high is not None
    assert found.low < found.effect < found.high
    assert 0.01 < found.effect < 0.05
    assert plan.decides
    assert (plan.power or 0.0) > 0.9
    assert list(claim_warnings([plan], 200.0)) == []


@pytest.mark.proves("B-PLAN")
def test_without_an_earlier_run_the_widest_spread_is_assumed_and_said() -> None:
    own = planned(make_ruler(NOT_WORSE), make_cases(200))
    shared = planned(make_ruler(NOT_WORSE), make_cases(200, 4))
    assert own.basis == "no earlier run: the widest spread that its scale allows"
    assert own.detectable.effect == own.detectable.low, "each case is its own cluster"
    assert shared.detectable.low == pytest.approx(own.detectable.low, rel=0.05)
    assert (shared.detectable.effect or 0.0) == pytest.approx(2 * (own.detectable.effect or 0.0), rel=0.2)


@pytest.mark.proves("B-BAD-UNDECIDABLE")
def test_a_margin_of_two_points_with_forty_cases_is_called_undecidable_with_what_would_do() -> None:
    plan = planned(make_ruler(claim("quality", "not_worse", 0.02)), make_cases(40), 0.2)
    said = list(claim_warnings([plan], 40.0))
    assert not plan.decides
    assert len(said) == 1
    assert "planned for a truth 0.02 beyond the bound, which 40 clusters prove" in said[0]
    assert plan.needed is not None
    assert f"{plan.needed.planned:,} clusters would do" in said[0]


@pytest.mark.proves("B-BAD-UNDECIDABLE")
def test_fewer_than_eight_effective_clusters_are_said_once_for_all_claims() -> None:
    plan = planned(make_ruler(NOT_WORSE), make_cases(60, 10))
    assert plan.detectable.effect is None
    assert len(list(claim_warnings([plan, plan], 6.0))) == 1


def test_an_unbounded_scorer_without_an_earlier_run_has_no_spread_to_assume() -> None:
    plan = planned(make_ruler(claim("cost_usd", "not_worse", 0.01)), make_cases(200))
    assert plan.detectable.effect is None
    assert "cost_usd has no widest spread" in plan.reason


def test_an_earlier_run_in_which_nothing_differed_shows_no_spread() -> None:
    plan = planned(make_ruler(NOT_WORSE), make_cases(200), 0.0)
    assert plan.basis.startswith("run 3f9a shows no spread: the widest")


def test_a_claim_on_a_slice_is_planned_on_the_clusters_of_that_slice() -> None:
    cases = make_cases(100, topic=["a", "b", "b", "b"])
    plan = planned(make_ruler(claim("quality", "not_worse", 0.05, "topic=a"), slices=["tags.topic"]), cases)
    assert plan.clusters == 25


def test_a_bound_of_nothing_has_no_distance_to_plan_for() -> None:
    plan = planned(make_ruler(claim("quality", "better", 0.0)), make_cases(200), 0.1)
    assert plan.power is None
    assert "state one with `by`" in plan.reason


@pytest.mark.proves("B-BAD-BARE-RULE")
@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("candidate.quality.mean >= 0.8", "reads candidate.quality.mean, an estimate that is partly luck"),
        ("diff.quality.mean.est > 0.0", "reads diff.quality.mean.est"),
        ("candidate.latency_ms.p95 < 900.0", "reads candidate.latency_ms.p95"),
        ("ratio.latency_ms.p95.high < 1.2", "needs 400 cases; there are 200, so it stays undecided"),
    ],
)
def test_a_rule_that_reads_luck_or_a_tail_of_too_few_cases_is_named(rule: str, said: str) -> None:
    found = list(rule_warnings([rule], 200, sequential=False))
    assert len(found) == 1
    assert said in found[0]


def test_a_rule_that_reads_a_limit_or_a_count_is_fine_unless_it_may_be_read_early() -> None:
    rules = ["ratio.cost_usd.mean.high <= 1.1", "candidate.quality.missing <= 2"]
    assert list(rule_warnings(rules, 200, sequential=False)) == []
    assert "wider where a sequential run stops early" in next(rule_warnings(rules, 200, sequential=True))


def test_what_looking_early_saves_is_half_of_the_cases_at_twice_the_planned_effect() -> None:
    plan = looks_plan(Looks(clusters=(20, 40, 60, 80, 100)), "", [1] * 100, 0.05)
    assert plan.cases == (20, 40, 60, 80, 100)
    assert plan.saved_planned == pytest.approx(0.21, abs=0.01)
    assert plan.saved_twice == pytest.approx(0.51, abs=0.01)
    assert looks_plan(None, "too few", [1] * 8, 0.05).reason == "too few"
