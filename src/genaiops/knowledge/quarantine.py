"""Documents that hide words from people: set aside until a person has looked, and says why it may be used."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import Digest, DigestText, Hidden, UserError, decode, one_line, read_yaml
from genaiops.knowledge.formats.model import HiddenPart, enough_words, flat
from genaiops.knowledge.formats.styles import declarations, hides
from genaiops.knowledge.model import Document

_SHOWN = 3
_WIDTH = 100
_BY = {
    "tags": "tag characters",
    "selectors": "runs of variation selectors",
    "direction": "characters that turn the direction of a text around",
    "zero_width": "zero-width characters",
    "style": "words that the page's style hides",
    "colour": "words in the colour of what is behind them",
    "invisible": "words that are not drawn",
    "tiny": "words too small to be read",
    "outside": "words outside the page",
    "markup": "words that HTML in the text hides",
}

_TAG = re.compile(r"<([a-z][a-z0-9]*)\b([^<>]*)>", re.IGNORECASE)
_STYLE = re.compile(r"\bstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)", re.IGNORECASE)
_INLINE_CODE = re.compile(r"(`+).{1,500}?\1", re.DOTALL)
_LOOKED_AT = 10_000
_MOST = 100
"""Characters after a hidden tag that are looked at, and findings in a block: a hostile file has thousands."""


class Release(BaseModel):
    """A person's word that a document may be used as it is: exactly these bytes, by name, with a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str = Field(min_length=1)
    digest: DigestText
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=10, max_length=1000)


@dataclass(frozen=True, slots=True)
class Found:
    """One way in which a document hides words, how often, and what they say."""

    by: str
    count: int
    says: str

    def line(self) -> str:
        """Return it on one line, for people."""
        shown = f": “{one_line(self.says, _WIDTH)}”" if self.says else ""
        return f"{_BY[self.by]} ({self.count}){shown}"


def read_releases(file: Path) -> tuple[Release, ...]:
    """Return the releases that a project's file lists; raises `UserError` where it does not fit."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "GAO-KNOWLEDGE-031",
            "the file of released documents cannot be read",
            why=str(error),
            fix="create it, or remove `releases` from genaiops.yaml",
            where=str(file),
        ) from error
    value = read_yaml(text, file.name).value
    return decode(tuple[Release, ...], value or [], where=file.name, code="GAO-KNOWLEDGE-032")


def released(releases: Sequence[Release], path: str, digest: Digest) -> Release | None:
    """Return the release of these very bytes under that name; None where there is none."""
    return next((one for one in releases if one.document == path and one.digest == digest), None)


def hidden_markup(document: Document) -> list[str]:
    """Return the words of Markdown that are inside HTML which is not shown; code is shown."""
    if _TAG.search(document.text) is None:
        return []
    shown = (block for block in document.blocks or () if block.kind != "code")
    texts = (document.text[block.start : block.end] for block in shown)
    return [words for text in texts for words in _unshown(_INLINE_CODE.sub("", text))]


def _unshown(text: str) -> list[str]:
    found: list[str] = []
    for tag in _TAG.finditer(text):
        style = _STYLE.search(tag[2])
        unseen = style is not None and hides(declarations(style[1] or style[2] or "")) is not None
        if unseen or _HIDDEN.search(_STYLE.sub("", tag[2])):
            inside = text[tag.end() : tag.end() + _LOOKED_AT]
            end = re.search(f"</{tag[1]}\\s*>", inside, re.IGNORECASE)
            words = flat(_TAG.sub(" ", inside[: end.start() if end else None]))
            found += [words] if enough_words(words) else []
        if len(found) == _MOST:
            break
    return found


def summed(characters: Sequence[Hidden], parts: Sequence[HiddenPart], markup: Sequence[str]) -> list[Found]:
    """Return what was found, one entry a way of hiding."""
    named: dict[str, list[str]] = {}
    for hidden in characters:
        named.setdefault(hidden.kind, []).append(hidden.says)
    for part in parts:
        page = f" (page {part.page})" if part.page else ""
        named.setdefault(part.by, []).append(part.text + page)
    if markup:
        named["markup"] = list(markup)
    return [
        Found(by, len(texts), " … ".join([text for text in texts if text][:_SHOWN]))
        for by, texts in named.items()
    ]


def refusal(found: Sequence[Found], path: str, digest: Digest) -> UserError:
    """Return what is said of a document that is set aside."""
    return UserError(
        "GAO-KNOWLEDGE-033",
        "the document hides words from whoever looks at it",
        why="; ".join(one.line() for one in found),
        fix="remove them, or release it in the file that knowledge.<name>.releases names: "
        f"{{document: {path}, digest: '{digest}', by: WHO, reason: WHY}}",
        where=path,
    )
