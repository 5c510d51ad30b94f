"""Numbers and dates that are personal only by the words before them: passports, licences, dates of birth."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from genaiops.guard.detectors.base import Budget
from genaiops.guard.detectors.pii.contact import Found

_CODE = r"(?=[A-Za-z]{0,4}[0-9])([A-Z0-9][A-Z0-9-]{4,16}[A-Z0-9])(?![\w-])"
_DATE = (
    r"((?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}(?:st|nd|rd|th|\.)?[ ./-]{1,2}"
    r"(?:[0-9]{1,2}|[A-Za-zäéû]{3,9})[ .,/-]{1,2}[0-9]{2,4}"
    r"|[A-Za-z]{3,9}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4})"
    r"(?![\w])"
)


class _Named(NamedTuple):
    name: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    sure: float


_GAP = (
    r"(?:[^\S\n]?(?:number|no|nr|num|card|licen[cs]e|id|is|was|on|the|of|birth|my|:|#|\.|°|\n)){0,6}"
    r"[^\S\n]{0,2}"
)
_EVERY = (
    _Named("passport", ("passport", "passeport", "reisepass", "pasaporte"), re.compile(_GAP + _CODE), 0.85),
    _Named(
        "driving_licence",
        ("driver's license", "drivers license", "driver license", "driving licence", "driving license",
         "driver's licence", "führerschein", "permis de conduire"),
        re.compile(_GAP + _CODE),
        0.8,
    ),
    _Named(
        "birth_date",
        ("born", "date of birth", "dob", "birthday", "birthdate", "geboren", "geburtsdatum", "né le",
         "née le", "nacido", "nacida", "fecha de nacimiento", "nato il", "nata il", "data di nascita"),
        re.compile(_GAP + _DATE),
        0.85,
    ),
)  # fmt: skip
NAMES = tuple(each.name for each in _EVERY)


def named(text: str, low: str, budget: Budget) -> Iterator[Found]:
    """Yield what follows a word that says what it is. `low` is `text` in lower case, as long."""
    for kind in _EVERY:
        for word in kind.words:
            at = low.find(word)
            while at >= 0:
                budget.spend()
                match = kind.pattern.match(text, at + len(word))
                if match is not None:
                    yield kind.name, match.start(1), match.end(1), kind.sure
                at = low.find(word, at + len(word))
