"""What a provider is handed, and what a provider must be able to do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from genaiops.core import ChatModel, Egress, Embedder, Settings
from genaiops.models.embedding import EmbedSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContext:
    """Where models live and how they reach out. `root` is the project folder (relative files).

    `allow_unverified`: load local weights whose digest nobody stated (`--allow-unverified`).
    `embedding`: what the project says of its embedder; a provider puts it into the spec and heeds it.
    """

    settings: Settings
    egress: Egress
    root: Path
    allow_unverified: bool = False
    embedding: EmbedSettings = field(default_factory=EmbedSettings)


class Provider(Protocol):
    """Opens models by name: a module (or object) behind an entry point of group `genaiops.providers`."""

    def open_chat(self, name: str, context: ModelContext) -> ChatModel:
        """Return the chat model called `name`; raises `UserError` where there is none."""
        ...

    def open_embedder(self, name: str, context: ModelContext) -> Embedder:
        """Return the embedder called `name`; raises `UserError` where there is none."""
        ...
