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
    r"(?:(?<![\w+])\+|(?<![\w+./(-])(?<![0-9)] ))\(?[0-9](?:[ .()/-]{0,2}[0-9]){6,16}"
    r"(?![0-9A-Za-wyzA-WYZ_-])"
)
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}([.-]))[2-9][0-9]{2}(?:\1|-)[0-9]{4}")
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?[0-9]{1,6}(?![0-9])")
_GROUPED = re.compile(r"0[1-9][0-9]{0,3}(?:[ .-][0-9]{2,4}){2,4}")
_BY_FORM = re.compile(r"0[0-9]|1?[ .-]?\(?[2-9][0-9]{2}(?:\)|[.-][2-9])")
"""How one begins that is a phone number by its form, without a plus; a quick look before the long one."""
_FIELD = re.compile(r"[0-9],\Z")
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
# RFC 1122 §3.2.1.3, RFC 5771: the first number of addresses that are nobody's
_LOOPBACK = 127
_MULTICAST = range(224, 240)
_IPV6_SEPARATORS = 7
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
            budget.spend(3)
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


def has_phone_words(low: str) -> bool:
    """Say whether the lower-case text `low` may say somewhere that a number is a phone's."""
    return _PHONE_WORDS.are_in(low)


def may_be_phone(text: str, start: int) -> bool:
    """Say whether a phone number by its form may have its first digit at `start`: a quick look."""
    return (start > 0 and text[start - 1] in "(+") or _BY_FORM.match(text, start) is not None


def phone_at(text: str, start: int, budget: Budget, *, words: bool = True) -> Found | None:
    """Return the phone number whose first digit is at `start`; `words`: the text says phone somewhere."""
    if text[start - 1 : start] == "(":
        start -= 1
    if text[start - 1 : start] == "+":
        start -= 1
    match = _PHONE.match(text, start)
    if match is None:
        return None
    budget.spend(3)
    sure = _phone(match.group(), text, start, words)
    if not sure:
        return None
    extension = _EXTENSION.match(text, match.end())
    return "phone", start, extension.end() if extension else match.end(), sure


def _phone(number: str, text: str, start: int, words: bool) -> float:
    digits = sum(map(str.isdigit, number))
    if not 7 <= digits <= 15 or number.count("(") != number.count(")") or _DATE.match(number):
        return 0.0
    by_form = bool(_NANP.fullmatch(number) or (_GROUPED.fullmatch(number) and 9 <= digits <= 11))
    if _FIELD.search(text[max(0, start - 2) : start]) and not number.startswith("+"):
        return 0.7 if by_form else 0.0  # after a comma any other may be the rest of a number
    if number.startswith(("+", "00")) and digits >= 8 and _COUNTRY.match(number.lstrip("+0(")):
        return 0.95 if number.startswith("+") else 0.6
    if words and _PHONE_WORDS.before(text, start):
        return 0.8 if digits <= 13 else 0.6
    return 0.7 if by_form and not _NO_PHONE_WORDS.before(text, start) else 0.0


def addresses(text: str, budget: Budget) -> Iterator[Found]:
    """Yield IP and MAC addresses; loopback and unspecified ones are nobody's."""
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            budget.spend(3)
            if _is_ipv4(match.group()):
                yield "ip", match.start(), match.end(), 0.6 if _VERSION.before(text, match.start()) else 0.9
    if _TWO_COLONS.search(text):
        for match in _IPV6.finditer(text):
            budget.spend(3)
            if any(map(str.isdigit, match.group())) and _is_ipv6(match.group()):
                yield "ip", match.start(), match.end(), 0.9
    if max(text.count(":"), text.count("-")) >= _MAC_SEPARATORS and _TWO_PAIRS.search(text):
        for match in _MAC.finditer(text):
            budget.spend(3)
            yield "mac", match.start(), match.end(), 0.9


def _is_ipv4(text: str) -> bool:
    """Say whether four numbers are an address that is somebody's; `ipaddress` takes five times as long."""
    parts = text.split(".")
    if any(len(part) > 1 and part[0] == "0" for part in parts):
        return False
    numbers = list(map(int, parts))
    return max(numbers) < 256 and any(numbers) and numbers[0] != _LOOPBACK and numbers[0] not in _MULTICAST


def _is_ipv6(text: str) -> bool:
    if "::" not in text and text.count(":") != _IPV6_SEPARATORS:
        return False  # a time, most often
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
