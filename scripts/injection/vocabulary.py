"""The classifier's words: those that training texts use, with a group from the lexicon and a vector.

A vector is what MiniLM (`genaiops models pull minilm-l6`) makes of the word alone, averaged over its tokens,
brought to `DIMENSIONS` by principal components and damped where the word is frequent (Arora et al., 2017).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from genaiops.guard.injection.reading import read
from genaiops.guard.injection.vocabulary import slots_of

DIMENSIONS = 48
SCALE = 4 / 127
_RUNTIME: Any = onnxruntime
_MOST = 20_000
_BATCH = 256
_DAMPING = 3e-4
_WORD = re.compile(rb"[a-z0-9_\x80-\xff]+")
_LEXICON = Path(__file__).parent / "words" / "lexicon.toml"


@dataclass(frozen=True, slots=True)
class Words:
    """`keys` are hashes of words, `groups` numbers from 1 (0: none), `vectors * SCALE` what they mean."""

    keys: NDArray[np.uint64]
    groups: NDArray[np.uint8]
    vectors: NDArray[np.int8]
    names: tuple[str, ...]


def kept_words(file: Path) -> Words:
    """Return the vocabulary of a model that was trained before, its groups by the lexicon of today."""
    with np.load(file, allow_pickle=False) as arrays:
        keys, vectors = arrays["keys"], arrays["vectors"]
    names, number = _lexicon()
    by_key = {_key(word): group for word, group in number.items()}
    groups = np.array([by_key.get(int(key), 0) for key in keys], dtype=np.uint8)
    return Words(keys, groups, vectors, names)


def make_words(texts: Iterable[str], weights: Path, tokenizer: Path) -> Words:
    """Return the vocabulary of `texts` and of the lexicon."""
    names, number = _lexicon()
    counts: Counter[bytes] = Counter()
    for text in texts:
        counts.update(set(_WORD.findall(text.lower().encode("utf-8", "replace"))))
    frequent = [w for w, n in counts.items() if n >= 3 and not w.isdigit() and len(w) < 30]
    frequent.sort(key=lambda word: (-counts[word], word))
    chosen = sorted({*frequent[:_MOST], *number}, key=lambda word: (len(word), word))
    keys = np.array([_key(word) for word in chosen], dtype=np.uint64)
    groups = np.array([number.get(word, 0) for word in chosen], dtype=np.uint8)
    seen = np.array([counts[word] for word in chosen], dtype=float)
    vectors = _reduced(_embedded(chosen, weights, tokenizer), seen / seen.sum())
    kept = _one_a_slot(keys, groups, seen)
    small = np.round(vectors[kept] * (127 / float(np.abs(vectors).max()))).astype(np.int8)
    return Words(keys[kept], groups[kept], small, names)


def _lexicon() -> tuple[tuple[str, ...], dict[bytes, int]]:
    """Return the names of the groups, and the number of each word's first group."""
    lexicon: dict[str, str] = tomllib.loads(_LEXICON.read_text(encoding="utf-8"))
    number: dict[bytes, int] = {}
    for group, words in enumerate(lexicon.values(), start=1):
        for word in words.split():
            parts = _WORD.findall(word.lower().encode())
            if len(parts) == 1:
                number.setdefault(parts[0], group)
    return tuple(lexicon), number


def _key(word: bytes) -> int:
    return int(read(word).words[0])


def _embedded(words: list[bytes], weights: Path, tokenizer: Path) -> NDArray[np.float32]:
    """Return the average of the token vectors of each word; what stands in one batch is rounded together."""
    options: Any = _RUNTIME.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = _RUNTIME.InferenceSession(str(weights), options)
    reader: Any = Tokenizer.from_file(str(tokenizer))
    reader.enable_padding()
    found: list[NDArray[np.float32]] = []
    for at in range(0, len(words), _BATCH):
        coded = reader.encode_batch([word.decode("utf-8", "replace") for word in words[at : at + _BATCH]])
        ids = np.array([one.ids for one in coded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in coded], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, feed)[0]
        found.append((hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True))
    return np.concatenate(found).astype(np.float32)


def _reduced(vectors: NDArray[np.float32], share: NDArray[np.float64]) -> NDArray[np.float32]:
    vectors = vectors - vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weighted = vectors * np.sqrt(share + 1e-6)[:, None]
    _, axes = np.linalg.eigh(weighted.T @ weighted)
    small = vectors @ axes[:, ::-1][:, :DIMENSIONS]
    small /= np.linalg.norm(small, axis=1, keepdims=True)
    return (small * (_DAMPING / (_DAMPING + share))[:, None]).astype(np.float32)


def _one_a_slot(
    keys: NDArray[np.uint64], groups: NDArray[np.uint8], seen: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return which words stay: of those that share a slot, one with a group, else the most frequent."""
    slots = slots_of(keys)
    order = np.lexsort((-seen, groups == 0))
    _, first = np.unique(slots[order], return_index=True)
    return np.sort(order[first])
