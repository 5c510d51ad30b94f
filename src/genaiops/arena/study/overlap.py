"""Whether questions were made of the corpus' own words: runs of words that stand in both. Pure.

A question that repeats eight words of a passage in a row finds it by its wording, not by its meaning; sets
whose questions were generated from passages often do. The run length is that of common checks of test sets
against training data (Brown et al., 2020, use 13 words of long texts; questions are short).
"""

import re
from collections.abc import Iterable, Iterator, Mapping

RUN = 8
_WORD = re.compile(r"\w+")


def overlapping(questions: Iterable[str], texts: Mapping[str, str]) -> tuple[int, int]:
    """Return how many questions share a run of eight words with a text, and how many are long enough to."""
    wanted: dict[tuple[str, ...], list[int]] = {}
    long = 0
    for at, question in enumerate(questions):
        runs = set(_runs(question))
        long += bool(runs)
        for run in runs:
            wanted.setdefault(run, []).append(at)
    found: set[int] = set()
    for text in texts.values() if wanted else ():
        for run in _runs(text):
            if run in wanted:
                found.update(wanted[run])
    return len(found), long


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return zip(*(words[at:] for at in range(RUN)), strict=False)
