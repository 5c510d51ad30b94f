"""The scripted provider: rules in, replies out, without a model."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from genaiops.core import ChatRequest, Egress, Message, OutsideError, Settings, UserError
from genaiops.models import ModelContext, complete, open_chat, open_embedder

SCRIPT = """
rules:
  - match: refund
    text: Refunds take 14 days.
  - match: {regex: "order \\\\d+"}
    text: It is on its way.
  - match: flaky
    statuses: [503, 200]
    text: second time lucky
  - match: broken
    error: the model is down
default: I don't know.
"""


def opened(tmp_path: Path, script: str = SCRIPT) -> ModelContext:
    (tmp_path / "script.yaml").write_text(script)
    egress: Egress = None  # pyright: ignore[reportAssignmentType]  a script never reaches out
    settings = Settings(config_dir=tmp_path, cache_dir=tmp_path, env={})
    return ModelContext(settings=settings, egress=egress, root=tmp_path)


def ask(text: str, **options: object) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),), **options)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Where is my REFUND?", "Refunds take 14 days."),
        ("order 77 please", "It is on its way."),
        ("order please", "I don't know."),
    ],
)
def test_the_first_rule_that_matches_answers(tmp_path: Path, asked: str, answer: str) -> None:
    model = open_chat("scripted:script.yaml", opened(tmp_path))
    assert asyncio.run(complete(model, ask(asked))).text == answer


def test_statuses_come_in_turn(tmp_path: Path) -> None:
    model = open_chat("scripted:script.yaml", opened(tmp_path))
    with pytest.raises(OutsideError, match="failed"):
        asyncio.run(complete(model, ask("flaky")))
    assert asyncio.run(complete(model, ask("flaky"))).text == "second time lucky"
    assert asyncio.run(complete(model, ask("flaky"))).text == "second time lucky"


def test_a_scripted_error_is_an_outside_error(tmp_path: Path) -> None:
    model = open_chat("scripted:script.yaml", opened(tmp_path))
    with pytest.raises(OutsideError) as caught:
        asyncio.run(complete(model, ask("broken")))
    assert caught.value.why == "the model is down"


def test_without_a_default_an_unmatched_message_is_the_authors_mistake(tmp_path: Path) -> None:
    model = open_chat("scripted:script.yaml", opened(tmp_path, "rules: []"))
    with pytest.raises(UserError, match="no rule"):
        asyncio.run(complete(model, ask("anything")))


@pytest.mark.parametrize(
    "script", ["rules: [{match: a, txt: b}]", "- 1", "rules: [{match: {regex: '('}}]", "a: [", "7"]
)
def test_a_script_that_is_wrong_names_its_file(tmp_path: Path, script: str) -> None:
    with pytest.raises(UserError) as caught:
        open_chat("scripted:script.yaml", opened(tmp_path, script))
    assert "script.yaml" in caught.value.where


def test_another_script_is_another_model(tmp_path: Path) -> None:
    first = open_chat("scripted:script.yaml", opened(tmp_path)).spec
    assert open_chat("scripted:script.yaml", opened(tmp_path)).spec == first
    assert open_chat("scripted:script.yaml", opened(tmp_path, "default: x")).spec != first


def test_hashed_words_make_shared_words_similar(tmp_path: Path) -> None:
    embedder = open_embedder("scripted:", opened(tmp_path))
    rows = asyncio.run(embedder.embed(["the red cat", "a red cat", "blue whale song", ""], "passage"))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0)
    assert rows[0] @ rows[1] > 0.5 > abs(rows[0] @ rows[2])
