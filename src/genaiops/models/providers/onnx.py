"""A sentence embedder as an ONNX file: sentence vectors, and token vectors for token-level similarity."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.core import ModelSpec, UserError
from genaiops.models.embedding import Origin, Pooling
from genaiops.models.extras import load
from genaiops.models.sentence_files import Description

# a token never has so many characters on average: a longer text is cut before the tokenizer reads all of it
_CHARACTERS_A_TOKEN = 128
_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OnnxFiles:
    """How to get the two files, verified: the weights' path, and the tokenizer's JSON text."""

    weights: Callable[[], Path]
    tokenizer: Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Any
    session: Any
    inputs: tuple[str, ...]
    output: str


class OnnxEmbedder:
    """A `TokenEmbedder`. The files are verified and loaded at the first call.

    Each text runs alone, in one of `workers` threads: a vector depends on its text and on nothing beside
    it (padding in a batch would move it), and on two busy cores it is no slower than batches.
    """

    def __init__(
        self, spec: ModelSpec, described: Description, files: OnnxFiles, origin: Origin, workers: int
    ) -> None:
        self._spec = spec
        self._described = described
        self._files = files
        self._origin = origin
        self._loading = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="embedder")
        self._loaded: _Loaded | None = None
        self._counter: Any = None

    @property
    def spec(self) -> ModelSpec:
        """The model, its files' digest, its facts, and the runtime."""
        return self._spec

    @property
    def origin(self) -> Origin:
        """Whence its weights are, and under which licence."""
        return self._origin

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return unit vectors, one row per text, each read after the prefix of its kind."""
        said = self._described
        prefix = said.query_prefix if kind == "query" else said.passage_prefix
        hidden = await self._run_all([prefix + text for text in texts] if prefix else texts)
        rows = [_unit(pooled(tokens, said.pooling))[0] for tokens, _ in hidden]
        return np.stack(rows) if rows else np.zeros((0, said.dimension), np.float32)

    async def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """Return a unit vector per token of each text as it stands, without prefix and special tokens."""
        return [_unit(tokens[plain]) for tokens, plain in await self._run_all(texts)]

    @property
    def window(self) -> int:
        """The most tokens it reads of a text, special tokens included and its longer prefix not."""
        prefixes = [self._described.query_prefix, self._described.passage_prefix]
        return self._described.window - (max(self.count_tokens(prefixes)) if any(prefixes) else 0)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, without special tokens."""
        if self._counter is None:
            self._counter = self._tokenizer(None)
        encoded = self._counter.encode_batch(list(texts), add_special_tokens=False)
        return [len(one.ids) for one in encoded]

    async def close(self) -> None:
        """Free the model."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        self._loaded = None

    async def _run_all(self, texts: Sequence[str]) -> list[tuple[Vectors, NDArray[np.bool_]]]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(self._pool, self._hidden, text) for text in texts))

    def _hidden(self, text: str) -> tuple[Vectors, NDArray[np.bool_]]:
        """Return the last hidden state of each token, and which tokens are no special ones."""
        model = self._load()
        encoded = model.tokenizer.encode(text[: self._described.window * _CHARACTERS_A_TOKEN])
        ids = np.array([encoded.ids], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.arange(ids.shape[1], dtype=np.int64)[None, :],
        }
        (hidden,) = model.session.run([model.output], {name: feed[name] for name in model.inputs})
        return np.asarray(hidden[0], np.float32), np.array(encoded.special_tokens_mask) == 0

    def _load(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                session = _session(self._files.weights())
                inputs = tuple(one.name for one in session.get_inputs())
                output = _token_output(session.get_outputs(), self._described.dimension)
                if output is None or not set(inputs) <= set(_INPUTS):
                    raise _no_embedder(self._spec.reference, inputs)
                self._loaded = _Loaded(self._tokenizer(self._described.window), session, inputs, output)
            return self._loaded

    def _tokenizer(self, most: int | None) -> Any:
        tokenizer = load("tokenizers").Tokenizer.from_str(self._files.tokenizer())
        tokenizer.no_padding()
        if most is None:
            tokenizer.no_truncation()
        else:
            tokenizer.enable_truncation(most)
        return tokenizer


def pooled(tokens: Vectors, pooling: Pooling) -> Vectors:
    """Return a text's vector as one row: of all its tokens, special ones included."""
    if pooling == "mean":
        return tokens.mean(axis=0, keepdims=True)
    return tokens[:1] if pooling == "cls" else tokens[-1:]


def _session(path: Path) -> Any:
    onnxruntime = load("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps hundreds of megabytes
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _token_output(outputs: Sequence[Any], dimension: int) -> str | None:
    """Return the first output of one vector a token (batch, tokens, dimension); None where there is none."""
    for one in outputs:
        # a size that the file leaves open has a name instead
        if len(one.shape) == 3 and (one.shape[2] == dimension or not isinstance(one.shape[2], int)):
            return str(one.name)
    return None


def _no_embedder(reference: str, inputs: Sequence[str]) -> UserError:
    return UserError(
        "GAO-MODELS-083",
        f"{reference} is no sentence embedder that can be run here",
        why=f"its ONNX file must have an output of one vector a token; it takes {', '.join(inputs)}, "
        f"and {', '.join(_INPUTS)} are what there is to give",
        fix="take the file that optimum or sentence-transformers exports for feature extraction",
    )


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
