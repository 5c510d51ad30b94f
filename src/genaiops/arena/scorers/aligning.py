"""Which items of two lists go together, as many as can: in their order, or wherever they stand."""

from collections.abc import Callable

Fits = Callable[[int, int], bool]
"""Whether the item at the left position may go with the one at the right position."""


def in_order(left: int, right: int, fits: Fits) -> list[tuple[int, int]]:
    """Return the pairs of a longest common subsequence of `left` and `right` items, by position.

    Wagner and Fischer, "The String-to-String Correction Problem" (1974), without substitutions.
    """
    known = [[fits(i, j) for j in range(right)] for i in range(left)]
    best = [[0] * (right + 1) for _ in range(left + 1)]
    for i in range(left - 1, -1, -1):
        for j in range(right - 1, -1, -1):
            skipped = max(best[i + 1][j], best[i][j + 1])
            best[i][j] = max(skipped, best[i + 1][j + 1] + 1) if known[i][j] else skipped
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < left and j < right:
        if known[i][j] and best[i][j] == best[i + 1][j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def any_order(left: int, right: int, fits: Fits) -> list[tuple[int, int]]:
    """Return the pairs of a largest matching of `left` and `right` items: each item goes with one at most.

    Augmenting paths, found breadth first (Kuhn, "The Hungarian Method for the Assignment Problem", 1955).
    """
    options = [[j for j in range(right) if fits(i, j)] for i in range(left)]
    taken: dict[int, int] = {}
    for start in range(left):
        _augment(start, options, taken)
    return sorted((i, j) for j, i in taken.items())


def _augment(start: int, options: list[list[int]], taken: dict[int, int]) -> None:
    """Find a partner for the left item `start`, moving others to free ones where that helps."""
    reached: dict[int, int] = {}  # right item -> the left item from which it was reached
    waiting = [start]
    for i in waiting:
        for j in options[i]:
            if j in reached:
                continue
            reached[j] = i
            if j not in taken:
                _move(j, reached, taken)
                return
            waiting.append(taken[j])


def _move(free: int, reached: dict[int, int], taken: dict[int, int]) -> None:
    partner = {i: j for j, i in taken.items()}
    j: int | None = free
    while j is not None:
        i = reached[j]
        taken[j] = i
        j = partner.get(i)
