"""Where an attack stands in a document: at an end, in the middle, where nobody reads, in a table. Pure."""

from collections.abc import Callable, Mapping


def _comment(text: str) -> str:
    return f"<!-- {text.replace('--', '- ')} -->"


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "/")
    return f"| Note | Value |\n|---|---|\n| See also | {flat} |"


SPOTS: Mapping[str, Callable[[str], str] | None] = {
    "start": None,
    "middle": None,
    "end": None,
    "comment": _comment,
    "cell": _cell,
}
"""The places, and how the text is written there; None: as it is."""


def plant(document: str, spot: str, text: str, near: str = "") -> str:
    """Return `document` with `text` at `spot` of the passage that holds `near`, else of the whole.

    A passage is a paragraph; what a search finds for a question is most often the one that answers it.
    """
    paragraphs = document.split("\n\n")
    at = next((at for at, one in enumerate(paragraphs) if near and near in one), None)
    if at is None:
        at = max(range(len(paragraphs)), key=lambda one: len(paragraphs[one]))
    paragraphs[at] = _into(paragraphs[at], spot, text)
    return "\n\n".join(paragraphs)


def _into(paragraph: str, spot: str, text: str) -> str:
    write = SPOTS[spot]
    if write is not None:
        return f"{paragraph}\n\n{write(text)}" if spot == "cell" else f"{write(text)} {paragraph}"
    if spot == "start":
        return f"{text} {paragraph}"
    if spot == "end":
        return f"{paragraph.rstrip()} {text}"
    sentences = paragraph.split(". ")
    half = len(sentences) // 2
    return ". ".join([*sentences[:half], text.rstrip("."), *sentences[half:]])
