"""National numbers of people, by country: their form and check digits as each issuer publishes them.

Where a number has no check digit, or too weak a one, it counts only after a word that says what it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from genaiops.guard.detectors.base import Words
from genaiops.guard.detectors.pii.checksums import luhn, mod11_10, verhoeff, weighted

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CF_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
         14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_CF_EVEN = {char: int(char, 36) if char.isdigit() else int(char, 36) - 10 for char in _CF_ODD}


@dataclass(frozen=True, slots=True)
class Identity:
    """A national number: `valid` checks it without separators; `alone` and `named` say how sure it is.

    `alone` counts without, `named` after one of `words`; 0 means that it does not count. `first`: how many
    digits may stand before its first separator or letter.
    """

    name: str
    country: str
    pattern: re.Pattern[str]
    valid: Callable[[str], bool]
    alone: float
    words: Words
    first: tuple[int, ...] = ()
    named: float = 0.95


def _ssn(n: str) -> bool:
    return n[:3] not in ("000", "666") and n[0] != "9" and n[3:5] != "00" and n[5:] != "0000"


def _nhs(n: str) -> bool:
    check = 11 - weighted(n, range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(n[9])


def _steuer_id(n: str) -> bool:
    counts = sorted(map(n[:10].count, set(n[:10])))
    return n[0] != "0" and counts[-1] in (2, 3) and counts[-2] == 1 and mod11_10(n)


def _nir(n: str) -> bool:
    number = n[:13].replace("2A", "19").replace("2B", "18") if n[5:7] in ("2A", "2B") else n[:13]
    return int(n[13:]) == 97 - int(number) % 97


def _dni(n: str) -> bool:
    return _DNI[int(n[:-1]) % 23] == n[-1]


def _nie(n: str) -> bool:
    return _dni(str("XYZ".index(n[0])) + n[1:])


def _codice_fiscale(n: str) -> bool:
    odd = sum(_CF_ODD[char] for char in n[:15:2])
    even = sum(_CF_EVEN[char] for char in n[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == n[15]


def _bsn(n: str) -> bool:
    return (weighted(n, range(9, 1, -1)) - int(n[8])) % 11 == 0 and int(n) > 0


def _belgian(n: str) -> bool:
    rest, check = int(n[:9]), int(n[9:])
    return _born(n[2:4], n[4:6]) and check in (97 - rest % 97, 97 - (2_000_000_000 + rest) % 97)


def _pesel(n: str) -> bool:
    total = weighted(n, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))
    return _born(f"{int(n[2:4]) % 20:02d}", n[4:6]) and (10 - total % 10) % 10 == int(n[10])


def _personnummer(n: str) -> bool:
    ten = n[-10:]
    return _born(ten[2:4], ten[4:6]) and luhn(ten)


def _hetu(n: str) -> bool:
    bare = n[:6] + n[7:]
    return _born(n[2:4], n[:2]) and _HETU[int(bare[:-1]) % 31] == n[-1]


def _born(month: str, day: str) -> bool:
    try:
        return bool(date(2000, int(month), int(day)))
    except ValueError:
        return False


def _two_checks(n: str, size: int, weights: Callable[[int], list[int]]) -> bool:
    if len(set(n)) == 1:
        return False
    for at in (size, size + 1):
        rest = weighted(n, weights(at)) % 11
        if int(n[at]) != (0 if rest < 2 else 11 - rest):
            return False
    return True


def _cpf(n: str) -> bool:
    return _two_checks(n, 9, lambda at: list(range(at + 1, 1, -1)))


def _cnpj(n: str) -> bool:
    return _two_checks(
        n,
        12,
        lambda at: (
            [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2] if at == 12 else [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
        ),
    )


def _aadhaar(n: str) -> bool:
    return n[0] in "23456789" and verhoeff(n)


def _tfn(n: str) -> bool:
    return weighted(n, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _sin(n: str) -> bool:
    return n[0] not in "08" and luhn(n)


def _ahv(n: str) -> bool:
    return (10 - weighted(n, (1, 3) * 6) % 10) % 10 == int(n[12])


def _any(n: str) -> bool:
    return True


def _identity(
    name: str,
    first: str,
    pattern: str,
    valid: Callable[[str], bool],
    alone: float,
    words: str,
) -> Identity:
    whole = rf"(?<![A-Za-z0-9])(?<![0-9]\.)(?:{pattern})(?![A-Za-z0-9])"
    return Identity(
        name,
        name.partition("_")[0],
        re.compile(whole),
        valid,
        alone,
        Words(*words.split("|")),
        tuple(map(int, first.split())),
    )


FROM_DIGIT: tuple[Identity, ...] = (
    _identity("us_ssn", "3", r"[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}", _ssn, 0.85, "ssn|social security"),
    _identity("us_ssn", "3 9", r"[0-9]{9}|[0-9]{3}\.[0-9]{2}\.[0-9]{4}", _ssn, 0.0, "ssn|social security"),
    _identity("us_itin", "3 9", r"9[0-9]{2}([- ]?)(?:5[0-9]|6[0-5]|[78][0-9]|9[0-24-9])\1[0-9]{4}", _any, 0.0,
              "itin|taxpayer"),
    _identity("gb_nhs", "3 10", r"[0-9]{3}([- ]?)[0-9]{3}\1[0-9]{4}", _nhs, 0.0, "nhs|patient"),
    _identity("de_tax_id", "2 5 8 11", r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _steuer_id, 0.6,
              "steuer|idnr|tax id|tin"),
    _identity("fr_nir", "1 3 5 7 10 13 15",
              r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB])"
              r"(?: ?[0-9]{3}){2} ?[0-9]{2}",
              _nir, 0.9, "nir|sécurité sociale|securite sociale|insee"),
    _identity("es_dni", "8", r"[0-9]{8}-?[A-HJ-NP-TV-Z]", _dni, 0.85, "dni|nif"),
    _identity("nl_bsn", "4 6 9", r"[0-9]{4}[. ]?[0-9]{2}[. ]?[0-9]{3}", _bsn, 0.0,
              "bsn|burgerservicenummer|sofinummer"),
    _identity("be_national", "2 11",
              r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}|[0-9]{11}", _belgian, 0.6,
              "rijksregister|registre national|national number|nrn|niss|insz"),
    _identity("pl_pesel", "11", r"[0-9]{11}", _pesel, 0.6, "pesel"),
    _identity("se_personnummer", "6 8", r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", _personnummer, 0.8,
              "personnummer|personal number"),
    _identity("se_personnummer", "10 12", r"(?:19|20)?[0-9]{10}", _personnummer, 0.0,
              "personnummer|personal number"),
    _identity("fi_hetu", "6", r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", _hetu, 0.9,
              "hetu|henkilötunnus|personal identity"),
    _identity("br_cpf", "3", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _cpf, 0.95, "cpf"),
    _identity("br_cpf", "11", r"[0-9]{11}", _cpf, 0.0, "cpf"),
    _identity("br_cnpj", "2", r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}", _cnpj, 0.95, "cnpj"),
    _identity("in_aadhaar", "4", r"[0-9]{4}([- ])[0-9]{4}\1[0-9]{4}", _aadhaar, 0.8, "aadhaar|aadhar|uidai"),
    _identity("in_aadhaar", "12", r"[0-9]{12}", _aadhaar, 0.0, "aadhaar|aadhar|uidai"),
    _identity("au_tfn", "3 9", r"[0-9]{3}([- ]?)[0-9]{3}\1[0-9]{3}", _tfn, 0.0, "tfn|tax file"),
    _identity("ca_sin", "3", r"[0-9]{3}([- ])[0-9]{3}\1[0-9]{3}", _sin, 0.0, "sin|social insurance"),
    _identity("ca_sin", "9", r"[0-9]{9}", _sin, 0.0, "sin|social insurance"),
    _identity("ch_ahv", "3 13", r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}|756[0-9]{10}", _ahv, 0.95,
              "ahv|avs|sozialversicherung"),
)  # fmt: skip
"""Those that begin with a digit."""

FROM_LETTER: tuple[Identity, ...] = (
    _identity("gb_nino", "",
              r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D]", _any,
              0.85, "national insurance|nino|ni number"),
    _identity("es_nie", "", r"[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]", _nie, 0.9, "nie|extranjero"),
    _identity("it_codice_fiscale", "",
              r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]", _codice_fiscale,
              0.95, "codice fiscale"),
    _identity("in_pan", "", r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", _any, 0.75, "pan|permanent account"),
)  # fmt: skip
"""Those that begin with capital letters, at most six, before the first digit."""
