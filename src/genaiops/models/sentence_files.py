"""What the files of a sentence embedder say of it, as sentence-transformers and transformers write them.

    config.json                        hidden_size, max_position_embeddings
    modules.json                       which steps there are: Transformer, Pooling, Normalize
    1_Pooling/config.json              pooling_mode_mean_tokens and its like
    sentence_bert_config.json          max_seq_length
    tokenizer_config.json              model_max_length
    config_sentence_transformers.json  prompts by name, and the one that stands where none is named

What the project says of its embedder wins. What nobody says is asked for, never assumed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from genaiops.core import Json, UserError
from genaiops.models.embedding import EmbedSettings, Pooling

CONFIGS = (
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "config_sentence_transformers.json",
)
TOKENIZER = "tokenizer.json"

_POOLINGS: Mapping[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}
_STEPS = ("Transformer", "Pooling", "Normalize")
_DIMENSIONS = ("hidden_size", "dim", "d_model")
_WINDOWS = ("max_seq_length", "model_max_length", "max_position_embeddings")
_MOST_TOKENS = 1_000_000
"""Tokenizers without a limit write a number beyond any."""

_BESIDE = "_data"
"""Weights beyond 2 GB lie in a file beside the ONNX file, called after it."""

Config = Callable[[str], Mapping[str, Json]]
"""Returns the JSON object in one of `CONFIGS`; empty where there is no such file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """All that a vector depends on beside weights, tokenizer and runtime; vectors have unit length."""

    pooling: Pooling
    dimension: int
    window: int
    query_prefix: str = ""
    passage_prefix: str = ""
    quantisation: str | None = None

    @property
    def facts(self) -> dict[str, Json]:
        """The facts as they stand in a spec's settings."""
        facts: dict[str, Json] = {
            "pooling": self.pooling,
            "query_prefix": self.query_prefix,
            "passage_prefix": self.passage_prefix,
            "dimension": self.dimension,
            "normalised": True,
            "window": self.window,
        }
        return facts | ({"quantisation": self.quantisation} if self.quantisation else {})


def wanted_files(model: str) -> tuple[str, ...]:
    """Return the names of the files that make an embedder of the ONNX file `model`."""
    return (model, model + _BESIDE, TOKENIZER, *CONFIGS)


def describe(read: Callable[[str], bytes | None], model: str, said: EmbedSettings, where: str) -> Description:
    """Return what files and project say of the embedder whose ONNX file is `model`.

    `read` returns the bytes of a file by its name, None where there is none. Raises `UserError` where
    something is said by neither, or asks for a step that an ONNX file does not hold.
    """

    def config(name: str) -> Mapping[str, Json]:
        return _object(read(name), name, where)

    _check_steps(read("modules.json"), where)
    pooling = said.pooling or _pooling(config("1_Pooling/config.json"))
    dimension = _number(config("config.json"), *_DIMENSIONS) or said.dimension
    window = said.window or _window(config)
    missing = {"pooling": pooling, "dimension": dimension, "window": window}
    if pooling is None or dimension is None or window is None:
        raise _unsaid([key for key, value in missing.items() if value is None], where)
    prompts = _prompts(config("config_sentence_transformers.json"))
    return Description(
        pooling=pooling,
        dimension=dimension,
        window=window,
        query_prefix=prompts[0] if said.query_prefix is None else said.query_prefix,
        passage_prefix=prompts[1] if said.passage_prefix is None else said.passage_prefix,
        quantisation=quantisation_of(model),
    )


def quantisation_of(model: str) -> str | None:
    """Return the quantisation that an ONNX file's name tells (`model_int8.onnx`), if any."""
    return PurePosixPath(model).stem.removeprefix("model").strip("_-.") or None


def _pooling(config: Mapping[str, Json]) -> Pooling | None:
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
    return _POOLINGS.get(chosen[0]) if len(chosen) == 1 else None


def _window(config: Callable[[str], Mapping[str, Json]]) -> int | None:
    files = ("sentence_bert_config.json", "tokenizer_config.json", "config.json")
    stated = [_number(config(name), *_WINDOWS) for name in files]
    # the first is what the model was trained with; a position table alone may hold more than is usable
    return stated[0] or min((one for one in stated if one), default=None)


def _number(config: Mapping[str, Json], *keys: str) -> int | None:
    found = next((config[key] for key in keys if key in config), None)
    fits = isinstance(found, int) and not isinstance(found, bool) and 0 < found < _MOST_TOKENS
    return cast(int, found) if fits else None


def _prompts(config: Mapping[str, Json]) -> tuple[str, str]:
    """Return what stands before a query, and before a passage."""
    prompts = config.get("prompts")
    named: Mapping[str, Json] = prompts if isinstance(prompts, dict) else {}
    fallback = named.get(str(config.get("default_prompt_name")), "")
    query = named.get("query", fallback)
    passage = named.get("document", named.get("passage", fallback))
    return str(query), str(passage)


def _check_steps(modules: bytes | None, where: str) -> None:
    if modules is None:
        return
    steps = _json(modules, "modules.json", where)
    kinds = [
        str(step.get("type", "")).rpartition(".")[2]
        for step in (cast("list[Json]", steps) if isinstance(steps, list) else [])
        if isinstance(step, dict)
    ]
    other = [kind for kind in kinds if kind not in _STEPS]
    if other:
        raise UserError(
            "GAO-MODELS-081",
            f"this embedder has a step that its ONNX file does not hold: {', '.join(other)}",
            why=f"only {', '.join(_STEPS)} are done here, and its vectors would be others",
            fix="name another model, or serve it behind an endpoint",
            where=where,
        )


def _object(content: bytes | None, name: str, where: str) -> Mapping[str, Json]:
    value = {} if content is None else _json(content, name, where)
    return value if isinstance(value, dict) else {}


def _json(content: bytes, name: str, where: str) -> Json:
    try:
        return cast(Json, json.loads(content))
    except (ValueError, RecursionError) as error:
        raise UserError("GAO-MODELS-082", f"{name} is no JSON", why=str(error), where=where) from error


def _unsaid(missing: list[str], where: str) -> UserError:
    return UserError(
        "GAO-MODELS-080",
        f"nobody said the {' and the '.join(missing)} of this embedder",
        why="its files do not tell, and with a wrong one its vectors would look right and find little",
        fix="say it in genaiops.yaml, for example models: {embed: {model: …, pooling: mean, window: 512}}",
        where=where,
    )
