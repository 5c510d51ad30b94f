"""Both arms' answers side by side: words, passages and steps that differ, in the page and the terminal."""

import io
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from tests.unit.arena.arena_sample import HOSTILE, interval, judged, sample_run, sample_verdict
from tests.unit.arena.test_arena_report import text_of

from genaiops.arena.model import ROLES, Role, Row, Run
from genaiops.arena.report import changed_cases, render_html, render_terminal
from genaiops.arena.report.cases import view_cases
from genaiops.arena.report.diffs import Piece, found_apart, mark_words, steps_of
from genaiops.arena.report.sections import case_card
from genaiops.core import (
    Changes,
    Discovered,
    DiscoveredSlice,
    Flakiness,
    Output,
    Passage,
    Quarantine,
    Quarantined,
    Span,
    Steadiness,
    Trace,
    Usage,
)

MANY_SHORT_WORDS = st.text(alphabet="ab \n", max_size=80)


def passages(*names: str) -> tuple[Passage, ...]:
    return tuple(Passage(id=name, text=name, document=f"{name}.md", title=name.title()) for name in names)


def trace(*names: str) -> Trace:
    spans = [
        Span(trace_id="t", span_id=str(at), name=name, operation="chat", start_ns=0, end_ns=1)
        for at, name in enumerate(names)
    ]
    return Trace(id="t", spans=tuple(spans))


def row(role: Role, **output: Any) -> Row:
    return Row(role=role, case="q", repeat=0, output=Output(**output), at="2026-11-25T00:00:00Z")


@pytest.mark.proves("B-CASE-DIFF")
def test_words_that_the_other_answer_has_not_are_marked() -> None:
    before, after = mark_words("The tower is 12 metres high.", "The old tower is 14 metres high.")
    assert before == (Piece("The tower is "), Piece("12 ", differs=True), Piece("metres high."))
    assert [piece.text for piece in after if piece.differs] == ["old ", "14 "]


def test_answers_with_little_in_common_are_not_marked() -> None:
    assert mark_words("In 1952.", "Nobody at the council knows of any such thing.") == (
        (Piece("In 1952."),),
        (Piece("Nobody at the council knows of any such thing."),),
    )


@given(MANY_SHORT_WORDS, MANY_SHORT_WORDS)
@settings(max_examples=150, deadline=None)
def test_the_pieces_of_an_answer_are_the_answer(before: str, after: str) -> None:
    for text, pieces in zip((before, after), mark_words(before, after), strict=True):
        assert "".join(piece.text for piece in pieces) == text


def test_very_many_words_are_not_compared() -> None:
    draw = random.Random(1)
    texts = [" ".join(draw.choices("abc", k=5_000)) for _ in range(2)]
    assert mark_words(texts[0], texts[1]) == ((Piece(texts[0]),), (Piece(texts[1]),))


@pytest.mark.proves("B-CASE-DIFF")
def test_passages_of_one_arm_alone_and_passages_that_moved_are_found() -> None:
    mine, theirs = passages("a", "b", "c"), passages("a", "c", "d")
    assert [(one.passage.id, one.rank, one.other_rank) for one in found_apart(mine, theirs)] == [
        ("b", 2, None),
        ("c", 3, 2),
    ]
    assert found_apart(mine, mine) == []


@pytest.mark.proves("B-CASE-DIFF")
def test_steps_say_calls_tokens_cost_time_and_the_spans_of_one_arm_alone() -> None:
    usage = Usage(input_tokens=300, output_tokens=12, calls=2)
    rows: dict[Role, Row | None] = {
        "baseline": row("baseline", latency_ns=5_000_000),
        "candidate": row("candidate", usage=usage, cost_nanousd=700, latency_ns=9_000_000),
    }
    traces: dict[Role, Trace | None] = {
        "baseline": trace("chat"),
        "candidate": trace("chat", "chat", "rewrite"),
    }
    found = steps_of(rows, traces)
    assert found["candidate"] is not None
    assert (found["candidate"].calls, found["candidate"].input_tokens, found["candidate"].spans) == (
        2,
        300,
        3,
    )
    assert found["candidate"].only_here == (("chat", 1), ("chat rewrite", 1))
    assert found["baseline"] is not None
    assert found["baseline"].only_here == ()
    assert steps_of({**rows, "baseline": None}, traces)["baseline"] is None


def differing() -> Run:
    """The sample, where the first case's arms differ in words, passages and steps."""
    run = sample_run()
    told = {
        "baseline": "It was founded in France in 911.",
        "candidate": "It was founded in <b>Rome</b> in 911.",
    }
    found = {"baseline": passages("a", "b"), "candidate": (*passages("b", "c"),)}
    rows = tuple(
        replace(one, output=replace(one.output, text=told[one.role], passages=found[one.role], citations=()))
        if one.case == "q01"
        else one
        for one in run.rows
    )
    (candidate,) = [one for one in rows if (one.role, one.case) == ("candidate", "q01")]
    extra = replace(trace(f"rerank {HOSTILE}"), id=candidate.output.trace_id)
    traces = [extra if one.id == extra.id else one for one in run.traces]
    return replace(run, rows=rows, traces=tuple(traces))


@pytest.mark.proves("B-CASE-DIFF")
def test_a_card_shows_the_words_the_passages_and_the_steps_that_differ() -> None:
    run = differing()
    (view,) = [view for view in view_cases(run, judged(run)[0]) if view.case.id == "q01"]
    before, after = case_card(view).sides
    assert [piece.text.strip() for piece in before.pieces if piece.differs] == ["France"]
    assert before.apart == ("A (rank 1, only here)",)
    assert after.apart == ("B (rank 1, was 2)", "C (rank 2, only here)")
    assert after.steps == "1 model call · 311 + 14 tokens · $0.00000812 · 1,063 ms · 1 span"
    assert after.only.startswith("chat rerank red")


@pytest.mark.proves("B-CASE-DIFF")
def test_the_page_marks_the_words_and_hostile_names_stay_text() -> None:
    run = differing()
    html = render_html(run, judged(run)[0])
    assert "<mark>&lt;b&gt;Rome&lt;/b&gt; </mark>" in html
    assert "<mark>France </mark>" in html
    assert "only here: chat rerank red" in text_of(html)
    assert "<script" not in html
    assert "\x1b" not in html


def test_of_repeats_the_first_that_ended_as_most_did_is_shown() -> None:
    run = sample_run()
    (first,) = [one for one in run.rows if (one.role, one.case) == ("candidate", "q01")]
    more = [
        replace(first, repeat=repeat, output=replace(first.output, text="Wrong", trace_id="f" * 32))
        for repeat in (1, 2)
    ]
    ruler = replace(run.suite.ruler, repeats=3)
    scores = [one for one in run.scores["candidate"] if one.case == "q01" and one.scorer == "answer_f1"]
    wrong = [replace(scores[0], repeat=repeat, value=0.0) for repeat in (1, 2)]
    run = replace(
        run,
        suite=replace(run.suite, ruler=ruler),
        rows=(*run.rows, *more),
        scores={**run.scores, "candidate": (*run.scores["candidate"], *wrong)},
    )
    (view,) = [view for view in view_cases(run, sample_verdict()) if view.case.id == "q01"]
    assert view.fates == {"baseline": "correct", "candidate": "wrong"}
    assert view.rows["candidate"] == more[0]


def told() -> dict[str, object]:
    """What a verdict can say beside its claims, hostile where it may be."""
    comparison = sample_verdict().slices[0]
    arm = Steadiness(
        stable_pass=20,
        stable_fail=8,
        flaky=11,
        unknown=1,
        pass_k=tuple(interval(one, 0.1) for one in (0.71, 0.6, 0.5)),
        flaky_cases=(HOSTILE, "q07"),
    )
    entry = Quarantined(case=HOSTILE, owner=HOSTILE, reason=HOSTILE, expires="2026-12-31")
    return {
        "changes": Changes(by="answer_f1 ≥ 0.5", cases=40, broke=3, mended=9, diff=comparison.diff),
        "discovered": Discovered(
            looked_for=9,
            stand_out=(
                DiscoveredSlice(
                    comparison=replace(comparison, slice=f"question: {HOSTILE}"),
                    apart=comparison.diff,
                    p_value=0.001,
                ),
            ),
        ),
        "flakiness": Flakiness(
            by="answer_f1 ≥ 0.5", repeats=3, baseline=arm, candidate=arm, pass_diff=interval(0.04, 0.1)
        ),
        "quarantine": Quarantine(
            on="2026-11-25",
            left_out=(entry,),
            expired=(entry,),
            not_flaky=(entry,),
            outcome_left_out="pass",
            outcome_with_all="fail",
        ),
        "slices": (
            replace(comparison, p_value=0.0001, stands_out=True),
            replace(comparison, stands_out=False),
        ),
    }


@pytest.mark.proves("B-FLAKY", "B-SLICES", "B-DISCOVERED-SLICES", "B-QUARANTINE")
def test_page_and_terminal_say_what_is_flaky_set_aside_broken_and_outstanding(tmp_path: Any) -> None:
    verdict = sample_verdict(**told())
    html = render_html(sample_run(), verdict)
    out = io.StringIO()
    console = Console(file=out, width=80, no_color=True, markup=False, highlight=False)
    console.print(render_terminal(sample_run(), verdict, tmp_path))
    terminal = " ".join(out.getvalue().split())
    for seen in (text_of(html), terminal):
        assert "3 broke and 9 were mended of 40 cases" in seen
        assert "1 of 2 slice comparisons stands out (Benjamini–Hochberg at 5 %)" in seen
        assert "Of 9 slices looked for in the inputs, 1 stands out" in seen
        assert "pass^3" in seen
        assert "In quarantine, left out on both arms" in seen
    assert max(len(line) for line in out.getvalue().splitlines()) <= 80
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\x1b" not in out.getvalue()


def test_where_no_discovered_slice_stands_out_one_line_says_so() -> None:
    html = render_html(sample_run(), sample_verdict(discovered=Discovered(looked_for=9)))
    assert "Of 9 slices looked for in the inputs, none stands out." in text_of(html)
    assert "Slice, found in the inputs" not in html


@pytest.mark.proves("B-CASE-DIFF")
def test_a_thousand_cases_that_differ_in_everything_stay_under_two_megabytes() -> None:
    run = sample_run()
    first = run.suite.cases[0]
    cases = tuple(replace(first, id=f"{number:05d}") for number in range(1_000))
    found = {role: passages(*(f"<&'>{role}{at}" * 9 for at in range(30))) for role in ROLES}
    words = {role: " ".join(f"<&{at}>{role if at % 2 else ''}" for at in range(300)) for role in ROLES}
    rows = tuple(
        replace(
            one,
            case=case.id,
            output=replace(
                one.output,
                text=words[one.role],
                passages=found[one.role],
                citations=(),
                status="ok",
                abstained=False,
            ),
        )
        for case in cases
        for one in run.rows[:2]
    )
    big = replace(run, suite=replace(run.suite, cases=cases), rows=rows, scores=dict.fromkeys(ROLES, ()))
    assert len(render_html(big, sample_verdict(**told())).encode()) < 2_000_000


@pytest.mark.proves("B-CASE-DIFF")
def test_arena_cases_gives_passages_and_steps_by_arm() -> None:
    run = differing()
    rows, table = changed_cases(run, judged(run)[0])
    (one,) = [one for one in rows if one.case == "q01"]
    assert one.passages["candidate"] == ("B (rank 1, was 2)", "C (rank 2, only here)")
    assert one.steps["baseline"].startswith("1 model call · 311 + 14 tokens")
    out = io.StringIO()
    Console(file=out, width=120, force_terminal=False, markup=False).print(table)
    assert "only here" in out.getvalue()
