"""Days as people write them: `4 December`, `December 4th, 2026`, `2026-12-04`, `04/12/2026`. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\b(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s{0,3}(\d{4})\b)?"
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:T(?=\d))?")
_PARTS = re.compile(r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b")
_DAY_FIRST = re.compile(rf"{_DAY}\s{{1,3}}(?:of\s{{1,3}})?{_MONTH}{_YEAR}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s{{1,3}}{_DAY}\b{_YEAR}", re.IGNORECASE)
_EVERY = (_ISO, _PARTS, _DAY_FIRST, _MONTH_FIRST)


class Day(NamedTuple):
    """A day; `year` 0 where none was said."""

    year: int
    month: int
    day: int


def days_in(text: str) -> frozenset[Day]:
    """Return the days that a text names; `04/12/2026` is both of the days that it may be."""
    return frozenset(day for day in _days(text) if 1 <= day.month <= 12 and 1 <= day.day <= 31)


def without_days(text: str) -> str:
    """Return `text` without the days that it names."""
    for pattern in _EVERY:
        text = pattern.sub(" ", text)
    return text


def is_said(day: Day, said: frozenset[Day]) -> bool:
    """Say whether a day is among those that were said; where its year was not, any will do."""
    return day in said or day._replace(year=0) in said


def _days(text: str) -> Iterator[Day]:
    for year, month, day in _ISO.findall(text):
        yield Day(int(year), int(month), int(day))
    for one, two, year in _PARTS.findall(text):
        yield Day(int(year), int(one), int(two))
        yield Day(int(year), int(two), int(one))
    for day, month, year in _DAY_FIRST.findall(text):
        yield Day(int(year or 0), _number(month), int(day))
    for month, day, year in _MONTH_FIRST.findall(text):
        yield Day(int(year or 0), _number(month), int(day))


def _number(month: str) -> int:
    return _MONTHS.index(month[:3].lower()) + 1
