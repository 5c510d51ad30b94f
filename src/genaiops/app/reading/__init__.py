"""Reading for an answer: sentences as evidence, spans as choices, a learnt rule to choose or abstain.

passages → sentences → select_evidence → (the model's draft) → choices → decide → answer | abstain
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app.reading.evidence import Evidence, Sentence, select_evidence, sentences
    from genaiops.app.reading.rule import Decision, Rule, Weight, decide, read_rule, utility
    from genaiops.app.reading.spans import Choice, Offered, choices, offer, quotes

_FILES = {
    "evidence": "Evidence Sentence select_evidence sentences",
    "rule": "Decision Rule Weight decide read_rule utility",
    "spans": "Choice Offered choices offer quotes",
}

__all__ = [
    "Choice", "Decision", "Evidence", "Offered", "Rule", "Sentence", "Weight", "choices", "decide", "offer",
    "quotes", "read_rule", "select_evidence", "sentences", "utility",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
