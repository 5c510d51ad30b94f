"""Data are scored field by field: what a field is, how it compares, and what the reason says."""

import asyncio
from typing import Any

import pytest

from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.core import Case, Digest, Output, Score, Trace, UserError

TRACE = Trace(id="0" * 32)
PLACE = {"name": "The Eagle", "food": "English", "area": "riverside", "rating": 5}


def scores(expected: dict[str, Any], output: Output, **parameters: Any) -> dict[str, Score]:
    """Return precision, recall and F1 of an output by the last part of their names."""
    uses = tuple(
        ScorerUse(name=f"field_{kind}", parameters=parameters) for kind in ("f1", "precision", "recall")
    )
    ruler = Ruler(name="x", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)
    case = Case(id="c", inputs={}, expected=expected, cluster="c")
    found = asyncio.run(score_output(build_scorers(ruler), case, 0, output, TRACE))
    return {one.scorer.removeprefix("field_"): one for one in found}


def f1(said: Any, meant: Any, **parameters: Any) -> float | None:
    return scores({"data": meant}, Output(data=said), **parameters)["f1"].value


@pytest.mark.proves("B-SCORER-FIELDS")
def test_a_wrong_field_counts_twice_a_missing_one_against_recall_an_extra_one_against_precision() -> None:
    said = {"name": "The Eagle", "food": "Thai", "rating": 5, "near": "the river"}
    got = scores({"data": PLACE}, Output(data=said))
    assert {kind: one.value for kind, one in got.items()} == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert got["f1"].reason == "differ: food; missing: area; not expected: near"
    assert scores({"data": PLACE}, Output(data={"name": "The Eagle"}))["precision"].value == 1.0
    assert scores({"data": PLACE}, Output(data={"name": "The Eagle"}))["recall"].value == 0.25


def test_what_is_right_is_one_and_says_nothing() -> None:
    for output in (
        Output(data=PLACE),
        Output(
            text='{"food": "English", "area": "riverside", "rating": 5.0,'
            ' "name": "The Eagle", "near": null, "tags": []}'
        ),
    ):
        for one in scores({"data": PLACE}, output).values():
            assert (one.value, one.reason) == (1.0, None)


@pytest.mark.parametrize(
    ("said", "meant", "value"),
    [
        (1.0, 1, 1.0),
        ("1", 1, 0.0),
        (True, 1, 0.0),
        (False, 0, 0.0),
        (2**60 + 1, 2**60, 0.0),
        ("a", "A", 0.0),
        ([1], {"0": 1}, 0.0),
        ({"a": {"b": 1}}, {"a": "b"}, 0.0),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, 0.5),
        ([1, 2, 3], [3, 2, 1], 1 / 3),
        ({}, {"a": None}, 1.0),
        ({"a": 1}, {}, 0.0),
        ([[]], {"a": {}}, 1.0),
    ],
)
def test_a_field_is_equal_in_value_type_and_place(said: Any, meant: Any, value: float) -> None:
    assert f1(said, meant) == pytest.approx(value)


@pytest.mark.parametrize(
    ("how", "said", "meant", "right"),
    [
        ("normalised", "the eagle.", "Eagle", True),
        ("normalised", "东京", "东京", True),
        ("normalised", "!", "?", False),
        ("normalised", 1, "1", False),
        ("normalised", True, True, True),
        ("exact", "Eagle ", "Eagle", False),
        ("ignore", "x", "y", True),
        ({"absolute": 0.5}, 10.5, 10, True),
        ({"absolute": 0.5}, 10.51, 10, False),
        ({"absolute": 0.1}, 1.1, 1.0, True),
        ({"relative": 1e300}, 1e300, 1e10, True),
        ({"absolute": 0.5}, "10", 10, False),
        ({"absolute": 1}, True, 1, False),
        ({"relative": 0.1}, 90, 100, True),
        ({"relative": 0.1}, -90, -100, True),
        ({"relative": 0.1}, 89, 100, False),
        ({"relative": 0.1}, 0, 0, True),
    ],
)
def test_a_field_may_be_normalised_within_a_tolerance_or_left_out(
    how: Any, said: Any, meant: Any, right: bool
) -> None:
    assert f1({"a": said}, {"a": meant}, fields={"a": how}) == float(right)


def test_a_rule_holds_for_all_below_its_path_and_the_longest_path_counts() -> None:
    meant = {"items": [{"price": 10, "note": "x"}, {"price": 20, "note": "y"}], "id": 7}
    said = {"items": [{"price": 10.4, "note": "?"}, {"price": 20.4, "note": "Y."}], "id": 8}
    rules = {
        "items": {"absolute": 0.5},
        "items.*.note": "ignore",
        "items.1.note": "normalised",
        "id": "ignore",
    }
    got = scores({"data": meant}, Output(data=said), fields=rules)["f1"]
    assert (got.value, got.reason) == (1.0, None)
    assert f1({"a": {"b": "X"}}, {"a": {"b": "x"}}, match="normalised", fields={"a": "exact"}) == 0.0


def test_items_of_a_list_in_any_order_are_right_whole_or_not() -> None:
    rules = {"tags": "any_order", "lines": "any_order", "lines.*.price": {"absolute": 1}}
    meant = {"tags": ["a", "b", "b"], "lines": [{"sku": 1, "price": 10}, {"sku": 2, "price": 20}]}
    said = {"tags": ["b", "a", "c"], "lines": [{"sku": 2, "price": 21}, {"sku": 1, "price": 12}]}
    got = scores({"data": meant}, Output(data=said), fields=rules)
    assert got["f1"].value == pytest.approx(3 / 5)
    assert got["f1"].reason == "differ: tags, lines"
    assert f1({"tags": []}, {"tags": ["a"]}, fields=rules) == 0.0


def test_an_item_that_several_would_fit_is_given_where_most_are_right() -> None:
    rules = {"lines": "any_order", "lines.*": {"absolute": 1}}
    assert f1({"lines": [2, 1, 3]}, {"lines": [1, 2, 4]}, fields=rules) == 1.0


@pytest.mark.proves("B-BAD-DATA")
@pytest.mark.parametrize(
    "text",
    ["", "not JSON", '{"name": NaN}', '{"total": Infinity}', 'Sure: {"name": "The Eagle"}', "[" * 100_000],
)
def test_an_answer_that_is_no_json_is_wrong_and_the_reason_says_so(text: str) -> None:
    for one in scores({"data": PLACE}, Output(text=text)).values():
        assert (one.value, one.status) == (0.0, "ok")
        assert (one.reason or "").startswith("not JSON")


@pytest.mark.proves("B-BAD-DATA")
@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
@pytest.mark.parametrize("kind", ["absolute", "relative"])
def test_a_number_beyond_all_bounds_is_near_to_nothing(number: str, kind: str) -> None:
    got = scores({"data": {"a": 1e10}}, Output(text=f'{{"a": {number}}}'), fields={"a": {kind: 1e300}})
    assert (got["f1"].value, got["f1"].status) == (0.0, "ok")


def test_data_of_any_depth_are_read() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    got = scores({"data": {"a": 1}}, Output(data=deep))["f1"]
    assert (got.value, got.status) == (0.0, "ok")


def test_a_case_that_expects_no_data_is_not_applicable_whatever_was_said() -> None:
    for expected in {}, {"data": None}:
        for output in Output(data=PLACE), Output(status="app_error"):
            assert {one.status for one in scores(expected, output).values()} == {"not_applicable"}
    assert scores({"data": {}}, Output(data={}))["recall"].status == "not_applicable"
    assert scores({"data": {}}, Output(data={}))["precision"].value == 1.0


def test_abstaining_is_right_only_where_there_is_no_answer() -> None:
    assert scores({"data": PLACE}, Output(abstained=True))["f1"].value == 0.0
    assert scores({"answerable": False}, Output(abstained=True))["f1"].value == 1.0
    assert scores({"answerable": False}, Output(data=PLACE))["f1"].value == 0.0


@pytest.mark.proves("B-BAD-MODE")
@pytest.mark.parametrize(
    "parameters",
    [
        {"match": "fuzzy"},
        {"match": None},
        {"fields": ["a"]},
        {"fields": {"a": "near"}},
        {"fields": {"a": 0.5}},
        {"fields": {"a": None}},
        {"fields": {"a": {"absolute": -1}}},
        {"fields": {"a": {"absolute": True}}},
        {"fields": {"a": {"absolute": float("nan")}}},
        {"fields": {"a": {"absolute": float("inf")}}},
        {"fields": {"a": {"absolute": 1, "relative": 1}}},
        {"fields": {"a": {"percent": 1}}},
        {"tolerance": 0.1},
    ],
)
def test_a_rule_that_is_none_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        scores({"data": PLACE}, Output(data=PLACE), **parameters)
    assert caught.value.code == "GAO-ARENA-123"
