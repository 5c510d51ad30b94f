"""In how many passages each term stands and in which, apart for each set of readers.

A search reads what is there for those readers that the asker is one of, and nothing else: no word of other
passages takes part in it, not even in how long it takes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, insert

from genaiops.knowledge.backends.asking import rows
from genaiops.knowledge.backends.seams import View
from genaiops.knowledge.backends.wording import Posting, Worded, unpacked

_AT_ONCE = 2_000
_COUNTS = "SELECT term, readers, passages FROM {table} WHERE term {among} AND born <= {value}"
_POSTINGS = "SELECT term, postings FROM {table} WHERE term {among} AND born <= {value}"

Group = tuple[str, str]
"""A term, and the mark of who may read the passages in which it stands."""


class TermTable:
    """A row for each term, its readers and the snapshot that changed it: how many in all, and what is new."""

    def __init__(self, prefix: str, meta: MetaData) -> None:
        self._table = Table(
            f"{prefix}terms",
            meta,
            Column("term", Text, primary_key=True),
            Column("readers", Text, primary_key=True),
            Column("born", Integer, primary_key=True),
            Column("passages", Integer, nullable=False),
            Column("postings", LargeBinary, nullable=False),
        )

    def counts(self, view: View, terms: Collection[str]) -> dict[Group, int]:
        """Return in how many passages each term stands, by readers, of those that are seen."""
        found = self._seen(view, _COUNTS, terms)
        return {(term, readers): count for term, readers, count in found}

    def postings(self, view: View, terms: Collection[str]) -> dict[str, Posting]:
        """Return in which passages each term stands, of those that are seen; some may be gone since."""
        parts: dict[str, list[bytes]] = {}
        for term, postings in self._seen(view, _POSTINGS, terms):
            parts.setdefault(term, []).append(postings)
        return {term: unpacked(some) for term, some in parts.items()}

    def keep(
        self,
        connection: Connection,
        live: View | None,
        number: int,
        more: tuple[Worded, Sequence[int], Sequence[str]],
        less: tuple[Worded, Sequence[str]],
    ) -> None:
        """Keep what changes with the snapshot `number`: the words of passages that come and that go.

        Beside the words are the passages' keys, where they come, and the marks of their readers.
        """
        changes = _changes(*more, _counted(*less))
        while some := list(islice(changes, _AT_ONCE)):
            before = self.counts(live, {term for (term, _), _, _ in some}) if live else {}
            filled = [
                {
                    "term": group[0],
                    "readers": group[1],
                    "born": number,
                    "passages": before.get(group, 0) + change,
                    "postings": postings,
                }
                for group, change, postings in some
            ]
            connection.execute(insert(self._table), filled)

    def _seen(self, view: View, sql: str, terms: Collection[str]) -> list[tuple[Any, ...]]:
        if view.readers is None:
            return rows(view.connection, f"{sql} ORDER BY born", self._table.name, terms, view.number)
        sql = f"{sql} AND readers {{among}} ORDER BY born"
        return rows(view.connection, sql, self._table.name, terms, view.number, view.readers)


def _changes(
    words: Worded, keys: Sequence[int], readers: Sequence[str], gone: Mapping[Group, int]
) -> Iterator[tuple[Group, int, bytes]]:
    """Yield each term and readers, how many passages more there are, and where in new ones."""
    left = Counter(gone)
    marks, bounds, order = _grouped(words, readers)
    places = words.place[order]
    key_of = np.array(keys, np.uint32)
    posting = Posting(key_of[places], words.often[order], words.lengths[places])
    codes = words.term[order]
    for start, end in bounds:
        group = (words.terms[int(codes[start])], marks[int(places[start])])
        part = Posting(posting.keys[start:end], posting.often[start:end], posting.lengths[start:end])
        yield group, int(end - start) - left.pop(group, 0), part.packed()
    yield from ((group, -count, b"") for group, count in left.items())


def _grouped(
    words: Worded, readers: Sequence[str]
) -> tuple[Sequence[str], Iterable[tuple[int, int]], NDArray[np.int64]]:
    """Return the readers of each passage, where each group of postings begins and ends, and their order."""
    numbers = {mark: at for at, mark in enumerate(dict.fromkeys(readers))}
    of = np.array([numbers[mark] for mark in readers], np.int64)
    group = words.term * np.int64(max(len(numbers), 1)) + of[words.place]
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1)).tolist()
    return readers, pairwise(edges), order


def _counted(words: Worded, readers: Sequence[str]) -> Counter[Group]:
    """Return in how many of these passages each term stands, by readers."""
    marks, bounds, order = _grouped(words, readers)
    found: Counter[Group] = Counter()
    for start, end in bounds:
        at = int(order[start])
        found[words.terms[int(words.term[at])], marks[int(words.place[at])]] = end - start
    return found
