"""The probabilities agree with scipy's to 1e-10, far into the tails and for a million degrees of freedom."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy import stats as oracle

from genaiops.stats.distributions import (
    beta_cdf,
    beta_ppf,
    chi2_cdf,
    chi2_ppf,
    normal_cdf,
    normal_ppf,
    student_t_cdf,
    student_t_ppf,
)

PROBABILITIES = (1e-6, 1e-4, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.3, 0.49, 0.4999999, 0.5)
PROBABILITIES += tuple(1 - p for p in reversed(PROBABILITIES[:-1]))
DEGREES = (1.0, 1.5, 2.0, 3.3, 7.0, 9.4, 19.7, 60.0, 199.0, 1234.5, 1e5, 1e6)


@pytest.mark.parametrize("df", DEGREES)
def test_student_t_quantiles_agree_with_scipy(df: float) -> None:
    for p in PROBABILITIES:
        assert student_t_ppf(p, df) == pytest.approx(float(oracle.t.ppf(p, df)), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("df", DEGREES)
def test_student_t_probabilities_agree_with_scipy(df: float) -> None:
    for x in (-40.0, -6.5, -2.1, -0.3, -1e-3, 0.0, 1e-3, 0.7, 1.645, 3.0, 12.0):
        assert student_t_cdf(x, df) == pytest.approx(float(oracle.t.cdf(x, df)), rel=1e-10, abs=1e-16)


@pytest.mark.parametrize("df", DEGREES)
def test_chi_squared_agrees_with_scipy_both_ways(df: float) -> None:
    for p in PROBABILITIES:
        quantile = float(oracle.chi2.ppf(p, df))
        assert chi2_ppf(p, df) == pytest.approx(quantile, rel=1e-10)
        assert chi2_cdf(quantile, df) == pytest.approx(float(oracle.chi2.cdf(quantile, df)), abs=1e-10)


@pytest.mark.parametrize("a", [0.5, 1.0, 1.7, 20.0, 200.5, 1e5])
@pytest.mark.parametrize("b", [0.5, 1.0, 2.2, 30.0, 400.0, 1e4])
def test_beta_agrees_with_scipy_both_ways(a: float, b: float) -> None:
    for p in PROBABILITIES:
        quantile = float(special.betaincinv(a, b, p))
        assert beta_ppf(p, a, b) == pytest.approx(quantile, rel=1e-10, abs=1e-14)
        assert beta_cdf(quantile, a, b) == pytest.approx(float(special.betainc(a, b, quantile)), abs=1e-10)


def test_the_normal_distribution_agrees_with_scipy_both_ways() -> None:
    for p in PROBABILITIES:
        assert normal_ppf(p) == pytest.approx(float(oracle.norm.ppf(p)), abs=1e-12)
        assert normal_cdf(normal_ppf(p)) == pytest.approx(p, rel=1e-10)


@settings(max_examples=60, deadline=None)
@given(p=st.floats(1e-6, 1 - 1e-6), df=st.floats(1.0, 1e6))
def test_a_quantile_has_the_probability_it_was_asked_for(p: float, df: float) -> None:
    assert student_t_cdf(student_t_ppf(p, df), df) == pytest.approx(p, abs=1e-11)
    assert chi2_cdf(chi2_ppf(p, df), df) == pytest.approx(p, abs=1e-11)


@settings(max_examples=60, deadline=None)
@given(p=st.floats(1e-6, 1 - 1e-6), a=st.floats(0.1, 1e4), b=st.floats(0.1, 1e4))
def test_the_beta_quantile_has_the_probability_it_was_asked_for(p: float, a: float, b: float) -> None:
    x = beta_ppf(p, a, b)
    step = 4 * math.ulp(x)  # at 0 and 1 too: the quantile itself may lie closer to them than a float can
    near = [beta_cdf(min(max(x + move, 0.0), 1.0), a, b) for move in (-step, 0.0, step)]
    assert min(near) - 1e-10 <= p <= max(near) + 1e-10


def test_student_t_is_symmetric_and_reaches_its_ends() -> None:
    assert student_t_ppf(0.05, 13.0) == pytest.approx(-student_t_ppf(0.95, 13.0), rel=1e-14)
    assert student_t_ppf(0.5, 13.0) == 0.0
    assert student_t_cdf(-math.inf, 3.0) == 0.0
    assert student_t_cdf(math.inf, 3.0) == 1.0


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.1, math.nan])
def test_a_probability_outside_the_open_unit_interval_is_refused(p: float) -> None:
    for quantile in (normal_ppf, lambda q: student_t_ppf(q, 5.0), lambda q: chi2_ppf(q, 5.0)):
        with pytest.raises(ValueError, match="probability"):
            quantile(p)


@pytest.mark.parametrize("df", [0.0, -1.0, math.inf, math.nan])
def test_degrees_of_freedom_must_be_positive_and_finite(df: float) -> None:
    for distribution in (student_t_cdf, student_t_ppf, chi2_cdf, chi2_ppf):
        with pytest.raises(ValueError, match="df"):
            distribution(0.5, df)


def test_the_beta_function_is_refused_outside_its_range() -> None:
    with pytest.raises(ValueError, match="x must lie"):
        beta_cdf(1.1, 2.0, 2.0)
    with pytest.raises(ValueError, match="a must be"):
        beta_ppf(0.5, 0.0, 2.0)


def test_student_t_keeps_its_digits_next_to_zero() -> None:
    for x in (1e-12, 1e-9, 1e-6):
        assert student_t_cdf(-x, 1.0) == pytest.approx(0.5 - math.atan(x) / math.pi, abs=1e-16)
