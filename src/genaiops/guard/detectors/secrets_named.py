"""Values after a name that calls them a secret: `api_key = …`, `Passwort: …`, `<password>…</password>`.

A value of a key or token must look random. After a name for a password and a sign that gives it a value, six
characters count where one of them is a digit or a sign that no word and no path has.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from genaiops.guard.detectors.base import Budget

_WHOSE = ("api", "access", "secret", "private", "auth", "account", "client", "encryption", "signing")
"""A `key` is a secret only where one of these words stands before it."""
_GIVEN = r"(?::=|=>|=|:|\uff1a|value=|\|(?=[ \t])|>(?=[^\s<>]{6,200}</)|</t[dh]>\s{0,4}<t[dh]>)"
_SAID = r"(?:is|ist|est|es|lautet)\b"
_QUOTES = r"[\\\"'`*_]{0,4}"
_TAIL = (
    rf"{_QUOTES}(?:</[a-z]{{1,6}}>)?(?:[ \t]{{0,3}}(?P<given>{_GIVEN})|[ \t]{{1,3}}{_SAID})"
    rf"(?:\*\*|__|</[a-z]{{1,6}}>)?[ \t]{{0,3}}"
    r"(?:\\{0,2}(?P<mark>[\"'`])(?P<quoted>[^\s\"'`]{6,200}?)\\{0,2}(?P=mark)"
    rf"|{_QUOTES}(?P<bare>[^\s\"'`,;<>(){{}}\[\]]{{6,200}}))"
)
_KEY = re.compile(rf"s?(?:[_\- ](?:key|token|id))?{_TAIL}", re.IGNORECASE)
_PASSWORD = re.compile(rf"(?P<rest>(?:wor[dt]|wd|d|[ -]?phrase|code|e|[ñn]a)?s?){_TAIL}", re.IGNORECASE)
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((name, _KEY) for name in ("key", "secret", "token", "credential")),
    *((name, _PASSWORD) for name in ("pass", "pw", "contrase", "wachtwoord", "senha", "heslo", "parola")),
)
_OTHER_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?P<rest>\w{{0,2}}){_TAIL}", re.IGNORECASE))
    for name in ("hasło", "lösenord", "şifre", "jelszó", "парол", "密码", "密碼", "パスワード", "비밀번호")
)
_PLACEHOLDER = re.compile(
    r"^[$%&\[]|[$#]\{|\$\(|%[sd(]|\{.*\}|<.*>|x{4}|\*{3}|\.{3}"
    r"|your|example|changeme|placeholder|redacted|null|none",
    re.IGNORECASE,
)
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
_PATH = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->|/)[A-Za-z_]\w*)+\Z")
"""Names one after the other, as code and addresses have them."""
_NUMBERED = re.compile(r"v?[0-9]+(?:[.:/_-][0-9]+)*[a-z%]{0,3}\Z")
_SIGN = re.compile(r"[!@#$%^&*+=?~|]")
_PLAIN = re.compile(r"[^,;<>(){}\[\]]+")
_LEAST_RANDOM = 8
_CALLS = ("(", "[", "{")
"""What stands behind a name in code, and behind no password."""

Named = tuple[int, int, float]
"""Where a value begins and ends, and how sure it is a secret."""


def named_secrets(text: str, low: str, budget: Budget) -> Iterator[Named]:
    """Yield values after names; `low` is `text` in lower case, as long."""
    names = _NAMES if low.isascii() else _NAMES + _OTHER_NAMES
    for name, pattern in [one for one in names if one[0] in low]:
        at = low.find(name)
        while at >= 0:
            end = at + len(name)
            if name != "key" or low[max(0, at - 12) : at].rstrip("_- ").endswith(_WHOSE):
                match = pattern.match(text, end)
                if match is not None:
                    budget.spend(1 + (match.end() - end) // 32)
                    yield from _value(text, at, match, is_password=pattern is not _KEY)
            at = low.find(name, end)


def _value(text: str, at: int, match: re.Match[str], *, is_password: bool) -> Iterator[Named]:
    start, end = match.span("bare" if match["quoted"] is None else "quoted")
    is_code = match["quoted"] is None and text[end : end + 1] in _CALLS
    if match["quoted"] is None:
        end = start + len(match["bare"].rstrip(".\\").removesuffix("**").removesuffix("__"))
    value = text[start:end]
    is_pass = text[at : match.end("rest")].lower() == "pass" if is_password else False
    if is_pass and _is_result(text, at):
        return
    sure = _random(value)
    if not is_password and sure < _sure_enough(match):
        return
    if not sure and is_password and match["given"] and not is_code:
        sure = 0.0 if is_pass and _NUMBERED.match(value) else _password(value)
    if sure:
        yield start, end, sure


def _sure_enough(match: re.Match[str]) -> float:
    """Return how sure what follows `key` or `token` must be: as code, or in a table, it may be a name."""
    if match["given"] == "|" or (match["quoted"] and not _PLAIN.fullmatch(match["quoted"])):
        return 1.0
    return 0.8 if "`" in match.group() else 0.0


def _is_result(text: str, at: int) -> bool:
    """Say whether `pass` is a verb, or what a test says: `PASS: test_1`, `bypass: 1`."""
    return text[at - 1 : at].isalpha() or (text[at : at + 4] == "PASS" and text[at + 4 : at + 5] == ":")


def _random(value: str) -> float:
    """Return how sure a value is a secret: by its kinds of characters and their entropy."""
    if len(value) < _LEAST_RANDOM or _PLACEHOLDER.search(value) or "://" in value:
        return 0.0
    kinds = sum(any(map(test, value)) for test in (str.isdigit, str.islower, str.isupper, _is_sign))
    spread = entropy(_RUN.sub(r"\1\1", value))  # a tail of one sign makes no password a harmless word
    if kinds < 2 or not any(map(str.isdigit, value)) or spread < 2.5:
        return 0.0
    return 0.8 if spread >= 3.5 and len(value) >= 16 else 0.6


def _password(value: str) -> float:
    """Return how sure a short value given to a password is one: 0 for a word, a path, a placeholder."""
    if _PLACEHOLDER.search(value) or "://" in value or _PATH.match(value) or entropy(value) < 1.5:
        return 0.0
    if _NUMBERED.match(value):
        return 0.6 if value.isdigit() else 0.0
    return 0.6 if any(map(str.isdigit, value)) or _SIGN.search(value[:-1]) else 0.0


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def _is_sign(char: str) -> bool:
    return not char.isalnum()
