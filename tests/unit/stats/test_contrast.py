"""A part of the cases against the rest, on clustered data."""

import math
import random

import numpy as np
import pytest

from genaiops.stats import benjamini_hochberg, contrast, p_value


def drawn(draw: random.Random, clusters: int, size: int, icc: float) -> tuple[list[float], list[int]]:
    """Draw lumpy differences in {-1, 0, 1}: cases of a cluster move together with chance `icc`."""
    values: list[float] = []
    codes: list[int] = []
    for code in range(clusters):
        shared = draw.choices((-1.0, 0.0, 1.0), (1, 4, 1))[0]
        for _ in range(size):
            own = draw.choices((-1.0, 0.0, 1.0), (1, 4, 1))[0]
            values.append(shared if draw.random() < icc else own)
            codes.append(code)
    return values, codes


def means_apart(values: list[float], inside: list[bool], left: list[int]) -> float:
    """Return the difference of the means over the cases in `left`, one loop and no library."""
    sides = {True: [0.0, 0], False: [0.0, 0]}
    for at in left:
        sides[inside[at]][0] += values[at]
        sides[inside[at]][1] += 1
    return sides[True][0] / sides[True][1] - sides[False][0] / sides[False][1]


def test_it_is_the_difference_of_the_means_and_its_error_leaves_out_one_cluster_at_a_time() -> None:
    draw = random.Random(4)
    values, codes = drawn(draw, 15, 6, 0.4)
    inside = [draw.random() < 0.4 for _ in values]
    found = contrast(values, inside, codes, 0.05)
    everything = list(range(len(values)))
    whole = means_apart(values, inside, everything)
    moves = [
        means_apart(values, inside, [at for at in everything if codes[at] != code]) - whole
        for code in range(15)
    ]
    assert found.estimate == pytest.approx(whole)
    assert found.se == pytest.approx(math.sqrt(14 / 15 * sum(move * move for move in moves)))
    assert found.low < whole < found.high
    assert contrast(values, inside, np.array(codes) * 3, 0.05) == found


def test_the_other_way_round_only_the_sign_changes() -> None:
    draw = random.Random(5)
    values, codes = drawn(draw, 12, 5, 0.2)
    inside = [at % 3 == 0 for at in range(len(values))]
    one = contrast(values, inside, codes, 0.05)
    other = contrast(values, [not part for part in inside], codes, 0.05)
    assert (one.estimate, one.se, one.df) == pytest.approx((-other.estimate, other.se, other.df))
    assert one.low == pytest.approx(-other.high)


def test_a_change_of_all_cases_alike_is_no_contrast() -> None:
    found = contrast([0.3] * 40, [at < 20 for at in range(40)], list(range(40)), 0.05)
    assert found.estimate == 0.0
    assert p_value(found, 0.0, "above") == 0.5


@pytest.mark.parametrize("whole_clusters", [False, True])
def test_where_the_part_is_like_the_rest_it_errs_no_more_than_it_says(whole_clusters: bool) -> None:
    draw, count, wrong = random.Random(11), 2_000, 0
    for _ in range(count):
        values, codes = drawn(draw, 24, 4, 0.4)
        inside = [(code if whole_clusters else at) % 2 == 0 for at, code in enumerate(codes)]
        found = contrast(values, inside, codes, 0.05)
        wrong += found.low > 0.0 or found.high < 0.0
    assert wrong / count <= 0.10 + 3 * math.sqrt(0.10 * 0.90 / count)


def test_a_part_that_differs_is_found() -> None:
    draw = random.Random(2)
    values, codes = drawn(draw, 40, 5, 0.1)
    inside = [at % 4 == 0 for at in range(len(values))]
    moved = [value - 0.6 * part for value, part in zip(values, inside, strict=True)]
    assert benjamini_hochberg([p_value(contrast(moved, inside, codes, 0.05), 0.0, "below"), 0.9], 0.05)[0]


def test_few_clusters_on_one_side_decide_nothing() -> None:
    codes = [0] * 10 + list(range(1, 31))
    found = contrast([1.0] * 10 + [0.0] * 30, [at < 10 for at in range(40)], codes, 0.05)
    assert (found.estimate, found.decidable, found.g_eff) == (1.0, False, 1.0)
    assert (found.low, found.high, found.se) == (-math.inf, math.inf, math.inf)
    assert p_value(found, 0.0, "above") == 1.0


@pytest.mark.parametrize(
    ("values", "inside", "codes"),
    [
        ([1.0, 2.0], [True, True], [0, 1]),
        ([1.0, 2.0], [False, False], [0, 1]),
        ([1.0, 2.0], [True], [0, 1]),
        ([1.0, 2.0], [True, False], [0]),
        ([1.0, math.nan], [True, False], [0, 1]),
    ],
)
def test_what_cannot_be_compared_is_refused(
    values: list[float], inside: list[bool], codes: list[int]
) -> None:
    with pytest.raises(ValueError):
        contrast(values, inside, codes, 0.05)
