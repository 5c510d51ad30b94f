"""What a text says in another alphabet: hexadecimal, base 32 and 64, in groups and lines too, and by escapes.

Each stretch is read once. What does not decode to readable text is left alone.
"""

import base64
import binascii
import html
import re
import string
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

WordEncoding = Literal["base64", "base32", "hex"]
EscapeEncoding = Literal["url", "html", "escapes"]


class Word(NamedTuple):
    """What `text[start:end]` says."""

    start: int
    end: int
    says: str
    encoding: WordEncoding


class Escaped(NamedTuple):
    """What a text says where it has escapes, and around them.

    The sign `says[i]` stands at `starts[i]` to `lasts[i]`, that one included.
    """

    says: str
    starts: list[int]
    lasts: list[int]
    encoding: EscapeEncoding


_LONG_WORD = b"w" * 16
_SHORT = 32  # what a longer escape says is not kept: it may be a text
_WORDLY = bytes(
    ord("w") if chr(byte) in f"{string.ascii_letters}{string.digits}+/_-" else 0 for byte in range(256)
)
_ENDS_LINE = ("\r", "\n")
_IN_LINES = re.compile(r"\r?\n[ \t>]{0,8}")
_LAST_LINE = re.compile(r"\r?\n[ \t>]{0,8}([A-Za-z0-9+/_-]{1,100}={0,2})(?![\w+/=-])")
_FOURS = (b"\0" + b"w" * 4) * 4 + b"\0"
_IN_FOURS = re.compile(r"(?<![\w+/-])(?:[A-Za-z0-9+/_-]{4}\s){5,}[A-Za-z0-9+/_-]{1,4}={0,2}(?![\w+/=-])")
_SAID = re.compile(rb"[\t\n\r -~]{9,}")
_HEX = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2})+")
_HEX_APART = re.compile(
    r"(?<![0-9A-Za-z])(?:0[xX])?[0-9a-fA-F]{2}(?:(?:[\s:;-]|,\s?)(?:0[xX])?[0-9a-fA-F]{2}){7,}(?![0-9A-Za-z])"
)
_PAIRS = (b"\0" + b"w" * 2) * 4 + b"\0"
_NO_HEX = re.compile(r"0[xX]|[^0-9a-fA-F]")
_BASE32 = re.compile(r"[A-Z2-7]+")

_ENTITY = (
    r"(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}"
    r"|(?!(?:lt|gt|quot|apos|amp(?!;#|;[A-Za-z]{2,8};));)[A-Za-z][A-Za-z0-9]{1,30});"
)
_ESCAPE = re.compile(
    r"[%&\\](?:(?<=%)[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*"
    r"|(?<=\\)(?:x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*|u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})*)"
    rf"|(?<=&){_ENTITY}(?:&{_ENTITY})*)"
)
"""`&quot;` and its like alone say nothing else; `<` and `>` stay as they are, for they would make tags."""
_ENCODINGS: dict[str, EscapeEncoding] = {"%": "url", "&": "html", "\\": "escapes"}
_AROUND = 16
"""So many characters around an escape, and the words that they cut, are read with it."""


def words(text: str) -> list[Word]:
    """Return what long words of `text` say, and words in groups and lines."""
    classes = text.encode("ascii", "replace").translate(_WORDLY)  # a byte a character
    found: list[Word] = []
    spans = [*_long_words(text, classes)] if _LONG_WORD in classes else ()
    if any(text[end : end + 1] in _ENDS_LINE for _, end in spans):
        for lines in _lines(spans, text):
            found += _read(text, lines)
    else:
        for start, end in spans:
            encoding, says = _from_word(text[start:end])
            if says:
                found.append(Word(start, end, says, encoding))
    for match in _IN_FOURS.finditer(text) if _FOURS in classes else ():
        found += _from_fours(match)
    for match in _HEX_APART.finditer(text) if _PAIRS in classes or "0x" in text else ():
        says = _readable(bytes.fromhex(_NO_HEX.sub("", match[0])))
        found += [Word(*match.span(), says, "hex")] if says else ()
    return found


def escaped(text: str, most: int) -> Escaped | None:
    """Return what `text` says with the escapes of URLs, HTML and programs read; None where it has none.

    It is read on until that has more than `most` characters; of a text that is longer only the words.
    """
    if "%" not in text and "&" not in text and "\\" not in text:
        return None
    reading, at = _Reading(text, _AROUND if len(text) <= most else 0), 0
    kinds: set[EscapeEncoding] = set()
    for match in _ESCAPE.finditer(text):
        says = _said(match[0])
        if says:
            start, end = match.span()
            reading.around(at, start, is_first=not kinds)
            reading.add(says, start, end)
            kinds.add(_ENCODINGS[match[0][0]])
            at = end
            if len(reading.starts) > most:
                break
    if not kinds:
        return None
    end = reading.ahead(at, len(text))
    reading.keep(at, end)
    if end < len(text):  # what stands there has an end
        reading.add("\n", end, end + 1)
    encoding = kinds.pop() if len(kinds) == 1 else "escapes"
    return Escaped("".join(reading.parts), reading.starts, reading.lasts, encoding)


class _Reading:
    """What is read of a text, and where each sign stands."""

    def __init__(self, text: str, around: int) -> None:
        self._text = text
        self._around = around
        self.parts: list[str] = []
        self.starts: list[int] = []
        self.lasts: list[int] = []

    def add(self, says: str, start: int, end: int) -> None:
        self.parts.append(says)
        self.starts += [start] * len(says)
        self.lasts += [end - 1] * len(says)

    def keep(self, start: int, end: int) -> None:
        self.parts.append(self._text[start:end])
        self.starts += range(start, end)
        self.lasts += range(start, end)

    def around(self, start: int, end: int, *, is_first: bool) -> None:
        """Keep what stands around two escapes, or before the first one."""
        head = tail = start
        if end - start > _AROUND:
            head = start if is_first else self.ahead(start, end)
            tail = self._back(start, end)
        if head < tail:
            self.keep(start, head)
            self.add("\n", head, tail)
            start = tail
        self.keep(start, end)

    def ahead(self, start: int, end: int) -> int:
        """Return where the word ends that stands some characters after `start`."""
        after = min(start + self._around, end)
        blanks = [at for at in (self._text.find(blank, after, end) for blank in " \n") if at >= 0]
        return min(blanks, default=end)

    def _back(self, start: int, end: int) -> int:
        """Return where the word begins that stands some characters before `end`."""
        before = max(end - self._around, start)
        return max(*(self._text.rfind(blank, start, before) for blank in " \n"), start - 1) + 1


def _said(escape: str) -> str:
    return _kept(escape) if len(escape) <= _SHORT else _unescaped(escape)


@lru_cache(maxsize=1024)
def _kept(escape: str) -> str:
    return _unescaped(escape)


def _unescaped(escape: str) -> str:
    """Return what an escape says; empty where it says nothing that can be read."""
    if escape[0] == "&":
        says = html.unescape(escape)
        return says if says != escape and "<" not in says and ">" not in says else ""
    if escape[1] != "u":
        return _readable(bytes.fromhex(escape.replace("%", "").replace("\\x", "")))
    units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in escape.split("\\u")[1:])
    says = units.decode("utf-16-be", "ignore")
    return says if _is_readable(says) else ""


def _long_words(text: str, classes: bytes) -> Iterator[tuple[int, int]]:
    """Yield where 16 characters or more of an alphabet of base 64 begin and end, with up to two `=`."""
    start = classes.find(_LONG_WORD)
    while start >= 0:
        end = classes.find(0, start)
        end = end if end >= 0 else len(text)
        yield start, end + (text[end : end + 1] == "=") + (text[end : end + 2] == "==")
        start = classes.find(_LONG_WORD, end)


def _lines(found: Iterable[tuple[int, int]], text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield words one by one, but together where they are the lines of one that was wrapped."""
    lines: list[tuple[int, int]] = []
    for start, end in found:
        if lines and _goes_on(text, lines, start, end):
            lines.append((start, end))
            continue
        if lines:
            yield lines
        lines = [(start, end)]
    if lines:
        yield lines


def _goes_on(text: str, lines: list[tuple[int, int]], start: int, end: int) -> bool:
    first, last = lines[0], lines[-1]
    width = first[1] - first[0]
    fits = last[1] - last[0] == width >= end - start
    return fits and _IN_LINES.fullmatch(text, last[1], start) is not None


def _read(text: str, lines: list[tuple[int, int]]) -> Iterator[Word]:
    """Yield what the lines of a word say together, or else each for itself."""
    for start, end, said in _together(text, lines):
        encoding, says = _from_word(said)
        if says:
            yield Word(start, end, says, encoding)
            return
    for start, end in lines:
        encoding, says = _from_word(text[start:end])
        if says:
            yield Word(start, end, says, encoding)


def _together(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Yield the lines as one word, with a shorter last one behind them and without."""
    (start, width), end = lines[0], lines[-1][1]
    if text[end : end + 1] in _ENDS_LINE:
        last = _LAST_LINE.match(text, end)
        if last and len(last[1]) <= width - start == end - lines[-1][0]:
            yield start, last.end(), "".join([*(text[one:other] for one, other in lines), last[1]])
    if len(lines) > 1:
        yield start, end, "".join([text[one:other] for one, other in lines])


def _from_fours(match: re.Match[str]) -> Iterator[Word]:
    """Yield what groups of four signs of base 64 say; words of four letters around them say nothing."""
    groups = match[0].replace("-", "+").replace("_", "/").split()
    groups[-1] = groups[-1].rstrip("=")
    raw = base64.b64decode("".join(groups[: len(groups) - (len(groups[-1]) == 1)]) + "==")
    for said in _SAID.finditer(raw):
        first, last = said.start() // 3, (said.end() - 1) // 3
        end = match.end() if last == len(groups) - 1 else match.start() + 5 * last + 4
        yield Word(match.start() + 5 * first, end, said[0].decode("ascii"), "base64")


def _from_word(word: str) -> tuple[WordEncoding, str]:
    """Return what a long word says as hexadecimal digits, else in base 32 or 64; empty where nothing."""
    if _HEX.fullmatch(word) or ("-" in word and _HEX.fullmatch(word.replace("-", ""))):
        return "hex", _readable(bytes.fromhex(word.replace("-", "").removeprefix("0x")))
    body = word.rstrip("=")
    if body.isupper() and _BASE32.fullmatch(body) and len(body) % 8 not in (1, 3, 6):
        says = _readable(base64.b32decode(body + "=" * (-len(body) % 8)))
        if says:
            return "base32", says
    if len(body) % 4 == 1 or (body.isalpha() and (body.islower() or body.isupper())):
        return "base64", ""  # a long word of a language, most often
    padded = body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4)
    try:
        return "base64", _readable(base64.b64decode(padded, validate=True))
    except (binascii.Error, ValueError):
        return "base64", ""


def _readable(raw: bytes) -> str:
    """Return `raw` as text where it is text: UTF-8, or UTF-16 of ASCII, without control characters."""
    raw = raw.removeprefix(b"\xff\xfe")
    if raw[1:2] == b"\0" and not any(raw[1::2]):
        raw = raw[::2]
    try:
        says = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return says if _is_readable(says) else ""


def _is_readable(says: str) -> bool:
    return all(char.isprintable() or char in "\n\r\t" for char in says)
