"""What Haystack finds by default: runs in its own environment, without this package (`peers.py` starts it).

    .peers/haystack/bin/python bench/retrieval/peer_haystack.py IN.json OUT.json

The embedding and the BM25 retriever over its store in memory, and both joined by reciprocal rank fusion; all
as they come but for the number that is returned.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore


def main() -> None:
    """Ask all questions of all retrievers and write the ids that they find."""
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    depth, known = given["depth"], given["vectors"]
    store = InMemoryDocumentStore()
    store.write_documents(
        [Document(id=id, content=text, embedding=known[text]) for id, text in given["passages"]]
    )
    vectors = InMemoryEmbeddingRetriever(store, top_k=depth)
    words = InMemoryBM25Retriever(store, top_k=depth)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=depth)
    found: dict[str, list[list[str]]] = {}

    def keep(name: str, documents: list[Document]) -> None:
        found.setdefault(name, []).append([document.id for document in documents])

    for question in given["questions"]:
        near = vectors.run(query_embedding=known[question])["documents"]
        said = words.run(query=question)["documents"]
        keep("Haystack vectors", near)
        keep("Haystack BM25", said)
        keep("Haystack joiner, reciprocal rank", joiner.run(documents=[near, said])["documents"])
    result = {"found": found, "versions": {"haystack-ai": version("haystack-ai")}}
    Path(sys.argv[2]).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
