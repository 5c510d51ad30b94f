"""The contract of models, on those that need no weights: scripted, and OpenAI-compatible on loopback."""

from pathlib import Path

from tests.contracts.models_conformance import check_chat, check_embedder

from genaiops.core import Egress, Settings
from genaiops.models import ModelContext, open_chat, open_embedder


def context(tmp_path: Path) -> ModelContext:
    (tmp_path / "script.yaml").write_text("default: The oldest bridge stands in Arles.\n")
    egress: Egress = None  # pyright: ignore[reportAssignmentType]  a script never reaches out
    settings = Settings(config_dir=tmp_path, cache_dir=tmp_path, env={})
    return ModelContext(settings=settings, egress=egress, root=tmp_path)


def test_the_scripted_chat_model_keeps_the_contract(tmp_path: Path) -> None:
    check_chat(open_chat("scripted:script.yaml", context(tmp_path)))


def test_the_scripted_embedder_keeps_the_contract(tmp_path: Path) -> None:
    check_embedder(open_embedder("scripted:", context(tmp_path)))
