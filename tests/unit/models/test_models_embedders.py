"""Sentence embedders in folders: what their files and the project say, and that any change is another one."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contracts.models_conformance import check_embedder
from tests.support.sentence_model import TABLE, rows, unit, write_model

from genaiops.core import Settings, UserError
from genaiops.models import (
    KINDS,
    EmbedSettings,
    ModelContext,
    embedding_facts,
    embedding_name,
    open_embedder,
)


def context(root: Path, said: EmbedSettings | None = None, *, unverified: bool = True) -> ModelContext:
    settings = Settings(config_dir=root / "c", cache_dir=root / "k", env={"GENAIOPS_THREADS": "1"})
    return ModelContext(
        settings=settings,
        egress=None,  # pyright: ignore[reportArgumentType]  a local model never reaches out
        root=root,
        allow_unverified=unverified,
        embedding=said or EmbedSettings(),
    )


def opened(root: Path, said: EmbedSettings | None = None) -> Any:
    return open_embedder("local:./m", context(root, said))


def embedded(embedder: Any, text: str, kind: Any = "passage") -> np.ndarray:
    return asyncio.run(embedder.embed([text], kind))[0]


@pytest.mark.proves("D-EMBEDDER-FOLDER")
def test_an_embedder_in_a_folder_keeps_the_contract(tmp_path: Path) -> None:
    write_model(tmp_path / "m")
    check_embedder(opened(tmp_path))


@pytest.mark.proves("D-EMBEDDER-FOLDER")
@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean_tokens", rows("[CLS]", "cat", "dog", "[SEP]").mean(axis=0)),
        ("cls_token", rows("[CLS]")[0]),
        ("lasttoken", rows("[SEP]")[0]),
    ],
)
def test_vectors_are_pooled_as_the_model_was_trained(
    tmp_path: Path, pooling: str, expected: np.ndarray
) -> None:
    write_model(tmp_path / "m", pooling=pooling)
    embedder = opened(tmp_path)
    assert np.allclose(embedded(embedder, "cat dog"), unit(expected), atol=1e-6)
    (tokens,) = asyncio.run(embedder.token_vectors(["cat dog"]))
    assert np.allclose(tokens, [unit(row) for row in rows("cat", "dog")], atol=1e-6)
    assert asyncio.run(embedder.token_vectors([""]))[0].shape == (0, 8)


@pytest.mark.proves("D-EMBEDDER-FOLDER")
def test_queries_and_passages_are_read_after_their_prefixes(tmp_path: Path) -> None:
    write_model(tmp_path / "m", prompts={"query": "query: ", "passage": "passage: "})
    embedder = opened(tmp_path)
    query = rows("[CLS]", "query", ":", "cat", "[SEP]").mean(axis=0)
    passage = rows("[CLS]", "passage", ":", "cat", "[SEP]").mean(axis=0)
    assert np.allclose(embedded(embedder, "cat", "query"), unit(query), atol=1e-6)
    assert np.allclose(embedded(embedder, "cat", "passage"), unit(passage), atol=1e-6)
    assert embedder.window == 16 - 2, "the prefix takes its tokens"
    said = EmbedSettings(query_prefix="", passage_prefix="river ")
    assert opened(tmp_path, said).spec.settings["passage_prefix"] == "river "


@pytest.mark.proves("D-EMBEDDER-FOLDER")
def test_a_text_beyond_the_window_is_read_to_it(tmp_path: Path) -> None:
    write_model(tmp_path / "m", pooling="lasttoken")
    long = opened(tmp_path, EmbedSettings(window=8))
    assert np.allclose(embedded(long, "cat " * 500), unit(rows("[SEP]")[0]), atol=1e-6)
    assert long.count_tokens(["cat " * 500]) == [500]


@pytest.mark.proves("D-EMBEDDING-IDENTITY")
def test_every_fact_of_an_embedder_is_in_its_identity(tmp_path: Path) -> None:
    write_model(tmp_path / "m")
    spec = opened(tmp_path).spec
    assert {
        key: spec.settings[key] for key in spec.settings if key not in ("weights", "tokenizer", "runtime")
    } == {
        "pooling": "mean",
        "query_prefix": "",
        "passage_prefix": "",
        "dimension": 8,
        "normalised": True,
        "window": 16,
    }
    others = [
        opened(tmp_path, EmbedSettings(**change)).spec
        for change in (
            {"query_prefix": "query: "},
            {"passage_prefix": "passage: "},
            {"pooling": "cls"},
            {"window": 12},
            {"version": "2"},
        )
    ]
    (tmp_path / "m" / "model.onnx").unlink()
    write_model(tmp_path / "m", table=TABLE * 2)
    others.append(opened(tmp_path).spec)
    assert all(spec != other for other in others)
    assert len({json.dumps([one.digest, one.version, one.settings]) for one in others}) == len(others)


def test_a_folder_needs_a_stated_digest_and_loads_only_what_has_it(tmp_path: Path) -> None:
    write_model(tmp_path / "m")
    with pytest.raises(UserError, match="nobody stated") as caught:
        open_embedder("local:./m", context(tmp_path, unverified=False))
    pinned = caught.value.fix.split()[1].rstrip(",")
    embedder = open_embedder(pinned, context(tmp_path, unverified=False))
    assert embedder.spec.digest == pinned.partition("@")[2]
    (tmp_path / "m" / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer\.json is not the file"):
        embedded(embedder, "cat")
    with pytest.raises(UserError, match="not the embedder that was named"):
        open_embedder(pinned, context(tmp_path, unverified=False))


@pytest.mark.parametrize(
    ("files", "said", "code", "hint"),
    [
        ({"pooling": "max_tokens"}, {}, "GAO-MODELS-080", "pooling"),
        ({"config": {"hidden_size": 8}, "sentence_bert_config": None}, {}, "GAO-MODELS-080", "window"),
        ({"config": {}, "sentence_bert_config": None}, {"pooling": "mean"}, "GAO-MODELS-080", "dimension"),
        ({"modules": [{"type": "sentence_transformers.models.Dense"}]}, {}, "GAO-MODELS-081", "Dense"),
        ({}, {"dimension": 9}, "GAO-MODELS-026", "dimension: 9"),
        ({}, {"shorten": True, "dimension": 8}, "GAO-MODELS-026", "shorten"),
    ],
)
def test_what_nobody_says_or_cannot_be_done_is_refused_when_it_is_opened(
    tmp_path: Path, files: dict[str, Any], said: dict[str, Any], code: str, hint: str
) -> None:
    write_model(tmp_path / "m", **files)
    with pytest.raises(UserError) as caught:
        opened(tmp_path, EmbedSettings(**said))
    assert caught.value.code == code
    assert hint in str(caught.value)


def test_a_network_that_is_no_encoder_is_refused_with_what_it_takes(tmp_path: Path) -> None:
    write_model(tmp_path / "m", inputs=("input_ids", "past_key_values"))
    with pytest.raises(UserError, match="past_key_values"):
        embedded(opened(tmp_path), "cat")
    write_model(tmp_path / "m", table=TABLE[:, :4])
    with pytest.raises(UserError, match="no sentence embedder"):
        embedded(opened(tmp_path), "cat")


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_folder_without_a_network_or_tokenizer_says_which(tmp_path: Path, missing: str) -> None:
    write_model(tmp_path / "m")
    (tmp_path / "m" / missing).unlink()
    with pytest.raises(UserError, match=missing):
        opened(tmp_path)


def test_what_is_said_of_an_embedder_that_does_not_heed_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="query_prefix") as caught:
        open_embedder("scripted:", context(tmp_path, EmbedSettings(query_prefix="query: ")))
    assert caught.value.code == "GAO-MODELS-026"


@pytest.mark.proves("D-EMBEDDING-IDENTITY")
def test_the_hub_holds_an_embedders_facts_as_fields_and_tells_a_change_in_words(tmp_path: Path) -> None:
    write_model(tmp_path / "m")
    facts = embedding_facts(opened(tmp_path))
    kind = next(one for one in KINDS if one.kind == "embedding")
    assert kind.shape is not None
    held = kind.shape.model_validate(facts)
    assert (held.pooling, held.dimension, held.window, held.query_prefix) == ("mean", 8, 16, "")  # type: ignore[attr-defined]
    assert set(facts["settings"]) == {"weights", "tokenizer", "runtime"}  # type: ignore[arg-type]
    changed = {**facts, "query_prefix": "query: ", "pooling": "cls"}
    assert kind.diff(facts, changed, lambda digest: iter(())) == [
        "pooling: mean -> cls",
        "prefix of queries: '' -> 'query: '",
        "another embedding: vectors of the two must not meet, so indexes have to be built again",
    ]
    relicensed = {**facts, "licence": "MIT"}
    assert kind.diff(facts, relicensed, lambda digest: iter(())) == ["licence: '' -> MIT"]


@pytest.mark.parametrize(
    ("provider", "model", "name"),
    [
        ("local", "minilm-l6", "minilm-l6"),
        ("local", "models/My E5@sha256:00", "my-e5"),
        ("http", "//host:8000/v1#BAAI/bge-m3", "baai-bge-m3"),
        ("hf", "intfloat/e5-small-v2@abc#onnx/model.onnx", "intfloat-e5-small-v2"),
        ("openai", "text-embedding-3-small", "text-embedding-3-small"),
        ("scripted", "", "scripted"),
    ],
)
def test_an_embedding_has_a_name_that_can_stand_in_a_reference(
    tmp_path: Path, provider: str, model: str, name: str
) -> None:
    spec = replace(open_embedder("scripted:", context(tmp_path)).spec, provider=provider, model=model)
    assert embedding_name(spec) == name
