"""What a screen says of documents: personal data, secrets, text that reads like an instruction.

The screen is passed in, since what looks at texts stands beside this room and not below it. What it found is
told by category and place, never repeated; a document that it could not look at is named, never taken for
clean.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from genaiops.knowledge.model import Document

ScreenKind = Literal["pii", "secrets", "instructions"]
"""Personal data; keys and passwords; text that reads like an instruction to whoever reads it."""

SCREEN_KINDS: tuple[ScreenKind, ...] = get_args(ScreenKind)
_TITLES: Mapping[ScreenKind, str] = {
    "pii": "personal data",
    "secrets": "secrets",
    "instructions": "text that reads like an instruction",
}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Spot:
    """Something of a `category` that was found in a text, from the character at `start` on."""

    kind: ScreenKind
    category: str
    start: int


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found in a text, and the kinds for which it could not be looked at, or not whole."""

    spots: tuple[Spot, ...] = ()
    failed: frozenset[ScreenKind] = frozenset()


class Screen(Protocol):
    """Looks at a text for what somebody should know before it is indexed."""

    @property
    def looks_for(self) -> Mapping[ScreenKind, str]:
        """The kinds that it looks for, each with what to know of its word; others are not measured."""
        ...

    def __call__(self, text: str, /) -> Screened:
        """Return what was found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A document that holds something of a category: how often, and where first.

    `line`, from 1, counts in the text of the document; `page` is None where it has no pages.
    """

    path: str
    category: str
    count: int
    line: int
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What is said of one kind: how many documents hold some, by category too, and where.

    `not_screened` names documents that could not be looked at, or not whole: nothing says they are clean.
    """

    documents: int
    categories: dict[str, int]
    told: tuple[Told, ...] = ()
    not_screened: tuple[str, ...] = ()
    note: str = ""


def screen_documents(
    documents: Sequence[Document], screen: Screen, done: Callable[[], None]
) -> dict[ScreenKind, Screening]:
    """Return what `screen` says of `documents`, of each kind that it looks for; `done` after each."""
    seen: list[tuple[Document, Screened]] = []
    for one in documents:
        seen.append((one, screen(one.text)))
        done()
    return {kind: _screening(kind, seen, note) for kind, note in screen.looks_for.items()}


def _screening(kind: ScreenKind, seen: Sequence[tuple[Document, Screened]], note: str) -> Screening:
    told = tuple(one for document, screened in seen for one in _told(kind, document, screened.spots))
    categories: dict[str, int] = {}
    for one in told:
        categories[one.category] = categories.get(one.category, 0) + 1
    return Screening(
        documents=len({one.path for one in told}),
        categories=dict(sorted(categories.items())),
        told=told,
        not_screened=tuple(document.path for document, screened in seen if kind in screened.failed),
        note=note,
    )


def _told(kind: ScreenKind, document: Document, spots: Sequence[Spot]) -> Iterator[Told]:
    starts: dict[str, list[int]] = {}
    for spot in spots:
        if spot.kind == kind:
            starts.setdefault(spot.category, []).append(spot.start)
    for category, places in sorted(starts.items()):
        first = min(places)
        yield Told(
            path=document.path,
            category=category,
            count=len(places),
            line=document.text.count("\n", 0, first) + 1,
            page=document.page(first),
        )


def screening_lines(kind: ScreenKind, found: Screening | None, documents: int) -> Iterator[str]:
    """Yield what is said of a kind to people: counts, the first places, what was not looked at."""
    title = _TITLES[kind]
    if found is None:
        yield f"{title}: not measured"
        return
    named = ", ".join(f"{name} {count}" for name, count in found.categories.items())
    looked = documents - len(found.not_screened)
    nothing = f"none found in {looked} document(s)"
    yield f"{title}: {f'{found.documents} of {documents} document(s): {named}' if named else nothing}"
    if found.told and found.note:
        yield f"  {found.note}"
    for one in found.told[:_SHOWN]:
        place = f"page {one.page}" if one.page else f"line {one.line} of its text"
        more = f", and {one.count - 1} more" if one.count > 1 else ""
        yield f"  {one.path}, {place}: {one.category}{more}"
    if len(found.told) > _SHOWN:
        yield f"  and {len(found.told) - _SHOWN} more; --json lists all"
    if found.not_screened:
        first = ", ".join(found.not_screened[:_SHOWN])
        others = len(found.not_screened) - _SHOWN
        more = f" and {others} more; --json lists all" if others > 0 else ""
        yield f"  not screened: {len(found.not_screened)} document(s): {first}{more}"
