"""Anchors out of labelled answers: what a judge said of them now, to ask it again later. Pure."""

import json
from collections.abc import Sequence

from genaiops.arena.labels.agreement import Graded, graded_answers
from genaiops.arena.model import Judge, Label, Run
from genaiops.arena.said import answer_digest
from genaiops.core import Case, Json, Output, encode

MOST = 60


def anchor_lines(run: Run, judge: Judge, labels: Sequence[Label]) -> list[str]:
    """Return up to 60 anchor rows as JSON, sorted by the digest of the answer, each answer once.

    An answer counts that a person labelled and the judge gave a value; the row holds that value and the mean
    label. Answers with tool calls or turns are left out: a row has no place for them.
    """
    cases = {case.id: case for case in run.suite.cases}
    outputs = {(row.role, row.case): row.output for row in run.rows if row.repeat == 0}
    graded = [
        (outputs[one.role, one.case], one)
        for one in graded_answers(judge, run.scores, labels)
        if _fits(outputs[one.role, one.case])
    ]
    ordered = sorted(graded, key=lambda pair: answer_digest(pair[1].case, pair[0]))
    return [_line(cases[one.case], output, one) for output, one in ordered[:MOST]]


def _fits(output: Output) -> bool:
    return not output.tool_calls and not output.turns


def _line(case: Case, output: Output, graded: Graded) -> str:
    row: dict[str, Json] = {
        "inputs": case.inputs,
        "expected": case.expected,
        "output": {
            "text": output.text,
            "data": output.data,
            "abstained": output.abstained,
            "passages": encode(output.passages),
        },
        "value": graded.judge,
        "label": graded.human,
    }
    return json.dumps(row, ensure_ascii=False, sort_keys=True)
