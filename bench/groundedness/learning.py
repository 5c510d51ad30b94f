"""How the model learns: networks over token pairs by Adam, then a logistic rule of two numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from bench.groundedness.pairs import Measured
from numpy.typing import NDArray

from genaiops.app.reading.support.features import Aligned
from genaiops.app.reading.support.network import Member, opinion, token_inputs

FEATURES = (
    "content_held",
    "content_held_by_best",
    "words_held",
    "added_held",
    "content_missing",
    "pairs_held",
    "run",
    "number_missing",
    "numbers_held",
    "number_differs",
    "name_missing",
    "names_missing",
    "denies",
    "denial_differs",
    "only_claim_denies",
    "opposite",
    "absolute_new",
    "absolute_held",
    "comparison_new",
    "other_order",
    "near",
    "near_weakest",
    "near_weak",
    "weak_tokens",
)
HIDDEN, LAST, MEMBERS, EPOCHS, BATCH = 32, 24, 3, 4, 64
RATE, DECAY, DROPPED = 2e-3, 3e-4, 0.4
RIDGE = 30.0

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
_NAMES = ("tokens", "tokens_bias", "joined", "joined_bias", "out", "out_bias", "direct")


@dataclass(slots=True)
class Scaling:
    """How features are standardised."""

    mean: Floats
    scale: Floats

    def of(self, found: Sequence[Measured]) -> Floats:
        """Return the standardised features, one row a pair."""
        return ((_rows(found) - self.mean) / self.scale).astype(np.float32)


@dataclass(slots=True)
class Network:
    """A network that learns: its arrays by name, and Adam's two moments of each."""

    arrays: dict[str, Floats]
    first: dict[str, Floats] = field(default_factory=dict)
    second: dict[str, Floats] = field(default_factory=dict)
    steps: int = 0

    @staticmethod
    def fresh(inputs: int, features: int, random: np.random.Generator) -> "Network":
        """Return a network with He's random weights, a little smaller."""

        def weights(rows: int, columns: int) -> Floats:
            return (random.standard_normal((rows, columns)) * 0.7 * math.sqrt(2 / rows)).astype(np.float32)

        arrays = {
            "tokens": weights(inputs, HIDDEN),
            "tokens_bias": np.zeros(HIDDEN, np.float32),
            "joined": weights(2 * HIDDEN + features, LAST),
            "joined_bias": np.zeros(LAST, np.float32),
            "out": weights(LAST, 1)[:, 0],
            "out_bias": np.zeros(1, np.float32),
            "direct": np.zeros(features, np.float32),
        }
        empty = {name: np.zeros_like(values) for name, values in arrays.items()}
        return Network(arrays, empty, {name: values.copy() for name, values in empty.items()})

    def member(self) -> Member:
        """Return what was learnt, as the package applies it."""
        values = [self.arrays[name] for name in _NAMES]
        values[5] = float(values[5][0])
        return Member(*values)

    def learn(
        self,
        batch: Sequence[Aligned],
        features: Floats,
        labels: Floats,
        weights: Floats,
        rate: float,
        random: np.random.Generator,
    ) -> None:
        """Take one step of Adam down the weighted log loss (Kingma and Ba, 2015)."""
        lengths = np.array([len(one.nearness) for one in batch])
        starts = np.r_[0, np.cumsum(lengths)[:-1]]
        whole = Aligned(
            *(
                np.concatenate([getattr(one, name) for one in batch]).astype(np.float32)
                for name in ("claim", "beside", "nearness")
            )
        )
        gradients = self._gradients(token_inputs(whole), starts, lengths, features, labels, weights, random)
        self.steps += 1
        for name, gradient in gradients.items():
            decay = DECAY if name in ("tokens", "joined", "direct") else 0.0
            gradient = gradient + decay * self.arrays[name]
            self.first[name] = 0.9 * self.first[name] + 0.1 * gradient
            self.second[name] = 0.999 * self.second[name] + 0.001 * gradient * gradient
            step = self.first[name] / (1 - 0.9**self.steps)
            size = np.sqrt(self.second[name] / (1 - 0.999**self.steps)) + 1e-8
            self.arrays[name] = (self.arrays[name] - rate * step / size).astype(np.float32)

    def _gradients(
        self,
        inputs: Floats,
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        features: Floats,
        labels: Floats,
        weights: Floats,
        random: np.random.Generator,
    ) -> dict[str, Floats]:
        now = self.arrays
        hidden = np.maximum(inputs @ now["tokens"] + now["tokens_bias"], 0)
        largest = np.maximum.reduceat(hidden, starts, axis=0)
        mean = np.add.reduceat(hidden, starts, axis=0) / lengths[:, None]
        joined = np.concatenate([mean, largest, features], axis=1)
        mask = ((random.random(joined.shape) > DROPPED) / (1 - DROPPED)).astype(np.float32)
        joined *= mask
        last = np.maximum(joined @ now["joined"] + now["joined_bias"], 0)
        logits = last @ now["out"] + now["out_bias"] + features @ now["direct"]
        error = (weights * (1 / (1 + np.exp(-logits)) - labels) / weights.sum()).astype(np.float32)
        to_last = np.outer(error, now["out"]) * (last > 0)
        to_joined = (to_last @ now["joined"].T) * mask
        of = np.repeat(np.arange(len(lengths)), lengths)
        to_hidden = (to_joined[:, :HIDDEN] / lengths[:, None])[of]
        to_hidden += to_joined[:, HIDDEN : 2 * HIDDEN][of] * (hidden == largest[of])
        to_hidden *= hidden > 0
        return {
            "tokens": inputs.T @ to_hidden,
            "tokens_bias": to_hidden.sum(axis=0),
            "joined": joined.T @ to_last,
            "joined_bias": to_last.sum(axis=0),
            "out": last.T @ error,
            "out_bias": error.sum(keepdims=True),
            "direct": features.T @ error,
        }


def learn_networks(
    sets: Sequence[tuple[Sequence[Measured], float]], networks: int = MEMBERS
) -> tuple[list[Member], Scaling]:
    """Return networks that learnt from sets of pairs, each set's pairs with their weight."""
    pairs = [one for found, _ in sets for one in found if len(one.aligned.nearness)]
    weights = np.concatenate(
        [np.full(sum(len(one.aligned.nearness) > 0 for one in found), weight) for found, weight in sets]
    )
    rows = _rows(pairs)
    scaling = Scaling(rows.mean(axis=0), rows.std(axis=0) + np.float32(1e-3))
    features = scaling.of(pairs)
    labels = np.array([one.pair.supported for one in pairs], np.float32)
    inputs = 1 + 2 * pairs[0].aligned.claim.shape[1]
    members: list[Member] = []
    for member in range(networks):
        random = np.random.default_rng(member)
        network = Network.fresh(inputs, len(FEATURES), random)
        for epoch in range(EPOCHS):
            order = random.permutation(len(pairs))
            for at in range(0, len(order), BATCH):
                some = order[at : at + BATCH]
                network.learn(
                    [pairs[index].aligned for index in some],
                    features[some],
                    labels[some],
                    weights[some],
                    RATE * (1 - 0.9 * epoch / EPOCHS),
                    random,
                )
        members.append(network.member())
    return members, scaling


def opinions(members: Sequence[Member], scaling: Scaling, found: Sequence[Measured]) -> Floats:
    """Return what the networks say of each pair (logits)."""
    features = scaling.of(found)
    said = [
        opinion(members, token_inputs(_wide(one.aligned)), row)
        for one, row in zip(found, features, strict=True)
    ]
    return np.array(said, np.float32)


def learn_rule(values: Doubles, labels: Doubles, weights: Doubles) -> Doubles:
    """Return bias and weights of a logistic rule, by Newton's method; the ridge is on standardised values."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(values)), (values - mean) / scale])
    ridge = np.diag([0.0, *np.full(values.shape[1], RIDGE)])
    found = np.zeros(design.shape[1])
    for _ in range(30):
        expected = 1 / (1 + np.exp(-design @ found))
        slope = design.T @ (weights * (expected - labels)) + ridge @ found
        curve = (design * (weights * expected * (1 - expected))[:, None]).T @ design + ridge
        found = found - np.linalg.solve(curve, slope)
    return np.r_[found[0] - np.sum(found[1:] * mean / scale), found[1:] / scale]


def _wide(aligned: Aligned) -> Aligned:
    return Aligned(
        *(values.astype(np.float32) for values in (aligned.claim, aligned.beside, aligned.nearness))
    )


def _rows(found: Sequence[Measured]) -> Floats:
    return np.array([[one.features[name] for name in FEATURES] for one in found], np.float32)
