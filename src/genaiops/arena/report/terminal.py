"""A verdict on a terminal: what was decided, by how much, at what cost, and where the evidence lies."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.arena.bundle import REPORT
from genaiops.arena.judges import judging_text
from genaiops.arena.model import ROLES, Role, Run
from genaiops.arena.report import intervals, judges, sections, steadiness
from genaiops.arena.report.cases import FATE_WORDS, FATES, CaseView, Fate, Tally, tally, view_cases
from genaiops.arena.report.words import MARKS, OUTCOMES, clip, number, percent
from genaiops.core import ClaimResult, Decision, Flakiness, Outcome, Verdict

_TONES: dict[Outcome, str] = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
_DECIDED: dict[Decision, str] = {"proven": "green", "refuted": "red", "open": "yellow"}
_SIGNS = {("better", "higher"): "≥ +", ("better", "lower"): "≤ −", ("not_worse", "higher"): "≥ −"}
_SLICES = 3
_ANSWER = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCase:
    """One case on both arms, bounded, as `arena cases --json` prints it.

    `passages` and `steps` say, by arm, which passages the other arm lacks or ranks otherwise, and what the
    answer took.
    """

    case: str
    change: str
    question: str
    expected: str
    baseline: str
    candidate: str
    passages: dict[str, tuple[str, ...]]
    steps: dict[str, str]


def render_terminal(run: Run, verdict: Verdict, bundle: Path) -> RenderableType:
    """Return the verdict for a terminal of 80 columns or more; colours only repeat what words say."""
    tallies = tally(run)
    parts: list[RenderableType] = [_head(run, verdict), Text(""), _claims(verdict)]
    parts += [_rules(verdict)] if verdict.rules else []
    parts += [Text(""), _answers(tallies)] if tallies else []
    parts += [Text(""), Group(*_money(verdict, tallies))]
    graded = judges.judge_lines(run, verdict)
    parts += [Text(""), *map(Text, graded)] if graded else []
    parts += [Text(""), _steadiness(verdict.flakiness)] if verdict.flakiness else []
    parts += [Text(""), *_slices(verdict)] if verdict.slices else []
    found = _found(verdict)
    parts += [Text(""), *found] if found else []
    settle = [text for text in map(intervals.needed, verdict.claims) if text]
    parts += [Text(""), *[Text(text, style="yellow") for text in settle]] if settle else []
    notes = (*steadiness.quarantine_lines(verdict.quarantine), *verdict.notes, *run.warnings)
    said = [clip(text, 300) for text in notes]
    parts += [Text(""), *[Text(f"! {text}") for text in said]] if said else []
    return Group(*parts, Text(""), _where(run, bundle))


def changed_cases(
    run: Run, verdict: Verdict, *, everything: bool = False
) -> tuple[list[ChangedCase], RenderableType]:
    """Return the cases that changed (or all), what got worse first, as values and as a table."""
    views = [view for view in view_cases(run, verdict) if everything or view.changed]
    cards = [sections.case_card(view) for view in views]
    rows = [_changed(view, card) for view, card in zip(views, cards, strict=True)]
    table = _table("change", "question", "baseline", "candidate", padding=(0, 2, 1, 0))
    for row, card in zip(rows, cards, strict=True):
        table.add_row(
            Text(f"{row.change}\n{row.case}"),
            Text(clip(row.question, 160)),
            *[_side(side) for side in card.sides],
        )
    said = Text(steadiness.changes_text(verdict.changes))
    return rows, Group(said, Text(""), table) if rows else Text("No answer changed.")


def _side(side: sections.Side) -> Text:
    """Return an answer with the words that the other arm lacks underlined, its passages and its steps."""
    text = Text()
    for piece in side.pieces:
        text.append(piece.text, style="bold underline" if piece.differs else "")
    if len(text) > _ANSWER:
        left = len(text) - _ANSWER
        text.truncate(_ANSWER)
        text.append(f" … ({left:,} more characters)")
    for line in (*side.apart, _steps(side)):
        text.append(f"\n{line}" if line else "", style="dim")
    return text


def _steps(side: sections.Side) -> str:
    return f"{side.steps}; only here: {side.only}" if side.only else side.steps


def _head(run: Run, verdict: Verdict) -> RenderableType:
    word, meaning = OUTCOMES[verdict.outcome]
    first = Text.assemble(
        (f"{MARKS[verdict.outcome]} {word.upper()}", _TONES[verdict.outcome]), f"  {meaning}"
    )
    arms = " → ".join(sections.arm_name(run.arms[role]) for role in ROLES)
    lines = [first, Text(clip(verdict.headline, 300), style="bold")]
    if verdict.gate_changed:
        lines.append(
            Text(f"! the gate itself changed in this diff; judged by the {verdict.gate_from}'s", "yellow")
        )
    lines.append(Text(f"{clip(run.project, 60)} · suite {clip(verdict.suite, 40)} · {arms}", style="dim"))
    return Group(*lines)


def _claims(verdict: Verdict) -> RenderableType:
    table = _table("claim", "estimate [low, high]", "needs", "", right=(1, 2))
    for result, view in zip(verdict.claims, intervals.claims(verdict), strict=True):
        table.add_row(
            Text(view.text),
            Text(view.numbers),
            Text(_needs(result, verdict)),
            Text(f"{view.mark} {view.decision}", style=_DECIDED[result.decision]),
        )
    return table


def _needs(result: ClaimResult, verdict: Verdict) -> str:
    claim = result.claim
    found = next((c for c in verdict.comparisons if c.scorer == claim.scorer), None)
    better, unit = (found.better, found.unit) if found else ("higher", "")
    if claim.kind == "at_least":
        return f"≥ {number(claim.bound, unit)}"
    return _SIGNS.get((claim.kind, better), "≤ +") + number(claim.bound, unit)


def _rules(verdict: Verdict) -> RenderableType:
    lines = [Text(f"{view.word}  {view.text}  ({view.facts})") for view in sections.rules(verdict)]
    return Group(*lines)


def _answers(tallies: dict[Role, Tally]) -> RenderableType:
    shown: list[Fate] = [
        fate
        for fate in FATES
        if fate in ("correct", "abstained", "wrong") or any(t.counts[fate] for t in tallies.values())
    ]
    table = _table("answers", *[FATE_WORDS[fate] for fate in shown], right=range(1, len(shown) + 1))
    for role in ROLES:
        mine = tallies[role]
        cells = [f"{mine.counts[fate]}  {percent(mine.counts[fate], mine.total)}" for fate in shown]
        table.add_row(role, *cells)
    return table


def _steadiness(flakiness: Flakiness) -> RenderableType:
    table = _table(
        f"{flakiness.repeats} repeats", "stable pass", "stable fail", "flaky", f"pass^{flakiness.repeats}",
        right=range(1, 5),
    )  # fmt: skip
    rows = steadiness.steadiness(flakiness)
    for row in rows:
        table.add_row(row.role, row.stable_pass, row.stable_fail, row.flaky, row.pass_k)
    named = [Text(f"flaky on the {row.role}: {row.names}", style="dim") for row in rows if row.names]
    return Group(table, *named)


def _found(verdict: Verdict) -> list[RenderableType]:
    """Return what broke and was mended, and which slices stand out, a sentence each."""
    discovered = verdict.discovered
    rows = [
        f"  {row.slice}, {row.name}: {row.diff}; apart {row.apart}"
        for row in steadiness.discovered_rows(discovered)[:_SLICES]
    ]
    said = [
        steadiness.changes_text(verdict.changes),
        steadiness.family_text(verdict),
        steadiness.discovered_text(discovered),
        *rows,
    ]
    return [Text(text) for text in said if text]


def _money(verdict: Verdict, tallies: dict[Role, Tally] | None) -> Iterator[RenderableType]:
    for tile in (sections.cost_tile(verdict), sections.risk_tile(verdict, tallies)):
        detail = f"  {tile.lines[0]}" if tile.lines else ""
        yield Text.assemble(f"{tile.title}: ", (tile.figure, "bold"), detail)


def _slices(verdict: Verdict) -> Iterator[RenderableType]:
    views = intervals.slices(verdict)  # those too small to decide on come last
    table = _table("worst slices", "measure", "cases", "difference [low, high]", right=(2, 3))
    for view in views[:_SLICES]:
        table.add_row(Text(view.slice), Text(view.name), f"{view.cases:,}", view.diff)
    yield table
    if len(views) > _SLICES:
        yield Text(f"{len(views) - _SLICES:,} more in the report", style="dim")


def _where(run: Run, bundle: Path) -> RenderableType:
    table = _table("", "", header=False)
    folder = _near(bundle)
    table.add_row("report", Text(f"{folder}{os.sep}{REPORT}"))
    table.add_row("evidence", Text(folder))
    table.add_row("recompute", Text(f"genaiops arena verify {folder}"))
    for one in run.judging:
        table.add_row("judge", Text(clip(judging_text(one), 300)))
    calls = f"{run.model_calls:,} model call{'' if run.model_calls == 1 else 's'}"
    oldest = f", the oldest from {clip(run.reuse.oldest, 30)}" if run.reuse.oldest else ""
    table.add_row("took", Text(f"{calls}; {run.reuse.outputs:,} of {len(run.rows):,} outputs reused{oldest}"))
    return table


def _near(path: Path) -> str:
    """Return the path from here where that is shorter, safe to show."""
    here = Path.cwd()
    inside = path.is_relative_to(here)
    return clip(str(path.relative_to(here) if inside else path), 400)


def _changed(view: CaseView, card: sections.CaseCard) -> ChangedCase:
    before, after = card.sides
    return ChangedCase(
        case=card.id,
        change=card.word if view.changed else "unchanged",
        question=card.question,
        expected=card.expected,
        baseline=before.answer,
        candidate=after.answer,
        passages={side.role: side.apart for side in card.sides},
        steps={side.role: _steps(side) for side in card.sides},
    )


def _table(
    *columns: str,
    right: Sequence[int] = (),
    header: bool = True,
    padding: tuple[int, int, int, int] = (0, 2, 0, 0),
) -> Table:
    table = Table(box=None, pad_edge=False, show_header=header, header_style="dim", padding=padding)
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at in right else "left", overflow="fold")
    return table
