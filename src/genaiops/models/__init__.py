"""Models: open a chat model or an embedder by its reference, weights by digest, prices.

A reference is `local:NAME`, `local:/path/to.gguf`, `local:/path/to/onnx/folder`, `local:extractive`,
`hf:ORG/NAME@COMMIT`, `openai:MODEL`,
`http(s)://host/v1#MODEL`, `scripted:FILE.yaml`, or the name of a plug-in before the colon
(entry point `genaiops.providers`).
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.models.catalogue import Weight, known_weights
    from genaiops.models.context import ModelContext, Provider
    from genaiops.models.embedding import EmbedSettings, artifact_name, embedding_facts, embedding_name
    from genaiops.models.extras import need_extra
    from genaiops.models.folding import complete
    from genaiops.models.kinds import KINDS
    from genaiops.models.prices import Price, Prices
    from genaiops.models.registry import open_chat, open_embedder
    from genaiops.models.weights import Weights

__all__ = [
    "KINDS",
    "EmbedSettings",
    "ModelContext",
    "Price",
    "Prices",
    "Provider",
    "Weight",
    "Weights",
    "artifact_name",
    "complete",
    "embedding_facts",
    "embedding_name",
    "known_weights",
    "need_extra",
    "open_chat",
    "open_embedder",
]

__getattr__ = attach(
    __name__,
    {
        "EmbedSettings": "embedding",
        "KINDS": "kinds",
        "ModelContext": "context",
        "Price": "prices",
        "Prices": "prices",
        "Provider": "context",
        "Weight": "catalogue",
        "Weights": "weights",
        "artifact_name": "embedding",
        "embedding_facts": "embedding",
        "embedding_name": "embedding",
        "known_weights": "catalogue",
        "complete": "folding",
        "need_extra": "extras",
        "open_chat": "registry",
        "open_embedder": "registry",
    },
)
