"""What encoded stretches of a text say, so that the detectors can look at that too.

Bounded: `depth` layers, and so many decoded characters of one text in all. What does not decode to readable
text is left alone, and nothing here is an accusation: only what is found in the decoded text counts.
"""

import base64
import binascii
import codecs
import html
import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from genaiops.core import Hidden, hidden_text

Encoding = Literal["base64", "hex", "url", "html", "rot13", "leet", "hidden", "look-alikes"]
_WHOLE = frozenset({"rot13", "leet", "look-alikes"})
"""In these a text is the same character for character, but for invisible ones between."""


@dataclass(frozen=True, slots=True)
class View:
    """What `text[start:end]` of the text given says, read as `layers`, the outermost first.

    Where it is the whole text, written otherwise, `places` says where each of its characters stands.
    """

    start: int
    end: int
    says: str
    layers: tuple[Encoding, ...] = ()
    places: Sequence[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text stands what is at `says[start:end]`; as near as can be told."""
        if self.places is None:
            return self.start, self.end
        return self.places[start], self.places[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was decoded, and what was not because it lies deeper, or is longer, than the bounds allow."""

    views: list[View]
    beyond: list[View]


MOST_VIEWS = 600
"""So many stretches of one text are decoded; each costs a call of every detector."""

MOST_INVISIBLE = 20_000
"""No script needs so many invisible characters in one text, joiners and emoji included."""

_LEAST = 8
"""A shorter stretch hides nothing that a detector would know."""

_LONG_WORD = b"w" * 16
_WORDLY = bytes(
    ord("w") if chr(byte) in f"{string.ascii_letters}{string.digits}+/_-" else 0 for byte in range(256)
)
_ASCII = bytes(range(128))
_HEX = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2})+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
# only from where a word begins, so that each is read once
_ESCAPED_URL = re.compile(r"(?<![^\s<>\"])(?=[^\s<>\"]*?%[0-9A-Fa-f]{2})[^\s<>\"]+")
_ENTITIES = re.compile(r"(?:&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});[^\s&]{0,8}\s?){4,}")
_LEET_WORD = re.compile(r"[013457@$](?<=[A-Za-z].)(?=[A-Za-z])")
_LEET = str.maketrans("013457@$", "oieastas")
_ROT13_WORDS = (" gur ", " naq ", " lbhe ", " nyy ", " lbh ", " gb ", " bs ", " zl ", " vtaber ", " flfgrz ")
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
# what Unicode calls compatible with an ASCII character: full width, mathematical, letterlike, encircled
_STYLED = {
    code: folded
    for low, high in ((0xFF01, 0xFF5E), (0x1D400, 0x1D7FF), (0x2100, 0x214F), (0x2460, 0x24FF))
    for code in range(low, high + 1)
    if len(folded := unicodedata.normalize("NFKC", chr(code))) == 1 and folded.isascii()
}
_STYLED_SIGN = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff\u2100-\u214f\u2460-\u24ff]")
_INSIDE_WORD = re.compile(f"{_INVISIBLE.pattern}(?<=[0-9A-Za-z].){_INVISIBLE.pattern}*(?=[0-9A-Za-z])")
_MANY_ENTITIES = 4
_MANY_LEET = 3
_LEET_APART = 500  # in leet at least every so many characters one stands for a letter
_MANY_ROT13 = 2


def decoded(text: str, depth: int, max_characters: int) -> Decoded:
    """Return what the encoded stretches of `text` say, and theirs, down to `depth` layers."""
    left = max_characters
    layer = [View(0, len(text), text, (), range(len(text))), *_look_alikes(text)]
    found = layer[1:]
    beyond: list[View] = []
    for level in range(depth + 1):
        deeper: list[View] = []
        for outer in layer:
            for inner in _layer(outer.says):
                view = _within(outer, inner)
                is_guess = inner.layers[0] in _WHOLE
                if len(view.says) < _LEAST or (is_guess and (view.says == text or len(view.says) > left)):
                    continue
                if level == depth or len(view.says) > left or len(found) + len(deeper) >= MOST_VIEWS:
                    beyond.append(view)
                    break
                left -= len(view.says)
                deeper.append(view)
        found += deeper
        layer = deeper
    return Decoded(found, beyond)


def _within(outer: View, inner: View) -> View:
    """Return a view of what `outer` says as one of the text itself."""
    start, end = outer.place(inner.start, inner.end)
    places = outer.places if inner.layers[0] in _WHOLE else None
    return View(start, end, inner.says, outer.layers + inner.layers, places)


def _layer(text: str) -> Iterator[View]:
    for start, end in _long_words(text):
        encoding, says = _from_word(text[start:end])
        if says:
            yield View(start, end, says, (encoding,))
    if _PERCENT.search(text):
        for match in _ESCAPED_URL.finditer(text):
            says = _from_url(match.group()) if match.end() - match.start() >= _LEAST else ""
            if says:
                yield View(match.start(), match.end(), says, ("url",))
    if text.count("&") >= _MANY_ENTITIES:
        for match in _ENTITIES.finditer(text):
            stretch = match.group().rstrip()
            yield View(match.start(), match.start() + len(stretch), html.unescape(stretch), ("html",))
    yield from _whole(text)
    for hidden in stretches_hidden(text) or ():
        if hidden.says:
            yield View(hidden.start, hidden.end, hidden.says, ("hidden",))


def _long_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where 16 characters or more of an alphabet of base 64 begin and end, with up to two `=`."""
    classes = text.encode("ascii", "replace").translate(_WORDLY)  # a byte a character
    start = classes.find(_LONG_WORD)
    while start >= 0:
        end = classes.find(0, start)
        end = end if end >= 0 else len(text)
        yield start, end + (text[end : end + 1] == "=") + (text[end : end + 2] == "==")
        start = classes.find(_LONG_WORD, end)


def beyond_ascii(text: str) -> str:
    """Return the characters of `text` that are not ASCII: to look among these few is quick."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def stretches_hidden(text: str) -> list[Hidden] | None:
    """Return the hidden stretches of `text`; None where it has more invisible characters than can be read."""
    if text.isascii() or _INVISIBLE.search(beyond_ascii(text)) is None:
        return []
    return hidden_text(text) if sum(1 for _ in _INVISIBLE.finditer(text)) <= MOST_INVISIBLE else None


def _look_alikes(text: str) -> list[View]:
    """Return the text in ASCII where it has signs that stand for ASCII ones, or invisible ones in words."""
    if text.isascii():
        return []
    beyond = beyond_ascii(text)
    hidden = frozenset(_INVISIBLE.findall(beyond))
    if not (_has_styled(beyond) or (hidden and _INSIDE_WORD.search(text))):
        return []
    places = [at for at, char in enumerate(text) if char not in hidden]
    says = "".join(text[at] for at in places).translate(_STYLED)
    return [View(0, len(text), says, ("look-alikes",), places)]


def _has_styled(text: str) -> bool:
    return any(ord(match.group()) in _STYLED for match in _STYLED_SIGN.finditer(text))


def _whole(text: str) -> Iterator[View]:
    """Yield the whole text where its words are written another way throughout: a guess, and only that."""
    low = text.lower()
    if sum([word in low for word in _ROT13_WORDS]) >= _MANY_ROT13:
        yield View(0, len(text), codecs.encode(text, "rot13"), ("rot13",))
    if sum(1 for _ in _LEET_WORD.finditer(text)) >= max(_MANY_LEET, len(text) // _LEET_APART):
        yield View(0, len(text), text.translate(_LEET), ("leet",))


def _from_word(word: str) -> tuple[Encoding, str]:
    """Return what a long word says as hexadecimal digits, else in base 64; empty where it says nothing."""
    if _HEX.fullmatch(word):
        return "hex", _readable(bytes.fromhex(word.removeprefix("0x")))
    body = word.rstrip("=")
    if len(body) % 4 == 1 or (body.isalpha() and (body.islower() or body.isupper())):
        return "base64", ""  # a long word of a language, most often
    padded = body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4)
    try:
        return "base64", _readable(base64.b64decode(padded, validate=True))
    except (binascii.Error, ValueError):
        return "base64", ""


def _from_url(stretch: str) -> str:
    says = unquote(stretch, errors="replace")
    return says if says != stretch and "\ufffd" not in says else ""


def _readable(raw: bytes) -> str:
    """Return `raw` as text where it is text: UTF-8 without control characters but white space."""
    try:
        says = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return says if all(char.isprintable() or char in "\n\r\t" for char in says) else ""
