"""An index in the Hub with what it was made from: corpus → index ← embedding. Once each."""

from collections.abc import Mapping
from dataclasses import dataclass

from genaiops.access import acting
from genaiops.core import Json, Settings
from genaiops.hub import Hub, Version
from genaiops.knowledge import KINDS as KNOWLEDGE_KINDS
from genaiops.knowledge import (
    Corpus,
    ReadyPassages,
    Recipe,
    corpus_blobs,
    corpus_facts,
    index_facts,
    passages_facts,
)
from genaiops.models import KINDS as MODEL_KINDS
from genaiops.models import artifact_name, embedding_name
from genaiops.store import Store


@dataclass(frozen=True, slots=True)
class RegisteredIndex:
    """An index's version, and those it was made from."""

    index: Version
    corpus: Version
    embedding: Version


def hub_at_hand(store: Store, settings: Settings) -> Hub:
    """Return the Hub of the store at hand, for whoever runs this process."""
    return Hub(store, (*KNOWLEDGE_KINDS, *MODEL_KINDS), by=acting(store.database, settings.env))


def hub_to_publish(store: Store, settings: Settings) -> Hub:
    """Return the Hub at hand; raises `UserError` for who may not publish into it: they change no index."""
    hub = hub_at_hand(store, settings)
    hub.check_may_publish()
    return hub


def register_index(
    hub: Hub, name: str, source: Corpus | ReadyPassages, recipe: Recipe, embedding: Mapping[str, Json]
) -> RegisteredIndex:
    """Publish the index that `recipe` made of `source` under `name`, with corpus and embedding as parents.

    Of documents the texts are kept, of ready-made passages only their number and digest. `embedding` is the
    manifest of the embedder.
    """
    name = artifact_name(name)
    facts = corpus_facts(source) if isinstance(source, Corpus) else passages_facts(source)
    kept = corpus_blobs(source) if isinstance(source, Corpus) else {}
    blobs = {str(digest): content for digest, content in kept.items()}
    with hub.activity("index") as indexing:
        corpus = indexing.use(hub.publish("corpus", name, facts, blobs=blobs))
        embedder = indexing.use(hub.publish("embedding", embedding_name(recipe.embedder), embedding))
        index = indexing.produce("index", name, index_facts(recipe, source))
    return RegisteredIndex(index, corpus, embedder)
