"""The variants that a study compares, as data: what each sets, and the one that it adds a step to. Pure.

A variant differs from the one it follows in one thing only, so that a difference has one cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from genaiops.core import UserError
from genaiops.knowledge import Mode

Wording = Literal["closed", "answer", "cot", "abstain"]
BASELINE = "naive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How passages are found; equal searches are made once, whatever variants use them."""

    mode: Mode
    rerank: bool = False


SEARCHES: dict[str, Search] = {
    "dense": Search(mode="dense"),
    "lexical": Search(mode="lexical"),
    "hybrid": Search(mode="hybrid"),
    "rerank": Search(mode="hybrid", rerank=True),
}
"""Every way to search that is measured, by name; the first is the naive one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One RAG system: the search (None: no passages), the prompt, the model, and the variant it follows."""

    name: str
    title: str
    search: str | None
    wording: Wording
    after: str | None
    tuned: bool = False


VARIANTS: dict[str, Variant] = {
    one.name: one
    for one in (
        Variant(name="none", title="no RAG", search=None, wording="closed", after=None),
        Variant(name="naive", title="naive RAG", search="dense", wording="answer", after="none"),
        Variant(name="cot", title="RAG + chain of thought", search="dense", wording="cot", after="naive"),
        Variant(name="hybrid", title="hybrid search", search="hybrid", wording="answer", after="naive"),
        Variant(name="rerank", title="+ rerank", search="rerank", wording="answer", after="hybrid"),
        Variant(name="abstain", title="+ abstention", search="rerank", wording="abstain", after="rerank"),
        Variant(
            name="tuned-none", title="tuned, no RAG", search=None, wording="closed", after="none", tuned=True
        ),
        Variant(
            name="tuned", title="tuned, RAG + CoT", search="dense", wording="cot", after="cot", tuned=True
        ),
    )
}


def choose(text: str | None, *, tuned: bool) -> tuple[Variant, ...]:
    """Return the variants named in `text` (`none,naive,…`), all without it, in the order of the table.

    Those of a tuned model are among them where there is one. The baseline always is. Raises `UserError` for
    an unknown name, with the nearest known one.
    """
    known = [name for name, one in VARIANTS.items() if tuned or not one.tuned]
    named = [part.strip() for part in text.split(",") if part.strip()] if text else known
    for name in named:
        if name not in VARIANTS:
            raise _unknown(name)
        if name not in known:
            raise UserError(
                "GAO-ARENA-390",
                f"the variant {name!r} needs a tuned model",
                why="it compares a model of yours with the configured one",
                fix="add --tuned http://host:8000/v1#name",
                where="--variants",
            )
    return tuple(_nearest(VARIANTS[name], named) for name in known if name in {BASELINE, *named})


def _nearest(variant: Variant, named: Sequence[str]) -> Variant:
    """Return the variant as a step after the nearest one that takes part."""
    after = variant.after
    while after is not None and after not in (BASELINE, *named):
        after = VARIANTS[after].after
    return replace(variant, after=after)


def _unknown(name: str) -> UserError:
    near = get_close_matches(name, VARIANTS, n=1, cutoff=0.5)
    return UserError(
        "GAO-ARENA-391",
        f"there is no variant {name!r}",
        why=f"known: {', '.join(VARIANTS)}",
        fix=f"did you mean {near[0]!r}?" if near else "name some of these, with commas between",
        where="--variants",
    )
