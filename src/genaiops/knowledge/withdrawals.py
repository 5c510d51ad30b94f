"""Documents that were withdrawn: from then on nobody finds them, whatever index still holds them.

    <indexes>/withdrawn.json   all withdrawals of a store, replaced whole: it is the moment of withdrawal

Whoever opens an index asks here what it must not show (`hide`), so a crash after this file was written
leaves nothing findable. A corpus is read without them, so they are in no index that is made later either.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.core import Digest, Output, SnapshotId, Span, canonical, decode_json, encode
from genaiops.knowledge.model import Corpus, LeftOut
from genaiops.knowledge.passages import ReadyPassages, chosen
from genaiops.knowledge.seams import Index
from genaiops.store import hold, write_whole

Documents = Callable[[Digest], Mapping[str, Digest] | None]
"""Tells the documents of a corpus by id, with the digests of their texts; None where nobody listed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A document that was withdrawn from the indexes called `index`; `everywhere`: its text from all.

    `digests` are those of its texts, where they are known: a copy under another name is withdrawn, too.
    `passages` are the ids that it had in released indexes, by which answers that rest on it are known.
    """

    index: str
    document: str
    reason: str
    by: str
    at: str
    digests: tuple[Digest, ...] = ()
    passages: tuple[str, ...] = ()
    everywhere: bool = False

    def covers(self, name: str, document: str, digest: Digest | None) -> bool:
        """Whether the document with this id and text may not be found in the index called `name`."""
        same_text = digest is not None and digest in self.digests
        if name == self.index:
            return document == self.document or same_text
        return self.everywhere and same_text


class Withdrawals:
    """What was withdrawn in one folder of indexes. Several processes may read and write it."""

    def __init__(self, indexes: Path) -> None:
        self._path = indexes / "withdrawn.json"
        self._read: tuple[tuple[int, int, int], tuple[Withdrawal, ...]] = ((0, 0, 0), ())
        self._hidden: dict[tuple[Path, str], tuple[tuple[int, int, int], SnapshotId]] = {}

    @property
    def all(self) -> tuple[Withdrawal, ...]:
        """Every withdrawal that stands, oldest first."""
        stamp = self._stamp()
        if stamp != self._read[0]:
            known = () if stamp == (0, 0, 0) else self._decoded()
            self._read = (stamp, known)
        return self._read[1]

    def add(self, withdrawals: Iterable[Withdrawal]) -> None:
        """Withdraw documents; this is written whole, and stands as soon as it is."""
        with self._changing():
            new = {(one.index, one.document): one for one in withdrawals}
            merged = [_merged(new.pop((one.index, one.document), one), one) for one in self.all]
            self._put((*merged, *new.values()))

    def take_back(self, name: str, documents: Collection[str]) -> tuple[Withdrawal, ...]:
        """Let documents be indexed again, and return the withdrawals that stood."""
        with self._changing():
            gone = tuple(one for one in self.all if one.index == name and one.document in documents)
            if gone:
                self._put(tuple(one for one in self.all if one not in gone))
            return gone

    def of(self, name: str, documents: Mapping[str, Digest | None]) -> set[str]:
        """Return which of `documents` (by id, with the digests known) the index `name` may not show."""
        if not (standing := self.all):
            return set()
        return {
            document
            for document, digest in documents.items()
            if any(one.covers(name, document, digest) for one in standing)
        }

    def hide(self, index: Index, name: str, documents: Documents) -> set[str]:
        """Withdraw from an index all that it may not show under `name`: before anybody searches it.

        Returns the documents that it showed until now.
        """
        stamp = self._stamp()
        if stamp == (0, 0, 0):
            return set()
        seen = (stamp, index.snapshot())  # what is published later may show it again
        if self._hidden.get((index.folder, name)) == seen:
            return set()
        listed = documents(index.recipe.corpus)
        mine = {one.document: None for one in self.all if one.index == name}
        wanted = self.of(name, mine if listed is None else listed)
        if found := index.showing(wanted):
            with self._changing():  # one after the other: of two that change an index the second is refused
                if left := index.showing(wanted):
                    index.tombstone(sorted(left))
        self._hidden[index.folder, name] = seen
        return found

    def without(self, corpus: Corpus, name: str) -> Corpus:
        """Return `corpus` less the documents that were withdrawn, which are left out and named."""
        gone = self.of(name, {one.id: one.digest for one in corpus.documents})
        if not gone:
            return corpus
        left_out = [
            LeftOut(
                path=one.path,
                reason="withdrawn",
                code="GAO-KNOWLEDGE-093",
                what="the document was withdrawn",
                why=self._why(name, one.id, one.digest),
                fix=f"remove the file, or let it come back: {self._back(name, one.id, one.digest)}",
            )
            for one in corpus.documents
            if one.id in gone
        ]
        kept = tuple(one for one in corpus.documents if one.id not in gone)
        return replace(corpus, documents=kept, left_out=(*corpus.left_out, *left_out))

    def among(self, ready: ReadyPassages, name: str) -> ReadyPassages:
        """Return ready-made passages less those that were withdrawn."""
        gone = self.of(name, {one.document: None for one in ready.passages})
        return chosen(ready, lambda one: one.document not in gone) if gone else ready

    def rests_on(self, output: Output, spans: Iterable[Span] = ()) -> bool:
        """Whether an answer shows, cites or was found beside a passage of a withdrawn document.

        Of which index its passages are an answer does not say, so any index counts.
        """
        standing = self.all
        if not standing:
            return False
        documents = {one.document for one in standing}
        passages = {passage for one in standing for passage in one.passages}
        return (
            any(one.document in documents or one.id in passages for one in output.passages)
            or any(one.passage in passages for one in output.citations)
            or not passages.isdisjoint(_found(spans))
        )

    def _why(self, name: str, document: str, digest: Digest) -> str:
        standing = next(one for one in self.all if one.covers(name, document, digest))
        return f"{standing.at}, by {standing.by}: {standing.reason}"

    def _back(self, name: str, document: str, digest: Digest) -> str:
        standing = next(one for one in self.all if one.covers(name, document, digest))
        return f"genaiops index restore {standing.index} {standing.document}"

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def _decoded(self) -> tuple[Withdrawal, ...]:
        return decode_json(tuple[Withdrawal, ...], self._path.read_bytes(), where=str(self._path))

    def _put(self, withdrawals: tuple[Withdrawal, ...]) -> None:
        write_whole(self._path, [canonical(encode(withdrawals))])

    @contextmanager
    def _changing(self) -> Generator[None]:
        with hold(self._path.parent / "names" / "locks", "withdrawals", wait=True):
            yield


def _merged(new: Withdrawal, old: Withdrawal) -> Withdrawal:
    """Return the later of two withdrawals of one document, with all that is known of either."""
    return replace(
        new,
        digests=tuple(sorted({*old.digests, *new.digests})),
        passages=tuple(sorted({*old.passages, *new.passages})),
        everywhere=old.everywhere or new.everywhere,
    )


def _found(spans: Iterable[Span]) -> Generator[str]:
    for span in spans:
        found = span.attributes.get("gen_ai.retrieval.documents")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict):
                yield str(each.get("id"))
