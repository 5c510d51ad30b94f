"""Words as the reader sees them: tokens with their places, stems, and what kind of word stands where."""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"\w+(?:[.,'’\-–/]\w+)*[%°]?|[^\w\s]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP = _set(
    "a an and are as at be by for from has have had he in is it its of on or that the to was were will "
    "with this these those which what who whom whose when where why how did do does not their his her "
    "they you i we our your there been being than then them also can could would should may might about "
    "into over after before during between through such any some many much most other"
)
EDGE = _set(
    "and or but of in on at by for from to with as than that which who whom whose where when while is was "
    "were are be been being has have had do does did not it its he she they his her their this these "
    "those also such can could will would may might must should if so because into after before during "
    "between through about over under"
)
"""Words with which no short answer begins or ends."""
PREPOSITIONS = _set(
    "in on at by for from to with as of than into after before during between through about over under "
    "since until called named"
)
VERBS = _set("is was were are be been has have had do does did can could will would may might must became")
DETERMINERS = _set("a an the")
MONTHS = _set("january february march april may june july august september october november december")
NUMBERS = _set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty "
    "fifty hundred thousand million billion trillion dozen half third quarter first second twice once"
)
YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")

_SUFFIXES = ("ing", "edly", "ed", "ies", "es", "s", "ly")
_KINDS: tuple[tuple[str, str], ...] = (
    (
        "number",
        r"how (?:many|much|long|old|far|tall|large|high|big|often)|what percent|what percentage|what number",
    ),
    ("date", r"when|(?:what|which) (?:year|date|day|century|decade|month|time)|in what years"),
    ("who", r"who|whom|whose"),
    ("where", r"where|(?:what|which) (?:city|country|state|place|location)"),
)
_QUESTION_KINDS = tuple((kind, re.compile(rf"\b(?:{words})\b")) for kind, words in _KINDS)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark, and where it stands in its text."""

    text: str
    lower: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether it is a word or a number rather than a mark."""
        return self.lower[0].isalnum() or self.lower[0] == "_"


def tokens(text: str) -> list[Token]:
    """Return the words and marks of `text` in order."""
    return [
        Token(match.group(), match.group().lower(), match.start(), match.end())
        for match in TOKEN.finditer(text)
    ]


def stem(word: str) -> str:
    """Return a word without a common English ending; good enough to match `opened` with `opening`."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)] + ("y" if suffix == "ies" else "")
    return word


def terms(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return frozenset(stem(word) for word in re.findall(r"\w+", text.lower()) if word not in STOP)


def question_kind(question: str) -> str:
    """Return what a question asks for: number, date, who, where, or other."""
    plain = " ".join(re.findall(r"\w+", question.lower()))
    return next((kind for kind, pattern in _QUESTION_KINDS if pattern.search(plain)), "other")
