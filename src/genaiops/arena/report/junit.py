"""A verdict as JUnit XML: one test case a claim and a rule, and one for the verdict itself.

Proven or true passes; refuted or false is a failure. What is open is skipped, unless the person said that an
inconclusive verdict fails. The last case is the verdict: a changed gate or a missing lock decides nothing
about any claim, and must not be green all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from genaiops.arena.model import ROLES, Run
from genaiops.arena.report import intervals, judges, sections
from genaiops.arena.report.inert import xml_text
from genaiops.arena.report.machine import elapsed
from genaiops.arena.report.words import OUTCOMES
from genaiops.core import Verdict

Ending = Literal["passed", "failed", "open"]
_CLAIMS: dict[str, Ending] = {"proven": "passed", "refuted": "open", "open": "open"}
_RULES: dict[str, Ending] = {"true": "passed", "false": "failed", "inconclusive": "open"}
_VERDICTS: dict[str, Ending] = {"pass": "passed", "fail": "failed", "inconclusive": "open"}


@dataclass(frozen=True, slots=True)
class _Test:
    name: str
    ending: Ending
    said: str


def render_junit(run: Run, verdict: Verdict, *, inconclusive: Literal["pass", "fail"] | None = None) -> str:
    """Return the document; `inconclusive`: what is open is a failure where it says `fail`."""
    tests = list(_tests(verdict))
    strict = inconclusive == "fail"
    failed = sum(test.ending == "failed" or (test.ending == "open" and strict) for test in tests)
    counts = {
        "tests": str(len(tests)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(0 if strict else sum(test.ending == "open" for test in tests)),
        "time": f"{elapsed(run):.0f}",
    }
    root = Xml.Element("testsuites", {"name": "genaiops arena", **counts})
    suite = Xml.SubElement(
        root,
        "testsuite",
        {"name": xml_text(verdict.suite, 80), "timestamp": xml_text(run.finished_at, 40), **counts},
    )
    properties = Xml.SubElement(suite, "properties")
    for name, value in _facts(run, verdict):
        Xml.SubElement(properties, "property", {"name": xml_text(name, 80), "value": xml_text(value, 600)})
    place = xml_text(f"{run.project}.{verdict.suite}", 160)
    for test in tests:
        case = Xml.SubElement(
            suite, "testcase", {"classname": place, "name": xml_text(test.name, 300), "time": "0"}
        )
        _end(case, test, strict=strict)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _tests(verdict: Verdict) -> Iterator[_Test]:
    for result, view in zip(verdict.claims, intervals.claims(verdict), strict=True):
        ending: Ending = "failed" if result.refuted_after_holm else _CLAIMS[result.decision]
        said = "; ".join([f"{view.decision}: {view.numbers}, {view.size}", *view.notes])
        yield _Test(f"claim: {view.text}", ending, said)
    for result, view in zip(verdict.rules, sections.rules(verdict), strict=True):
        yield _Test(f"rule: {view.text}", _RULES[result.outcome], f"{view.word} ({view.facts})")
    word, meaning = OUTCOMES[verdict.outcome]
    yield _Test("verdict", _VERDICTS[verdict.outcome], f"{word}: {meaning}. {verdict.headline}")


def _end(case: Xml.Element, test: _Test, *, strict: bool) -> None:
    said = xml_text(test.said)
    if test.ending == "failed" or (test.ending == "open" and strict):
        kind = "refuted" if test.ending == "failed" else "inconclusive"
        Xml.SubElement(case, "failure", {"type": kind, "message": said}).text = said
    elif test.ending == "open":
        Xml.SubElement(case, "skipped", {"message": said})
    else:
        Xml.SubElement(case, "system-out").text = said


def _facts(run: Run, verdict: Verdict) -> Iterator[tuple[str, str]]:
    yield "outcome", verdict.outcome
    yield "evidence", run.id
    yield "suite", run.suite.digest
    for role in ROLES:
        yield role, f"{sections.arm_name(run.arms[role])} {run.arms[role].digest}"
    for view, line in zip(judges.judges(run, verdict), judges.judge_lines(run, verdict), strict=True):
        yield f"judge {view.name}", line
