"""Writing systems that the full-text tokenizer does not cut into words: what is done to a text before it.

Scripts without spaces become overlapping pairs of characters, a common way to search them (Nie, Brisebois and
Ren 1996). Arabic loses its vowel marks and its commonest affixes (after Larkey, Ballesteros and Connell 2002,
"light stemming").
"""

import re
import unicodedata
from collections import Counter

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_ARABIC = re.compile("[\u0621-\u064a]+")
_ARABIC_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
_ARABIC_LETTERS = str.maketrans("إأآٱىؤئ", "اااايوي")
_PREFIXES = ("وال", "بال", "كال", "فال", "لل", "ال")
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي")
_LEAST_STEM = 2


def folded(text: str) -> str:
    """Return `text` with spaces where the tokenizer should cut, and equal words written equally."""
    text = unicodedata.normalize("NFKC", text)
    if text.isascii():
        return text
    text = _UNSPACED.sub(lambda match: f" {' '.join(_pairs(match[0]))} ", text)
    text = _ARABIC_MARKS.sub("", text).translate(_ARABIC_LETTERS)
    return _ARABIC.sub(lambda match: _arabic_stem(match[0]), text)


def script_of(text: str) -> str:
    """Return the script of most letters of `text`, by its Unicode name (`LATIN`, `CJK` …); "" without any."""
    if text.isascii():
        return "LATIN" if any(map(str.isalpha, text)) else ""
    names = (unicodedata.name(letter, "").split(" ")[0] for letter in text[:1000] if letter.isalpha())
    found = Counter(names).most_common(1)
    return found[0][0] if found else ""


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _arabic_stem(word: str) -> str:
    if len(word) > _LEAST_STEM + 1 and word.startswith("و"):
        word = word[1:]
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _LEAST_STEM:
            word = word[len(prefix) :]
            break
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST_STEM:
            word = word[: -len(suffix)]
    return word
