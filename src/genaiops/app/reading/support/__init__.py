"""Whether passages support what an answer claims: claims, evidence, and a learnt probability of support.

answer → claims → (passages → the sentences that hold a claim's words) → features, tokens side by side → model
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app.reading.support.claims import Claim, claims_of
    from genaiops.app.reading.support.judging import Judged, judge_claims
    from genaiops.app.reading.support.model import SUPPORTED, VECTORS

_FILES = {
    "claims": "Claim claims_of",
    "judging": "Judged judge_claims",
    "model": "SUPPORTED VECTORS",
}

__all__ = ["SUPPORTED", "VECTORS", "Claim", "Judged", "claims_of", "judge_claims"]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
