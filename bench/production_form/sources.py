"""What an answer gives as its source, and whether silence falls where it should.

A form that cites gives the passages of its citations. One that does not gives all that it read, which is what
such assistants show (*shown*); or, as the best that could be made of it, the nearest passage alone (*first*).
A passage is a right source where it shares at least half of its five-word runs, or of the gold passage's,
with a gold passage: chunks are cut anew, so that one may hold the other. Counted over questions that have an
answer and that the form answered; silence has no source.
"""

import re
from collections.abc import Collection, Sequence

from genaiops.core import Output, Passage
from genaiops.stats import Interval, contrast, difference

KINDS = ("shown", "first")
ALPHA = 0.05
_RUN, _HALF = 5, 0.5


def marks(output: Output, gold: Collection[str]) -> dict[str, float] | None:
    """Return the share of right sources by kind; None where the form gave no answer, or no gold is known."""
    if output.status != "ok" or output.abstained or not gold:
        return None
    by_id = {one.id: one for one in output.passages}
    cited = [by_id[one.passage] for one in output.citations if one.passage in by_id]
    runs = [_runs(text) for text in gold]
    return {kind: _share(cited or _given(output.passages, kind), runs) for kind in KINDS}


def sources(rows: Sequence[dict], forms: Sequence[str]) -> dict[str, object]:
    """Return each form's mean share of right sources, and production − naive form (over clusters)."""
    known = [row for row in rows if row["sources"] is not None]
    facts: dict[str, object] = {}
    for kind in KINDS:
        by_form = {form: [row["sources"][kind] for row in known if row["form"] == form] for form in forms}
        facts[kind] = {
            form: {"answered": len(values), "right": round(sum(values) / len(values), 4) if values else None}
            for form, values in by_form.items()
        } | {f"production - {against}": apart(known, kind, against) for against in forms[:-1]}
    return facts


def silence(rows: Sequence[dict], measure: str, forms: Sequence[str]) -> dict[str, object]:
    """Return how often each form is silent where there is no answer, and where there is one, by pairs."""
    facts: dict[str, object] = {}
    for form in forms:
        ends = [row["outcome"][measure] for row in rows if row["form"] == form]
        right, silent = ends.count("declined"), ends.count("declined") + ends.count("abstained")
        facts[form] = {
            "silent": silent,
            "rightly": right,
            "precision": round(right / silent, 4) if silent else None,
        }
    for against in forms[:-1]:
        for what, answerable in (("silent without an answer", False), ("silent with an answer", True)):
            facts[f"production - {against}: {what}"] = paired(rows, measure, against, answerable=answerable)
    return facts


def _given(passages: Sequence[Passage], kind: str) -> Sequence[Passage]:
    return passages if kind == "shown" else passages[:1]


def _share(passages: Sequence[Passage], gold: Sequence[frozenset[str]]) -> float:
    right = sum(any(_alike(_runs(one.text), other) for other in gold) for one in passages)
    return right / len(passages) if passages else 0.0


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _HALF * max(1, min(len(one), len(other)))


def _runs(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(" ".join(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1)))


def apart(rows: Sequence[dict], kind: str, against: str) -> dict[str, object] | None:
    """Return how many more sources are right than in the form `against`; None where one form has none."""
    both = [row for row in rows if row["form"] in ("production", against)]
    inside = [row["form"] == "production" for row in both]
    if all(inside) or not any(inside):
        return None
    found = contrast([row["sources"][kind] for row in both], inside, [row["cluster"] for row in both], ALPHA)
    return told(found)


def paired(rows: Sequence[dict], measure: str, against: str, *, answerable: bool) -> dict[str, object] | None:
    """Return how much more often production is silent, where there is an answer or where there is none."""
    ends = {(row["form"], row["case"]): row["outcome"][measure] for row in rows}
    asked = {row["case"]: row["cluster"] for row in rows if bool(row["answers"]) is answerable}
    if not asked:
        return None
    what = "abstained" if answerable else "declined"
    mine, theirs = ([float(ends[form, case] == what) for case in asked] for form in ("production", against))
    return told(difference(mine, theirs, list(asked.values()), ALPHA))


def told(found: Interval) -> dict[str, object]:
    """Return an interval as it is kept; infinite limits are null."""
    ends = {name: getattr(found, name) for name in ("estimate", "low", "high")}
    numbers = {
        name: round(one, 4) if one is not None and abs(one) < 1e9 else None for name, one in ends.items()
    }
    return {**numbers, "g_eff": round(found.g_eff, 1), "decidable": found.decidable}
