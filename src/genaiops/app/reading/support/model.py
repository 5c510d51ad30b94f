"""The support model: what was learnt, read from the package's own data, and the probability it gives.

    probability = logistic(bias + held · words_held + opinion · networks)

`words_held` is plain word overlap, `networks` what the token comparison says; both were fitted on labelled
answers, so that the probability is calibrated (Platt, 1999). See data/README.md for the sources.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from genaiops.app.reading.support.features import Aligned, Floats, nearness_features
from genaiops.app.reading.support.network import Member, opinion, read_member, token_inputs

VECTORS = "local:minilm-l6"
"""The embedder whose token vectors the networks learnt to compare; they mean nothing to another's."""
SUPPORTED = 0.5
"""A claim of at least this probability is called supported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportModel:
    """The networks, how their features are standardised, and the rule that turns both into a probability."""

    members: tuple[Member, ...]
    features: tuple[str, ...]
    mean: Floats
    scale: Floats
    bias: float
    held: float
    opinion: float


def probability(model: SupportModel, words: Mapping[str, float], aligned: Aligned) -> float:
    """Return how likely it is that people call the claim supported, from 0 to 1, rounded to 6 digits."""
    logit = model.bias + model.held * words["words_held"] + model.opinion * says(model, words, aligned)
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 6)


def says(model: SupportModel, words: Mapping[str, float], aligned: Aligned) -> float:
    """Return the mean logit of the networks."""
    named = {**words, **nearness_features(aligned.nearness)}
    values = np.array([named[name] for name in model.features], np.float32)
    return opinion(model.members, token_inputs(aligned), (values - model.mean) / model.scale)


@cache
def support_model() -> SupportModel:
    """Return the model that comes with the package."""
    text = files("genaiops.app.reading.support").joinpath("data/support.json").read_text("utf-8")
    return read_model(json.loads(text))


def read_model(facts: Mapping[str, Any]) -> SupportModel:
    """Return a model from its file; raises `KeyError` or `ValueError` where it is not whole."""
    names = tuple(facts["features"])
    sizes = facts["sizes"]
    return SupportModel(
        members=tuple(
            read_member(one, sizes["inputs"], len(names), sizes["hidden"], sizes["last"])
            for one in facts["members"]
        ),
        features=names,
        mean=np.array(facts["mean"], np.float32),
        scale=np.array(facts["scale"], np.float32),
        bias=float(facts["rule"]["bias"]),
        held=float(facts["rule"]["held"]),
        opinion=float(facts["rule"]["opinion"]),
    )
