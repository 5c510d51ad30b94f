"""Reading what a case expects: short answers, whether it can be answered, and the passages that hold it."""

from dataclasses import dataclass

from genaiops.core import Case, Json, Passage

_SHARE = 0.5
_SHORTEST = 20


def answers(case: Case) -> tuple[str, ...]:
    """Return the answers that count as right: `expected.answers`, or the one `expected.answer`."""
    given = case.expected.get("answers", case.expected.get("answer"))
    items = given if isinstance(given, list) else [given]
    return tuple(item for item in items if isinstance(item, str) and item)


def answerable(case: Case) -> bool | None:
    """Return `expected.answerable`, True where there are answers, None where the case does not say."""
    stated = case.expected.get("answerable")
    if isinstance(stated, bool):
        return stated
    return True if answers(case) else None


@dataclass(frozen=True, slots=True)
class Gold:
    """Where the answer stands: a quote, a document, or both; `either` is a text that may name or quote."""

    document: str | None = None
    quote: str | None = None
    either: str | None = None


def gold(case: Case) -> tuple[Gold, ...]:
    """Return `expected.passages`: texts, or {document, quote} with at least one of the two."""
    given = case.expected.get("passages")
    found = [_gold(item) for item in given] if isinstance(given, list) else []
    return tuple(item for item in found if item is not None)


def matches(item: Gold, passage: Passage) -> bool:
    """Return whether `passage` holds what the gold points at.

    A quote stands in the passage's text, or the two share an end and a beginning (a chunk's border can cut
    a quote) of at least half the shorter one; white space counts as one blank. A text alone names a passage's
    id or document, or is a quote.
    """
    if item.either is not None:
        return item.either in (passage.id, passage.document) or _holds(passage.text, item.either)
    if item.document is not None and item.document != passage.document:
        return False
    return item.quote is None or _holds(passage.text, item.quote)


def _gold(item: Json) -> Gold | None:
    if isinstance(item, str) and item:
        return Gold(either=item)
    if not isinstance(item, dict):
        return None
    document, quote = item.get("document"), item.get("quote")
    found = Gold(
        document=document if isinstance(document, str) and document else None,
        quote=quote if isinstance(quote, str) and quote else None,
    )
    return found if found.document or found.quote else None


def _holds(text: str, quote: str) -> bool:
    whole, part = " ".join(text.split()), " ".join(quote.split())
    if not whole or not part:
        return False
    if part in whole:
        return True
    fewest = max(_SHORTEST, int(min(len(whole), len(part)) * _SHARE))
    return (whole in part and len(whole) >= _SHORTEST) or _overlap(whole, part) >= fewest


def _overlap(whole: str, part: str) -> int:
    """Return the longest end of one that is the beginning of the other."""
    for size in range(min(len(whole), len(part)), 0, -1):
        if whole.endswith(part[:size]) or part.endswith(whole[:size]):
            return size
    return 0
