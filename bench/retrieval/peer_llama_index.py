"""What LlamaIndex finds by default: runs in its own environment, without this package (`peers.py` starts it).

    .peers/llama_index/bin/python bench/retrieval/peer_llama_index.py IN.json OUT.json

A vector index, the BM25 retriever, and both by `QueryFusionRetriever` without written-out queries, by each of
its two ways of fusing; all as they come but for the number that is returned.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever

PACKAGES = ("llama-index-core", "llama-index-retrievers-bm25")


class Known(BaseEmbedding):
    """An embedder that looks up what was computed before."""

    vectors: dict[str, list[float]]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self.vectors[text]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]


def main() -> None:
    """Ask all questions of all retrievers and write the ids that they find."""
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    depth = given["depth"]
    nodes = [TextNode(id_=id, text=text) for id, text in given["passages"]]
    index = VectorStoreIndex(nodes, embed_model=Known(vectors=given["vectors"]))
    vectors = index.as_retriever(similarity_top_k=depth)
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(depth, len(nodes)))

    def fused(mode: str) -> QueryFusionRetriever:
        return QueryFusionRetriever(
            [vectors, words],
            llm=MockLLM(),
            num_queries=1,
            mode=mode,
            similarity_top_k=depth,
            use_async=False,
        )

    retrievers = {
        "LlamaIndex vectors": vectors,
        "LlamaIndex BM25": words,
        "LlamaIndex fusion, reciprocal rank": fused("reciprocal_rerank"),
        "LlamaIndex fusion, relative score": fused("relative_score"),
    }
    found = {
        name: [[node.node.node_id for node in one.retrieve(question)] for question in given["questions"]]
        for name, one in retrievers.items()
    }
    result = {"found": found, "versions": {name: version(name) for name in PACKAGES}}
    Path(sys.argv[2]).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
