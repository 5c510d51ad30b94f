"""Documents one can ask: parse, chunk, embed, index, search, rerank.

A corpus is a folder of Markdown and text. An index is made by a recipe and is named by its digest; a
search needs a principal, and what that principal may not read is gone before the search begins.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.knowledge.build import CountsTokens, build_index, index_passages, make_chunks, open_index
    from genaiops.knowledge.cache import EmbeddingCache
    from genaiops.knowledge.corpus import SUFFIXES, corpus_blobs, corpus_facts, parse_document, read_corpus
    from genaiops.knowledge.documents import Listed, holds_document, listed_documents
    from genaiops.knowledge.index import LocalIndex
    from genaiops.knowledge.kinds import CORPUS_KIND, INDEX_KIND, KINDS, index_facts
    from genaiops.knowledge.maxsim import TokenCache, rank
    from genaiops.knowledge.model import Chunk, ChunkOptions, Corpus, Document, Recipe
    from genaiops.knowledge.passages import ReadyPassages, read_passages, read_rows
    from genaiops.knowledge.retrieval import Mode, Query, retrieve, retrieve_all
    from genaiops.knowledge.sentences import sentence_spans, split_sentences

_FILES = {
    "build": "CountsTokens build_index index_passages make_chunks open_index",
    "cache": "EmbeddingCache",
    "corpus": "SUFFIXES corpus_blobs corpus_facts parse_document read_corpus",
    "documents": "Listed holds_document listed_documents",
    "index": "LocalIndex",
    "kinds": "CORPUS_KIND INDEX_KIND KINDS index_facts",
    "maxsim": "TokenCache rank",
    "model": "Chunk ChunkOptions Corpus Document Recipe",
    "passages": "ReadyPassages read_passages read_rows",
    "retrieval": "Mode Query retrieve retrieve_all",
    "sentences": "sentence_spans split_sentences",
}

__all__ = [
    "CORPUS_KIND", "INDEX_KIND", "KINDS", "SUFFIXES", "Chunk", "ChunkOptions", "Corpus", "CountsTokens",
    "Document", "EmbeddingCache", "Listed", "LocalIndex", "Mode", "Query", "ReadyPassages", "Recipe",
    "TokenCache", "build_index", "corpus_blobs", "corpus_facts", "holds_document", "index_facts",
    "index_passages", "listed_documents", "make_chunks", "open_index", "parse_document", "rank",
    "read_corpus", "read_passages", "read_rows", "retrieve", "retrieve_all", "sentence_spans",
    "split_sentences",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
