"""A folder of documents as a corpus: the good ones are in, of the others it is said what is the matter."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from genaiops.core import Digest, Json, UserError
from genaiops.knowledge.files import SUFFIXES, Files, find_files, link_out
from genaiops.knowledge.formats.parsers import Parsers
from genaiops.knowledge.metadata import SIDECAR
from genaiops.knowledge.model import Corpus, Document, LeftOut
from genaiops.knowledge.reading import Reading, left_out, read_document
from genaiops.work import AsyncRunner

_AT_ONCE = 4
"""Documents read at once, where the machine has so many processors."""


def read_corpus(folder: Path, reading: Reading | None = None) -> Corpus:
    """Return the documents under `folder`, as `aread_corpus` does, from outside an event loop."""
    return asyncio.run(aread_corpus(folder, reading))


async def aread_corpus(folder: Path, reading: Reading | None = None) -> Corpus:
    """Return the documents under `folder`; what cannot be used is in `left_out`.

    Raises `UserError` where there is no folder, or no document in it.
    """
    reading = reading or Reading()
    if not folder.is_dir():
        raise UserError(
            "GAO-KNOWLEDGE-010",
            "there is no folder of documents here",
            fix="create it, or correct knowledge.<name>.source in genaiops.yaml",
            where=str(folder),
        )
    files = await asyncio.to_thread(find_files, folder)
    found: list[Document | LeftOut] = [*_misplaced(files)]
    async with Parsers(reading.env, reading.bounds) as parsers:

        async def read(path: str) -> Document | LeftOut:
            return await read_document(folder, path, files, reading, parsers)

        limit = min(_AT_ONCE, os.cpu_count() or 1)
        async with aclosing(AsyncRunner().map(read, files.documents, limit=limit)) as all_done:
            async for done in all_done:
                if done.error is not None:
                    raise done.error
                assert done.value is not None
                found.append(done.value)
    return _corpus(folder, files, found)


def _corpus(folder: Path, files: Files, found: Sequence[Document | LeftOut]) -> Corpus:
    documents, twice = _by_id(sorted((d for d in found if isinstance(d, Document)), key=lambda d: d.path))
    others = sorted([*(one for one in found if isinstance(one, LeftOut)), *twice], key=lambda one: one.path)
    if not documents and not others:
        raise UserError(
            "GAO-KNOWLEDGE-011",
            "the folder holds no document",
            why=f"documents are files ending in {', '.join(SUFFIXES)}; "
            f"{len(files.ignored)} file(s) of other kinds are there",
            fix="add documents",
            where=str(folder),
        )
    return Corpus(documents=documents, ignored=files.ignored, left_out=tuple(others))


def _misplaced(files: Files) -> list[LeftOut]:
    """Return links that lead out, and sidecars of nothing: their document would be open to all if renamed."""
    named = {path + SIDECAR for path in files.documents}
    orphans = [
        UserError(
            "GAO-KNOWLEDGE-034",
            "a sidecar belongs to no document",
            why=f"there is no document {path.removesuffix(SIDECAR)}; what the sidecar says, nobody heeds",
            fix="rename it after its document, or remove it",
            where=path,
        )
        for path in sorted(files.sidecars - named)
    ]
    return [left_out(error.where, "refused", error) for error in (*map(link_out, files.leaving), *orphans)]


def check_ids(documents: Sequence[Document]) -> None:
    """Raise `UserError` where two documents have one id."""
    _, twice = _by_id(documents)
    if twice:
        one = twice[0]
        raise UserError(one.code, one.what, why=one.why, fix=one.fix, where=one.where)


def _by_id(documents: Sequence[Document]) -> tuple[tuple[Document, ...], list[LeftOut]]:
    """Return the documents of which no earlier one has the id, and the others."""
    first: dict[str, Document] = {}
    twice: list[LeftOut] = []
    for document in documents:
        other = first.setdefault(document.id, document)
        if other is not document:
            error = UserError(
                "GAO-KNOWLEDGE-018",
                f"two documents have the id {document.id!r}",
                why=f"the other one is {other.path}",
                fix="give each its own id, or remove the key: the path is the id then",
                where=document.path,
            )
            twice.append(left_out(document.path, "refused", error))
    return tuple(first.values()), twice


def corpus_facts(corpus: Corpus) -> dict[str, Json]:
    """Return the manifest of a corpus for the Hub."""
    facts: dict[str, Json] = {
        "documents": [_document_facts(document) for document in corpus.documents],
        "digest": corpus.digest,
        "ignored": list(corpus.ignored),
    }
    if corpus.left_out:
        facts["left_out"] = [
            {"path": one.path, "reason": one.reason, "code": one.code} for one in corpus.left_out
        ]
    return facts


def corpus_blobs(corpus: Corpus) -> dict[Digest, bytes]:
    """Return the documents' texts by digest: what the manifest rests on."""
    return {document.digest: document.text.encode() for document in corpus.documents}


def _document_facts(document: Document) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "id": document.id,
        "path": document.path,
        "digest": document.digest,
        "title": document.title,
        "access": None if document.access is None else [*sorted(document.access)],
        "metadata": document.metadata,
    }
    if document.source:
        facts["source"] = document.source
    return facts
