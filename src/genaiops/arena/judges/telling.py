"""What a judge did in a run, in words. Pure."""

from collections.abc import Sequence

from genaiops.arena.model import Judging
from genaiops.core import usd

_UNSTEADY = 0.2


def judging_text(one: Judging) -> str:
    """Return one line: which judge and model, what it was asked, and what that took."""
    return f"{one.judge} ({one.model.reference}): {judging_facts(one)}"


def judging_facts(one: Judging) -> str:
    """Return what a judge was asked, what that took, and how it stood what it was tried with."""
    parts = [f"{one.asked:,} asked, {one.cached:,} known before"]
    parts.append("price unknown" if one.cost_nanousd is None else usd(one.cost_nanousd))
    parts.append(f"{one.canaries} canaries not obeyed")
    if one.anchors is not None:
        flips = one.anchors.up + one.anchors.down
        parts.append(f"{flips} of {one.anchors.rows} anchors flipped")
    if one.pairs:
        parts.append(f"{one.turned} of {one.pairs} pairs turned with their order")
    return ", ".join(parts)


def judging_warnings(judging: Sequence[Judging]) -> list[str]:
    """Return what a reader has to know of judges before believing them."""
    said: list[str] = []
    for one in judging:
        name = f"the judge {one.judge}"
        if one.without_verdict:
            said.append(f"{one.without_verdict} of {one.asked} replies of {name} held no verdict")
        if one.pairs and one.turned / one.pairs > _UNSTEADY:
            said.append(
                f"{name} contradicts itself on {one.turned} of {one.pairs} pairs when their order is turned: "
                "they count as ties"
            )
        if one.anchors is not None:
            flips = one.anchors.up + one.anchors.down
            if flips / one.anchors.rows > _UNSTEADY:
                said.append(f"{name} judges {flips} of its {one.anchors.rows} anchors otherwise than before")
    return said
