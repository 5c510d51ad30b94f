"""People's labels: a drawn sample of both arms' answers, graded blind, kept, and compared with the judge's.

`labels_of` returns the labels of a run that may count; `agreement_of` says how far a judge agrees with them;
`rubric_digest` names what people were asked.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.labels.agreement import agreement_of
    from genaiops.arena.labels.scale import rubric_digest

_FILES = {
    "agreement": "agreement_of",
    "scale": "rubric_digest",
}

__all__ = ["agreement_of", "rubric_digest"]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
