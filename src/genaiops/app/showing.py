"""Facts for people: names and values in lines, digests short, what is absent said in words."""

from collections.abc import Iterator, Mapping

from genaiops.core import Json, one_line

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
