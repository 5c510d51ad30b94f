"""Attacks on an app: seeds say what is wanted, generators dress it, marks tell whether it came true."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.synthesis.attacks.bundled import own
    from genaiops.synthesis.attacks.encodings import LOOKS_LIKE
    from genaiops.synthesis.attacks.generating import GENERATORS, count_attacks, invented, make_attacks
    from genaiops.synthesis.attacks.model import Attack, Category, Goal, Marks, Seed
    from genaiops.synthesis.attacks.planting import plant
    from genaiops.synthesis.attacks.seeds import ReadSeeds, read_seeds

_FILES = {
    "encodings": "LOOKS_LIKE",
    "generating": "GENERATORS count_attacks invented make_attacks",
    "model": "Attack Category Goal Marks Seed",
    "bundled": "own",
    "planting": "plant",
    "seeds": "ReadSeeds read_seeds",
}

__all__ = [
    "GENERATORS", "LOOKS_LIKE", "Attack", "Category", "Goal", "Marks", "ReadSeeds", "Seed", "count_attacks",
    "invented", "make_attacks", "own", "plant", "read_seeds",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
