"""What training is fed: declared, reproducible, and labelled where it says."""

import random
from typing import Any

import numpy as np
import pytest
from scripts.injection import attacks, benign, contexts, indirect, languages
from scripts.injection.wheels import DECLARED

from genaiops.guard.injection.artifact import pack


def made(seed: int) -> list[str]:
    rng = random.Random(seed)
    makers = (
        attacks.direct,
        attacks.jailbreak,
        benign.prompt,
        benign.page,
        indirect.instruction,
        languages.direct,
    )
    return [maker(rng) for maker in makers for _ in range(20)] + list(contexts.forbidden(rng))


def test_what_is_made_depends_on_the_seed_alone() -> None:
    assert made(3) == made(3)
    assert made(3) != made(4)


def test_nothing_made_has_an_open_slot() -> None:
    assert [text for text in made(5) if "{body}" in text or "{name}" in text or "{harm}" in text] == []


def test_a_planted_instruction_lies_where_its_label_says() -> None:
    rng = random.Random(1)
    for _ in range(200):
        document, said = indirect.document(rng, ["One line. Another.\nA third"]), indirect.instruction(rng)
        text, start, end = indirect.planted(rng, document, said)
        assert text[start:end] == said
        code, start, end = indirect.harmful_code(rng)
        assert 0 <= start < end <= len(code)
        assert "\n" not in code[start:end]


@pytest.mark.proves("E-INJECTION-DECLARED")
def test_every_package_is_pinned_with_its_licence() -> None:
    for name, declared in DECLARED.items():
        assert len(declared["sha256"]) == 64, name
        assert all(declared[key] for key in ("version", "licence", "read")), name


@pytest.mark.proves("E-INJECTION-DECLARED")
def test_the_same_model_is_the_same_bytes() -> None:
    arrays: dict[str, Any] = {"table": np.arange(6, dtype=np.int8), "scale": np.float32(2)}
    assert pack({"b": 1, "a": "ä"}, arrays) == pack({"a": "ä", "b": 1}, arrays)
