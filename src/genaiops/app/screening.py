"""The guard's own detectors as the screen of documents, before they are indexed.

Personal data and secrets by their shapes and check digits, text that reads like an instruction by the
injection classifier. What is found is told and keeps no document out: the classifier is at times wrong about
harmless text. Nothing that was found is repeated.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from genaiops.core import OutsideError, UserError, Where, decode_json, digest_bytes, encode_json, hex_of
from genaiops.guard import Pipeline, parse_guard
from genaiops.knowledge import Corpus, Readiness, Screened, ScreenKind, Spot, check_readiness
from genaiops.work import Console, Progress

WINDOW = 48_000
"""So many characters are looked at at once: in UTF-8 never more than the guard reads."""
MARGIN = 1_000
"""What stands before and after a window is looked at with it, so that no finding is cut in two."""

_RULES: Mapping[str, str] = {
    "pii": "{find: [pii.*], do: flag}",
    "secrets": "{find: [secrets.*], do: flag}",
    "injection": "{find: [injection.*], at_least: 0, do: flag}",  # the model's own threshold decides
}
_KINDS: Mapping[str, ScreenKind] = {"pii": "pii", "secrets": "secrets", "injection": "instructions"}
_NOTES: Mapping[ScreenKind, str] = {
    "pii": "",
    "secrets": "",
    "instructions": "a classifier's guess, and no reason to keep a document out: it names about 12 in 1,000 "
    "ordinary passages, more among long documents, and misses four in ten planted instructions",
}
_PASSAGE = Where(surface="passage")


class GuardScreen:
    """The detectors as a `Screen`: linear in the text, and what one gives up on is *failed*, never clean."""

    def __init__(self, guard: Pipeline) -> None:
        self._guard = guard
        self.version = f"{guard.digest} {WINDOW} {MARGIN}"
        kinds: list[ScreenKind] = [_KINDS[name] for name in guard.policy.detectors]
        self.looks_for: Mapping[ScreenKind, str] = {kind: _NOTES[kind] for kind in kinds}

    def __call__(self, text: str, /) -> Screened:
        """Return what the detectors find in `text`, window by window."""
        spots: list[Spot] = []
        failed: set[ScreenKind] = set()
        for start, end in _windows(text):
            first = max(0, start - MARGIN)
            result = self._guard.check(text[first : end + MARGIN], _PASSAGE)
            failed |= (
                set(self.looks_for) if result.refused else {_KINDS[one.detector] for one in result.failed}
            )
            for judged in result.findings:
                found, at = judged.finding, first + judged.finding.start
                if judged.action == "flag" and start <= at < end:
                    spots.append(Spot(_KINDS[found.detector], found.category, at))
        return Screened(tuple(spots), frozenset(failed))


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield windows that cover `text`, cut at the ends of lines where there are any."""
    start = 0
    while start < len(text):
        end = start + WINDOW
        if end < len(text):
            end = text.rfind("\n", start + WINDOW // 2, end) + 1 or end
        yield start, min(end, len(text))
        start = end


class KeptScreen:
    """A screen that keeps what it found in `folder`: a text that did not change is not looked at again.

    One JSON file each: categories and places. Removing the folder costs looking again, nothing else. What a
    detector gave up on is not kept.
    """

    def __init__(self, screen: GuardScreen, folder: Path) -> None:
        self._screen = screen
        self._folder = folder
        self.looks_for = screen.looks_for

    def __call__(self, text: str, /) -> Screened:
        """Return what was found in `text`, now or before by the same detectors."""
        named = f"{self._screen.version}\n{text}".encode("utf-8", "surrogatepass")
        path = self._folder / f"{hex_of(digest_bytes(named))}.json"
        with suppress(OSError, UserError):
            return decode_json(Screened, path.read_bytes())
        screened = self._screen(text)
        if not screened.failed:
            with suppress(OSError):  # a disk that is full keeps nobody from the report
                self._folder.mkdir(parents=True, exist_ok=True)
                partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
                partial.write_text(encode_json(screened), "utf-8")
                os.replace(partial, path)
        return screened


def screened_readiness(corpus: Corpus, name: str, folder: Path, console: Console) -> Readiness:
    """Return the report on the documents of the index `name`, looked through by the guard's detectors.

    What they found is kept in `folder`.
    """
    screen = KeptScreen(guard_screen(console), folder)
    with Progress(f"screen {name}", len(corpus.documents), console=console) as progress:
        return check_readiness(corpus, screen, progress.advance)


def guard_screen(console: Console) -> GuardScreen:
    """Return the screen; without the classifier, and saying so, where that is not what it must be."""
    try:
        return GuardScreen(_guard("pii", "secrets", "injection"))
    except OutsideError as error:
        console.note(f"text that reads like an instruction is not measured: {error.what} ({error.code})")
        return GuardScreen(_guard("pii", "secrets"))


def _guard(*detectors: str) -> Pipeline:
    listed = ", ".join(f"{name}: {{}}" for name in detectors)
    rules = ", ".join(_RULES[name] for name in detectors)
    policy = f"fail: open\ndecode: {{depth: 0}}\ndetectors: {{{listed}}}\nrules: [{rules}]\n"
    return parse_guard(policy, "the screen of documents")
