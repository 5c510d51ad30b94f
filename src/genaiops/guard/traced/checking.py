"""From the texts of a trace to what a policy makes of each, and what to say where there is none."""

from dataclasses import fields

from genaiops.core import UserError, Where
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import Asker
from genaiops.guard.rows import CheckedText, report
from genaiops.guard.traced.gathering import Gathered, SpanText
from genaiops.guard.traced.model import CheckedSpanText, TraceSummary
from genaiops.guard.values import check_value

RECORD = (
    "record content on spans: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY with "
    "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental, or what your instrumentation has for it"
)
_TOLD = 5


def check_text(guard: Pipeline, text: SpanText, asker: Asker) -> CheckedSpanText:
    """Return what `guard` makes of a text of a trace, without the text."""
    result, _ = check_value(guard, text.value, Where(surface=text.surface, context=text.context), asker)
    at = text.at
    said = report(f"{at.trace_id or '-'}/{at.span_id or '-'}/{at.place}", result)
    known = {one.name: getattr(said, one.name) for one in fields(CheckedText) if one.name != "redacted"}
    return CheckedSpanText(
        **known,
        trace_id=at.trace_id,
        span_id=at.span_id,
        span=at.span,
        place=at.place,
        line=at.line,
        surface=text.surface,
        spans=text.spans,
    )


def nothing_to_check(gathered: Gathered, summary: TraceSummary) -> UserError:
    """Return the error for a file without a text: that is not the same as one in which nothing was found."""
    if gathered.ours:
        return UserError(
            "GAO-GUARD-054",
            "the trace holds no text that could be checked",
            why=f"{gathered.ours} trace(s) that genaiops recorded: names, numbers and ids of passages only",
            fix="name a policy in genaiops.yaml (`guard: guard.yaml`): texts are checked while the app runs; "
            "or give the spans that the app's own instrumentation wrote as OTLP/JSON",
            where=gathered.file,
        )
    if not summary.spans:
        first = gathered.unreadable[0] if gathered.unreadable else None
        why = f"line {first.line}: {first.why}" if first else "it has no span"
        if summary.other_lines:
            why = f"{summary.other_lines} line(s) of logs or metrics, and no span"
        return UserError(
            "GAO-GUARD-055",
            "the file holds no spans in OTLP/JSON",
            why=why,
            fix="let the collector's file exporter write `format: json`, uncompressed: one object with "
            f"`resourceSpans` a line; {RECORD}",
            where=gathered.file,
        )
    return UserError(
        "GAO-GUARD-054",
        "the trace holds no text that could be checked",
        why="; ".join(
            [f"{summary.spans} span(s), and no message, call or document in them", *unchecked(summary)]
        ),
        fix=RECORD,
        where=gathered.file,
    )


def told(summary: TraceSummary) -> str:
    """Return in one line what was checked, what came of it, and what was not checked."""
    actions = ", ".join(f"{times} {action}" for action, times in summary.actions.items())
    checked = (
        f"{summary.texts} text(s) of {summary.spans_with_texts} of {summary.spans} span(s) in "
        f"{summary.traces} trace(s) checked: {actions}"
    )
    return "; ".join([checked, *unchecked(summary)])


def unchecked(summary: TraceSummary) -> list[str]:
    """Return in words what of a file was not checked."""
    said: list[str] = []
    if summary.instructions:
        said.append(f"{summary.instructions} instruction(s) of systems are context and were not checked")
    for what, found in (("no text", summary.no_text), ("not read", summary.unread)):
        if found:
            said.append(f"{what}: {', '.join(_first(found))}")
    if summary.dropped:
        said.append(f"{summary.dropped} span(s) whose recorder left attributes out")
    if summary.other_lines:
        said.append(f"{summary.other_lines} line(s) of logs or metrics were not read")
    if summary.unreadable_parts:
        said.append(f"{summary.unreadable_parts} part(s) are unreadable")
    return said


def _first(found: dict[str, int]) -> list[str]:
    most = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    said = [f"{times} {name}" for name, times in most[:_TOLD]]
    return said if len(most) <= _TOLD else [*said, f"{len(most) - _TOLD} other kind(s)"]
