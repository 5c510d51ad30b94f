"""The trained model as one file of plain arrays, read only if its digest is the declared one.

`data/model.npz` holds what was trained: the sparse table, dense weights, the vocabulary, and a header in JSON
with thresholds, calibration and words for reasons. `data/model.json` declares its sha256. No pickle is read.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import OutsideError, UserError, decode
from genaiops.guard.injection.features import RELATIONS, TOGETHER
from genaiops.guard.injection.shapes import SHAPES
from genaiops.guard.injection.vocabulary import TABLE_BITS, Floats, Vocabulary

HEADS = ("input", "kind", "segment")
"""Columns of the table: an attack among prompts; a jailbreak among attacks; a segment of a document that
instructs whoever reads it."""

FORMAT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A score from `threshold` on is a finding, of confidence `1 / (1 + exp(-(slope * score + shift)))`."""

    threshold: float
    slope: float
    shift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A segment's score is lessened by `share` of its rival's, which counts as at most `most`; as `alone`
    where there is none."""

    share: float
    most: float
    alone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is not an array: all numbers were fitted or chosen in training, none stands in code.

    `groups` names the vocabulary's groups from 1 on, `stop` the one that carries no content, `barring` those
    that make a context a prohibition. A part of a prompt must be surer than the whole by `window_margin`, and
    the whole counts as surer than its surest part by `window_lift` at most.
    """

    format: int
    version: str
    groups: tuple[str, ...]
    stop: int
    barring: tuple[int, ...]
    biases: tuple[float, float, float]
    window_words: int
    window_margin: float
    window_lift: float
    rival: Rival
    calibration: dict[str, Calibration]
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The weights of one head, ready: `table [slots]` times `scale`, those of `dense` features, and what two
    groups `together` in one stretch weigh `[groups, groups]`.

    The rest is `dense`, cut up by kind: `words [rows]` is what the vector of each word comes to, `begins`
    what it weighs that a stretch begins with each group (0: none); then what a stretch is, what is around
    it, and how it stands to that.
    """

    table: NDArray[np.int8]
    scale: float
    bias: float
    together: Floats
    dense: Floats
    words: Floats
    begins: Floats
    shares: Floats
    shapes: list[float]
    shares_around: Floats
    shapes_around: Floats
    relations: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """The model, ready: its header, its vocabulary, its heads by name."""

    header: Header
    vocabulary: Vocabulary
    heads: dict[str, Head]


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model of this package, read and checked once; raises `OutsideError` where it was changed."""
    folder = files("genaiops.guard.injection").joinpath("data")
    return read_model(folder.joinpath("model.npz"), folder.joinpath("model.json"))


def read_model(file: Traversable, declaration: Traversable) -> Model:
    """Return the model in `file`; raises `OutsideError` where it is absent, changed or not a model."""
    try:
        raw = file.read_bytes()
        declared = cast(str, json.loads(declaration.read_text("utf-8"))["sha256"])
    except (OSError, ValueError, KeyError) as error:
        raise _broken(file, f"it or its declaration cannot be read: {error}") from error
    found = hashlib.sha256(raw).hexdigest()
    if found != declared:
        raise _broken(file, f"its sha256 is {found}, declared is {declared}")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            return _model({name: arrays[name] for name in arrays.files})
    except (ValueError, KeyError, UserError) as error:
        raise _broken(file, f"it is no model of this version: {error}") from error


def pack(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return header and arrays as the bytes of a model file: the same bytes for the same content."""
    text = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
    stream = io.BytesIO()
    np.savez(stream, header=np.frombuffer(text, dtype=np.uint8), **cast("dict[str, Any]", arrays))
    return stream.getvalue()


def _model(arrays: dict[str, NDArray[Any]]) -> Model:
    header = decode(Header, json.loads(arrays["header"].tobytes()))
    table, scale = arrays["table"], arrays["table_scale"]
    if header.format != FORMAT or table.shape != (1 << TABLE_BITS, len(HEADS)):
        raise ValueError(f"format {header.format}, table {table.shape}")
    vocabulary = Vocabulary(
        arrays["keys"],
        arrays["word_groups"],
        arrays["vectors"],
        float(arrays["vector_scale"]),
        len(header.groups),
    )
    heads = {
        name: _head(table[:, at], float(scale[at]), header.biases[at], arrays[f"dense_{name}"], vocabulary)
        for at, name in enumerate(HEADS)
    }
    return Model(header, vocabulary, heads)


def _head(table: NDArray[np.int8], scale: float, bias: float, dense: Floats, vocabulary: Vocabulary) -> Head:
    groups = vocabulary.group_count
    widths = (vocabulary.vectors.shape[1], groups, groups, SHAPES, groups, SHAPES, RELATIONS)
    if len(dense) != sum(widths):
        raise ValueError(f"{len(dense)} dense features")
    vectors, shares, begins, shapes, shares_around, shapes_around, relations = np.split(
        dense, np.cumsum(widths)[:-1]
    )
    pairs = np.triu(np.ones_like(vocabulary.together), 1) / TOGETHER
    return Head(
        table=np.ascontiguousarray(table),
        scale=scale,
        bias=bias,
        together=(table[vocabulary.together] * scale * pairs).astype(np.float32),
        dense=dense,
        words=(vocabulary.vectors * vocabulary.scale) @ vectors,
        begins=np.append(np.float32(0), begins),
        shares=shares.astype(np.float64),
        shapes=shapes.tolist(),
        shares_around=shares_around,
        shapes_around=shapes_around,
        relations=relations,
    )


def _broken(file: Traversable, why: str) -> OutsideError:
    return OutsideError(
        "GAO-GUARD-070",
        "the injection classifier is not what it must be",
        why=why,
        fix="install genaiops again, or train it: python -m scripts.train_injection",
        where=str(file),
    )
