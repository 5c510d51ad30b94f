"""Text that a reader does not see, or reads as another: invisible characters, letters of another script.

Source of the mixed words: Unicode UTS #39, "Unicode Security Mechanisms", single-script restriction: a word
of Latin letters with some that only look so (Cyrillic, Greek) is no word of any language.
"""

import re
from collections.abc import Iterator, Mapping

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.decoding import stretches_hidden
from genaiops.guard.detectors.base import MOST_CANDIDATES, Budget, NoParameters, Pure, parameters_of
from genaiops.guard.look_alikes import beyond_ascii
from genaiops.guard.model import TooMuch
from genaiops.guard.policy_file import SURFACES

_REASONS: Mapping[str, str] = {
    "tags": "tag characters, which no reader sees",
    "selectors": "variation selectors in a row, which carry bytes",
    "direction": "characters that change the direction of reading",
    "zero_width": "zero-width characters where no script needs them",
}
_WORD = re.compile(r"\w{1,200}")
_LATIN = re.compile(r"[A-Za-z]")
_LIKE_LATIN = re.compile(
    "[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u0410\u0412\u0415\u041a\u041c"
    "\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u03bf\u03b1\u03b9\u03bd\u03c1\u0391\u0392\u0395"
    "\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7]"
)
_OTHER_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u052f]")

SPEC = DetectorSpec(
    name="hidden",
    version="1",
    surfaces=frozenset(SURFACES),
    span="whole",
    categories=frozenset({*(f"hidden.{kind}" for kind in _REASONS), "hidden.homoglyph"}),
)


def hidden(given: Mapping[str, Json]) -> Pure:
    """Return the detector of hidden text."""
    parameters_of(NoParameters, given)
    return Pure(SPEC, _find)


def _find(text: str, where: Where) -> Iterator[Finding]:
    if text.isascii():
        return
    found = stretches_hidden(text)
    if found is None or len(found) > MOST_CANDIDATES:
        raise TooMuch
    for one in found:
        yield _finding(f"hidden.{one.kind}", one.start, one.end, 0.95, _REASONS[one.kind])
    yield from _mixed_words(text)


def _mixed_words(text: str) -> Iterator[Finding]:
    """Yield words of Latin letters in which some are of another script and look like Latin ones."""
    if _LIKE_LATIN.search(beyond_ascii(text)) is None:
        return
    budget = Budget()
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isascii() or not _LATIN.search(word):
            continue
        budget.spend()
        others = _OTHER_SCRIPT.findall(word)
        if others and all(_LIKE_LATIN.match(char) for char in others):
            yield _finding(
                "hidden.homoglyph",
                match.start(),
                match.end(),
                0.9 if len(word) > len(others) + 1 else 0.6,
                "letters of another script inside a Latin word, which look like Latin ones",
            )


def _finding(category: str, start: int, end: int, confidence: float, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=start, end=end, confidence=confidence, reason=reason
    )
