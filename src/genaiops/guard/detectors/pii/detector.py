"""The detector of personal data: one walk over what could be a number, then what letters and signs begin."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, UserError
from genaiops.guard.detectors.base import Budget, Pure, each_kind, lower, parameters_of
from genaiops.guard.detectors.pii.accounts import SMALL_IBAN, card_at, iban_at
from genaiops.guard.detectors.pii.contact import (
    Found,
    addresses,
    emails,
    has_phone_words,
    may_be_phone,
    phone_at,
)
from genaiops.guard.detectors.pii.identities import FROM_DIGIT, FROM_LETTER, Identity
from genaiops.guard.detectors.pii.named import NAMES, named
from genaiops.guard.detectors.pii.plainly import in_plain_signs
from genaiops.guard.policy_file import SURFACES, nearest

# Where a number begins: a group of digits with five more digits close behind its first. A group of four may
# have a wider gap behind it. Days are read over.
_GROUP = re.compile(
    r"[0-9](?<![A-Za-z0-9].)(?<![0-9]\..)"
    r"(?:(?<=[12])[09][0-9]{2}([-/])[0-9]{2}\1[0-9]{2}(?![0-9])"
    r"|(?=(?:[ .()/+-]{0,2}[0-9]){5}|[0-9]{3}(?:[ ./-]{3}|[\s*_`~])[^A-Za-z]{0,6}[0-9]{4})[0-9]*)"
)
_DIGIT = re.compile(r"[0-9]")
_FROM_CAPITAL = re.compile(r"[A-Z](?<![A-Za-z0-9].)[A-Z]{0,5}[ -]?[0-9]")
MOST = 70_000
"""What one text may cost, in microseconds of a common processor, about; then the detector gives up."""
_LEAST = 10_000
"""What looking for one kind of thing may cost in any case: others of another kind hide none."""
_FOUND = 6
"""What a finding costs, here and in the pipeline."""

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
_Kind = Callable[[Budget], Iterator[Found]]
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
        version="2",
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
    """Yield what is found; where there is too much of one kind, the others are looked for first."""
    plain = in_plain_signs(text)
    low = lower(plain)
    kinds: list[_Kind] = [partial(emails, text), partial(addresses, plain)]
    if _DIGIT.search(plain) is not None:  # all others have one
        kinds += [
            partial(named, plain, low),
            partial(_from_digit, plain, low, digits),
            partial(_from_capital, plain, letters),
        ]
        if "iban" in low:
            kinds.append(partial(_small_ibans, plain))
    yield from each_kind(kinds, Budget(MOST), least=_LEAST, found=_FOUND)


def _from_digit(text: str, low: str, digits: _Digits, budget: Budget) -> Iterator[Found]:
    by_first: _ByFirst | None = None
    phones = False
    for match in _GROUP.finditer(text):
        budget.spend()
        if match.lastindex:
            continue  # a day
        if by_first is None:
            by_first = digits(frozenset([word for word in _TELLING if word in low]))
            phones = has_phone_words(low)
        start, end = match.span()
        size = end - start
        identities = by_first.get(size, ())
        if identities or size == 4 or size > 11 or phones or may_be_phone(text, start):
            yield from _numbers(text, start, size, identities, phones, budget)


def _small_ibans(text: str, budget: Budget) -> Iterator[Found]:
    for match in SMALL_IBAN.finditer(text):
        if end := iban_at(text, match.start(), budget, SMALL_IBAN):
            yield "iban", match.start(), end, 0.95


def _from_capital(text: str, letters: Sequence[Identity], budget: Budget) -> Iterator[Found]:
    for match in _FROM_CAPITAL.finditer(text):
        start = match.start()
        if end := iban_at(text, start, budget):
            yield "iban", start, end, 0.95
        for identity in letters:
            number = identity.pattern.match(text, start)
            if number is not None and (sure := _sure(identity, text, number, budget)):
                yield identity.name, start, number.end(), sure


def _by_first(digits: Sequence[Identity], said: frozenset[str]) -> _ByFirst:
    """Return the numbers that count in a text with the words `said`, by the size of their first group."""
    by_first: dict[int, list[Identity]] = {}
    for each in digits:
        for size in each.first if each.alone or not said.isdisjoint(each.words.every) else ():
            by_first.setdefault(size, []).append(each)
    return by_first


def _numbers(
    text: str, start: int, size: int, identities: Sequence[Identity], phones: bool, budget: Budget
) -> Iterator[Found]:
    """Yield what begins with the group of `size` digits at `start`; one number may be several things."""
    surest = 0.0
    if size == 4 or size > 11:
        end, sure = card_at(text, start, budget)
        if end:
            surest = sure
            yield "card", start, end, sure
    for identity in identities:
        match = identity.pattern.match(text, start)
        if match is not None and (sure := _sure(identity, text, match, budget)):
            surest = max(surest, sure)
            yield identity.name, start, match.end(), sure
    phone = phone_at(text, start, budget, words=phones) if phones or may_be_phone(text, start) else None
    if phone is not None and phone[3] >= surest:
        yield phone


def _sure(identity: Identity, text: str, match: re.Match[str], budget: Budget) -> float:
    budget.spend(3)
    bare = _SEPARATOR.sub("", match.group())
    if identity.name in _KEEP_SIGN:
        bare = match.group()
    if not identity.valid(bare):
        return 0.0
    return identity.named if identity.words.before(text, match.start()) else identity.alone


_KEEP_SIGN = frozenset({"fi_hetu"})
"""In these the separator says the century, and is checked with the number."""
