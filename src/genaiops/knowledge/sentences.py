"""Where sentences end: abbreviations, decimals, initials and list numbers do not end one."""

import re

_ABBREVIATIONS_TEXT = (
    "mr mrs ms dr prof sr jr st mt ft gen col lt sgt capt cmdr adm rev hon gov sen rep pres messrs "
    "vs etc al cf ca approx est fig figs no nos vol vols pp ed eds trans dept univ assn inc ltd co corp "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun "
    "e.g i.e a.m p.m u.s u.k u.n ph.d b.c a.d d.c viz resp min max avg tel ext art sec ch par "
    "bzw usw ggf z.b d.h u.a"
)
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())
_NEVER_LAST_TEXT = (
    "mr mrs ms dr prof gen col lt sgt capt cmdr adm rev hon gov sen rep pres messrs vs cf ca fig figs "
    "no nos vol vols pp e.g i.e approx"
)
_NEVER_LAST = frozenset(_NEVER_LAST_TEXT.split())
"""Abbreviations that stand before a name or a number: no sentence ends with them."""

_STARTERS_TEXT = (
    "the a an it he she they we you i in on at this that these those there however but and if when while "
    "after before as for from with by although since during its his her their our my your what who how "
    "why where which is are was were do does did can der die das es er sie wir im ein eine"
)
_STARTERS = frozenset(_STARTERS_TEXT.split())
"""Words that open a sentence far more often than they follow an abbreviation as part of a name."""

_END = re.compile(r"[.!?…。！？]+[\"'”’»)\]]*")
_BREAK = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:\||(?:[-*+•]|\d{1,3}[.)])[ \t]))")
_WORD_BEFORE = re.compile(r"[^\s(\[{\"'“‘]+$")
_NEXT_WORD = re.compile(r"\s+[\"'“‘«(\[*_`]*(\w[\w'’]*)")
_BEFORE = 24
"""Characters before a dot that tell whether it ends a sentence; no abbreviation is longer."""
_BLANK = re.compile(r"\s*")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*\d{1,3}$")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text`, without the white space around them.

    A blank line and the start of a list item end a sentence too. Every character that is not white
    space lies in exactly one span.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for brk in _BREAK.finditer(text):
        spans += _in_block(text, start, brk.start())
        start = brk.end()
    return spans + _in_block(text, start, len(text))


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, each verbatim."""
    return [text[start:end] for start, end in sentence_spans(text)]


def _in_block(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends_here(text, begin, match, end):
            spans.append((begin, match.end()))
            begin = match.end()
    spans.append((begin, end))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    return (left, right) if left < right else None


def _ends_here(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    mark = match.group()
    if mark[0] in "。！？":
        return True
    following = _NEXT_WORD.match(text, match.end(), end)
    if following is None:
        # not by slicing the rest: in a long text that is quadratic
        return text[match.end()].isspace() or _BLANK.fullmatch(text, match.end(), end) is not None
    if following[1][0].islower():
        return False
    before = text[max(begin, match.start() - _BEFORE) : match.start()]
    return mark != "." or _dot_ends(before, following[1].lower())


def _dot_ends(before: str, next_word: str) -> bool:
    if _LIST_NUMBER.search(before):
        return False
    word = _WORD_BEFORE.search(before)
    token = word.group().lower() if word else ""
    if token in _NEVER_LAST:
        return False
    if token in _ABBREVIATIONS or (len(token) == 1 and token.isalpha()):
        return next_word in _STARTERS
    return True
