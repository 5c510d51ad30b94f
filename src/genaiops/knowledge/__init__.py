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
    from genaiops.knowledge.health import (
        Alike,
        Differences,
        Drift,
        Effort,
        alike,
        bytes_of,
        differences,
        drift,
        effort,
    )
    from genaiops.knowledge.index import LocalIndex
    from genaiops.knowledge.kinds import CORPUS_KIND, INDEX_KIND, KINDS, index_facts
    from genaiops.knowledge.known import KnownDocuments
    from genaiops.knowledge.maxsim import TokenCache, rank
    from genaiops.knowledge.migration import Migrated, Outcome, Ruling, migrate
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
    from genaiops.knowledge.passages import PASSAGES, ReadyPassages, read_passages, read_rows
    from genaiops.knowledge.plain import parse_document
    from genaiops.knowledge.quarantine import Release, read_releases
    from genaiops.knowledge.readiness import Readiness, check_readiness, readiness_lines
    from genaiops.knowledge.reading import Reading
    from genaiops.knowledge.releases import IndexRelease, Named, Releases, check_alike
    from genaiops.knowledge.retrieval import Mode, Query, retrieve, retrieve_all
    from genaiops.knowledge.returning import bring_back
    from genaiops.knowledge.screening import Screen, Screened, ScreenKind, Spot
    from genaiops.knowledge.seams import Index
    from genaiops.knowledge.sentences import sentence_spans, split_sentences
    from genaiops.knowledge.withdrawals import Withdrawal, Withdrawals

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
    "health": "Alike Differences Drift Effort alike bytes_of differences drift effort",
    "index": "LocalIndex",
    "kinds": "CORPUS_KIND INDEX_KIND KINDS index_facts",
    "known": "KnownDocuments",
    "maxsim": "TokenCache rank",
    "passages": "PASSAGES ReadyPassages read_passages read_rows",
    "releases": "IndexRelease Named Releases check_alike",
    "retrieval": "Mode Query retrieve retrieve_all",
    "returning": "bring_back",
    "migration": "Migrated Outcome Ruling migrate",
    "model": "Backend BackendName Chunk ChunkOptions Corpus Document LeftOut Recipe",
    "parsed": "ParsedFiles",
    "plain": "parse_document",
    "quarantine": "Release read_releases",
    "readiness": "Readiness check_readiness readiness_lines",
    "reading": "Reading",
    "screening": "Screen ScreenKind Screened Spot",
    "seams": "Index",
    "sentences": "sentence_spans split_sentences",
    "withdrawals": "Withdrawal Withdrawals",
}

__all__ = [
    "CORPUS_KIND", "INDEX_KIND", "KINDS", "PASSAGES", "SUFFIXES", "Alike", "Backend", "BackendName",
    "Bounds", "Chunk", "ChunkOptions", "Corpus", "CountsTokens", "Differences", "Document", "Drift",
    "Effort", "EmbeddingCache", "Index", "IndexRelease", "KnownDocuments", "LeftOut", "Listed",
    "LocalIndex", "Migrated", "Mode", "Named", "Outcome", "ParsedFiles", "Query", "Readiness", "Reading",
    "ReadyPassages", "Recipe", "Release", "Releases", "Ruling", "Screen", "ScreenKind", "Screened",
    "Spot", "TokenCache", "Withdrawal", "Withdrawals", "alike", "aread_corpus", "bring_back",
    "build_index", "bytes_of", "check_alike", "check_readiness", "corpus_blobs", "corpus_facts",
    "default_weights", "differences", "drift", "effort", "expand", "holds_document", "index_facts",
    "index_passages", "listed_documents", "make_chunks", "migrate", "open_index", "parse_document",
    "passages_facts", "rank", "read_corpus", "read_passages", "read_releases", "read_rows",
    "readiness_lines", "retrieve", "retrieve_all", "sentence_spans", "split_sentences",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
