"""What fits a context, and which examples are chosen."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.kinds import no_blob

from genaiops.core import UserError
from genaiops.prompts import PROMPT_KIND, Prompt, Turn, fit_context, prompt_facts, select_examples

EXAMPLES = [{"q": letter} for letter in "abcdef"]


def words(items: Sequence[str]) -> int:
    return sum(len(item.split()) for item in items)


@given(st.lists(st.integers(0, 9)), st.integers(-3, 60))
def test_as_many_leading_items_are_taken_as_fit(sizes: list[int], budget: int) -> None:
    items = ["w " * size for size in sizes]
    fits = fit_context(items, budget, words)
    assert fits == max((n for n in range(len(items) + 1) if words(items[:n]) <= budget), default=0)


def test_counting_is_asked_rarely() -> None:
    asked: list[int] = []

    def count(items: Sequence[str]) -> int:
        asked.append(len(items))
        return len(items)

    assert fit_context(["x"] * 1000, 417, count) == 417
    assert len(asked) <= 11


def test_examples_are_chosen_by_score_best_first_and_ties_by_place() -> None:
    chosen = select_examples(EXAMPLES, 3, scores=[0.1, 0.9, 0.5, 0.9, 0.0, 0.2])
    assert [example["q"] for example in chosen] == ["b", "d", "c"]


def test_a_draw_depends_on_the_seed_and_the_content_alone() -> None:
    drawn = select_examples(EXAMPLES, 3, seed=1)
    assert drawn == select_examples(list(reversed(EXAMPLES)), 3, seed=1)
    assert {str(select_examples(EXAMPLES, 3, seed=seed)) for seed in range(20)} != {str(drawn)}


def test_without_seed_and_scores_the_first_examples_are_taken() -> None:
    assert select_examples(EXAMPLES, 2) == EXAMPLES[:2]
    assert select_examples(EXAMPLES, 99) == EXAMPLES


def test_a_wrong_selection_is_refused() -> None:
    with pytest.raises(UserError):
        select_examples(EXAMPLES, -1)
    with pytest.raises(UserError):
        select_examples(EXAMPLES, 1, seed=1, scores=[0.0] * 6)
    with pytest.raises(UserError):
        select_examples(EXAMPLES, 1, scores=[0.0])


def test_two_versions_of_a_prompt_differ_by_their_lines() -> None:
    old = Prompt(name="p", turns=(Turn("user", "one\ntwo"),))
    new = Prompt(name="p", turns=(Turn("user", "one\nthree"),), examples=({"q": "x"},))
    lines = PROMPT_KIND.diff(prompt_facts(old), prompt_facts(new), no_blob)
    assert "-two" in lines
    assert "+three" in lines
    assert '+example: {"q": "x"}' in lines
    assert lines[-1] == "tokens: about 4 -> 10 (+6)"
    assert PROMPT_KIND.diff(prompt_facts(old), prompt_facts(old), no_blob) == []
