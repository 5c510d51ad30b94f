"""Check digits of numbers that identify people or accounts; each takes a number without separators."""

import string
from collections.abc import Sequence

_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_ZERO = ord("0")
_AS_NUMBERS = {ord(letter): str(int(letter, 36)) for letter in string.ascii_uppercase}
# Verhoeff, "Error Detecting Decimal Codes" (1969): the dihedral group D5, and the permutation by place
_D5 = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PLACES = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
    "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: every second digit from the right is doubled, the sum of digits is 0 mod 10."""
    raw = digits.encode("ascii")
    single = raw[::-2]
    return (sum(single) - _ZERO * len(single) + sum(raw[-2::-2].translate(_DOUBLED))) % 10 == 0


def mod97(text: str) -> bool:
    """ISO 7064 MOD 97-10 as IBANs use it (ISO 13616): the first four characters moved to the end."""
    return int((text[4:] + text[:4]).translate(_AS_NUMBERS)) % 97 == 1


def mod11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10, as the German Steuer-ID uses it."""
    product = 10
    for value in map(int, digits[:-1]):
        total = (value + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def verhoeff(digits: str) -> bool:
    """Return whether the Verhoeff check of `digits`, as Aadhaar uses it, comes to 0."""
    check = 0
    for place, value in enumerate(map(int, reversed(digits))):
        check = int(_D5[check][int(_PLACES[place % 8][value])])
    return check == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of the first digits, each by its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
