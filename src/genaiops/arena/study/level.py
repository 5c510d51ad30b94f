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
        """Return why the comparison cannot be decided with this generator; nothing where it can be."""
        best = max(self.right[variant], self.right[against])
        bar = max(detectable or 0.0, MARGIN)
        if best <= bar:
            return (
                f"not decidable with this generator: it is right in {best:.0%} of the questions at most, and "
                f"{self.clusters:,} clusters show differences from {bar:.3f} on, so that even the loss of every "
                f"right answer would not be seen; needs a generator that is right in more than {bar:.0%}, or "
                "more clusters"
            )
        return self._search_only(variant, against, bar) if _same_but_search(variant, against) else ""

    def _search_only(self, variant: str, against: str, bar: float) -> str:
        apart = self.apart[variant, against]
        used = max(self.on_sufficient[variant] or 0.0, self.on_sufficient[against] or 0.0)
        if apart * used >= bar:
            return ""
        told = (
            f"the searches give only one of both a sufficient context in {apart:.1%} of the questions, and the "
            f"generator is right on {used:.0%} of those: about {apart * used:.3f} could differ, and "
            f"{self.clusters:,} clusters show differences from {bar:.3f} on"
        )
        if apart < bar:
            return f"not decidable with any generator on these questions: {told}; needs more clusters"
        return (
            f"not decidable with this generator: {told}; needs one that is right on {bar / apart:.0%} of them"
        )


def _same_but_search(variant: str, against: str) -> bool:
    one, other = VARIANTS[variant], VARIANTS[against]
    return (one.wording, one.tuned) == (other.wording, other.tuned) and one.search != other.search
