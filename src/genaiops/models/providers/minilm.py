"""all-MiniLM-L6-v2 (int8 ONNX): sentence vectors, and token vectors for token-level similarity."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.core import ModelSpec
from genaiops.models.extras import load

MAX_TOKENS = 256
DIMENSION = 384
# 256 tokens never begin beyond this: a longer text is cut before the tokenizer reads all of it
_MAX_CHARACTERS = 32_768

Vectors = NDArray[np.float32]


class MiniLm:
    """A `TokenEmbedder`. The file is verified and loaded at the first call.

    Each text runs alone, in one of `workers` threads: a vector depends on its text and on nothing beside
    it (padding in a batch would move it), and on two busy cores it is no slower than batches.
    """

    def __init__(self, spec: ModelSpec, find: Callable[[], Path], workers: int) -> None:
        self._spec = spec
        self._find = find
        self._loading = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="minilm")
        self._loaded: tuple[Any, Any] | None = None
        self._counter: Any = None

    @property
    def spec(self) -> ModelSpec:
        """The model, its weights' digest, and the runtime."""
        return self._spec

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return unit vectors, one row per text; this model treats queries and passages alike."""
        hidden = await self._run_all(texts)
        rows = [_unit(tokens.mean(axis=0, keepdims=True))[0] for tokens in hidden]
        return np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)

    async def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """Return a unit vector per token of each text, the first 254 tokens at most."""
        hidden = await self._run_all(texts)
        return [_unit(tokens[1:-1]) for tokens in hidden]  # without [CLS] and [SEP]

    @property
    def window(self) -> int:
        """The most tokens it reads of a text, [CLS] and [SEP] included."""
        return MAX_TOKENS

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, without [CLS] and [SEP]."""
        if self._counter is None:
            self._counter = _tokenizer()
            self._counter.no_truncation()
        encoded = self._counter.encode_batch(list(texts), add_special_tokens=False)
        return [len(one.ids) for one in encoded]

    async def close(self) -> None:
        """Free the model."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        self._loaded = None

    async def _run_all(self, texts: Sequence[str]) -> list[Vectors]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(self._pool, self._hidden, text) for text in texts))

    def _hidden(self, text: str) -> Vectors:
        tokenizer, session = self._load()
        ids = np.array([tokenizer.encode(text[:_MAX_CHARACTERS]).ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return session.run(None, feed)[0][0]

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _tokenizer(), _session(self._find())
            return self._loaded


def _tokenizer() -> Any:
    data = files("genaiops.models").joinpath("data/minilm-tokenizer.json").read_text("utf-8")
    tokenizer = load("tokenizers").Tokenizer.from_str(data)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(path: Path) -> Any:
    onnxruntime = load("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps hundreds of megabytes
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
