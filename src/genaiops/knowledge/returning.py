"""Documents that come back after they were withdrawn: a new snapshot shows them again."""

from collections.abc import Sequence

from genaiops.core import Embedder, Passage
from genaiops.knowledge.build import make_chunks, passage_of, text_reader
from genaiops.knowledge.inspecting import hidden
from genaiops.knowledge.model import Corpus
from genaiops.knowledge.passages import Lengths, ReadyPassages
from genaiops.knowledge.seams import Index
from genaiops.knowledge.vectors import embed_texts


async def bring_back(index: Index, material: Corpus | ReadyPassages, embedder: Embedder) -> None:
    """Publish what `material` holds and `index` hides: a withdrawal that was taken back.

    An index hides a document in the snapshots that there were; one that is published later shows it.
    """
    if not (gone := hidden(index)):
        return
    gone -= index.showing(gone)
    passages = [one for one in _passages(index, material, gone, embedder) if one.document in gone]
    if not passages:
        return
    read = text_reader(embedder, Lengths())
    vectors = [await embed_texts(embedder, read(one), "passage") for one in passages]
    index.upsert(passages, vectors)
    index.publish()


def _passages(
    index: Index, material: Corpus | ReadyPassages, gone: set[str], embedder: Embedder
) -> Sequence[Passage]:
    if isinstance(material, ReadyPassages):
        return material.passages
    documents = tuple(one for one in material.documents if one.id in gone)
    if not documents:
        return ()
    return [passage_of(chunk) for chunk in make_chunks(Corpus(documents=documents), index.recipe, embedder)]
