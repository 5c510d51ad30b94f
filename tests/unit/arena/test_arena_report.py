import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema_rs
import pytest
from rich.console import Console
from tests.unit.arena.arena_sample import HOSTILE, RULER, judged, sample_run, sample_verdict

from genaiops.arena.model import ROLES
from genaiops.arena.report import (
    Provenance,
    RunReport,
    changed_cases,
    render_html,
    render_json,
    render_terminal,
)
from genaiops.arena.report.cases import tally, view_cases
from genaiops.arena.report.system import CONFIGURATION
from genaiops.arena.report.words import clip, dollars, number, scale
from genaiops.core import encode, json_schema

OUTCOMES = ("pass", "fail", "inconclusive")


def page(outcome="pass", run=None, **changes) -> str:
    """Return a page of the sample."""
    return render_html(run or sample_run(), sample_verdict(outcome, **changes))


def text_of(html: str) -> str:
    """Return what a reader sees of a page."""

    class Reader(HTMLParser):
        seen = ""
        hidden = False

        def handle_starttag(self, tag, attrs):
            self.hidden = self.hidden or tag == "style"

        def handle_endtag(self, tag):
            self.hidden = self.hidden and tag != "style"

        def handle_data(self, data):
            self.seen += "" if self.hidden else f"{data} "

    reader = Reader()
    reader.feed(html)
    return " ".join(reader.seen.split())


def many_cases(count: int):
    """Return a run of `count` cases, every one changed, every answer 10 kB of what escaping makes longer."""
    run = sample_run()
    first = run.suite.cases[0]
    cases = tuple(
        replace(first, id=f"{number:05d}<&>", inputs={"question": "<&\"'>" * 2_000})
        for number in range(count)
    )
    rows = tuple(
        replace(
            row,
            case=case.id,
            output=replace(row.output, text=f"<&\"'> {row.role}" * 1_000, status="ok", abstained=False),
        )
        for case in cases
        for row in run.rows[:2]
    )
    return replace(run, suite=replace(run.suite, cases=cases), rows=rows, scores=dict.fromkeys(ROLES, ()))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_verdict_comes_first_in_words(outcome):
    seen = text_of(page(outcome))
    word = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive"}[outcome]
    verdict = sample_verdict(outcome)
    assert seen.index(word) < seen.index(verdict.headline) < seen.index("What was claimed")


def test_the_policy_allows_the_page_s_own_style_and_nothing_else():
    html = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1].replace("&#39;", "'")
    css = re.search(r"<style>(.*)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_page_has_no_script_no_inline_style_and_fetches_nothing():
    class Walker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag not in ("script", "img", "link", "iframe", "object", "base", "form")
            for name, value in attrs:
                assert name != "style"
                assert not name.startswith("on")
                if name in ("href", "src"):
                    assert value.startswith("#")

    Walker().feed(page("inconclusive", gate_changed=True))


def test_hostile_answers_are_shown_as_text():
    html = page()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7*7 }}" in html
    for bad in ("\x1b", "\x00", "\x08", "\u202e", "\udcff"):
        assert bad not in html


def test_hostile_words_anywhere_else_are_text_too():
    run = sample_run(
        project=HOSTILE, id=HOSTILE, environment={HOSTILE: {HOSTILE: HOSTILE}}, warnings=(HOSTILE,)
    )
    arm = replace(run.arms["candidate"], rag={HOSTILE: HOSTILE}, source=replace(run.arms["candidate"].source))
    run = replace(run, arms={**run.arms, "candidate": arm})
    html = page(run=run, headline=HOSTILE, suite=HOSTILE, notes=(HOSTILE,))
    assert "<script" not in html
    assert "\x1b" not in html
    assert html.count("</style>") == 1


@pytest.mark.proves("A-PAGE")
def test_a_thousand_changed_cases_stay_under_two_megabytes():
    html = page(run=many_cases(1_000))
    assert len(html.encode()) < 2_000_000
    seen = text_of(html)
    assert "Of 1,000 cases, 0 got worse, 0 got better, 1,000 differ only in wording" in seen
    assert "more changed cases, in short" in seen


def test_unchanged_cases_are_counted_and_not_listed():
    run = sample_run()
    html = page(run=run)
    same = [view for view in view_cases(run, sample_verdict()) if not view.changed]
    assert f"{len(same)} did not change" in text_of(html)
    assert all(f'<span class="mono">{view.case.id}</span>' not in html for view in same)


def test_what_got_worse_comes_before_what_got_better():
    views = view_cases(sample_run(), judged(sample_run())[0])
    harm = [view.harm for view in views if view.changed]
    groups = [0 if one > 0 else 1 if one < 0 else 2 for one in harm]
    assert groups == sorted(groups)
    assert harm[0] > 0


def test_correct_abstained_and_wrong_agree_with_the_scorer_of_wrong_answers():
    run = sample_run()
    for role, found in tally(run).items():
        wrong = sum(s.value or 0 for s in run.scores[role] if s.scorer == "wrong_answers")
        assert found.counts["wrong"] == wrong
        assert found.total == 40
    assert tally(run)["baseline"].failures == 1


def test_a_suite_that_does_not_say_what_is_correct_has_no_bars():
    run = sample_run()
    run = replace(run, suite=replace(run.suite, ruler=replace(RULER, correct=None)))
    assert tally(run) is None
    html = render_html(run, sample_verdict(cost_per_correct=None, comparisons=()))
    assert "How the answers ended" not in html
    assert "not measured" in html


def test_the_configuration_names_every_row_of_a_full_report_and_what_was_not_measured():
    seen = text_of(page())
    for _, rows in CONFIGURATION:
        assert all(label in seen for label, _ in rows)
    assert "contamination check not measured not measured" in seen
    assert "mode dense hybrid" in seen
    assert "faithfulness not measured not measured" in seen


def test_flat_and_unknown_configuration_keys_are_shown():
    run = sample_run()
    arm = replace(run.arms["candidate"], rag={"search.mode": "lexical", "guard": {"level": "strict"}})
    seen = text_of(page(run=replace(run, arms={**run.arms, "candidate": arm})))
    assert "mode dense lexical" in seen
    assert "Also stated guard.level not measured strict" in seen


def test_evidence_is_named_with_key_digests_and_the_command_that_recomputes_it():
    source = Provenance(key_id="9f" * 32, digests={"scores.jsonl": "sha256:" + "1" * 64}, folder="evidence/x")
    seen = text_of(render_html(sample_run(), sample_verdict(), provenance=source))
    assert "genaiops arena verify evidence/x" in seen
    assert "9f" * 16 in seen
    assert "sha256:" + "1" * 64 in seen
    assert "base: the suite stands in the history" in seen


def test_a_changed_gate_is_said_and_the_other_suite_s_verdict_shown():
    other = sample_verdict("fail")
    html = render_html(sample_run(), sample_verdict(gate_changed=True), other_verdict=other)
    assert "The gate itself changed" in html
    assert "By the candidate’s own suite" in html
    assert other.headline in text_of(html)


def test_an_open_claim_says_what_would_settle_it():
    assert "64 independent clusters (41–118); this suite has 30; 34 more" in text_of(page("inconclusive"))


def test_the_real_verdict_of_the_sample_renders_with_undecidable_slices_folded():
    run = sample_run()
    verdict, _ = judged(run)
    html = render_html(run, verdict)
    assert "(too few clusters)" in html
    assert "more slices, those too small to decide on among them" in text_of(html)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_terminal_s_table_fits_80_columns_without_colour(outcome, tmp_path):
    out = io.StringIO()
    console = Console(file=out, width=80, no_color=True, markup=False, highlight=False)
    console.print(render_terminal(sample_run(), sample_verdict(outcome), tmp_path / "evidence" / "3f9a"))
    text = out.getvalue()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    flat = " ".join(text.split())
    assert {"pass": "✓ PASS", "fail": "✗ FAIL", "inconclusive": "? INCONCLUSIVE"}[outcome] in flat
    assert "−0.275 [−0.393, −0.157]" in flat
    assert "≤ −0.050" in flat
    assert "$0.0134 → $0.0103" in flat
    assert "genaiops arena verify" in flat
    assert ("64 independent clusters" in flat) == (outcome == "inconclusive")


def test_the_terminal_shows_hostile_text_harmless(tmp_path):
    out = io.StringIO()
    run = sample_run(project=HOSTILE, warnings=(HOSTILE,))
    console = Console(file=out, width=80, force_terminal=False, markup=False)
    console.print(render_terminal(run, sample_verdict(headline=HOSTILE), tmp_path))
    console.print(changed_cases(run, sample_verdict())[1])
    assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e]", out.getvalue())


def test_changed_cases_are_values_and_all_cases_are_there_on_request():
    run, verdict = sample_run(), judged(sample_run())[0]
    changed, _ = changed_cases(run, verdict)
    everything, _ = changed_cases(run, verdict, everything=True)
    assert 0 < len(changed) < len(everything) == 40
    assert changed[0].change == "correct → wrong"
    assert everything[-1].change == "unchanged"


def test_the_json_of_a_run_is_the_verdict_and_what_is_not_a_function_of_it(tmp_path):
    run = sample_run()
    verdict, _ = judged(run)
    value = encode(render_json(run, verdict, tmp_path))
    assert value.items() >= encode(verdict).items()
    jsonschema_rs.validate(json_schema(RunReport), value)
    assert value["model_calls"] == 40
    assert value["reused"] == {"outputs": 40, "oldest": "2026-11-22T09:12:44Z"}
    assert value["time"]["seconds"] == 81.0
    assert value["attempts"] == 2
    assert value["signature"] == {"key_id": None}
    assert value["report"] == str(Path(tmp_path) / "report.html")


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "", "–"),
        (0.0, "ms", "0"),
        (0.1234567, "", "0.123"),
        (-0.05, "share", "−0.050"),
        (1234.5, "ms", "1,234 ms"),
        (-7.5, "ms", "−7.5 ms"),
        (0.00001234, "USD", "$0.0000123"),
        (-2.5, "USD", "−$2.50"),
    ],
)
def test_numbers_are_shown_with_units_and_true_minus_signs(value, unit, shown):
    assert number(value, unit) == shown


def test_small_amounts_are_shown_for_a_thousand_or_a_million():
    assert scale((0.5, 0.2)) == (1, "")
    assert scale((1.3e-5, 1.1e-5)) == (1_000, "per 1,000")
    assert scale((1.3e-7, None)) == (1_000_000, "per million")
    assert dollars(0) == "$0"


def test_long_texts_are_cut_and_say_how_much_is_left_out():
    assert clip("a" * 10_000, 100).startswith("a" * 100 + " … (9,900 more")
    assert clip("short", 100) == "short"
    assert clip("\u200bzero\u2060 width", 100) == "zero width"
