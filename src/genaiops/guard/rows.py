"""Rows of a file to be checked: what one says, and what is said of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from genaiops.core import Finding, OutsideError, Surface, UserError, Where
from genaiops.guard.model import Action, Failed, GuardResult, Refusal
from genaiops.guard.policy import NOBODY_KNOWN, Asker

LONGEST_ROW = 16 * 1024 * 1024
SURFACE_OF: Mapping[str, Surface] = {
    "input": "input",
    "history": "history",
    "passage": "passage",
    "tool_call": "tool_call",
    "tool_result": "tool_result",
    "output": "output",
    # what published sets of attacks call them
    "user_prompt": "input",
    "passages": "passage",
    "retrieved_content": "passage",
    "tool_output": "tool_result",
}


class Row(NamedTuple):
    """A text to be checked, where it stands, and for whom it is checked."""

    id: str
    text: str
    where: Where
    asker: Asker = NOBODY_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThere:
    """A finding as it is reported, with what the policy makes of it."""

    detector: str
    category: str
    start: int
    end: int
    confidence: float
    reason: str
    action: Action
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedText:
    """What `guard check` says of a text. `id` is that of its row, or its file's name, or `text`."""

    id: str
    action: Action
    score: float
    findings: tuple[FoundThere, ...]
    failed: tuple[Failed, ...] = ()
    refused: Refusal = ""
    redacted: str | None = None
    policy: str = ""


def read_row(line: bytes, surface: Surface, asker: Asker) -> Row | str:
    """Return what a row says, or what is wrong with it, in words that hold nothing of its content.

    A row has `id` and `text`; `surface`, `role` and `app` are as given where it has none, `context` the
    system prompt or task that the text comes with. Other keys are not read.
    """
    values = read_object(line)
    return values if isinstance(values, str) else row_of(values, surface, asker)


def read_object(line: bytes) -> dict[str, object] | str:
    """Return the object in a line of JSON, or what is wrong with the line."""
    try:
        values: object = json.loads(line)
    except RecursionError:
        return "nested too deep"
    except ValueError:
        return "not JSON in UTF-8"
    return cast("dict[str, object]", values) if isinstance(values, dict) else "not an object"


def row_of(row: Mapping[str, object], surface: Surface, asker: Asker = NOBODY_KNOWN) -> Row | str:
    """Return the text of an object, where it stands and for whom, or what is wrong with it."""
    name, text, context = row.get("id"), row.get("text"), row.get("context")
    if not isinstance(name, str) or not name:
        return "id: it is missing, or no text"
    if not isinstance(text, str):
        return "text: it is missing, or no text"
    if not isinstance(context, str | None):
        return "context: it is no text"
    role, app = row.get("role"), row.get("app")
    if not isinstance(role, str | None) or not isinstance(app, str | None):
        return "role, app: they are no texts"
    place = row.get("surface")
    known = surface if place is None else SURFACE_OF.get(place) if isinstance(place, str) else None
    if known is None:
        return f"surface: it is none of {', '.join(SURFACE_OF)}"
    whom = Asker(role=asker.role if role is None else role, app=asker.app if app is None else app)
    return Row(name, text, Where(surface=known, context=context or ""), whom)


def no_rows(where: str, why: str = "") -> UserError:
    """Return the error for a data set that holds nothing to check."""
    return UserError(
        "GAO-GUARD-052",
        "the data set has no row that can be checked",
        why=f"the first one: {why}" if why else "it is empty",
        fix='a row reads {"id": "1", "text": "…"}; to measure, also "label": "attack" or "benign"',
        where=where,
    )


def unreadable(file: Path, error: OSError) -> OutsideError:
    """Return the error for a file to be checked that cannot be read."""
    return OutsideError(
        "GAO-GUARD-050",
        f"{file.name} cannot be read",
        why=error.strerror or str(error),
        fix="correct the path, or who may read the file",
        where=str(file),
    )


def report(name: str, result: GuardResult) -> CheckedText:
    """Return what is said of a text to a machine."""
    return CheckedText(
        id=name,
        action=result.action,
        score=round(result.score, 9),
        findings=tuple(_there(one.finding, one.action, one.by) for one in result.findings),
        failed=result.failed,
        refused=result.refused,
        redacted=result.text if result.action == "redact" else None,
        policy=result.policy,
    )


def why_of(said: CheckedText) -> str:
    """Return in a few words what the decision on a text rests on, without the text."""
    return said.refused or ", ".join(
        dict.fromkeys([*(one.category for one in said.findings), *(one.detector for one in said.failed)])
    )


def _there(finding: Finding, action: Action, by: str) -> FoundThere:
    return FoundThere(
        detector=finding.detector,
        category=finding.category,
        start=finding.start,
        end=finding.end,
        confidence=round(finding.confidence, 9),
        reason=finding.reason,
        action=action,
        by=by,
    )
