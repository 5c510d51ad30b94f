"""Labelled rows, and what is counted of a guard on them."""

import json
from typing import Any

import pytest

from genaiops.core import Digest, UserError, Where
from genaiops.guard import LabelledRow, Told, ask_all, measured, parse_guard, read_labelled
from genaiops.guard.rows import Row

NOWHERE = Digest("sha256:" + "0" * 64)
STOPS_RIVALS = "detectors: {topics: {words: {rivals: [acme]}}}\nrules: [{find: [topic.rivals], do: block}]\n"


def row(name: str, *, attack: bool, surface: Any = "input", text: str = "x", **facts: str) -> LabelledRow:
    return LabelledRow(
        row=Row(name, text, Where(surface=surface)),
        attack=attack,
        category=facts.get("category", "a" if attack else "b"),
        source=facts.get("source", ""),
        cluster=facts.get("cluster", name),
    )


def scored(*scores: float) -> list[Told]:
    return [Told("block" if score >= 0.5 else "allow", score) for score in scores]


@pytest.mark.proves("E-GUARD-BENCH")
def test_rows_without_a_label_or_with_an_id_that_stands_twice_are_said_and_left_out() -> None:
    lines = [
        *({"id": "1", "text": "x", "label": "attack", "category": "direct", "source": "s"},),
        *({"id": "1", "text": "y", "label": "benign"}, {"id": "2", "text": "y", "label": "maybe"}),
        *({"id": "3", "text": "z", "label": "benign", "surface": "retrieved_content", "source": "t"},),
    ]
    raw = [json.dumps(one).encode() for one in lines]
    found = read_labelled([*raw, b"", b"{secret"], "rows.jsonl", cluster="source")
    assert [(one.row.id, one.category, one.cluster) for one in found.rows] == [
        ("1", "direct", "s"),
        ("3", "benign", "t"),
    ]
    assert found.rows[1].row.where.surface == "passage"
    assert [number for number, _ in found.left_out] == [2, 3, 6]
    assert "secret" not in str(found.left_out)
    with pytest.raises(UserError, match="family: it is missing"):
        read_labelled(raw, "rows.jsonl", cluster="family")


def test_a_file_without_a_row_that_can_be_measured_is_refused() -> None:
    for lines in ([], [b"{}"]):
        with pytest.raises(UserError) as caught:
            read_labelled(lines, "rows.jsonl")
        assert caught.value.code == "GAO-GUARD-052"


@pytest.mark.proves("E-GUARD-BENCH")
def test_recall_is_told_as_the_policy_stops_and_at_a_fixed_rate_of_false_positives() -> None:
    rows = [row(f"b{at}", attack=False) for at in range(100)]
    rows += [row(f"a{at}", attack=True, source="s" if at < 5 else "t") for at in range(10)]
    harmless = [0.0] * 96 + [0.3, 0.4, 0.6, 0.7]
    told = scored(*harmless, *[0.35] * 5, *[0.65] * 5)
    known = measured("g", NOWHERE, rows, told, 0.02)
    assert known.thresholds[0].above == 0.4
    assert known.thresholds[0].false_positives.rate == 0.02
    groups = {(one.category, one.source): one for one in known.groups}
    assert groups["a", None].stopped.rate == 0.5
    assert groups["a", None].at_fixed_rate.rate == 0.5  # pyright: ignore
    assert groups["a", "s"].at_fixed_rate.rate == 0.0  # pyright: ignore
    assert not groups["a", "s"].stopped.decidable
    assert groups["b", None].stopped.rate == 0.02
    low, high = groups["a", None].stopped.low, groups["a", None].stopped.high
    assert 0.15 < low < 0.5 < high < 0.85
    at_none = measured("g", NOWHERE, rows, told, 0.0)
    assert at_none.thresholds[0].false_positives.rate == 0.0


def test_each_surface_has_its_own_threshold_and_one_without_harmless_rows_has_none() -> None:
    rows = [
        *(row("1", attack=False, surface="passage"), row("2", attack=True, surface="passage")),
        *(row("3", attack=True, category="c"), row("4", attack=True, surface="passage")),
    ]
    known = measured("g", NOWHERE, rows, scored(0.2, 0.3, 0.9, 0.1), 0.02)
    groups = {one.category: one for one in known.groups}
    assert groups["a"].at_fixed_rate.rate == 0.5  # pyright: ignore
    assert groups["c"].at_fixed_rate is None
    assert known.latency == ()


@pytest.mark.proves("E-GUARD-BENCH")
def test_every_guard_is_asked_of_every_row_and_a_text_is_timed_once() -> None:
    guards = [parse_guard(STOPS_RIVALS, "g"), parse_guard(STOPS_RIVALS.replace("acme", "other"), "h")]
    texts = ("like acme", "like acme", "hello " * 30)
    rows = [row(str(at), attack=True, text=text) for at, text in enumerate(texts)]
    seen: list[int] = []
    told = ask_all(guards, rows, lambda: seen.append(1))
    assert len(seen) == 3
    assert [[one.stopped for one in each] for each in told] == [[True, True, False], [False] * 3]
    assert [one.wall_ms is not None for one in told[0]] == [True, False, True]
    bands = measured("g", NOWHERE, rows, told[0], 0.02).latency
    assert [(band.tokens_up_to, band.rows) for band in bands] == [(32, 1), (128, 1)]
    assert all(0 < band.cpu_p50 <= band.cpu_p95 for band in bands)
