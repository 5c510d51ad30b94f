"""Learn the support model and write it into the package.

    python -m bench.groundedness.train --shared ../shared --fever FeverSymmetric --snli e-SNLI

The two folders are clones at the commits in `sources.py`. Vectors of 15,000 pairs take some minutes; they are
kept in `--work`. The same inputs give the same model but for the last bits that differ by CPU.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from bench.groundedness.learning import (
    FEATURES,
    HIDDEN,
    LAST,
    Scaling,
    learn_networks,
    learn_rule,
    opinions,
)
from bench.groundedness.pairs import Kept, Measured, measure, measure_answers
from bench.groundedness.sources import FEVER_COMMIT, JUDGING, SNLI_COMMIT, answers, fever_symmetric, snli
from numpy.typing import NDArray

from genaiops.app.reading.support import VECTORS
from genaiops.app.reading.support.network import Member, pack_array
from genaiops.core import Egress, Settings, TokenEmbedder, digest_bytes
from genaiops.models import ModelContext, open_embedder
from genaiops.stats import round_sig

ARTIFACT = Path("src/genaiops/app/reading/support/data/support.json")
SNLI_WEIGHT = 0.5
SET_WEIGHT = 200.0
"""What each labelled set weighs for the rule, whatever its size: none decides alone."""


@dataclass(slots=True)
class Learnt:
    """The networks, and what the rule learns from: two numbers an answer, its label, set and weight."""

    members: list[Member]
    scaling: Scaling
    values: NDArray[np.float64]
    labels: NDArray[np.float64]
    sets: NDArray[np.str_]
    groups: list[str]
    measured: list[list[Measured]]

    def rule(self, leave_out: str | None = None) -> NDArray[np.float64]:
        """Return bias, weight of overlap and weight of the networks, learnt without one set."""
        used = self.sets != leave_out
        weights = np.array([SET_WEIGHT / np.sum(self.sets == name) for name in self.sets])
        return learn_rule(self.values[used], self.labels[used], weights[used])


def learn(shared: Path, fever: Path, entailed: Path, kept: Kept, embedder: TokenEmbedder) -> Learnt:
    """Return the networks that FEVER-Symmetric and SNLI teach, and the numbers that the rule learns from.

    The rule reads of FEVER-Symmetric what one network says that learnt from the other half of it.
    """
    claims = measure(kept, embedder, fever_symmetric(fever))
    pairs = measure(kept, embedder, snli(entailed))
    members, scaling = learn_networks([(claims, 1.0), (pairs, SNLI_WEIGHT)])
    halves = np.array([int(digest_bytes(one.pair.group.encode())[-1], 16) % 2 for one in claims])
    said = np.zeros(len(claims))
    for half in (0, 1):
        others = [one for one, which in zip(claims, halves, strict=True) if which != half]
        asked = np.flatnonzero(halves == half)
        other_members, other_scaling = learn_networks([(others, 1.0), (pairs, SNLI_WEIGHT)], networks=1)
        said[asked] = opinions(other_members, other_scaling, [claims[at] for at in asked])
    found = [one for one in answers(shared) if one.pairs]
    measured = measure_answers(kept, embedder, found)
    rows = [
        [np.mean([m.features["words_held"] for m in some]), np.mean(opinions(members, scaling, some))]
        for some in measured
    ]
    rows += [[one.features["words_held"], value] for one, value in zip(claims, said, strict=True)]
    labels = [one.supported for one in found] + [one.pair.supported for one in claims]
    sets = [one.source for one in found] + ["fever_symmetric"] * len(claims)
    groups = [one.group for one in found] + [one.pair.group for one in claims]
    return Learnt(members, scaling, np.array(rows), np.array(labels, float), np.array(sets), groups, measured)


def artifact(learnt: Learnt) -> dict[str, object]:
    """Return the model as it is written."""
    bias, held, opinion = (round_sig(float(value)) for value in learnt.rule())
    return {
        "what": "probability that passages support a claim",
        "embedder": VECTORS,
        "licence": "Apache-2.0",
        "learnt_from": {
            "networks": {"FEVER-Symmetric": FEVER_COMMIT, "SNLI (in e-SNLI)": SNLI_COMMIT},
            "rule": [*JUDGING, "FEVER-Symmetric"],
        },
        "sizes": {"inputs": learnt.members[0].tokens.shape[0], "hidden": HIDDEN, "last": LAST},
        "features": list(FEATURES),
        "mean": rounded(learnt.scaling.mean),
        "scale": rounded(learnt.scaling.scale),
        "rule": {"bias": bias, "held": held, "opinion": opinion},
        "members": [packed(member) for member in learnt.members],
    }


def packed(member: Member) -> dict[str, str]:
    """Return a network's arrays as text."""
    names = ("tokens", "tokens_bias", "joined", "joined_bias", "out", "direct")
    return {name: pack_array(getattr(member, name)) for name in names} | {
        "out_bias": pack_array(np.array([member.out_bias]))
    }


def rounded(values: Sequence[float] | NDArray[np.float32]) -> list[float]:
    """Return numbers short enough to read."""
    return [round_sig(float(value)) for value in values]


def arguments(description: str | None) -> argparse.Namespace:
    """Return where the data are."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--fever", type=Path, required=True, help="clone of TalSchuster/FeverSymmetric")
    parser.add_argument("--snli", type=Path, required=True, help="clone of OanaMariaCamburu/e-SNLI")
    parser.add_argument("--work", type=Path, default=Path("build/bench-groundedness"))
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def open_vectors() -> TokenEmbedder:
    """Return the embedder that the model reads with."""
    no_way_out = cast(Egress, None)  # a local model opens no connection
    context = ModelContext(settings=Settings.from_env(os.environ), egress=no_way_out, root=Path())
    return cast(TokenEmbedder, open_embedder(VECTORS, context))


def main() -> None:
    """Learn and write."""
    given = arguments(__doc__)
    learnt = learn(given.shared, given.fever, given.snli, Kept(given.work), open_vectors())
    (given.out or ARTIFACT).write_text(json.dumps(artifact(learnt), indent=1) + "\n")
    print("rule:", artifact(learnt)["rule"])


if __name__ == "__main__":
    main()
