"""Alignments against every possibility tried out."""

from itertools import combinations, pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops.arena.scorers.aligning import any_order, in_order

SMALL = st.integers(0, 5)
FITS = st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=5, max_size=5)


@given(left=SMALL, right=SMALL, table=FITS)
@settings(max_examples=150, deadline=None)
def test_pairs_in_any_order_are_as_many_as_any_assignment_gives(
    left: int, right: int, table: list[list[bool]]
) -> None:
    pairs = any_order(left, right, lambda i, j: table[i][j])
    assert all(table[i][j] for i, j in pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    padded = [*range(right), *[None] * left]
    best = max(
        sum(j is not None and table[i][j] for i, j in enumerate(chosen))
        for chosen in set(permutations(padded, left))
    )
    assert len(pairs) == best


@given(left=SMALL, right=SMALL, table=FITS)
@settings(max_examples=150, deadline=None)
def test_pairs_in_order_are_a_longest_common_subsequence(
    left: int, right: int, table: list[list[bool]]
) -> None:
    pairs = in_order(left, right, lambda i, j: table[i][j])
    assert all(table[i][j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
    best = max(
        size
        for size in range(min(left, right) + 1)
        for mine in combinations(range(left), size)
        for theirs in combinations(range(right), size)
        if all(table[i][j] for i, j in zip(mine, theirs, strict=True))
    )
    assert len(pairs) == best
