"""What overlap does not see in the words of a claim: numbers, denials, opposites. Pure; English."""

import re

from genaiops.app.reading.words import STOP, stem

WORD = re.compile(r"\w+(?:['’]\w+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATIONS = _set(
    "no not never none nobody nothing neither nor nowhere without cannot hardly unable fail failed fails "
    "lack lacks lacked except refuse refused deny denied isn't wasn't aren't weren't don't doesn't didn't "
    "won't can't couldn't wouldn't shouldn't hasn't haven't hadn't despite false untrue incorrect"
)
ABSOLUTES = _set(
    "only never always all every entire entirely solely exclusively none no completely totally must any "
    "sole purely nothing everyone everything anyone"
)
_COMPARED = _set("most least first last best worst more less")
_PAIRS = (
    "first/last more/less more/fewer most/least before/after increase/decrease increased/decreased "
    "rise/fall rose/fell high/low higher/lower highest/lowest large/small larger/smaller largest/smallest "
    "big/small biggest/smallest long/short longer/shorter longest/shortest old/young older/younger "
    "oldest/youngest early/late earlier/later earliest/latest north/south east/west northern/southern "
    "eastern/western male/female man/woman men/women father/mother son/daughter brother/sister "
    "husband/wife boy/girl king/queen win/lose won/lost winner/loser born/died birth/death begin/end "
    "began/ended start/end started/ended start/finish open/close opened/closed success/failure "
    "successful/unsuccessful positive/negative good/bad better/worse best/worst same/different "
    "similar/different alive/dead true/false always/never all/none all/some everyone/nobody both/neither "
    "above/below over/under inside/outside left/right up/down hot/cold warm/cold new/old public/private "
    "major/minor majority/minority fiction/nonfiction fictional/real comedy/drama single/married "
    "alone/together fast/slow rich/poor common/rare easy/difficult easy/hard accept/reject "
    "accepted/rejected allow/prohibit allowed/banned support/oppose supported/opposed love/hate "
    "popular/unpopular unknown/famous parent/child teacher/student buy/sell bought/sold import/export "
    "ancient/modern domestic/wild domesticated/wild"
)


def _opposites() -> dict[str, frozenset[str]]:
    pairs = [pair.split("/") for pair in _PAIRS.split()]
    both = [*pairs, *([b, a] for a, b in pairs)]
    return {word: frozenset(b for a, b in both if a == word) for word, _ in both}


OPPOSITES = _opposites()
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_SPELT: dict[str, float] = {
    **{word: float(value) for value, word in enumerate(_UNITS.split())},
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "half": 0.5,
    "dozen": 12,
    "once": 1,
    "first": 1,
    "twice": 2,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_EMPTY = STOP | _set("not no if so but because while also just very more most only there here had has have")


def words(text: str) -> list[str]:
    """Return the words of `text`, as written."""
    return WORD.findall(text.replace("’", "'"))


def is_empty(word: str) -> bool:
    """Whether a word, in lower case, carries no content of its own."""
    return word in _EMPTY


def content(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order; denials are looked at apart."""
    return [
        stem(word) for word in map(str.lower, words(text)) if word not in _EMPTY and word not in NEGATIONS
    ]


def numbers(text: str) -> frozenset[float]:
    """Return the numbers of `text`, in digits or spelt."""
    found = {float(digits.replace(",", "")) for digits in _NUMBER.findall(text) if digits.count(".") < 2}
    return frozenset(found | {_SPELT[word] for word in words(text.lower()) if word in _SPELT})


def denies(text: str) -> bool:
    """Whether a word of `text` denies something."""
    return any(word in NEGATIONS or word.endswith("n't") for word in words(text.lower()))


def compares(word: str) -> bool:
    """Whether a word, in lower case, is a superlative or a comparison."""
    return (word.endswith("est") and len(word) > 5) or word in _COMPARED
