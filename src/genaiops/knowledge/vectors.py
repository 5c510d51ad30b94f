"""What an embedder returns, checked before anything of it is kept, published or compared."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Embedder, Json, ModelSpec, OutsideError, TokenEmbedder

Vectors = NDArray[np.float32]

_OFF = 0.01
"""How far the length of a unit vector may be from 1: numbers of half precision stay well below."""


async def embed_texts(
    embedder: Embedder, texts: Sequence[str], kind: Literal["query", "passage"], dimension: int | None = None
) -> Vectors:
    """Return a unit vector for each text, of `dimension` numbers where that is known.

    Raises `OutsideError` where the embedder returns anything else.
    """
    if not texts:
        return np.zeros((0, dimension or 0), np.float32)
    rows = np.asarray(await embedder.embed(texts, kind), dtype=np.float32)
    problem = _problem(rows, len(texts), dimension or stated_dimension(embedder.spec))
    if problem:
        raise _bad(embedder.spec, problem)
    return rows


async def embed_tokens(embedder: TokenEmbedder, texts: Sequence[str]) -> list[Vectors]:
    """Return the token vectors of each text; raises `OutsideError` where there are others, or not finite."""
    found = await embedder.token_vectors(texts)
    if len(found) != len(texts):
        raise _bad(embedder.spec, f"token vectors of {len(found)} texts came for {len(texts)}")
    if not all(np.isfinite(rows).all() for rows in found):
        raise _bad(embedder.spec, "a token's vector holds a number that is not finite")
    return found


def stated_dimension(spec: ModelSpec) -> int | None:
    """Return the dimension that an embedder says it has; None where it says none."""
    stated = spec.settings.get("dimension")
    return stated if isinstance(stated, int) else None


def differing(asked: ModelSpec, made: ModelSpec) -> tuple[str, str]:
    """Return two embedders as texts that tell them apart: their names, else what else differs."""
    if asked.reference != made.reference:
        return asked.reference, made.reference
    ours, theirs = _facts(asked), _facts(made)
    keys = [key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]
    named = [", ".join(f"{key} {facts.get(key)!r}" for key in keys) for facts in (ours, theirs)]
    return f"{asked.reference} ({named[0]})", f"{made.reference} ({named[1]})"


def _facts(spec: ModelSpec) -> dict[str, Json]:
    return {"version": spec.version, "digest": spec.digest, **spec.settings}


def _problem(rows: Vectors, count: int, dimension: int | None) -> str:
    """Return what is wrong with the vectors of `count` texts; empty where nothing is."""
    if rows.ndim != 2 or rows.shape[0] != count:
        return f"vectors of the shape {rows.shape} came for {count} text(s)"
    if rows.shape[1] != (dimension or rows.shape[1]) or not rows.shape[1]:
        return f"vectors of {rows.shape[1]} numbers came, where the others have {dimension or 'some'}"
    if not np.isfinite(rows).all():
        return "a vector holds a number that is not finite"
    lengths = np.linalg.norm(rows, axis=1)
    if not (lengths > _OFF).all():
        return "a vector is zero"
    if (np.abs(lengths - 1) > _OFF).any():
        return f"a vector has the length {lengths[np.abs(lengths - 1).argmax()]:.3g} instead of 1"
    return ""


def _bad(spec: ModelSpec, why: str) -> OutsideError:
    return OutsideError(
        "GAO-KNOWLEDGE-190",
        f"{spec.reference} returned what is no embedding",
        why=why,
        fix="nothing of it was kept; try again, or name another embedder in models.embed",
    )
