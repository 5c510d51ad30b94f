"""The claims of an answer: what can be supported or not, sentence by sentence, with its place. Pure.

Questions, greetings and offers of help claim nothing. Nor do sentences that say that something is not known,
unless they are all that the answer says.
"""

import re
from dataclasses import dataclass

from genaiops.app.reading.words import terms
from genaiops.knowledge import sentence_spans

MAX_CLAIMS = 200
"""Claims of one answer that are looked at; what comes after is not."""

_MARK = re.compile(r"(?:[-*+•#>|]+|\d{1,3}[.)]|\(\d{1,3}\)|[a-z]\))\s+|[*_`|#]+")
_LEFT_OUT = re.compile(r"[*`]{1,3}|\s*(?:\[[\w\s,.:#-]{1,40}\]|【[^】]{1,40}】)")
_BUT = re.compile(r",?\s+(?:but|however|although|though)\b,?\s*", re.IGNORECASE)
_LOOKED_AT = 400
"""Characters of a sentence in which it is looked for that something is not known."""
_SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening)|thanks?|thank you|you're welcome|"
    r"sure|certainly|of course|great question|good question|happy to help|i(?:'m| am) happy to|"
    r"i(?:'d| would) be (?:happy|glad) to|glad to|i hope (?:this|that|it)|hope (?:this|that|it) helps|"
    r"let me know|feel free|please (?:let me|feel free|note that i)|is there anything|best regards|"
    r"kind regards|sincerely)\b",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(
    r"\b(?:i|we)(?: really)? (?:do not|don't|cannot|can't|could not|couldn't|am unable to|am not able to|"
    r"was unable to|have no|don't have|do not have)(?: \w+){0,2} (?:know|knowledge|find|found|answer|"
    r"information|sure|say|tell|determine|details?|enough)\b|"
    r"\bi(?:'m| am) (?:sorry|afraid|not sure|unable|not able)\b|"
    r"\b(?:passages?|context|documents?|sources?|text|information provided|provided information)"
    r"(?: \w+){0,3} (?:do(?:es)?n't|do(?:es)? not|did not|didn't) (?:\w+ )?"
    r"(?:mention|say|state|contain|provide|specify|include|answer|give|cover|address)|"
    r"\b(?:is|are) not (?:mentioned|stated|specified|provided|given|covered) (?:in|by) the\b|"
    r"\bno (?:relevant |such )?information\b|\bnot enough information\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer that says something: its words, and where they stand in the answer."""

    text: str
    start: int
    end: int


def claims_of(answer: str) -> list[Claim]:
    """Return the claims of `answer` in order, at most `MAX_CLAIMS`, without marks and citations.

    Where an answer says nothing but that something is not known, that is what it claims: of the passages.
    """
    found: list[Claim] = []
    unknown: list[Claim] = []
    for start, end in sentence_spans(answer):
        while (mark := _MARK.match(answer, start, end)) is not None:
            start = mark.end()
        for left, right in _parts(answer, start, end):
            text = _LEFT_OUT.sub("", answer[left:right]).strip()
            if _claims_something(text):
                says = unknown if _NOT_KNOWN.search(text[:_LOOKED_AT]) else found
                says.append(Claim(text, left, right))
        if len(found) >= MAX_CLAIMS:
            break
    return (found or unknown)[:MAX_CLAIMS]


def _parts(answer: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return a sentence, or its two halves where one of them only says that something is not known."""
    but = _BUT.search(answer, start, end)
    if but is None or not _NOT_KNOWN.search(answer, start, min(end, start + _LOOKED_AT)):
        return [(start, end)]
    return [(start, but.start()), (but.end(), end)]


def _claims_something(text: str) -> bool:
    if text.endswith(("?", "？")) or (_SMALL_TALK.match(text) and len(text.split()) <= 12):
        return False
    return bool(terms(text))
