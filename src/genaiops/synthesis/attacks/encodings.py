"""Texts written so that a person, or a filter of words, reads past them. Pure."""

import base64
import codecs
from collections.abc import Callable, Mapping

_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_GLYPHS = str.maketrans(
    "acehiopsxyABCEHIKMOPTX",
    "\u0430\u0441\u0435\u04bb\u0456\u043e\u0440\u0455\u0445\u0443"
    "\u0410\u0412\u0421\u0415\u041d\u0406\u041a\u041c\u041e\u0420\u0422\u0425",
)
LOOKS_LIKE: Mapping[int, int] = {foreign: plain for plain, foreign in _GLYPHS.items()}
"""Latin letters by the Cyrillic ones that look the same."""

_TAG = 0xE0000


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _hex(text: str) -> str:
    return text.encode().hex()


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def _leet(text: str) -> str:
    return text.translate(_LEET)


def _homoglyphs(text: str) -> str:
    return text.translate(_GLYPHS)


def _zero_width(text: str) -> str:
    """Return the text with a zero-width space inside every longer word."""
    return " ".join(
        f"{word[: len(word) // 2]}\u200b{word[len(word) // 2 :]}" if len(word) > 3 else word
        for word in text.split(" ")
    )


def _tags(text: str) -> str:
    """Return the text in tag characters, which most screens show as nothing; what has none is left out."""
    return "".join(chr(_TAG + ord(char)) for char in text if 0x20 <= ord(char) < 0x7F)


ENCODED: Mapping[str, tuple[Callable[[str], str], str]] = {
    "base64": (_base64, "base64"),
    "hex": (_hex, "hexadecimal digits of UTF-8"),
    "rot13": (_rot13, "ROT13"),
    "leet": (_leet, ""),
    "zero_width": (_zero_width, ""),
    "tags": (_tags, "invisible tag characters"),
    "homoglyphs": (_homoglyphs, ""),
}
"""How each writes a text, and what a reader is told to decode; nothing where it can be read as it is."""
