"""A text that an app put together: what of it passed already, and what becomes of the rest.

A prompt holds the question, passages, results and the words of a template. Each passed on its own; a
detector that judges a text as a whole would take the rules of a system prompt beside a passage for an attack.
So what passed is known again, wherever it stands and wherever it was cut off, by runs of tokens (shingles:
Broder 1997, *On the resemblance and containment of documents*), and only what is new is judged.
"""

import json
import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from genaiops.core import Finding, Where
from genaiops.guard.calling import Called
from genaiops.guard.model import Failed, GuardResult
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import NOBODY_KNOWN, Asker
from genaiops.guard.values import FORM, is_readable

_TOKEN = re.compile(r"\w+|[^\w\s]")
_RUN = 6
"""So many tokens in a row are known again; of a shorter text all of it."""
_SAYS = 3
_MARGIN = 384
"""Characters of known text around what is new that detectors of shapes see too."""

_Stretch = tuple[int, int]


class KnownStretch(NamedTuple):
    """What in a text stands in one that passed. A word of a sentence that passed alone is not `apart`."""

    start: int
    end: int
    apart: bool


class Passed:
    """Texts that passed, beside those of `before`; for several threads at once."""

    def __init__(self, before: "Passed | None" = None) -> None:
        self._before = before
        self._lock = threading.Lock()
        self._whole: set[str] = set()
        self._waiting: list[str] = []
        self._unescaped: list[str] = []
        self._runs: dict[int, set[int]] = {}

    def add(self, texts: Iterable[str]) -> None:
        """Take note of texts that passed."""
        with self._lock:
            for text in texts:
                if text not in self._whole:
                    self._whole.add(text)
                    self._waiting.append(text)

    def stretches(self, text: str) -> list[KnownStretch]:
        """Return what in `text` stands in one that passed, in order of place; they may overlap.

        It may stand there as it is written in JSON. A word or two that passed are known where they stand, and
        do not make one stretch with the next.
        """
        if any(text in one._whole for one in self._chain):
            return [KnownStretch(0, len(text), True)]
        if "\\" in text:
            for one in self._chain:
                one._escape()
        tokens = [match.span() for match in _TOKEN.finditer(text)]
        words = [text[start:end] for start, end in tokens]
        runs = _chained(self._found(words, _RUN))
        inside = [0] * len(words)
        for number, (start, end) in enumerate(runs, start=1):
            inside[start : end + 1] = [number] * (end + 1 - start)
        for size in range(1, _RUN):
            here = self._found(words, size)
            runs += [(at, at + size - 1) for at in here if not 0 < inside[at] == inside[at + size - 1]]
        return sorted(
            KnownStretch(tokens[first][0], tokens[last][1], _is_apart(text, tokens, first, last))
            for first, last in runs
        )

    def _found(self, words: list[str], size: int) -> list[int]:
        """Return the numbers of the tokens at which known runs of `size` tokens begin."""
        sets = [runs for one in self._chain if (runs := one._learnt(size))]
        runs = list(_runs(words, size)) if sets else []
        return sorted({at for known in sets for at, run in enumerate(runs) if run in known})

    @property
    def _chain(self) -> tuple["Passed", ...]:
        return (self, *(self._before._chain if self._before else ()))

    def _learnt(self, size: int) -> set[int]:
        with self._lock:
            self._learn()
            return self._runs.get(size, set())

    def _learn(self) -> None:
        for text in self._waiting:
            words = _TOKEN.findall(text)
            if size := min(_RUN, len(words)):
                self._runs.setdefault(size, set()).update(_runs(words, size))
        self._unescaped += self._waiting
        self._waiting = []

    def _escape(self) -> None:
        """Learn texts as they are written in JSON, too, where that is another way."""
        with self._lock:
            self._learn()
            plain, self._unescaped = self._unescaped, []
            written = {json.dumps(one, ensure_ascii=how)[1:-1] for one in plain for how in (True, False)}
            self._waiting = [one for one in written if "\\" in one]
            self._learn()
            self._unescaped = []


def _runs(words: list[str], size: int) -> Iterator[int]:
    """Yield a number for each run of `size` tokens."""
    return map(hash, zip(*(words[first:] for first in range(size)), strict=False))


def _is_apart(text: str, tokens: list[_Stretch], first: int, last: int) -> bool:
    """Say whether a stretch is long, or no word at its ends stands beside another one on its line."""
    if last - first >= _RUN - 1:
        return True
    ends = ((first - 1, first), (last, last + 1))
    return not any(
        before >= 0
        and after < len(tokens)
        and text[tokens[before][0]].isalnum()
        and text[tokens[after][0]].isalnum()
        and "\n" not in text[tokens[before][1] : tokens[after][0]]
        for before, after in ends
    )


def _chained(found: Sequence[int]) -> list[_Stretch]:
    """Return the first and the last token of runs that overlap in all but one."""
    chains: list[_Stretch] = []
    last = -2
    for at in found:
        end = at + _RUN - 1
        if at == last + 1:
            chains[-1] = (chains[-1][0], end)
        else:
            chains.append((at, end))
        last = at
    return chains


def check_assembled(
    guard: Pipeline,
    text: str,
    known: Sequence[KnownStretch],
    where: Where,
    asker: Asker = NOBODY_KNOWN,
    *,
    shapes: bool = False,
) -> GuardResult:
    """Return what becomes of `text`, of which the stretches `known` passed already.

    What lies in one of them is not found anew. Detectors of a bounded span see what is new with what stands
    around it, those that need a whole text see what is new alone, and not at all where only `shapes` count.
    `json` is not asked: a prompt is no value.
    """
    new = new_in(text, known)
    said = [one for one in new if _says_something(text[one[0] : one[1]])]
    today = guard.today()
    on = [one for one in guard.detectors(where.surface) if one.spec.name != FORM]
    near = [one for one in on if one.spec.span != "whole"]
    rest = [] if shapes else [one for one in on if one.spec.span == "whole"]
    found: list[Finding] = []
    failed: list[Failed] = []
    parts = [([one], near) for one in _around(text, known, new)] + ([(said, rest)] if said else [])
    for pieces, asked in parts:
        joined = "\n".join(text[start:end] for start, end in pieces)
        if not is_readable(guard, joined):
            return guard.check(joined, where, asker)  # it refuses it
        told, broken = _scan(guard, joined, asked, where, asker)
        found += _placed(told, pieces)
        failed += [one for one in broken if one not in failed]
    return guard.conclude(text, _not_known(found, known), failed, where.surface, asker, today)


def _says_something(piece: str) -> bool:
    """Say whether a piece is worth judging: a tag, a number or half a word between known texts is not."""
    return not piece.isascii() or sum(1 for word in _TOKEN.findall(piece) if word[0].isalnum()) >= _SAYS


def _scan(
    guard: Pipeline, text: str, asked: Sequence[Called], where: Where, asker: Asker
) -> tuple[list[Finding], list[Failed]]:
    return guard.scan(text, where, asked, asker, guard.today()) if asked else ([], [])


def new_in(text: str, known: Sequence[KnownStretch]) -> list[_Stretch]:
    """Return what of `text` is in no known stretch, without the blanks around it."""
    gaps: list[_Stretch] = []
    done = 0
    for start, end, apart in (*known, KnownStretch(len(text), len(text), True)):
        if not apart:
            continue
        gap = text[done:start]
        if gap.strip():
            first = done + len(gap) - len(gap.lstrip())
            gaps.append((first, first + len(gap.strip())))
        done = max(done, end)
    return gaps


def _around(text: str, known: Sequence[KnownStretch], new: Sequence[_Stretch]) -> list[_Stretch]:
    """Return what is new, and where one known stretch meets another, each with its surroundings."""
    joints: list[_Stretch] = []
    done = 0
    for start, end, _ in known:
        if 0 < done < end:
            joints.append((min(start, done), max(start, done)))
        done = max(done, end)
    windows: list[_Stretch] = []
    for start, end in sorted((*new, *joints)):
        first, last = max(0, start - _MARGIN), min(len(text), end + _MARGIN)
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(windows[-1][1], last))
        else:
            windows.append((first, last))
    return windows


def _placed(told: Sequence[Finding], pieces: Sequence[_Stretch]) -> list[Finding]:
    """Return findings in pieces that were put together, a line each, at their places in the text."""
    begins = [0, *accumulate(end - start + 1 for start, end in pieces)]

    def at(place: int) -> int:
        piece = bisect_right(begins, place, hi=len(pieces)) - 1
        start, end = pieces[piece]
        return min(start + place - begins[piece], end - 1)

    return [replace(one, start=at(one.start), end=at(one.end - 1) + 1) for one in told]


def _not_known(found: Sequence[Finding], known: Sequence[KnownStretch]) -> list[Finding]:
    """Return the findings that lie in no known stretch, each once."""
    starts = [one.start for one in known]
    ends = [0, *accumulate((one.end for one in known), max)]
    once = {(one.start, one.end, one.category): one for one in found}
    return [one for one in once.values() if one.end > ends[bisect_right(starts, one.start)]]
