"""How alike two short answers are, as SQuAD compares them.

Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (2016): lower case, no ASCII
punctuation, no articles, single blanks.
"""

import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Return `text` as SQuAD compares it."""
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of token precision and recall, 1 or 0 where either has no token."""
    said, meant = normalise(answer).split(), normalise(reference).split()
    if not said or not meant:
        return float(said == meant)
    shared = sum((Counter(said) & Counter(meant)).values())
    return 2 * shared / (len(said) + len(meant)) if shared else 0.0
