"""Which cases people are asked to label: a random order that nobody chooses.

The order derives from the run's seed, that is from its suite and candidate. A sample of n cases is the first
n of it, so anyone can tell a drawn sample from one that was picked by hand.
"""

import hashlib
from collections.abc import Mapping, Sequence

from genaiops.arena.model import ROLES, Role
from genaiops.core import Score


def draw_order(scores: Mapping[Role, Sequence[Score]], scorer: str, seed: str) -> list[str]:
    """Return the cases that `scorer` gave a value on both arms, in the order in which they are drawn.

    Of repeats the first counts: it is the one that people label.
    """
    before, after = (
        {
            one.case
            for one in scores.get(role, ())
            if one.scorer == scorer and one.status == "ok" and one.repeat == 0
        }
        for role in ROLES
    )
    return sorted(before & after, key=lambda case: (_rank(seed, case), case))


def _rank(seed: str, case: str) -> str:
    return hashlib.sha256(f"{seed}/label/{case}".encode()).hexdigest()
