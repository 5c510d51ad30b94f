"""The page's parts as plain values: what the template prints and nothing it has to think about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from markupsafe import Markup

from genaiops.arena.model import ROLES, Arm, Role, Run
from genaiops.arena.report.cases import FATE_WORDS, FATES, CaseView, Fate, Tally
from genaiops.arena.report.diffs import Found, Piece, Steps, found_apart, mark_words, steps_of
from genaiops.arena.report.draw import draw_bar
from genaiops.arena.report.words import clip, dollars, interval, number, percent, scale, short, shown
from genaiops.core import NANO, Comparison, Json, Output, Passage, RuleResult, Verdict

_QUESTION, _ANSWER, _PASSAGE = 600, 1_200, 240
_APART = 6
_HARMLESS: tuple[Fate, ...] = ("correct", "declined")


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the figures under the verdict."""

    title: str
    figure: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage that an answer cites."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One arm's answer to one case. `pieces` are the answer, what the other arm does not say marked.

    `apart` are passages that the other arm lacks and, on the candidate, those that moved; `steps` is what the
    answer took, and `only` the spans that the other arm has not.
    """

    role: Role
    answer: str
    pieces: tuple[Piece, ...]
    nothing: bool
    fate: str
    tone: str
    cited: tuple[Cited, ...]
    apart: tuple[str, ...]
    steps: str
    only: str


@dataclass(frozen=True, slots=True)
class ScorePair:
    """One scorer's mean on both arms for one case."""

    name: str
    baseline: str
    candidate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """A changed case as it is shown."""

    id: str
    word: str
    tone: str
    question: str
    expected: str
    tags: tuple[str, ...]
    sides: tuple[Side, ...]
    scores: tuple[ScorePair, ...]


@dataclass(frozen=True, slots=True)
class BarPart:
    """A share of an arm's answers."""

    kind: Fate
    word: str
    count: int
    share: str


@dataclass(frozen=True, slots=True)
class Bar:
    """How one arm's answers ended."""

    role: Role
    total: str
    parts: tuple[BarPart, ...]
    picture: Markup = field(repr=False)


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as it is shown."""

    word: str
    tone: str
    text: str
    facts: str


def tiles(run: Run, verdict: Verdict, tallies: Mapping[Role, Tally] | None) -> list[Tile]:
    """Return cost per correct answer, the risk, and what the comparison itself took."""
    return [cost_tile(verdict), risk_tile(verdict, tallies), _effort(run, verdict)]


def cost_tile(verdict: Verdict) -> Tile:
    """Return cost per correct answer, baseline → candidate: the first line of an investment case."""
    cost = verdict.cost_per_correct
    title = "Cost per correct answer"
    if cost is None:
        return Tile(title, "not measured", ("The suite does not say what a correct answer is.",))
    if cost.baseline_usd is None or cost.candidate_usd is None:
        return Tile(title, "unknown", (clip(cost.reason, 240) or "A price is not stated.",))
    lines: list[str] = []
    if cost.ratio is not None and cost.ratio.estimate is not None:
        low, high = number(cost.ratio.low), number(cost.ratio.high)
        lines.append(f"× {number(cost.ratio.estimate)} [{low}, {high}], candidate ÷ baseline")
    lines.append(clip(cost.reason, 240) or "At the prices stated below, an assumption of this report.")
    factor, words = scale((cost.baseline_usd, cost.candidate_usd))
    figure = f"{dollars(factor * cost.baseline_usd)} → {dollars(factor * cost.candidate_usd)}"
    return Tile(f"Cost, {words} correct answers" if words else title, figure, tuple(lines))


def risk_tile(verdict: Verdict, tallies: Mapping[Role, Tally] | None) -> Tile:
    """Return how often the app answered wrongly on both arms."""
    title = "Risk: wrong answers"
    measured = next((c for c in verdict.comparisons if c.scorer == "wrong_answers" and c.slice is None), None)
    if tallies is not None:
        before, after = tallies["baseline"], tallies["candidate"]
        figure = (
            f"{percent(before.counts['wrong'], before.total)} → {percent(after.counts['wrong'], after.total)}"
        )
        counts = (
            f"{before.counts['wrong']} of {before.total} → {after.counts['wrong']} of {after.total} outputs"
        )
        return Tile(title, figure, (counts, *_difference(measured)))
    if measured is not None:
        figure = f"{number(measured.baseline.mean)} → {number(measured.candidate.mean)}"
        return Tile(title, figure, _difference(measured))
    return Tile(title, "not measured", ("No scorer of this suite tells wrong answers from abstentions.",))


def bars(tallies: Mapping[Role, Tally]) -> list[Bar]:
    """Return correct, abstained and wrong of both arms."""
    return [_bar(role, tallies[role]) for role in ROLES]


def rules(verdict: Verdict) -> list[RuleView]:
    """Return the gate's rules with the facts that they read."""
    return [_rule(rule) for rule in verdict.rules]


def arm_name(arm: Arm) -> str:
    """Return what a person calls this arm: a ref, or the working tree, with its overrides."""
    source = arm.source
    if source.kind in ("recording", "guard"):  # of a long path the end says which
        return f"{source.kind} " + clip("/".join(PurePath(source.ref or "").parts[-2:]), 80)
    ref = short(source.commit, 10) if source.ref in (None, source.commit) else clip(source.ref or "", 80)
    name = "working tree" if source.kind == "working tree" else ref
    return name + (f" + {clip(', '.join(source.overrides), 160)}" if source.overrides else "")


def arm_detail(arm: Arm) -> str:
    """Return where exactly an arm came from."""
    source = arm.source
    if source.kind in ("endpoint", "recording", "guard"):
        return f"{source.kind}, digest {short(arm.digest)}"
    parts = [f"commit {short(source.commit, 10)}" if source.commit else ""]
    parts.append("with uncommitted changes" if source.dirty else "")
    return ", ".join(part for part in parts if part) or f"digest {short(arm.digest)}"


def case_card(view: CaseView) -> CaseCard:
    """Return a changed case, its texts bounded."""
    direction = "worse" if view.harm > 0 else "better" if view.harm < 0 else "unclear"
    return CaseCard(
        id=clip(view.case.id, 80),
        word=case_word(view),
        tone=direction,
        question=_question(view.case.inputs),
        expected=_expected(view.case.expected),
        tags=tuple(f"{clip(key, 30)}: {shown(value, 60)}" for key, value in list(view.case.tags.items())[:5]),
        sides=_sides(view),
        scores=tuple(
            ScorePair(clip(name, 40), number(left), number(right))
            for name, (left, right) in sorted(view.scores.items())[:12]
            if left != right
        ),
    )


def case_word(view: CaseView) -> str:
    """Return in a few words what changed."""
    before, after = view.fates["baseline"], view.fates["candidate"]
    if before is not None and after is not None and before != after:
        return f"{FATE_WORDS[before]} → {FATE_WORDS[after]}"
    if abs(view.harm) > 0:
        return "scores lower" if view.harm > 0 else "scores higher"
    return "worded differently"


def _difference(comparison: Comparison | None) -> tuple[str, ...]:
    if comparison is None:
        return ()
    return (f"difference {interval(comparison.diff, comparison.unit, signed=True)}",)


def _effort(run: Run, verdict: Verdict) -> Tile:
    outputs = len(run.rows)
    reused = f"{run.reuse.outputs:,} of {outputs:,} outputs reused"
    oldest = f", the oldest from {clip(run.reuse.oldest, 30)}" if run.reuse.oldest else ""
    cases = f"{len(run.suite.cases):,} cases in {len({case.cluster for case in run.suite.cases}):,} clusters"
    cases += f", {verdict.sequential.saved:,} of them not asked" if verdict.sequential else ""
    calls = f"{run.model_calls:,} model call{'' if run.model_calls == 1 else 's'}"
    return Tile("What this comparison took", calls, (reused + oldest, cases))


def _bar(role: Role, tally: Tally) -> Bar:
    total = tally.total
    parts = tuple(
        BarPart(fate, FATE_WORDS[fate], tally.counts[fate], percent(tally.counts[fate], total))
        for fate in FATES
        if tally.counts[fate] or fate in ("correct", "abstained", "wrong")
    )
    shares = [(f"s-{part.kind}", part.count / total if total else 0.0) for part in parts]
    label = f"{role}: " + ", ".join(f"{part.word} {part.count}" for part in parts)
    failures = f", {tally.failures} of them app errors or timeouts" if tally.failures else ""
    return Bar(role, f"{total:,} outputs{failures}", parts, draw_bar(shares, label))


def _rule(rule: RuleResult) -> RuleView:
    words = {"true": "✓ holds", "false": "✗ does not hold", "inconclusive": "? inconclusive"}
    tone = {"true": "true", "false": "false", "inconclusive": "open"}[rule.outcome]
    facts = " · ".join(f"{clip(name, 80)} = {number(value)}" for name, value in list(rule.facts.items())[:8])
    return RuleView(words[rule.outcome], tone, clip(rule.rule, 300), facts or clip(rule.reason, 200))


def _question(inputs: Mapping[str, Json]) -> str:
    asked = inputs.get("question")
    return clip(asked, _QUESTION) if isinstance(asked, str) else shown(dict(inputs), _QUESTION)


def _expected(expected: Mapping[str, Json]) -> str:
    if expected.get("answerable") is False:
        return "no answer: the documents do not hold one"
    for key in ("answer", "answers", "text"):
        value = expected.get(key)
        if isinstance(value, list):
            return clip(" / ".join(shown(item, 200) for item in value[:6]), 400)
        if value is not None:
            return shown(value, 400)
    return shown(dict(expected), 400) if expected else ""


def _sides(view: CaseView) -> tuple[Side, ...]:
    outputs = {role: row.output if row else None for role, row in view.rows.items()}
    told = {role: _answer(output) if output else ("no output", True) for role, output in outputs.items()}
    pieces = dict(zip(ROLES, mark_words(*(told[role][0] for role in ROLES)), strict=True))
    passages = {role: output.passages if output else () for role, output in outputs.items()}
    steps = steps_of(view.rows, view.traces)
    return tuple(
        Side(
            role=role,
            answer=told[role][0],
            pieces=pieces[role],
            nothing=told[role][1],
            fate=FATE_WORDS[fate] if (fate := view.fates[role]) else "",
            tone=view.fates[role] or "",
            cited=_cited(output) if (output := outputs[role]) else (),
            apart=_apart(found_apart(passages[role], passages[other]), role),
            steps=steps_text(steps[role]),
            only=_only(steps[role]),
        )
        for role, other in zip(ROLES, reversed(ROLES), strict=True)
    )


def steps_text(steps: Steps | None) -> str:
    """Return what an answer took, in one line."""
    if steps is None:
        return ""
    calls = f"{steps.calls:,} model call{'' if steps.calls == 1 else 's'}"
    tokens = f"{steps.input_tokens:,} + {steps.output_tokens:,} tokens"
    cost = "cost unknown" if steps.cost_nanousd is None else dollars(steps.cost_nanousd / NANO)
    spans = [f"{steps.spans:,} span{'' if steps.spans == 1 else 's'}"] if steps.spans else []
    return " · ".join([calls, tokens, cost, number(steps.latency_ns / 1e6, "ms"), *spans])


def _only(steps: Steps | None) -> str:
    if steps is None or not steps.only_here:
        return ""
    named = [f"{clip(name, 50)} × {count:,}" for name, count in steps.only_here[:_APART]]
    more = len(steps.only_here) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def _apart(found: Sequence[Found], role: Role) -> tuple[str, ...]:
    """Return passages of one arm alone and, on the candidate, those that moved."""
    told = [one for one in found if one.other_rank is None or role == "candidate"]
    said = [
        f"{_place(one.passage, one.passage.id)} (rank {one.rank}, "
        + ("only here)" if one.other_rank is None else f"was {one.other_rank})")
        for one in told[:_APART]
    ]
    more = len(told) - len(said)
    return (*said, f"and {more:,} more") if more else tuple(said)


def _answer(output: Output) -> tuple[str, bool]:
    if output.status != "ok":
        words = {"app_error": "The app failed", "timeout": "The app timed out", "infra_error": "No answer"}
        return f"{words[output.status]}: {clip(output.error or 'no message', 400)}", True
    if output.stopped:
        return f"Stopped by the guard: {clip(output.stopped, 200)}", True
    if output.abstained:
        said = clip(output.text or "", 300)
        return (f"Abstained: {said}" if said else "Abstained"), True
    if output.text:
        return clip(output.text, _ANSWER), False
    return (shown(output.data, _ANSWER), False) if output.data is not None else ("An empty answer", True)


def _cited(output: Output) -> tuple[Cited, ...]:
    passages = {passage.id: passage for passage in output.passages}
    found = [
        Cited(_place(passages.get(citation.passage), citation.passage), clip(citation.quote, _PASSAGE))
        for citation in output.citations[:3]
    ]
    if found:
        return tuple(found)
    return tuple(
        Cited(_place(passage, passage.id), clip(passage.text, _PASSAGE)) for passage in output.passages[:2]
    )


def _place(passage: Passage | None, name: str) -> str:
    if passage is None:
        return f"{clip(name, 80)} (not among the passages)"
    parts = [passage.title or passage.document, *passage.heading[-1:]]
    return " › ".join(clip(part, 90) for part in parts)
