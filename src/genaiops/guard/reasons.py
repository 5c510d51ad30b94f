"""What a detector of somebody else says of its findings, as far as it repeats nothing of the text."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from genaiops.core import Finding

WITHHELD = "reason withheld"
_RUN = 8
"""So many characters in a row that stand in the text too, whatever their case, are taken for a repetition."""
_MOST = 64
"""So many different reasons for one text are looked at; more of them tell of the text, not of a kind."""


def without_echo(findings: Sequence[Finding], name: str, texts: Iterable[str]) -> list[Finding]:
    """Return `findings` as those of the detector `name`, each reason withheld that repeats one of `texts`."""
    reasons = {one.reason for one in findings}
    said = reasons if len(reasons) <= _MOST else frozenset[str]()
    told = said - _echoes(said, [text.lower() for text in texts])
    return [
        replace(one, detector=name, reason=one.reason if one.reason in told else WITHHELD) for one in findings
    ]


def _echoes(reasons: Iterable[str], texts: Sequence[str]) -> set[str]:
    """Return the reasons that repeat a run of a text, or are too short for one and stand in it whole.

    One with signs that are not shown could say something else than it seems to.
    """
    runs = {reason: _runs(reason.lower()) for reason in reasons}
    every = frozenset[str]().union(*runs.values())
    there = {
        run for text in texts for run in every.intersection(text[at : at + _RUN] for at in range(len(text)))
    }
    there |= {run for run in every if len(run) < _RUN and any(run in text for text in texts)}
    return {reason for reason in reasons if not runs[reason].isdisjoint(there) or not reason.isprintable()}


def _runs(reason: str) -> set[str]:
    return {reason[at : at + _RUN] for at in range(max(1, len(reason) - _RUN + 1))} - {""}
