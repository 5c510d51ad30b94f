"""How a style hides words: display, size, place, or the colour of what is behind them. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from genaiops.knowledge.formats.model import HiddenBy

Colour = tuple[int, int, int]
Style = dict[str, str]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

_CLOSE = 12
"""Colours whose channels all differ by no more cannot be told apart."""

_NAMED: dict[str, Colour] = {"white": WHITE, "black": BLACK, "snow": (255, 250, 250), "red": (255, 0, 0)}
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_NESTED = re.compile(r"@[^{};]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"[a-z0-9]*(?:[.#][\w-]+)?")
_LENGTH = re.compile(r"(-?[\d.]+)(px|pt|em|rem|%)?$")
_FAR = -500.0


@dataclass(frozen=True, slots=True)
class Paint:
    """The colour of text, and of what is behind it; None where that cannot be known."""

    text: Colour = BLACK
    behind: Colour | None = WHITE

    def then(self, style: Mapping[str, str]) -> "Paint":
        """Return the paint inside an element of that style."""
        text = colour(style.get("color", "")) or self.text
        ground = style.get("background-color") or style.get("background", "")
        unknown = "url(" in ground or "gradient" in ground or "background-image" in style
        behind = None if unknown else colour(ground) or self.behind
        return Paint(text, behind)

    @property
    def unseen(self) -> bool:
        """Whether text cannot be told from what is behind it."""
        return self.behind is not None and alike(self.text, self.behind)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rules of a page's own style sheet whose selector is a tag, a class or an id."""

    rules: Mapping[str, Style] = field(default_factory=dict[str, Style])

    def style(self, tag: str, attributes: Mapping[str, str]) -> Style:
        """Return what applies to an element: the sheet's rules, then its own `style`."""
        if not self.rules:
            return declarations(attributes["style"]) if "style" in attributes else {}
        marks = [f".{name}" for name in attributes.get("class", "").split()]
        marks += [f"#{attributes['id']}"] if attributes.get("id") else []
        found: Style = {}
        for selector in (tag, *marks, *(tag + mark for mark in marks)):
            found |= self.rules.get(selector, {})
        return found | declarations(attributes.get("style", ""))


def read_sheet(texts: Iterable[str]) -> Sheet:
    """Return the simple rules of style sheets; what holds only for print or a narrow screen is left out."""
    rules: dict[str, Style] = {}
    for text in texts:
        for match in _RULE.finditer(_NESTED.sub("", _COMMENT.sub("", text.lower()))):
            style = declarations(match[2])
            for selector in match[1].split(","):
                if _SIMPLE.fullmatch(selector.strip()):
                    rules.setdefault(selector.strip(), {}).update(style)
    return Sheet(rules)


def declarations(text: str) -> Style:
    """Return the declarations of a `style` attribute, in lower case."""
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value}


def hides(style: Mapping[str, str]) -> HiddenBy | None:
    """Return how an element of that style is hidden, whatever its colours; None where it is seen."""
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return "style"
    if _number(style.get("opacity", "1")) == 0:
        return "style"
    if 0 <= _number(style.get("font-size", "16px")) < 2 and style.get("font-size", "").endswith(
        ("px", "pt", "0")
    ):
        return "tiny"
    if style.get("position") in ("absolute", "fixed"):
        if min(_number(style.get(side, "0")) for side in ("left", "top", "right", "bottom")) <= _FAR:
            return "outside"
        if re.match(r"rect\(\s*0\D+0\D+0\D+0", style.get("clip", "")):
            return "style"
    return "outside" if _number(style.get("text-indent", "0")) <= _FAR else None


def colour(text: str) -> Colour | None:
    """Return the colour that a value names; None where it names none that we know."""
    word = text.strip().split(" ")[0] if text else ""
    if word in _NAMED:
        return _NAMED[word]
    if match := _HEX.search(text):
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    if match := _RGB.search(text):
        return (int(match[1]), int(match[2]), int(match[3]))
    return None


def alike(one: Colour, other: Colour) -> bool:
    """Return whether two colours cannot be told apart."""
    return all(abs(a - b) <= _CLOSE for a, b in zip(one, other, strict=True))


def _number(text: str) -> float:
    match = _LENGTH.match(text.strip())
    try:
        return float(match[1]) * (16 if match[2] in ("em", "rem") else 1) if match else 1.0
    except ValueError:
        return 1.0
