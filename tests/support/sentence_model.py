"""A sentence embedder small enough to be written by a test: real ONNX, a real tokenizer, the usual configs.

The network looks a vector up for each token, so that what pooling and prefixes do can be told exactly.
"""

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = ("[UNK]", "[CLS]", "[SEP]", "query", "passage", ":", "cat", "dog", "house", "river")
DIMENSION = 8
TABLE = np.random.default_rng(7).standard_normal((len(WORDS), DIMENSION)).astype(np.float32)


def write_model(
    folder: Path,
    *,
    pooling: str = "mean_tokens",
    prompts: dict[str, str] | None = None,
    file: str = "model.onnx",
    table: np.ndarray = TABLE,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    **more: object,
) -> Path:
    """Write an embedder as its exporters do; `more` are further files by their name without `.json`."""
    files: dict[str, object] = {
        "config": {"hidden_size": DIMENSION, "max_position_embeddings": 64},
        "modules": [{"type": f"sentence_transformers.models.{step}"} for step in ("Transformer", "Pooling")],
        "1_Pooling/config": {"pooling_mode_max_tokens": False, f"pooling_mode_{pooling}": True},
        "sentence_bert_config": {"max_seq_length": 16},
        "tokenizer_config": {"model_max_length": 10**30},
        "config_sentence_transformers": {"prompts": prompts or {}, "default_prompt_name": None},
        **more,
    }
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_text(json.dumps(content), encoding="utf-8")
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(onnx(table, inputs))
    _tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def rows(*words: str) -> np.ndarray:
    """Return the vectors of tokens."""
    return TABLE[[WORDS.index(word) for word in words]]


def unit(row: np.ndarray) -> np.ndarray:
    """Return a vector of length 1."""
    return row / np.linalg.norm(row)


def onnx(table: np.ndarray, inputs: tuple[str, ...]) -> bytes:
    """Return a model that gathers rows of `table` by `input_ids`, in ONNX's wire form (protobuf)."""
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    weights = b"".join(_number(1, size) for size in table.shape) + _number(2, 1) + _text(8, "table")
    graph = _part(1, node) + _text(2, "g") + _part(5, weights + _part(9, table.astype("<f4").tobytes()))
    graph += b"".join(_part(11, _value(name, 7, "b", "n")) for name in inputs)
    graph += _part(12, _value("last_hidden_state", 1, "b", "n", table.shape[1]))
    return _number(1, 8) + _part(8, _number(2, 13)) + _part(7, graph)


def _tokenizer() -> Tokenizer:
    vocabulary = {word: at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


def _value(name: str, kind: int, *shape: str | int) -> bytes:
    sizes = [_number(1, one) if isinstance(one, int) else _text(2, one) for one in shape]
    tensor = _number(1, kind) + _part(2, b"".join(_part(1, size) for size in sizes))
    return _text(1, name) + _part(2, _part(1, tensor))


def _varint(number: int) -> bytes:
    wire = b""
    while number > 127:
        wire += bytes([number & 127 | 128])
        number >>= 7
    return wire + bytes([number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())
