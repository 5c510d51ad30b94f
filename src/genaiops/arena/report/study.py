"""A study for a terminal, for a comment in Markdown, and as one page that opens from disk."""

from collections.abc import Sequence

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.arena.report.draw import Picture, draw_interval
from genaiops.arena.report.inert import span
from genaiops.arena.report.pages import page_policy, page_template, page_text
from genaiops.arena.report.study_view import VARIANT_HEAD, Row, Section, sections, system_rows, variant_rows
from genaiops.arena.report.words import NOT_MEASURED, clip, interval
from genaiops.arena.study.model import StudyReport


def render_study(report: StudyReport) -> RenderableType:
    """Return the results for a terminal; the configuration stands in the page and in `study.json`."""
    parts: list[RenderableType] = [Text(clip(line, 600), style="bold") for line in report.headline]
    for section in sections(report):
        parts += [Text(""), Text(section.title, style="bold"), Text(section.lead, style="dim")]
        if section.rows:
            parts.append(_table(section))
        parts += [Text(f"  {clip(note, 500)}", style="dim") for note in section.notes]
    parts += [Text(f"! {clip(text, 300)}") for text in report.warnings]
    return Group(*parts)


def render_study_markdown(report: StudyReport) -> str:
    """Return the whole report as Markdown: results, then every item of the configuration."""
    blocks = [f"## Study of RAG: {span(report.project, 60)}"]
    blocks += [f"- {span(line, 800)}" for line in report.headline]
    blocks += [_markdown("Variants", VARIANT_HEAD, variant_rows(report))]
    for section in sections(report):
        body = _markdown(section.title, section.head, section.rows)
        notes = "\n".join(f"- {span(note, 600)}" for note in section.notes)
        blocks += [part for part in (body, span(section.lead, 600), notes) if part]
    rows = [Row((group, item, value)) for group, items in system_rows(report) for item, value in items]
    blocks += [_markdown("The system", ("part", "item", "value"), rows)]
    return "\n\n".join(blocks) + "\n"


def render_study_page(report: StudyReport) -> str:
    """Return the report as one self-contained page: no script, nothing fetched."""
    css = page_text("report.css")
    page = {
        "policy": page_policy(css),
        "css": Markup(css),
        "none": NOT_MEASURED,
        "project": clip(report.project, 80),
        "study": report.study,
        "dataset": report.dataset,
        "questions": clip(report.questions, 200),
        "when": report.at.replace("T", " ").replace("Z", " UTC"),
        "headline": [clip(line, 800) for line in report.headline],
        "variants": variant_rows(report),
        "variant_head": VARIANT_HEAD,
        "sections": [(section, [_picture(row) for row in section.rows]) for section in sections(report)],
        "system": system_rows(report),
        "warnings": [clip(text, 300) for text in report.warnings],
    }
    return page_template("study.html.j2").render(page=page)


def _table(section: Section) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at, name in enumerate(section.head):
        table.add_column(name, justify="left" if at < 1 else "right", overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(cell) for cell in row.cells))
    return table


def _markdown(title: str, head: tuple[str, ...], rows: Sequence[Row]) -> str:
    if not rows:
        return f"### {title}"
    lines = [[name or " " for name in head], ["---"] * len(head)]
    lines += [[span(cell, 700) for cell in row.cells] for row in rows]
    return f"### {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _picture(row: Row) -> Markup:
    drawn = row.drawn
    if drawn is None or drawn.low is None or drawn.high is None or drawn.estimate is None:
        return Markup("")
    return draw_interval(
        Picture(
            low=drawn.low,
            high=drawn.high,
            estimate=drawn.estimate,
            tone=row.tone,
            label=interval(drawn, signed=True),
        )
    )
