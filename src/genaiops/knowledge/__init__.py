"""Documents one can ask: parse, chunk, embed, index, search, rerank.

A corpus is a folder of Markdown, text, HTML, PDF and DOCX. An index is made by a recipe and is named by its
digest; a search needs a principal, and what that principal may not read is gone before the search begins.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.knowledge.build import CountsTokens, build_index, index_passages, make_chunks, open_index
    from genaiops.knowledge.cache import EmbeddingCache
    from genaiops.knowledge.corpus import aread_corpus, read_corpus
    from genaiops.knowledge.documents import Listed, holds_document, listed_documents
    from genaiops.knowledge.expanding import expand
    from genaiops.knowledge.facts import corpus_blobs, corpus_facts, passages_facts
    from genaiops.knowledge.files import SUFFIXES
    from genaiops.knowledge.formats.parsers import Bounds
    from genaiops.knowledge.fusion import default_weights
    from genaiops.knowledge.index import LocalIndex
    from genaiops.knowledge.kinds import CORPUS_KIND, INDEX_KIND, KINDS, index_facts
    from genaiops.knowledge.maxsim import TokenCache, rank
    from genaiops.knowledge.model import (
        Backend,
        BackendName,
        Chunk,
        ChunkOptions,
        Corpus,
        Document,
        LeftOut,
        Recipe,
    )
    from genaiops.knowledge.parsed import ParsedFiles
    from genaiops.knowledge.passages import ReadyPassages, read_passages, read_rows
    from genaiops.knowledge.plain import parse_document
    from genaiops.knowledge.quarantine import Release, read_releases
    from genaiops.knowledge.readiness import Readiness, Screen, Screened, check_readiness, readiness_lines
    from genaiops.knowledge.reading import Reading
    from genaiops.knowledge.retrieval import Mode, Query, retrieve, retrieve_all
    from genaiops.knowledge.seams import Index
    from genaiops.knowledge.sentences import sentence_spans, split_sentences

_FILES = {
    "build": "CountsTokens build_index index_passages make_chunks open_index",
    "cache": "EmbeddingCache",
    "corpus": "aread_corpus read_corpus",
    "documents": "Listed holds_document listed_documents",
    "expanding": "expand",
    "facts": "corpus_blobs corpus_facts passages_facts",
    "files": "SUFFIXES",
    "formats.parsers": "Bounds",
    "fusion": "default_weights",
    "index": "LocalIndex",
    "kinds": "CORPUS_KIND INDEX_KIND KINDS index_facts",
    "maxsim": "TokenCache rank",
    "passages": "ReadyPassages read_passages read_rows",
    "retrieval": "Mode Query retrieve retrieve_all",
    "model": "Backend BackendName Chunk ChunkOptions Corpus Document LeftOut Recipe",
    "parsed": "ParsedFiles",
    "plain": "parse_document",
    "quarantine": "Release read_releases",
    "readiness": "Readiness Screen Screened check_readiness readiness_lines",
    "reading": "Reading",
    "seams": "Index",
    "sentences": "sentence_spans split_sentences",
}

__all__ = [
    "CORPUS_KIND", "INDEX_KIND", "KINDS", "SUFFIXES", "Backend", "BackendName", "Bounds", "Chunk",
    "ChunkOptions", "Corpus", "CountsTokens", "Document", "EmbeddingCache", "Index", "LeftOut", "Listed",
    "LocalIndex", "Mode", "ParsedFiles", "Query", "Readiness", "Reading", "ReadyPassages", "Recipe",
    "Release", "Screen", "Screened", "TokenCache", "aread_corpus", "build_index", "check_readiness",
    "corpus_blobs", "corpus_facts", "default_weights", "expand", "holds_document", "index_facts",
    "index_passages", "listed_documents", "make_chunks", "open_index", "parse_document", "passages_facts",
    "rank", "read_corpus", "read_passages", "read_releases", "read_rows", "readiness_lines", "retrieve",
    "retrieve_all", "sentence_spans", "split_sentences",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
