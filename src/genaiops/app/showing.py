"""Facts and answers for people: in lines, digests short, control sequences gone, absence said in words."""

from collections.abc import Iterator, Mapping

from genaiops.core import Json, Output, Passage, one_line, usd

_WIDTH = 160
_SHOWN_OF_A_DIGEST = 19
_MOST = 8
"""Items of a list that are named."""


def fact_lines(facts: Mapping[str, Json], indent: str = "  ") -> Iterator[str]:
    """Yield a line a fact; facts within a fact stand below it, or behind it where they are plain."""
    for key, value in facts.items():
        name = key.replace("_", " ")
        if isinstance(value, dict) and any(isinstance(one, dict | list) for one in value.values()):
            yield f"{indent}{name}"
            yield from fact_lines(value, indent + "  ")
        else:
            yield f"{indent}{name}: {one_line(_said(value), _WIDTH)}"


def _said(value: Json) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{key or 'all'} {_said(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list):
        more = f" and {len(value) - _MOST:,} more" if len(value) > _MOST else ""
        return (", ".join(map(_said, value[:_MOST])) or "none") + more
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str) and value.startswith("sha256:"):
        return value[:_SHOWN_OF_A_DIGEST] + "…"
    return "–" if value is None else str(value)


def answer_lines(output: Output) -> list[str]:
    """Return what `ask` shows: plain lines, control sequences gone."""
    if output.status != "ok":
        lines = [f"{output.status}: {output.error}"]
    elif output.stopped:
        lines = [f"(stopped by the guard: {output.stopped}) {output.text or ''}"]
    elif output.abstained:
        lines = ["(abstained)" + (f" {output.text}" if output.text else "")]
    else:
        lines = [output.text if output.text is not None else str(output.data)]
    if output.passages:
        lines += ["", "passages", *passage_lines(output.passages)]
    if output.citations:
        cited = [f"  [{one.passage}] “{one_line(one.quote, 160)}”" for one in output.citations]
        lines += ["", "citations", *cited]
    tokens = f"{output.usage.input_tokens} + {output.usage.output_tokens} tokens"
    seconds = f"{output.latency_ns / 1e9:.2f} s"
    lines += ["", f"{seconds} · {tokens} in {output.usage.calls} calls · cost {usd(output.cost_nanousd)}"]
    return [*lines, f"trace {output.trace_id}"]


def passage_lines(passages: "list[Passage] | tuple[Passage, ...]") -> list[str]:
    """Return one line a passage: rank, score, place, the beginning of its text."""
    lines: list[str] = []
    for rank, passage in enumerate(passages, 1):
        score = "" if passage.score is None else f"{passage.score:.3f}  "
        place = " > ".join((passage.title or passage.document, *passage.heading))
        page = f", page {passage.page}" if passage.page else ""
        lines.append(f"  {rank}. {score}{one_line(place, 80)}{page}  [{passage.id}]")
        lines.append(f"     {one_line(passage.text, 160)}")
    return lines
