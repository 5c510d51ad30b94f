"""A red team for a terminal, and as one page that opens from disk."""

from collections.abc import Sequence

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.arena.redteam.counting import worst_first
from genaiops.arena.redteam.model import Controls, Found, RedteamReport, Tally
from genaiops.arena.report.draw import Picture, draw_interval
from genaiops.arena.report.pages import page_policy, page_template, page_text
from genaiops.arena.report.words import clip
from genaiops.core import Interval, one_line

_HEAD = ("attacks", "succeeded", "stopped", "resisted", "other", "rate")
_PAIRS = 12
_FOUND = 200
_SHOWN = 5
_LITTLE = 0.1
"""A rate that is shown to be below this is no worry; a few attacks without success show nothing."""


def render_redteam(report: RedteamReport) -> RenderableType:
    """Return the results for a terminal: the worst first, an id for each, never an attack as it is."""
    parts: list[RenderableType] = [Text(clip(line, 600), style="bold") for line in report.headline]
    if report.total.attacks:
        parts += [Text(""), _table("category", worst_first(report.by_category))]
        parts += [Text(""), _table("generator", worst_first(report.by_generator))]
        parts += [Text(""), *_examples(report)]
    if report.stopped:
        where = ", ".join(f"{surface} {count:,}" for surface, count in sorted(report.stopped.items()))
        parts.append(Text(f"stopped by the guard at: {where}"))
    parts += [Text(f"not tested: {one.what}: {clip(one.why, 200)}") for one in report.untested]
    parts += [Text(f"! {clip(text, 300)}") for text in report.warnings]
    return Group(*parts)


def render_redteam_page(report: RedteamReport) -> str:
    """Return the report as one self-contained page: no script, nothing fetched."""
    css = page_text("report.css")
    page = {
        "policy": page_policy(css),
        "css": Markup(css),
        "report": report,
        "tone": "fail" if report.outcome == "above" else "pass",
        "project": clip(report.project, 80),
        "when": report.at.replace("T", " ").replace("Z", " UTC"),
        "headline": [clip(line, 800) for line in report.headline],
        "head": _HEAD,
        "categories": [(row, _cells(row), _picture(row.rate)) for row in worst_first(report.by_category)],
        "generators": [(row, _cells(row), _picture(row.rate)) for row in worst_first(report.by_generator)],
        "pairs": [
            (row, _cells(row), _picture(row.rate)) for row in worst_first(report.cells) if row.succeeded
        ][:_PAIRS],
        "found": [(one, clip(" → ".join(one.turns) or one.text, 700)) for one in report.found[:_FOUND]],
        "left": max(len(report.found) - _FOUND, 0),
        "controls": _controls(report.controls),
        "files": [
            (one, f"{clip(one.path, 160)}:{one.line}:{one.column}")
            for one in (report.files.findings if report.files else ())[:_FOUND]
        ],
        "warnings": [clip(text, 300) for text in report.warnings],
    }
    return page_template("redteam.html.j2").render(page=page)


def _examples(report: RedteamReport) -> list[Text]:
    if not report.found:
        return [Text("no attack succeeded")]
    lines = [Text(f"{len(report.found):,} succeeded, among them:")]
    for one in _one_each(report.found)[:_SHOWN]:
        said = one_line(clip(" → ".join(one.turns) or one.text, 400), 100)
        lines.append(Text(f"  {clip(one.id, 80)}  by {one.by}: {said}"))
    return lines


def _one_each(found: Sequence[Found]) -> list[Found]:
    """Return the first of each category and generator."""
    return list({(one.category, one.chain): one for one in reversed(found)}.values())[::-1]


def _table(what: str, rows: Sequence[Tally]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at, name in enumerate((what, *_HEAD)):
        table.add_column(name, justify="left" if at < 1 else "right", overflow="fold")
    for row in rows:
        table.add_row(clip(row.category or row.generator, 40), *(Text(cell) for cell in _cells(row)))
    return table


def _cells(row: Tally) -> tuple[str, ...]:
    other = row.failed + row.missing + row.unreached
    counts = (row.attacks, row.succeeded, row.stopped, row.resisted, other)
    return (*(f"{count:,}" for count in counts), _rate(row.rate))


def _rate(rate: Interval) -> str:
    if rate.estimate is None or rate.low is None or rate.high is None:
        return "–"
    estimate, low, high = (round(100 * value) for value in (rate.estimate, rate.low, rate.high))
    return f"{estimate} % [{low}, {high}]"


def _controls(controls: Controls | None) -> str:
    if controls is None:
        return "No ordinary question was asked."
    return (
        f"{controls.asked:,} ordinary questions of the suite: the guard stopped {controls.stopped:,} "
        f"({_rate(controls.rate)}), {controls.failed:,} failed, {controls.marked:,} answers held the canary."
    )


def _picture(rate: Interval) -> Markup:
    if rate.estimate is None or rate.low is None or rate.high is None:
        return Markup("")
    return draw_interval(
        Picture(
            low=rate.low,
            high=rate.high,
            estimate=rate.estimate,
            zero=None,
            ends=(0.0, 1.0),
            tone="worse" if rate.estimate > 0 else "better" if rate.high <= _LITTLE else "unclear",
            label=_rate(rate),
        )
    )
