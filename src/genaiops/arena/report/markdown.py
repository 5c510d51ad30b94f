"""A verdict as Markdown, for a comment on the change: what was decided, by how much, where, at what cost.

Numbers and case ids only; answers when asked for, fenced. The first line is a mark by which a comment can be
found and replaced.
"""

import re
from collections.abc import Iterator, Sequence

from genaiops.arena.model import ROLES, Run
from genaiops.arena.report import intervals, judges, sections
from genaiops.arena.report.cases import CaseView, tally, view_cases
from genaiops.arena.report.inert import fence, span
from genaiops.arena.report.words import MARKS, OUTCOMES, short
from genaiops.core import Verdict

_SLICES = 5
_CASES = 20
_ANSWERS = 8
_ANSWER = 600
_NOTES = 12


def render_markdown(run: Run, verdict: Verdict, *, answers: bool = False) -> str:
    """Return the comment, at most some 30,000 characters; `answers`: with both arms' texts, fenced."""
    views = view_cases(run, verdict)
    broken = [view for view in views if view.harm > 0]
    mended = [view for view in views if view.harm < 0]
    blocks = [
        _mark(verdict),
        *_head(run, verdict),
        _claims(verdict),
        _rules(verdict),
        _judges(run, verdict),
        _slices(verdict),
        _changed("Newly broken", broken),
        _changed("Newly mended", mended),
        *(_answers([*broken, *mended]) if answers else ()),
        _money(run, verdict),
        _notes(run, verdict),
        _evidence(run),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _mark(verdict: Verdict) -> str:
    return f"<!-- genaiops-arena {re.sub(r'[^a-z0-9._]', '_', verdict.suite.lower())[:60]} -->"


def _head(run: Run, verdict: Verdict) -> Iterator[str]:
    word, meaning = OUTCOMES[verdict.outcome]
    yield f"## {MARKS[verdict.outcome]} {word}: {meaning}"
    yield span(verdict.headline, 400)
    if verdict.gate_changed:
        yield f"**The gate itself changed in this diff.** The {verdict.gate_from}'s judged."
    baseline, candidate = (span(sections.arm_name(run.arms[role])) for role in ROLES)
    clusters = len({case.cluster for case in run.suite.cases})
    size = f"{len(run.suite.cases):,} cases in {clusters:,} clusters"
    yield f"{span(run.project, 60)}, suite {span(verdict.suite, 60)}: {baseline} → {candidate}; {size}"


def _claims(verdict: Verdict) -> str:
    rows = [
        (f"{view.mark} {view.decision}", span(view.text, 300), span(view.numbers), span(view.size))
        for view in intervals.claims(verdict)
    ]
    level = f"estimate [{100 * (1 - 2 * verdict.alpha):g} % interval]"
    return _table(("", "claim", level, "over"), rows)


def _rules(verdict: Verdict) -> str:
    rows = [(view.word, span(view.text, 300), span(view.facts, 300)) for view in sections.rules(verdict)]
    return _table(("", "rule", "facts"), rows)


def _judges(run: Run, verdict: Verdict) -> str:
    return "\n".join(f"- {span(line, 600)}" for line in judges.judge_lines(run, verdict))


def _slices(verdict: Verdict) -> str:
    views = intervals.slices(verdict)  # those too small to decide on come last
    rows = [
        (span(view.slice, 80), span(view.name), f"{view.cases:,}", span(view.diff))
        for view in views[:_SLICES]
    ]
    table = _table(("slice, worst first", "measure", "cases", "difference"), rows)
    left = len(views) - _SLICES
    return table + (f"\n\n{left:,} more slices in the report." if left > 0 else "")


def _changed(title: str, views: Sequence[CaseView]) -> str:
    if not views:
        return f"**{title}:** none"
    lines = [f"- {span(view.case.id, 80)} {span(sections.case_word(view), 60)}" for view in views[:_CASES]]
    lines += [f"- {len(views) - _CASES:,} more in the report"] if len(views) > _CASES else []
    return "\n".join([f"**{title}:** {len(views):,}", "", *lines])


def _answers(views: Sequence[CaseView]) -> Iterator[str]:
    for view in views[:_ANSWERS]:
        card = sections.case_card(view)
        sides = [part for side in card.sides for part in (f"{side.role}:", fence(side.answer, _ANSWER))]
        yield "\n\n".join([f"**Case** {span(card.id, 80)}", fence(card.question, _ANSWER), *sides])


def _money(run: Run, verdict: Verdict) -> str:
    tiles = (sections.cost_tile(verdict), sections.risk_tile(verdict, tally(run)))
    lines = [f"- {tile.title}: {span(tile.figure)} {span(' · '.join(tile.lines), 300)}" for tile in tiles]
    return "\n".join(lines)


def _notes(run: Run, verdict: Verdict) -> str:
    needed = [text for text in map(intervals.needed, verdict.claims) if text]
    said = [*needed, *verdict.notes, *run.warnings]
    return "\n".join(f"- {span(text, 300)}" for text in said[:_NOTES])


def _evidence(run: Run) -> str:
    oldest = f", the oldest from {span(run.reuse.oldest, 30)}" if run.reuse.oldest else ""
    took = (
        f"{run.model_calls:,} model calls; {run.reuse.outputs:,} of {len(run.rows):,} outputs reused{oldest}"
    )
    names = [f"{role} {span(short(run.arms[role].digest))}" for role in ROLES]
    names += [f"suite {span(short(run.suite.digest))}", f"attempt {run.lock.attempts}"]
    return f"Evidence {span(run.id, 60)} ({', '.join(names)}). {took}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
