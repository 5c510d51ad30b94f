"""A sweep on a terminal: its cells, what each is worth beside the reference, and what to try next."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.arena.report.words import clip, dollars, interval, number, scale
from genaiops.arena.sweep import SweepCell, SweepReport, named
from genaiops.core import Interval


def render_sweep(report: SweepReport) -> RenderableType:
    """Return the table of cells for a terminal of 80 columns or more."""
    arrow = "higher" if report.higher_is_better else "lower"
    parts: list[RenderableType] = [
        Text(clip(report.headline, 400), style="bold"),
        Text(
            f"{clip(report.project, 60)} · suite {clip(report.suite, 40)} · {report.cases:,} cases in "
            f"{report.clusters:,} clusters · {clip(report.quality, 60)}, {arrow} is better",
            style="dim",
        ),
        Text(""),
        _table(report),
        Text(""),
        Text(_legend(report), style="dim"),
    ]
    parts += [Text(f"! {clip(text, 300)}") for text in report.warnings]
    return Group(*parts, Text(""), *[Text(line) for line in _next(report)])


def _table(report: SweepReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    factor, words = scale([cell.cost_usd.value for cell in report.cells])
    table.add_column("")
    table.add_column("cell", overflow="fold")
    for name in ("quality", f"cost {words}".strip(), "latency p50"):
        table.add_column(name, justify="right", overflow="fold")
    for cell in report.cells:
        table.add_row(
            "●" if cell.front and report.front_by else "",
            Text(_name(cell, report)),
            _cell(number(cell.quality.value), _change(cell.quality.change)),
            _cell(_money(cell.cost_usd.value, factor), _change(_times(cell.cost_usd.change, factor), "USD")),
            _cell(number(cell.latency_ms.value, "ms"), _ratio(cell.latency_ms.change)),
        )
    return table


def _name(cell: SweepCell, report: SweepReport) -> str:
    marks = [
        word
        for word, holds in (
            ("reference", cell.reference),
            ("winner", report.winner is not None and cell.best),
        )
        if holds
    ]
    return clip(named(cell.set), 120) + (f"  ({', '.join(marks)})" if marks else "")


def _cell(value: str, change: str) -> Text:
    return Text(f"{value}\n{change}" if change else value)


def _change(change: Interval | None, unit: str = "") -> str:
    return "" if change is None else interval(change, unit, signed=True)


def _ratio(change: Interval | None) -> str:
    return "" if change is None else f"×{interval(change)}"


def _money(value: float | None, factor: int) -> str:
    return dollars(None if value is None else value * factor)


def _times(change: Interval | None, factor: int) -> Interval | None:
    if change is None:
        return None
    estimate, low, high = (
        None if value is None else value * factor for value in (change.estimate, change.low, change.high)
    )
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        cases=change.cases,
        clusters=change.clusters,
        g_eff=change.g_eff,
    )


def _legend(report: SweepReport) -> str:
    told = (
        f"Second lines: change to the reference [low, high]; the limits of all cells hold together, "
        f"{1 - 2 * report.alpha:.0%}."
    )
    if report.front_by:
        told += f" ●: on the front of {', '.join(report.front_by)}, by estimates."
    if "latency" not in report.front_by:
        told += " Latency is as measured when answered, not side by side: it is not compared."
    return told


def _next(report: SweepReport) -> list[str]:
    calls = f"{report.model_calls:,} model call{'' if report.model_calls == 1 else 's'}"
    oldest = f", the oldest from {clip(report.reused.oldest, 30)}" if report.reused.oldest else ""
    lines = [f"took      {calls}; {report.reused.outputs:,} outputs were there{oldest}"]
    if report.next:
        lines.append(f"next      {clip(report.next, 400)}   (the verdict is that run's)")
    elif report.winner is None and report.needed is not None:
        lines.append(
            f"to show a lead of {report.planned:g}: about {report.needed:,} clusters (80 % power); "
            f"there are {report.clusters:,}"
        )
    return lines
