"""Reports on a judge: whose word a claim rests on, how far the judge agrees, which sample would decide."""

import io
import re
from dataclasses import fields, replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import jsonschema_rs
import pytest
from rich.console import Console
from tests.unit.arena.arena_labelled_sample import judged_with_labels, labelled_run
from tests.unit.arena.arena_sample import judged, sample_run

from genaiops.arena.model import Run
from genaiops.arena.report import RunReport, render_html, render_json, render_terminal
from genaiops.arena.report.junit import render_junit
from genaiops.arena.report.markdown import render_markdown
from genaiops.core import Verdict, encode, json_schema

AS_JUDGED = "helpful rises, as judged by local:qwen3-8b"
CORRECTED = "helpful rises, corrected by 240 labels of people"
ALONE = "+0.188 [+0.103, +0.272]"


def terminal(run: Run, verdict: Verdict) -> str:
    out = io.StringIO()
    Console(file=out, width=400).print(render_terminal(run, verdict, Path("evidence")))
    return out.getvalue()


def everywhere(count: int) -> dict[str, str]:
    """Return the reports of a run with `count` labelled cases, tags left out, in one line each."""
    run = labelled_run(count)
    verdict = judged_with_labels(run)[0]
    made = {
        "terminal": terminal(run, verdict),
        "page": re.sub(r"<[^>]+>", " ", render_html(run, verdict)),
        "comment": render_markdown(run, verdict),
        "junit": render_junit(run, verdict),
    }
    return {name: " ".join(text.split()) for name, text in made.items()}


@pytest.mark.proves("B-CLAIM-SHOWN")
def test_every_report_says_that_a_claim_is_as_judged_and_which_sample_would_decide_it() -> None:
    run = labelled_run(30)
    for name, text in everywhere(30).items():
        assert AS_JUDGED in text, name
        assert f"label 20 more cases: genaiops arena label {run.id} --sample 50" in text, name
        assert "0.765 [0.551, 0.916]" in text, name
        assert "Compared with 2 people on 60 answers" in text, name


@pytest.mark.proves("B-CLAIM-SHOWN")
def test_every_report_says_that_people_s_labels_decide_and_what_the_judge_shows_alone() -> None:
    for name, text in everywhere(60).items():
        assert CORRECTED in text, name
        assert ALONE in text, name
        assert "genaiops arena label" not in text, f"{name}: the slice has too few cases to label"


def test_a_judge_that_nobody_labelled_beside_is_named_and_asks_for_the_whole_sample() -> None:
    for name, text in everywhere(0).items():
        assert "Nobody has labelled an answer beside it." in text, name
        assert "label 50 more cases" in text, name


def test_a_suite_without_a_judge_shows_nothing_of_judges() -> None:
    run = sample_run()
    verdict = judged(run)[0]
    assert 'id="judges"' not in render_html(run, verdict)
    assert "Judge " not in terminal(run, verdict) + render_markdown(run, verdict) + render_junit(run, verdict)


@pytest.mark.proves("B-CLAIM-SHOWN")
def test_json_says_whose_word_a_claim_rests_on_and_fits_its_schema() -> None:
    run = labelled_run(60)
    verdict = judged_with_labels(run)[0]
    made = encode(render_json(run, verdict, Path("evidence")))
    jsonschema_rs.validate(json_schema(RunReport), made)
    assert {field.name for field in fields(Verdict)} <= set(made)
    corrected, alone = (claim["judged_by"] for claim in made["claims"])
    assert (corrected["labelled"], corrected["labels"]) == (60, 240)
    assert corrected["raw"]["estimate"] == 0.1875
    assert (alone["raw"], alone["model"]) == (None, "local:qwen3-8b")
    assert made["judges"][0]["kappa"]["cases"] == 120


def test_the_page_draws_each_number_of_agreement_between_nought_and_one() -> None:
    run = labelled_run(60)
    page = render_html(run, judged_with_labels(run)[0])
    section = page[page.index('id="judges"') : page.index('id="measures"')]
    assert section.count('<svg class="interval plain"') == 5
    assert section.count(">1</text>") == 5


def test_nothing_of_a_hostile_judge_acts_in_a_report() -> None:
    run = labelled_run(30)
    bad = "<script>x</script> `| ![x](https://evil.example) \x1b[31m"
    (one,) = run.suite.ruler.judges
    ruler = replace(run.suite.ruler, judges=(replace(one, model=bad),))
    run = replace(run, suite=replace(run.suite, ruler=ruler))
    verdict = judged_with_labels(run)[0]
    assert "<script>" not in render_html(run, verdict)
    assert "\x1b" not in terminal(run, verdict) + render_markdown(run, verdict)
    Xml.fromstring(render_junit(run, verdict))
