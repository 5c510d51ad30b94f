"""The learnt comparison of a claim's tokens with what stands beside them, as plain arrays. Pure.

Parikh et al. (2016): compare each token with what was attended to, then aggregate. Here the vectors are the
embedder's own; only the comparison is learnt (`bench/groundedness`).
"""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.app.reading.support.features import Aligned, Floats


@dataclass(frozen=True, slots=True)
class Member:
    """One network: tokens → `hidden` → mean and maximum → joined with the features → one number."""

    tokens: Floats
    tokens_bias: Floats
    joined: Floats
    joined_bias: Floats
    out: Floats
    out_bias: float
    direct: Floats


def token_inputs(aligned: Aligned) -> Floats:
    """Return what a network reads of each token: nearness, difference, product; shape (n, 1 + 2·d)."""
    scale = math.sqrt(aligned.claim.shape[1])
    return np.concatenate(
        [
            aligned.nearness[:, None],
            (aligned.claim - aligned.beside) * scale,
            aligned.claim * aligned.beside * (scale * scale / 2),
        ],
        axis=1,
        dtype=np.float32,
    )


def opinion(members: Sequence[Member], inputs: Floats, features: Floats) -> float:
    """Return the mean of what the networks say (a logit); `features` are standardised, shape (f,)."""
    return float(np.mean([_says(member, inputs, features) for member in members]))


def _says(member: Member, inputs: Floats, features: Floats) -> float:
    if not len(inputs):
        inputs = np.zeros((1, member.tokens.shape[0]), np.float32)
    hidden = np.maximum(inputs @ member.tokens + member.tokens_bias, 0)
    joined = np.concatenate([hidden.mean(axis=0), hidden.max(axis=0), features])
    last = np.maximum(joined @ member.joined + member.joined_bias, 0)
    return float(last @ member.out + member.out_bias + features @ member.direct)


def pack_array(values: NDArray[np.generic]) -> str:
    """Return an array as base64 of little-endian half floats, row by row."""
    return base64.b64encode(np.asarray(values, "<f2").tobytes()).decode()


def unpack_array(text: str, shape: Sequence[int]) -> Floats:
    """Return what `pack_array` packed; raises `ValueError` where it does not fill `shape`."""
    raw = np.frombuffer(base64.b64decode(text, validate=True), "<f2")
    return raw.astype(np.float32).reshape(tuple(shape))


def read_member(packed: Mapping[str, str], inputs: int, features: int, hidden: int, last: int) -> Member:
    """Return a network from its packed arrays; raises `ValueError` where one has another size."""
    return Member(
        tokens=unpack_array(packed["tokens"], (inputs, hidden)),
        tokens_bias=unpack_array(packed["tokens_bias"], (hidden,)),
        joined=unpack_array(packed["joined"], (2 * hidden + features, last)),
        joined_bias=unpack_array(packed["joined_bias"], (last,)),
        out=unpack_array(packed["out"], (last,)),
        out_bias=float(unpack_array(packed["out_bias"], (1,))[0]),
        direct=unpack_array(packed["direct"], (features,)),
    )
