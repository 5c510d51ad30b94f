"""What `guard bench` measured, as lines of text."""

from collections.abc import Iterator

from genaiops.arena.guarding import GuardBenched
from genaiops.core import one_line
from genaiops.guard import GuardMeasured, Share


def render_guards(report: GuardBenched) -> str:
    """Return shares by category and source, and times by length; beside those of the baseline."""
    return "\n".join([*_shares(report), "", *_times(report.candidate), *_baseline(report)])


def _shares(report: GuardBenched) -> Iterator[str]:
    new, old = report.candidate, report.baseline
    failed = f"; {new.failed:,} ended in a failure or a refusal" if new.failed else ""
    yield f"{one_line(new.name, 80)} on {report.rows:,} rows{failed}"
    yield _line("category · source", "rows", "stopped", f"at {report.fixed_rate:.1%} false", old and "before")
    before = {(one.category, one.source, one.attack): one.stopped for one in old.groups} if old else {}
    for one in new.groups:
        label = "attack" if one.attack else "benign"
        said = one_line(one.category if one.source is None else one.source or "no source", 32)
        name = f"{said} ({label})" if one.source is None else f"  · {said}"
        was = before.get((one.category, one.source, one.attack))
        yield _line(name, f"{one.stopped.rows:,}", _said(one.stopped), _said(one.at_fixed_rate), _said(was))


def _line(name: str, rows: str, stopped: str, fixed: str, before: str | None) -> str:
    return f"{name:<44}{rows:>6}  {stopped:<20}{fixed:<20}{before or ''}".rstrip()


def _said(share: Share | None) -> str:
    return "" if share is None else f"{share.rate:.3f} ({share.low:.2f}–{share.high:.2f})"


def _baseline(report: GuardBenched) -> Iterator[str]:
    if report.baseline is not None:
        yield from _times(report.baseline)


def _times(one: GuardMeasured) -> Iterator[str]:
    for band in one.latency:
        most = f"up to {band.tokens_up_to:,} tokens" if band.tokens_up_to else "longer"
        yield (
            f"{one_line(one.name, 40)}, {most}: {band.rows:,} rows, p50 {band.wall_p50:.3g} ms, "
            f"p95 {band.wall_p95:.3g} ms (processor: {band.cpu_p50:.3g} and {band.cpu_p95:.3g})"
        )
