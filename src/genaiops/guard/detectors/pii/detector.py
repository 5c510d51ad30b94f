"""The detector of personal data: one walk over what could be a number, then what letters and signs begin."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, UserError
from genaiops.guard.detectors.base import Budget, Pure, lower, parameters_of
from genaiops.guard.detectors.pii.accounts import SMALL_IBAN, card_at, iban_at
from genaiops.guard.detectors.pii.contact import Found, addresses, emails, phone_at
from genaiops.guard.detectors.pii.identities import FROM_DIGIT, FROM_LETTER, Identity
from genaiops.guard.detectors.pii.named import NAMES, named
from genaiops.guard.policy_file import SURFACES, nearest

# where a number begins: its first group of digits, six more digits or signs after it at least
_GROUP = re.compile(r"[0-9](?<![A-Za-z0-9].)(?<![0-9][.,].)(?=[0-9 .()/+A-Za-z-]{5})[0-9]*")
_DIGIT = re.compile(r"[0-9]")
_FROM_CAPITAL = re.compile(r"[A-Z](?<![A-Za-z0-9].)[A-Z]{0,5}[ -]?[0-9]")
MOST_GROUPS = 30_000
"""A text with more groups of digits is given up rather than looked at for long."""

_SEPARATOR = re.compile(r"[ ./-]")
_GENERAL = ("email", "phone", "ip", "mac", "card", "iban", *NAMES)
_REASONS: Mapping[str, str] = {
    "email": "an e-mail address",
    "phone": "a phone number by its form, or by the words before it",
    "ip": "an IP address",
    "mac": "a MAC address",
    "card": "a payment card's number: range and check digit hold",
    "iban": "an IBAN: country, length and check digits hold",
    "passport": "a number after a word for a passport",
    "driving_licence": "a number after a word for a driving licence",
    "birth_date": "a date after a word for a birth",
}
_TELLING = tuple(dict.fromkeys(word for each in FROM_DIGIT if not each.alone for word in each.words.every))
"""Words without which some numbers do not count."""

_CHOICES = 64
_ByFirst = Mapping[int, Sequence[Identity]]
_Digits = Callable[[frozenset[str]], _ByFirst]
COUNTRIES = tuple(sorted({each.country for each in (*FROM_DIGIT, *FROM_LETTER)}))


class PiiParameters(BaseModel):
    """Whose national numbers are looked for, by ISO 3166 code; all that are known where left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    countries: tuple[str, ...] = COUNTRIES


def pii(given: Mapping[str, Json]) -> Pure:
    """Return the detector of personal data; raises `UserError` for a country that it does not know."""
    countries = parameters_of(PiiParameters, given).countries
    for country in countries:
        if country not in COUNTRIES:
            raise UserError(
                "GAO-GUARD-023",
                f"no national number of {country!r} is known",
                why="the countries of the detector `pii` are those whose numbers it can check",
                fix=nearest(country, COUNTRIES),
            )
    digits = [each for each in FROM_DIGIT if each.country in countries]
    letters = [each for each in FROM_LETTER if each.country in countries]
    names = {*_GENERAL, *(each.name for each in (*digits, *letters))}
    spec = DetectorSpec(
        name="pii",
        version="1",
        surfaces=frozenset(SURFACES),
        span=48,
        categories=frozenset(f"pii.{name}" for name in names),
    )
    chosen = lru_cache(_CHOICES)(partial(_by_first, digits))
    return Pure(spec, lambda text, where: _find(text, chosen, letters))


def _find(text: str, digits: _Digits, letters: Sequence[Identity]) -> Iterator[Finding]:
    for name, start, end, sure in _found(text, digits, letters):
        reason = _REASONS.get(name, "a national number: its form and check digits hold")
        yield Finding(
            detector="pii", category=f"pii.{name}", start=start, end=end, confidence=sure, reason=reason
        )


def _found(text: str, digits: _Digits, letters: Sequence[Identity]) -> Iterator[Found]:
    budget = Budget()
    low = lower(text)
    yield from emails(text, budget)
    yield from addresses(text, budget)
    if _DIGIT.search(text) is None:
        return  # all others have one
    yield from named(text, low, budget)
    groups = Budget(MOST_GROUPS)
    by_first: _ByFirst | None = None
    for match in _GROUP.finditer(text):
        groups.spend()
        if by_first is None:
            by_first = digits(frozenset([word for word in _TELLING if word in low]))
        yield from _numbers(text, match.start(), match.end() - match.start(), by_first, budget)
    if "iban" in low:
        for match in SMALL_IBAN.finditer(text):
            budget.spend()
            if end := iban_at(text, match.start(), SMALL_IBAN):
                yield "iban", match.start(), end, 0.95
    for match in _FROM_CAPITAL.finditer(text):
        budget.spend()
        yield from _from_capital(text, match.start(), letters)


def _by_first(digits: Sequence[Identity], said: frozenset[str]) -> _ByFirst:
    """Return the numbers that count in a text with the words `said`, by the size of their first group."""
    by_first: dict[int, list[Identity]] = {}
    for each in digits:
        for size in each.first if each.alone or not said.isdisjoint(each.words.every) else ():
            by_first.setdefault(size, []).append(each)
    return by_first


def _numbers(text: str, start: int, size: int, by_first: _ByFirst, budget: Budget) -> Iterator[Found]:
    """Yield what begins with the group of `size` digits at `start`; one number may be several things."""
    surest = 0.0
    if size == 4 or size > 11:
        end, sure = card_at(text, start, budget)
        if end:
            surest = sure
            yield "card", start, end, sure
    for identity in by_first.get(size, ()):
        match = identity.pattern.match(text, start)
        if match is not None:
            budget.spend()
            if sure := _sure(identity, text, match):
                surest = max(surest, sure)
                yield identity.name, start, match.end(), sure
    phone = phone_at(text, start, budget)
    if phone is not None and phone[3] >= surest:
        yield phone


def _from_capital(text: str, start: int, letters: Sequence[Identity]) -> Iterator[Found]:
    end = iban_at(text, start)
    if end:
        yield "iban", start, end, 0.95
    for identity in letters:
        match = identity.pattern.match(text, start)
        if match is not None and (sure := _sure(identity, text, match)):
            yield identity.name, match.start(), match.end(), sure


def _sure(identity: Identity, text: str, match: re.Match[str]) -> float:
    bare = _SEPARATOR.sub("", match.group())
    if identity.name in _KEEP_SIGN:
        bare = match.group()
    if not identity.valid(bare):
        return 0.0
    return identity.named if identity.words.before(text, match.start()) else identity.alone


_KEEP_SIGN = frozenset({"fi_hetu"})
"""In these the separator says the century, and is checked with the number."""
