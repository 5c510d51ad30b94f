"""Reading for an answer: sentences as evidence, spans as choices, a learnt rule to choose or abstain.

passages → sentences → weigh → select_evidence → (the model's draft) → choices | quotes → decide → answer
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app.reading.choice import Choice, Offered, offer
    from genaiops.app.reading.evidence import Evidence, Sentence, select_evidence, sentences, weigh
    from genaiops.app.reading.quotations import quotes
    from genaiops.app.reading.rule import Decision, Rule, Weight, decide, read_rule, utility
    from genaiops.app.reading.spans import choices
    from genaiops.app.reading.words import terms

_FILES = {
    "choice": "Choice Offered offer",
    "evidence": "Evidence Sentence select_evidence sentences weigh",
    "quotations": "quotes",
    "rule": "Decision Rule Weight decide read_rule utility",
    "spans": "choices",
    "words": "terms",
}

__all__ = [
    "Choice", "Decision", "Evidence", "Offered", "Rule", "Sentence", "Weight", "choices", "decide", "offer",
    "quotes", "read_rule", "select_evidence", "sentences", "terms", "utility", "weigh",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
