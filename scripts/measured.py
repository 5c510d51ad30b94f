"""What benchmarks wrote, and the forms in which pages show it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


def measured(name: str) -> Any:
    """Return what a benchmark wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: words to the left, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine(facts: dict[str, Any]) -> str:
    before = facts.get("load_before") or facts.get("load")
    after = facts.get("load_after")
    load = f"load average {before[0]:.1f} before" if before else "load not recorded"
    load += f" and {after[0]:.1f} after" if after else ""
    numpy = facts.get("numpy") or facts.get("versions", {}).get("numpy")
    python = f"Python {facts['python']}{f', numpy {numpy}' if numpy else ''}"
    return f"{facts['cores']} cores, shared with other work: {load}. {python}.\n"


def share(value: float) -> str:
    return f"{value:.3f}"


def spread(values: Sequence[float], form: str = ".3f") -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def interval(found: Mapping[str, Any] | None) -> str:
    """Return a difference with its limits; nothing where there is none."""
    if found is None:
        return ""
    ends = f" [{found['low']:+.2f}, {found['high']:+.2f}]" if found["low"] is not None else ""
    open_ = "" if found["decidable"] else f" open: {found['g_eff']:.0f} effective clusters"
    return f"{found['estimate']:+.2f}{ends}{open_}".replace("-", "−")
