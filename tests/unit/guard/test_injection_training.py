"""What training is fed: declared, reproducible, and labelled where it says."""

import random
from typing import Any

import numpy as np
import pytest
from scripts.injection import attacks, benign, contexts, indirect, languages, pasted
from scripts.injection.wheels import DECLARED

from genaiops.guard.injection.artifact import pack

POOLS = {
    kind: {"one": ["def f():\n    return 1", "A line.\nAnother. A third."]}
    for kind in ("code", "text", "table", "foreign")
}


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
    found = [maker(rng) for maker in makers for _ in range(20)] + list(contexts.forbidden(rng))
    found += [pasted.harmless(rng, POOLS) for _ in range(40)]
    return found + [pasted.short(rng, {"line": ["A line."]}) for _ in range(40)]


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


def test_an_attack_in_something_pasted_lies_where_its_label_says_and_what_is_around_it_is_harmless() -> None:
    rng = random.Random(2)
    for _ in range(200):
        text, start, end = pasted.tainted(rng, POOLS)
        assert 0 <= start < end <= len(text)
        assert text[start - 1 : start].strip() == text[end : end + 1].strip() == ""
        assert text[start:end].strip()
        text, start, end = pasted.short_tainted(rng, {"line": ["A line."]})
        assert 0 <= start <= end <= len(text)


@pytest.mark.proves("E-INJECTION-DECLARED")
def test_every_package_is_pinned_with_its_licence() -> None:
    for name, declared in DECLARED.items():
        assert len(declared["sha256"]) == 64, name
        assert all(declared[key] for key in ("version", "licence", "read")), name


@pytest.mark.proves("E-INJECTION-DECLARED")
def test_the_same_model_is_the_same_bytes() -> None:
    arrays: dict[str, Any] = {"table": np.arange(6, dtype=np.int8), "scale": np.float32(2)}
    assert pack({"b": 1, "a": "ä"}, arrays) == pack({"a": "ä", "b": 1}, arrays)
