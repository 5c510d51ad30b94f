"""Numbers that money hangs on: payment cards and bank accounts.

Cards: ISO/IEC 7812 (Luhn) with the ranges and lengths that the networks publish. Accounts: ISO 13616, the
IBAN registry's length for each country.
"""

import re

from genaiops.guard.detectors.base import Budget, Words
from genaiops.guard.detectors.pii.checksums import luhn, mod97
from genaiops.guard.detectors.pii.plainly import ESCAPED_LENGTH

_GAP = rf"(?: ?[-./] ?|\t| {{1,2}}| {{{ESCAPED_LENGTH}}}|[*_`~]{{1,3}}[ -]?[*_`~]{{0,3}})"
"""Between the groups of a number: one sign, blanks as tables and escapes have them, the marks of Markdown."""
_LINE = r"(?: |\r?\n ?)"
CARD = re.compile(
    rf"(?<![A-Za-z0-9])(?<![0-9]\.)(?:[2-6][0-9]{{3}}({_GAP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,7}}"
    rf"|3[0-9]{{3}}({_GAP})[0-9]{{6}}\2[0-9]{{4,5}}|[0-9]{{12,19}}"
    rf"|[2-6][0-9]{{3}}{_LINE}[0-9]{{4}}{_LINE}[0-9]{{4}}{_LINE}[0-9]{{1,7}}"
    rf"|3[0-9]{{3}}{_LINE}[0-9]{{6}}{_LINE}[0-9]{{4,5}})(?![A-Za-z0-9])"
)
_WIDE = re.compile(r"[\t\n]|  ")
"""A gap that columns and lines have too."""
_MORE_BEFORE = re.compile(r"[0-9][ \t\r\n]{1,6}\Z")
_MORE_AFTER = re.compile(r"[ \t\r\n]{1,6}[0-9]")

IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ \t\r\n./*_`~-]{0,6}[A-Z0-9]){11,30}")
SMALL_IBAN = re.compile(r"(?<![A-Za-z0-9])[a-z]{2}[0-9]{2}(?:[ \t\r\n./*_`~-]{0,6}[a-z0-9]){11,30}")
_NOT_IN_IBAN = re.compile(r"[^A-Za-z0-9]+")

_RANGES: tuple[tuple[int, int, frozenset[int]], ...] = (
    # the first six digits from, to, lengths
    (222100, 272099, frozenset({16})),
    (300000, 305999, frozenset(range(14, 20))),
    (340000, 349999, frozenset({15})),
    (352800, 358999, frozenset(range(16, 20))),
    (360000, 369999, frozenset(range(14, 20))),
    (370000, 379999, frozenset({15})),
    (380000, 399999, frozenset(range(14, 20))),
    (400000, 499999, frozenset({13, 16, 19})),
    (500000, 509999, frozenset(range(12, 20))),
    (510000, 559999, frozenset({16})),
    (560000, 589999, frozenset(range(12, 20))),
    (601100, 601199, frozenset(range(16, 20))),
    (620000, 629999, frozenset(range(16, 20))),
    (644000, 659999, frozenset(range(16, 20))),
    (600000, 699999, frozenset(range(12, 20))),
)
_REGISTRY = (
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 "
    "DE:22 DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 "
    "GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 "
    "LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 "
    "PS:29 PT:25 QA:29 RO:24 RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 "
    "TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20 YE:30"
)
_LENGTHS = {part[:2]: int(part[3:]) for part in _REGISTRY.split()}
_CARD_WORDS = Words(
    "card",
    "cards",
    "credit",
    "debit",
    "karte",
    "carte",
    "tarjeta",
    "carta",
    "kaart",
    "cc",
    "visa",
    "amex",
    "pan",
)
_NAMED = 0.85
"""How sure a number with a good check digit is a card after a word for one, whatever its range."""
_NOT_DIGIT = re.compile(r"[^0-9]")


def card_at(text: str, start: int, budget: Budget) -> tuple[int, float]:
    """Return the end of the payment card's number that begins at `start`, and how sure it is, or 0."""
    match = CARD.match(text, start)
    if match is None:
        return 0, 0.0
    budget.spend(3)
    number = match.group()
    digits = number if number.isdigit() else _NOT_DIGIT.sub("", number)
    if not luhn(digits):
        return 0, 0.0
    sure = _network(digits)
    if sure and _WIDE.search(number):
        sure = 0.0 if _is_row(text, start, match.end()) else 0.6
    if sure < _NAMED and _CARD_WORDS.before(text, start):
        sure = _NAMED
    return (match.end(), sure) if sure else (0, 0.0)


def _is_row(text: str, start: int, end: int) -> bool:
    """Say whether what stands before or behind makes a number in wide gaps four columns of a longer row."""
    before = _MORE_BEFORE.search(text[max(0, start - 7) : start])
    return before is not None or _MORE_AFTER.match(text, end) is not None


def _network(digits: str) -> float:
    """Return how sure a number with a good check digit is a card of a network; 0 where no network has it."""
    first, size = int(digits[:6]), len(digits)
    for low, high, sizes in _RANGES:
        if low <= first <= high and size in sizes:
            return 0.95 if size >= 14 or first < 500_000 else 0.6
    return 0.0


def iban_at(text: str, start: int, budget: Budget, pattern: re.Pattern[str] = IBAN) -> int:
    """Return the end of the IBAN that begins at `start`, or 0 where none does."""
    size = _LENGTHS.get(text[start : start + 2].upper(), 0)
    budget.spend(5 if size else 1)
    match = pattern.match(text, start) if size else None
    if match is None:
        return 0
    bare = _NOT_IN_IBAN.sub("", match.group())[:size]
    if len(bare) < size or not mod97(bare.upper()):
        return 0
    end, left = start, size
    while left:
        left -= text[end].isalnum()
        end += 1
    return 0 if text[end : end + 1].isalnum() else end
