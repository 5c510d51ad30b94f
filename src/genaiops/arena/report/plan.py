"""A plan on a terminal: what the run takes, what each claim can show, what to mend first."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.arena.plan import ClaimPlan, Effort, LooksPlan, RunPlan
from genaiops.arena.report.words import clip, dollars, number


def render_plan(plan: RunPlan) -> RenderableType:
    """Return the plan for a terminal of 80 columns or more."""
    repeats = f", {plan.repeats} repeats" if plan.repeats > 1 else ""
    head = (
        f"{clip(plan.project, 60)} · suite {clip(plan.suite, 40)} · {plan.cases:,} cases in "
        f"{plan.clusters:,} clusters, worth {plan.g_eff:.3g} equal ones{repeats}"
    )
    parts: list[RenderableType] = [Text(head, style="bold"), Text(""), _effort(plan), Text("")]
    parts += [_claims(plan.claims), Text("")] if plan.claims else []
    parts += [Text(_looks(plan.looks))]
    said = [Text(f"! {clip(text, 400)}", style="yellow") for text in plan.warnings]
    return Group(*parts, *([Text(""), *said] if said else []))


def _effort(plan: RunPlan) -> RenderableType:
    if plan.decided_by is not None:
        return Text(f"decided already by run {plan.decided_by}: running again shows it, without a model call")
    return Group(*_lines(plan.effort))


def _lines(effort: Effort) -> Iterator[RenderableType]:
    yield Text(
        f"to answer: {effort.answers:,}, and {effort.reused:,} are used again · about {effort.calls:,} model "
        f"calls, {effort.input_tokens:,} tokens in and {effort.output_tokens:,} out · "
        f"{dollars(effort.cost_usd)} · {effort.minutes:.3g} minutes"
    )
    if effort.judge_calls:
        yield Text(f"and about {effort.judge_calls:,} questions to judges, less what they were asked before")
    for text in effort.assumptions:
        yield Text(f"  {clip(text, 300)}", style="dim")


def _claims(claims: tuple[ClaimPlan, ...]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at, name in enumerate(("claim", "detects at 80 % power", "planned for", "power", "spread from")):
        table.add_column(name, justify="right" if at in (1, 2, 3) else "left", overflow="fold")
    for claim in claims:
        found = claim.detectable
        span = f" [{number(found.low)}, {number(found.high)}]" if found.effect is not None else ""
        power = "–" if claim.power is None else f"{100 * claim.power:.0f} %"
        table.add_row(
            Text(clip(claim.text, 120)),
            Text(number(found.effect) + span),
            Text(number(claim.distance)),
            Text(power, style="green" if claim.decides else "yellow"),
            Text(clip(claim.basis, 120)),
        )
    return table


def _looks(looks: LooksPlan) -> str:
    if looks.saved_planned is None or looks.saved_twice is None:
        return f"--sequential: one look, {looks.reason}"
    places = ", ".join(f"{cases:,}" for cases in looks.cases)
    return (
        f"--sequential: looks at {places} cases; of them a true effect that the suite just detects saves "
        f"{100 * looks.saved_planned:.0f} % on average, and twice that effect {100 * looks.saved_twice:.0f} %"
    )
