"""Whether a generator's level lets a comparison be decided at all. Pure.

A generator that is never right answers alike under every search: *not worse* holds, and means nothing. So a
comparison is decidable only where its largest possible effect exceeds what the clusters can show:

- right answers differ by no more than the share that either variant has right;
- two searches under the same prompt and model differ, through the generator, by about the share of the
  questions in which only one context is sufficient, times how often it is right on a sufficient one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from genaiops.arena.study.contrasts import MARGIN
from genaiops.arena.study.variants import VARIANTS

_MUCH = 0.5
"""Where only larger differences can be shown, it is the clusters that are too few first of all."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What is known of the generator: by variant the share right, and on sufficient contexts.

    `apart` holds, by (variant, against), the share of the questions in which one of both contexts only is
    sufficient. `clusters` is how many there are.
    """

    right: Mapping[str, float]
    on_sufficient: Mapping[str, float | None]
    apart: Mapping[tuple[str, str], float]
    clusters: int

    def why(self, variant: str, against: str, detectable: float | None) -> str:
        """Return why the comparison cannot be decided with this generator; nothing where it can be.

        `detectable` None: nothing varies, so what the clusters show is not known.
        """
        best = max(self.right[variant], self.right[against])
        if detectable is None:
            return self._alike(variant, against, best)
        bar = max(detectable, MARGIN)
        if best <= bar:
            better = f"a generator that is right in more than {bar:.0%}"
            needs = f"{better}, or more clusters" if bar <= _MUCH else f"more clusters, or {better}"
            return (
                f"not decidable with this generator: right in {best:.0%} of the questions at most, where "
                f"{self._shows(bar)}; needs {needs}"
            )
        return self._search_only(variant, against, bar) if _same_but_search(variant, against) else ""

    def _alike(self, variant: str, against: str, best: float) -> str:
        if best <= MARGIN:
            return (
                f"not decidable with this generator: right in {best:.0%} of the questions at most; needs one "
                f"that is right in more than {MARGIN:.0%}"
            )
        if _same_but_search(variant, against) and self.apart[variant, against] == 0.0:
            return (
                "not decidable with any generator on these questions: both searches give a sufficient "
                "context in the same ones"
            )
        return ""

    def _search_only(self, variant: str, against: str, bar: float) -> str:
        apart = self.apart[variant, against]
        used = max(self.on_sufficient[variant] or 0.0, self.on_sufficient[against] or 0.0)
        if apart * used >= bar:
            return ""
        told = (
            f"only one search of both gives a sufficient context in {apart:.1%} of the questions, of which "
            f"the generator answers {used:.0%} rightly, so about {apart * used:.3f} can differ, and "
            f"{self._shows(bar)}"
        )
        if apart < bar:
            return f"not decidable with any generator on these questions: {told}; needs more clusters"
        return (
            f"not decidable with this generator: {told}; needs one that is right on {bar / apart:.0%} of them"
        )

    def _shows(self, bar: float) -> str:
        return f"{self.clusters:,} clusters show differences from {bar:.3f} on"


def _same_but_search(variant: str, against: str) -> bool:
    one, other = VARIANTS[variant], VARIANTS[against]
    return (one.wording, one.tuned) == (other.wording, other.tuned) and one.search != other.search
