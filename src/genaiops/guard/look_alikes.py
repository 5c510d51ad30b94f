"""Signs that a reader takes for ASCII ones, and a pattern does not: styled, boxed, of other scripts, marked.

Sources: Unicode's compatibility mappings, and for letters of other scripts its confusables (UTS #39). Those
stand for Latin ones only in a word that mixes them with Latin letters, or in a text that is Latin but for
them: Russian is Russian.
"""

import re
import string
import unicodedata
from collections.abc import Set
from typing import NamedTuple

_ASCII = bytes(range(128))
INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_INSIDE_WORD = re.compile(f"{INVISIBLE.pattern}(?<=[0-9A-Za-z].){INVISIBLE.pattern}*(?=[0-9A-Za-z])")

# what Unicode calls compatible with ASCII: raised, letterlike, encircled, full width, mathematical, squared
_COMPATIBLE = (
    (0x02B0, 0x02B8),
    (0x02E0, 0x02E4),
    (0x1D2C, 0x1D6A),
    (0x1D9B, 0x1DBF),
    (0x2071, 0x209C),
    (0x2100, 0x217F),
    (0x2460, 0x24FF),
    (0xFF01, 0xFF5E),
    (0x1D400, 0x1D7FF),
    (0x1F130, 0x1F149),
)
_SMALL = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡ"
_IN_BOXES = (0x249C, 0x1F110, 0x1F150, 0x1F170)
_FLAGS = 0x1F1E6
_FOLDED = {
    code: folded
    for low, high in _COMPATIBLE
    for code in range(low, high + 1)
    if len(folded := unicodedata.normalize("NFKC", chr(code))) == 1 and folded.isascii()
    if not (0x2070 <= code <= 0x209C and folded.isdigit())  # H₂O, 10⁶
}
_STYLED = (
    _FOLDED
    | {ord(sign): letter for sign, letter in zip(_SMALL, "abcdefghijklmnoprstuvwyzag", strict=True)}
    | {first + at: string.ascii_lowercase[at] for first in (*_IN_BOXES, _FLAGS) for at in range(26)}
)
_STYLED_SIGN = re.compile(
    f"[{''.join(f'{chr(low)}-{chr(high)}' for low, high in _COMPATIBLE)}{_SMALL}"
    f"{''.join(f'{chr(first)}-{chr(first + 25)}' for first in _IN_BOXES)}]"
)
_FLAG = re.compile(f"[{chr(_FLAGS)}-{chr(_FLAGS + 25)}]")
_IN_FLAGS = re.compile(f"(?:{_FLAG.pattern}[ -~]?){{8}}")  # fewer are flags

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARK = re.compile(f"[{_MARKS}]")
_MARKED = re.compile(f"[A-Za-z][{_MARKS}]")
_ACCENTED = {
    code: base
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if (base := unicodedata.normalize("NFD", chr(code))[0]).isascii()
}
_IN_USE = frozenset(unicodedata.normalize("NFD", chr(code))[:2] for code in _ACCENTED)
"""A letter with the mark of a language, which has a sign of its own."""

LIKE_LATIN = {
    ord(sign): letter
    for signs, letters in (
        ("аеорсухіјѕһԁԛԝӏѵкмтвнгпьїё", "aeopcyxijshdqwlvkmtbhrnbie"),
        ("АВЕКМНОРСТУХІЈЅԌԚԜӀѴ", "ABEKMHOPCTYXIJSGQWIV"),
        ("αοινρυτκηωγχεσϲϳ", "aoivputknwyxeocj"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "ABEZHIKMNOPTYXCJ"),
        ("օոսցհյզՏՍՕԼ", "onughjqSUOL"),
        ("ᎪᏴᏟᎠᎬᏀᎻᎥᏆᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ", "ABCDEGHiIJKLMPRSTVWZ"),
    )
    for sign, letter in zip(signs, letters, strict=True)
}
_SIGN_LIKE = re.compile(f"[{''.join(map(chr, LIKE_LATIN))}]")
_MIXED = re.compile(f"{_SIGN_LIKE.pattern}(?:(?=[A-Za-z])|(?<=[A-Za-z].))")
_ALL_LIKE = re.compile(f"{_SIGN_LIKE.pattern}{{2}}")
_OTHERS = (*range(0x0370, 0x0590), *range(0x13A0, 0x1400))
_UNLIKE = re.compile(f"[{''.join(chr(code) for code in _OTHERS if code not in LIKE_LATIN)}]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")


class Plain(NamedTuple):
    """A text in the signs that a reader takes it for; `places[i]`: where that of `says[i]` stands in it."""

    says: str
    places: list[int]


def beyond_ascii(text: str) -> str:
    """Return the characters of `text` that are not ASCII: to look among these few is quick."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def plain(text: str) -> Plain | None:
    """Return `text` in plain signs, without invisible ones in words; None where it is plain as it stands."""
    if text.isascii():
        return None
    signs = "".join(set(beyond_ascii(text)))  # each once
    dropped = frozenset(INVISIBLE.findall(signs))
    is_styled = any(ord(sign[0]) in _STYLED for sign in _STYLED_SIGN.finditer(signs))
    is_styled = is_styled or (_FLAG.search(signs) and _IN_FLAGS.search(text)) is not None
    marked = _marks(text, signs)
    said = _in_latin(text, signs)
    if not (is_styled or marked or said != text or (dropped and _INSIDE_WORD.search(text))):
        return None
    if marked:
        said, dropped = said.translate(_ACCENTED), dropped | marked
    places = [at for at, char in enumerate(text) if char not in dropped]
    said = said.translate(_STYLED)
    return Plain("".join([said[at] for at in places]), places)


def _marks(text: str, signs: str) -> Set[str]:
    """Return the marks over and through letters where no language has one of them there."""
    if _MARK.search(signs) is None or all(one[0] in _IN_USE for one in _MARKED.finditer(text)):
        return frozenset()
    return frozenset(_MARK.findall(signs))


def _in_latin(text: str, signs: str) -> str:
    """Return `text` with letters of other scripts as the Latin ones that they stand for."""
    if _SIGN_LIKE.search(signs) is None or _LATIN.search(text) is None:
        return text
    if _UNLIKE.search(signs):
        return _WORD.sub(_word_in_latin, text) if _MIXED.search(text) else text
    return text.translate(LIKE_LATIN) if _MIXED.search(text) or _ALL_LIKE.search(text) else text


def _word_in_latin(word: re.Match[str]) -> str:
    said = word[0]
    if said.isascii() or _LATIN.search(said) is None:
        return said
    latin = said.translate(LIKE_LATIN)
    return said if _UNLIKE.search(latin) else latin
