"""Where a person can be reached: e-mail (RFC 5321 lengths), phone (ITU-T E.164, national forms), IP, MAC."""

import ipaddress
import re
from collections.abc import Iterator

from genaiops.guard.detectors.base import Budget, Words

Found = tuple[str, int, int, float]
"""What it is, where it begins and ends, how sure that is."""

_LOCAL_TURNED = re.compile(r"[\w.%+'-]{1,64}")
_DOMAIN = re.compile(r"[\w.-]{3,253}")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")

_PHONE = re.compile(
    r"(?:(?<![\w+])\+|(?<![\w+.,/(-])(?<![0-9)] ))\(?[0-9](?:[ .()/-]{0,2}[0-9]){6,16}"
    r"(?![0-9A-Za-wyzA-WYZ_-])"
)
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}([.-]))[2-9][0-9]{2}(?:\1|-)[0-9]{4}")
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?[0-9]{1,6}(?![0-9])")
_GROUPED = re.compile(r"0[1-9][0-9]{0,3}(?:[ .-][0-9]{2,4}){2,4}")
_PHONE_WORDS = Words(
    *(
        "phone",
        "telephone",
        "tel",
        "mobile",
        "cell",
        "fax",
        "call",
        "calls",
        "called",
        "calling",
        "dial",
        "contact",
    ),
    *(
        "whatsapp",
        "sms",
        "text me",
        "reach",
        "ring",
        "hotline",
        "handy",
        "téléphone",
        "teléfono",
        "numero di",
    ),
    *("telefon", "registered", "answering", "messages to"),
)
_NO_PHONE_WORDS = Words(
    *(
        "version",
        "order",
        "invoice",
        "isbn",
        "account",
        "ticket",
        "ref",
        "reference",
        "id",
        "case",
        "sha",
        "issue",
    )
)
# ITU-T E.164: the first digits of country codes; 0 begins none
_COUNTRY = re.compile(r"[1-9]")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./ ][0-9]{1,2}[-./ ][0-9]{1,2}(?:[^0-9]|$)"
    r"|[0-9]{1,2}([-./])[0-9]{1,2}\1(?:19|20)[0-9]{2}"
)

_VERSION = Words("version", "v", "release", "build")
_IPV4 = re.compile(r"[0-9](?<![\w.].)[0-9]{0,2}\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?![\w]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC_SEPARATORS = 5
_TWO_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_TWO_PAIRS = re.compile(r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])")


def emails(text: str, budget: Budget) -> Iterator[Found]:
    """Yield e-mail addresses: from each @ as far as a local part and a domain go."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain is not None:
            budget.spend()
            local = _LOCAL_TURNED.match(text[max(0, at - 64) : at][::-1])
            host = domain.group().rstrip(".-_")
            if local is not None and _is_domain(host):
                part = local.group()[::-1]
                start = at - len(part.lstrip(".'"))
                if start < at:
                    yield "email", start, at + 1 + len(host), 0.95
        at = text.find("@", at + 1)


def _is_domain(host: str) -> bool:
    labels = host.split(".")
    last = labels[-1]
    return (
        len(labels) > 1
        and all(map(_LABEL.fullmatch, labels))
        and 2 <= len(last) <= 24
        and not any(map(str.isdigit, last))
    )


def phone_at(text: str, start: int, budget: Budget) -> Found | None:
    """Return the phone number whose first digit is at `start`."""
    if text[start - 1 : start] == "(":
        start -= 1
    if text[start - 1 : start] == "+":
        start -= 1
    match = _PHONE.match(text, start)
    if match is None:
        return None
    budget.spend()
    sure = _phone(match.group(), text, start)
    if not sure:
        return None
    extension = _EXTENSION.match(text, match.end())
    return "phone", start, extension.end() if extension else match.end(), sure


def _phone(number: str, text: str, start: int) -> float:
    digits = sum(map(str.isdigit, number))
    if not 7 <= digits <= 15 or number.count("(") != number.count(")") or _DATE.match(number):
        return 0.0
    international = number.startswith(("+", "00"))
    if international and digits >= 8 and _COUNTRY.match(number.lstrip("+0(")):
        return 0.95 if number.startswith("+") else 0.6
    if _PHONE_WORDS.before(text, start):
        return 0.8 if digits <= 13 else 0.6
    if _NO_PHONE_WORDS.before(text, start):
        return 0.0
    if _NANP.fullmatch(number) or (_GROUPED.fullmatch(number) and 9 <= digits <= 11):
        return 0.7
    return 0.0


def addresses(text: str, budget: Budget) -> Iterator[Found]:
    """Yield IP and MAC addresses; loopback and unspecified ones are nobody's."""
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            budget.spend()
            if _is_ip(match.group()):
                yield "ip", match.start(), match.end(), 0.6 if _VERSION.before(text, match.start()) else 0.9
    if _TWO_COLONS.search(text):
        for match in _IPV6.finditer(text):
            budget.spend()
            if any(map(str.isdigit, match.group())) and _is_ip(match.group()):
                yield "ip", match.start(), match.end(), 0.9
    if max(text.count(":"), text.count("-")) >= _MAC_SEPARATORS and _TWO_PAIRS.search(text):
        for match in _MAC.finditer(text):
            budget.spend()
            yield "mac", match.start(), match.end(), 0.9


def _is_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
