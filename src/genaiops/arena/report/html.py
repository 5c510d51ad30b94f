"""The report as one page: no script, nothing fetched, opens from disk under a strict policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from genaiops.arena.model import ROLES, Role, Run
from genaiops.arena.report import intervals, judges, sections, steadiness, system
from genaiops.arena.report.cases import CaseView, Tally, tally, view_cases
from genaiops.arena.report.pages import page_policy, page_template, page_text
from genaiops.arena.report.words import NOT_MEASURED, OUTCOMES, clip, dollars, percent, shown
from genaiops.arena.words import sequential_text
from genaiops.core import Json, Verdict, plain

_CARDS = 1_300_000
"""Bytes that the side-by-side cases may take; with the rest bounded too, a page stays under 2 MB."""

_ROWS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who signs the bundle that a page is drawn from, the digests of its files, and where it lies."""

    key_id: str = ""
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: str = "."


@dataclass(frozen=True, slots=True)
class _Listed:
    id: str
    word: str


def render_html(
    run: Run,
    verdict: Verdict,
    *,
    provenance: Provenance | None = None,
    other_verdict: Verdict | None = None,
) -> str:
    """Return the whole report as one self-contained page."""
    css = page_text("report.css")
    page = {
        "policy": page_policy(css),
        "css": Markup(css),
        "none": NOT_MEASURED,
        **_head(run, verdict),
        **_results(run, verdict),
        **_changes(run, verdict),
        "other": _other(other_verdict),
        **_background(run, verdict, provenance or Provenance()),
    }
    return page_template("report.html.j2").render(page=page)


def _head(run: Run, verdict: Verdict) -> dict[str, object]:
    word, meaning = OUTCOMES[verdict.outcome]
    return {
        "title": f"{clip(run.project, 60)} · {clip(verdict.suite, 60)}",
        "project": clip(run.project, 80),
        "suite": clip(verdict.suite, 80),
        "run": clip(run.id, 60),
        "when": clip(run.finished_at, 40).replace("T", " ").replace("Z", " UTC"),
        "outcome": verdict.outcome,
        "word": word,
        "meaning": meaning,
        "headline": clip(verdict.headline, 300),
        "gate_changed": verdict.gate_changed,
        "gate_from": verdict.gate_from,
        "sequential": sequential_text(verdict.sequential) if verdict.sequential else "",
        "arms": {
            role: {"name": sections.arm_name(run.arms[role]), "detail": sections.arm_detail(run.arms[role])}
            for role in ROLES
        },
    }


def _results(run: Run, verdict: Verdict) -> dict[str, object]:
    tallies = tally(run)
    slices = intervals.slices(verdict)
    open_rows = min(sum(view.decidable for view in slices) or 6, 16)
    return {
        "tiles": sections.tiles(run, verdict, tallies),
        "how": _how(verdict),
        "level": f"{100 * (1 - 2 * verdict.alpha):g} %",
        "claims": intervals.claims(verdict),
        "rules": sections.rules(verdict),
        "bars": sections.bars(tallies) if tallies else [],
        "correct": _correct(run, tallies),
        "measures": intervals.measures(verdict.comparisons[:_ROWS]),
        "slices": slices[:open_rows],
        "more_slices": slices[open_rows:_ROWS],
        "slices_left": _left(len(slices) - _ROWS, "slice comparison"),
        "family": steadiness.family_text(verdict),
        "discovered": _discovered(verdict),
        "repeats": _repeats(verdict),
        "judges": _judges(run, verdict),
    }


def _discovered(verdict: Verdict) -> Markup:
    view = {
        "text": steadiness.discovered_text(verdict.discovered),
        "rows": steadiness.discovered_rows(verdict.discovered)[:_ROWS],
    }
    return Markup(page_template("discovered.html.j2").render(view=view)) if verdict.discovered else Markup("")


def _repeats(verdict: Verdict) -> Markup:
    flakiness = verdict.flakiness
    if flakiness is None:
        return Markup("")
    view = {
        "lead": steadiness.steadiness_lead(flakiness),
        "k": flakiness.repeats,
        "rows": steadiness.steadiness(flakiness),
        "quarantine": steadiness.quarantine_lines(verdict.quarantine),
    }
    return Markup(page_template("steadiness.html.j2").render(view=view))


def _judges(run: Run, verdict: Verdict) -> Markup:
    view = judges.judges(run, verdict)
    return Markup(page_template("judges.html.j2").render(view=view)) if view else Markup("")


def _changes(run: Run, verdict: Verdict) -> dict[str, object]:
    views = view_cases(run, verdict)
    cards, listed, left = _cards([view for view in views if view.changed])
    return {
        "cases": cards,
        "cases_lead": _cases_lead(views),
        "broken": steadiness.changes_text(verdict.changes),
        "more_cases": listed,
        "more_lead": f"{left:,} more changed cases, in short",
    }


def _background(run: Run, verdict: Verdict, source: Provenance) -> dict[str, object]:
    return {
        "system": [
            *system.configuration(run),
            ("Measured", system.measures(verdict)),
            ("Method", _method(run, verdict)),
        ],
        "command": f"genaiops arena verify {source.folder}",
        "facts": _facts(run, source),
        "digests": _digests(run, source),
        "environment": _environment(run),
        "notes": [clip(note, 400) for note in (*verdict.notes, *run.warnings)][:40],
    }


def _cards(views: Sequence[CaseView]) -> tuple[list[Markup], list[_Listed], int]:
    template, drawn, size = page_template("case.html.j2"), [], 0
    cards: list[Markup] = drawn
    for view in views:
        card = template.render(view=sections.case_card(view))
        size += len(card.encode("utf-8", "replace"))
        if size > _CARDS:
            break
        cards.append(Markup(card))
    rest = views[len(cards) :]
    listed = [_Listed(clip(view.case.id, 60), sections.case_word(view)) for view in rest[:1_000]]
    return cards, listed, len(rest)


def _cases_lead(views: Sequence[CaseView]) -> str:
    worse = sum(view.harm > 0 for view in views)
    better = sum(view.harm < 0 for view in views)
    same = sum(not view.changed for view in views)
    reworded = len(views) - worse - better - same
    parts = [f"{worse:,} got worse", f"{better:,} got better"]
    parts += [f"{reworded:,} differ only in wording"] if reworded else []
    return (
        f"Of {len(views):,} cases, {', '.join(parts)}; {same:,} did not change. What got worse comes first."
    )


def _how(verdict: Verdict) -> str:
    level = f"{100 * (1 - 2 * verdict.alpha):g} %"
    return (
        f"Each claim is one-sided at {100 * verdict.alpha:g} %; the interval is two-sided {level}, so that "
        "picture and decision agree. A claim is proven where the whole interval lies beyond the "
        "dashed bound, in the tinted zone. Differences are candidate minus baseline."
        + (
            " This run looked before it was complete: the claims' intervals are wider, so that the level "
            "holds over all looks; measures and slices are plain, as they were at the stop."
            if verdict.sequential
            else ""
        )
    )


def _correct(run: Run, tallies: Mapping[Role, Tally] | None) -> str:
    correct = run.suite.ruler.correct
    if correct is None or tallies is None:
        return ""
    return (
        f"Correct means {clip(correct.scorer, 60)} of at least {correct.threshold:g}. An abstention is "
        "right where the documents hold no answer. App errors and timeouts count as wrong."
    )


def _left(count: int, noun: str) -> str:
    return f"{count:,} more {noun}s are in verdict.json." if count > 0 else ""


def _method(run: Run, verdict: Verdict) -> list[system.Line]:
    cases = run.suite.cases
    answerable = [case.expected["answerable"] for case in cases if "answerable" in case.expected]
    share = (
        percent(sum(value is True for value in answerable), len(answerable)) if answerable else NOT_MEASURED
    )
    missing = sum(row.output.status == "infra_error" for row in run.rows)
    failed = sum(row.output.status in ("app_error", "timeout") for row in run.rows)
    pairs = (
        ("cases / clusters", f"{len(cases):,} / {len({case.cluster for case in cases}):,}"),
        ("answerable share", share),
        ("slices", clip(", ".join(run.suite.ruler.slices), 200) or "none"),
        ("repeats", str(run.suite.ruler.repeats)),
        (
            "interval",
            f"paired, cluster jackknife (CV3) with t, two-sided {100 * (1 - 2 * verdict.alpha):g} %",
        ),
        ("failures counted / missing", f"{failed:,} / {missing:,}"),
        (
            "attempts of this app / verdicts on this dataset",
            f"{run.lock.attempts} / {run.lock.verdicts_on_dataset}",
        ),
    )
    return [system.Line(label, value, value) for label, value in pairs]


def _other(verdict: Verdict | None) -> Mapping[str, object] | None:
    if verdict is None:
        return None
    word = OUTCOMES[verdict.outcome][0]
    return {"word": word, "headline": clip(verdict.headline, 300), "claims": intervals.claims(verdict)}


def _facts(run: Run, source: Provenance) -> list[tuple[str, str]]:
    lock = {
        "base": "base: the suite stands in the history that both sides share",
        "hub": "hub: recorded at the Hub before the run",
        "self": "self: stated by the one who ran it",
        "none": "none",
    }[run.lock.state]
    if run.lock.fixed is not None:
        lock += f"; locked {clip(run.lock.fixed.locked_at, 40)}"
    facts = [
        ("Signature", f"ed25519, key {source.key_id[:32]}…" if source.key_id else "not signed"),
        ("Lock", lock),
        (
            "Attempts",
            f"{run.lock.attempts} of this app; {run.lock.verdicts_on_dataset} verdicts on this dataset, "
            f"of {run.lock.apps_on_dataset} candidates",
        ),
        ("Model calls", f"{run.model_calls:,} in this run"),
        (
            "Reused outputs",
            f"{run.reuse.outputs:,}" + (f", oldest {clip(run.reuse.oldest, 40)}" if run.reuse.oldest else ""),
        ),
        ("Time", f"{clip(run.started_at, 40)} – {clip(run.finished_at, 40)}"),
        ("Seed of the order", clip(run.seed, 80)),
        ("Gate", f"from the {run.gate_from}" + (", changed in this diff" if run.gate_changed else "")),
    ]
    return [*facts, ("Prices, as stated", _prices(run.prices))]


def _prices(prices: Mapping[str, Json]) -> str:
    lines: list[str] = []
    for name, value in list(prices.items())[:10]:
        if isinstance(value, dict):
            stated = ", ".join(f"{clip(key, 20)} {_price(amount)}" for key, amount in value.items())
            lines.append(f"{clip(name, 80)}: {stated} per million tokens")
        else:
            lines.append(f"{clip(name, 80)}: {shown(value, 80)}")
    return "; ".join(lines) or "none stated"


def _price(amount: Json) -> str:
    return dollars(float(amount)) if isinstance(amount, int | float) else shown(amount, 20)


def _digests(run: Run, source: Provenance) -> list[tuple[str, str]]:
    named = [("suite", run.suite.digest), ("dataset", run.suite.ruler.dataset_digest)]
    named += [(role, run.arms[role].digest) for role in ROLES]
    named += [(f"{role}, git tree", run.arms[role].source.tree or "") for role in ROLES]
    return [(label, plain(value)) for label, value in [*named, *source.digests.items()] if value]


def _environment(run: Run) -> list[tuple[str, str]]:
    return [(clip(key, 60), shown(value, 300)) for key, value in list(run.environment.items())[:40]]
