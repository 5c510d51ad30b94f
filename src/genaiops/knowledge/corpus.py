"""A folder of documents as a corpus: the good ones are in, of the others it is said what is the matter."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from genaiops.core import UserError
from genaiops.knowledge.facts import by_id
from genaiops.knowledge.files import SUFFIXES, Files, find_files, link_out
from genaiops.knowledge.formats.parsers import Parsers
from genaiops.knowledge.known import KnownDocuments, stamp_files
from genaiops.knowledge.metadata import SIDECAR
from genaiops.knowledge.model import Corpus, Document, LeftOut
from genaiops.knowledge.reading import Reading, needs_parser, read_document, read_text
from genaiops.work import AsyncRunner

_AT_ONCE = 4
"""Documents parsed at once, where the machine has so many processors."""
_TEXTS = 256
"""Texts read by one thread before it looks up: another thread for each would cost a third of the time."""


def read_corpus(folder: Path, reading: Reading | None = None) -> Corpus:
    """Return the documents under `folder`, as `aread_corpus` does, from outside an event loop."""
    found: list[Corpus] = []

    async def read() -> None:
        found.append(await aread_corpus(folder, reading))

    asyncio.run(read())  # it returns nothing: CPython 3.11 writes out the main task's whole result at its end
    return found[0]


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
    if reading.known:
        return await _read_known(folder, files, reading, reading.known)
    return _corpus(folder, files, await _read(folder, files, reading))


async def _read_known(folder: Path, files: Files, reading: Reading, documents: KnownDocuments) -> Corpus:
    """Read what changed; the rest is known."""
    stamped = await asyncio.to_thread(stamp_files, folder, files, reading.clock())
    earlier = await asyncio.to_thread(documents.find, folder, stamped, reading.reader)
    known = {path: document for path, document in earlier.items() if reading.stays(document)}
    others = tuple(path for path in files.documents if path not in known)
    found = await _read(folder, replace(files, documents=others), reading)
    fresh = [one for one in found if isinstance(one, Document) and reading.stays(one)]
    # what was read is written down while the corpus is put together
    keeping = asyncio.get_running_loop().run_in_executor(
        None, documents.keep, folder, stamped, reading.reader, known, fresh
    )
    try:
        return _corpus(folder, files, [*known.values(), *found])
    finally:
        await keeping


async def _read(folder: Path, files: Files, reading: Reading) -> list[Document | LeftOut]:
    parsed = [path for path in files.documents if needs_parser(path)]
    texts = [path for path in files.documents if not needs_parser(path)]
    found: list[Document | LeftOut] = []
    for at in range(0, len(texts), _TEXTS):
        some = texts[at : at + _TEXTS]
        found += await asyncio.to_thread(_texts, folder, some, files, reading)
    async with Parsers(reading.env, reading.bounds) as parsers:

        async def read(path: str) -> Document | LeftOut:
            return await read_document(folder, path, files, reading, parsers)

        limit = min(_AT_ONCE, os.cpu_count() or 1)
        async with aclosing(AsyncRunner().map(read, parsed, limit=limit)) as all_done:
            async for done in all_done:
                if done.error is not None:
                    raise done.error
                assert done.value is not None
                found.append(done.value)
    return found


def _texts(folder: Path, paths: Sequence[str], files: Files, reading: Reading) -> list[Document | LeftOut]:
    return [read_text(folder, path, files, reading) for path in paths]


def _corpus(folder: Path, files: Files, read: Sequence[Document | LeftOut]) -> Corpus:
    found = [*_misplaced(files), *read]
    documents, twice = by_id(sorted((d for d in found if isinstance(d, Document)), key=lambda d: d.path))
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
    return [LeftOut.by(error, error.where, "refused") for error in (*map(link_out, files.leaving), *orphans)]
