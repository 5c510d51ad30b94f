"""Slices found in the inputs: what is looked for, and that nothing but the inputs is read."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.arena_scores import QUALITY, make_cases, make_ruler, make_scores

from genaiops.arena.discover import FEWEST, MOST, discover
from genaiops.arena.judge import judge
from genaiops.arena.model import Lock
from genaiops.core import Case, Discovered, Json

QUESTIONS = (
    "In which year was the bridge over the river built, and by whom was it paid for?",
    "How many people live there?",
    "Who designed it?",
    "Is the museum open on Sundays?",
    "Tell me about the old harbour and its 3 lighthouses.",
)


def asked(*texts: Json, key: str = "question") -> list[Case]:
    return [Case(id=f"c{at:04}", inputs={key: text}, cluster=f"d{at % 30}") for at, text in enumerate(texts)]


def test_a_text_gives_its_length_what_it_asks_numbers_and_script() -> None:
    found = discover(asked(*[QUESTIONS[at % 5] for at in range(50)], *["Сколько это стоит?"] * 10))
    assert set(found) == {
        "question: at most 18 characters",
        "question: 19 to 30 characters",
        "question: over 30 characters",
        "question: asks which",
        "question: asks how many",
        "question: asks who",
        "question: asks yes or no",
        "question: no question word",
        "question: holds a number",
        "question: cyrillic letters",
        "question: latin letters",
    }
    assert found["question: holds a number"] == tuple(range(4, 50, 5))


def test_a_scalar_gives_its_values_where_they_are_few() -> None:
    inputs: list[dict[str, Json]] = [
        {"lang": ("en", "de")[at % 2], "top": at % 3, "n": at, "beta": at < 10} for at in range(40)
    ]
    cases = [Case(id=f"c{at}", inputs=given, cluster="d") for at, given in enumerate(inputs)]
    found = discover(cases)
    assert set(found) == {
        "lang = en",
        "lang = de",
        "top = 0",
        "top = 1",
        "top = 2",
        "beta = true",
        "beta = false",
    }
    assert found["top = 1"] == tuple(range(1, 40, 3))


def test_a_slice_holds_between_a_tenth_and_nine_tenths_of_the_cases() -> None:
    rare = asked(*["Who?"] * 9, *["What?"] * 91)
    assert not [name for name in discover(rare) if "asks" in name]
    enough = asked(*["Who?"] * 10, *["What?"] * 90)
    assert [name for name in discover(enough) if "asks" in name] == []  # the two texts are values, not texts
    assert set(discover(enough)) == {"question = Who?", "question = What?"}


def test_slices_that_hold_the_same_cases_are_one() -> None:
    cases = [
        replace(case, inputs={**case.inputs, "again": case.inputs["lang"]})
        for case in asked(*["en", "de"] * 20, key="lang")
    ]
    assert set(discover(cases)) == {"again = de", "again = en"}


def test_lists_and_inputs_below_the_top_level_are_not_looked_at() -> None:
    assert discover(asked(*[[1, 2], {"a": "b"}, None] * 10)) == {}


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 3),
    st.text(max_size=30),
    st.lists(st.integers(), max_size=1),
)


@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_inputs_give_slices_of_the_size_that_is_promised(inputs: Sequence[dict[str, Json]]) -> None:
    cases = [Case(id=str(at), inputs=given, cluster="d") for at, given in enumerate(inputs)]
    found = discover(cases)
    assert found == discover(cases)
    assert all(FEWEST <= len(rows) / len(cases) <= MOST for rows in found.values())
    assert len(set(found.values())) == len(found)


def looked(
    before: Sequence[float], after: Sequence[float], cases: Sequence[Case], **more: object
) -> Discovered | None:
    ruler = replace(make_ruler(specs=[QUALITY]), **more)  # type: ignore[arg-type]
    scores = make_scores({"quality": before}, {"quality": after})
    return judge(ruler, cases, scores, lock=Lock())[0].discovered


def varied(count: int) -> list[Case]:
    return [
        replace(case, inputs={"question": QUESTIONS[at % 5]}) for at, case in enumerate(make_cases(count, 2))
    ]


@pytest.mark.proves("B-DISCOVERED-SLICES")
def test_only_a_slice_that_changed_unlike_the_other_cases_stands_out() -> None:
    before = [1.0] * 200
    after = [0.0 if at % 10 == 1 else 1.0 for at in range(200)]  # half of "how many" break
    found = looked(before, after, varied(200))
    assert found is not None
    names = [one.comparison.slice for one in found.stand_out]
    assert names[0] == "question: asks how many"
    first = found.stand_out[0]
    assert first.comparison.diff.estimate == -0.5
    assert first.apart.estimate == pytest.approx(-0.5)
    assert first.p_value < 0.001


@pytest.mark.proves("B-DISCOVERED-SLICES")
def test_a_change_of_all_cases_alike_makes_no_slice_stand_out() -> None:
    draw = random.Random(1)
    after = [float(draw.random() < 0.9) for _ in range(300)]
    found = looked([0.2] * 300, after, varied(300))
    assert found is not None
    assert found.looked_for == 7
    assert found.stand_out == ()


@pytest.mark.proves("B-DISCOVERED-SLICES")
def test_the_slices_follow_from_the_inputs_and_from_nothing_else() -> None:
    cases = varied(100)
    other = [replace(case, expected={"answers": [case.id]}, tags={"a": case.id}) for case in cases]
    assert discover(cases) == discover(other)


def test_a_suite_can_switch_the_search_off_and_a_declared_slice_is_not_found_again() -> None:
    cases = [replace(case, inputs={"lang": ("en", "de")[at % 2]}) for at, case in enumerate(make_cases(40))]
    same = [1.0] * 40
    assert looked(same, same, cases, discover=False) is None
    found, declared = looked(same, same, cases), looked(same, same, cases, slices=("inputs.lang",))
    assert (found.looked_for, declared.looked_for) == (2, 0)  # type: ignore[union-attr]


def test_where_nothing_differs_hardly_any_search_finds_something() -> None:
    draw, searches, false = random.Random(8), 150, 0
    for _ in range(searches):
        before, after = ([float(draw.random() < 0.7) for _ in range(80)] for _ in range(2))
        found = looked(before, after, varied(80))
        false += bool(found and found.stand_out)
    assert false / searches <= 0.05 + 3 * (0.05 * 0.95 / searches) ** 0.5
