"""Intervals and bars as inline SVG: percentages across, pixels down, so they fit any width undistorted.

Nothing here carries a style: colours come from the page's classes, text from the page beside the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from genaiops.arena.report.words import number

_HEIGHT = 46
_MIDDLE = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What one interval's drawing needs, in the unit of the axis.

    `wide` is the interval that decides where it is wider than the one shown; `good` says on which side of
    the bound a claim is proven. `ends` are values that the axis holds and names.
    """

    low: float
    high: float
    estimate: float
    wide: tuple[float, float] | None = None
    bound: float | None = None
    zero: float | None = 0.0
    good: str = ""
    unit: str = ""
    tone: str = "open"
    label: str = ""
    ends: tuple[float, ...] = ()


def draw_interval(picture: Picture) -> Markup:
    """Return the interval over its axis, with the bound and the zero line marked."""
    axis = _Axis.around(picture)
    parts = [Markup("")]
    if picture.bound is not None and picture.good:
        parts.append(_zone(axis.at(picture.bound), picture.good))
    parts.append(_line("axis", 0, _MIDDLE, 100, _MIDDLE))
    if picture.zero is not None:
        parts.append(_mark("zero", axis.at(picture.zero), number(picture.zero, picture.unit), top=False))
    parts += [_mark("zero", axis.at(end), f"{end:g}", top=False) for end in picture.ends]
    if picture.bound is not None:
        text = f"bound {number(picture.bound, picture.unit, signed=picture.zero is not None)}"
        parts.append(_mark("bound", axis.at(picture.bound), text, top=True))
    if picture.wide is not None:
        parts.append(_line("wide", axis.at(picture.wide[0]), _MIDDLE, axis.at(picture.wide[1]), _MIDDLE))
    left, right = axis.at(picture.low), axis.at(picture.high)
    parts.append(
        Markup('<rect class="bar" x="{:.2f}%" y="{}" width="{:.2f}%" height="8" rx="4"/>').format(
            left, _MIDDLE - 4, max(right - left, 0.4)
        )
    )
    parts.append(
        Markup('<circle class="point" cx="{:.2f}%" cy="{}" r="5"/>').format(
            axis.at(picture.estimate), _MIDDLE
        )
    )
    return Markup('<svg class="interval {}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        picture.tone, _HEIGHT, picture.label, Markup("").join(parts)
    )


def draw_bar(parts: Sequence[tuple[str, float]], label: str) -> Markup:
    """Return a bar of shares: (class, share of one)."""
    drawn, at = [Markup("")], 0.0
    for name, share in parts:
        if share > 0:
            drawn.append(
                Markup('<rect class="{}" x="{:.3f}%" y="0" width="{:.3f}%" height="26"/>').format(
                    name, 100 * at, 100 * share
                )
            )
        at += share
    return Markup('<svg class="shares" height="26" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(drawn)
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float

    @classmethod
    def around(cls, picture: Picture) -> "_Axis":
        values = [picture.low, picture.high, picture.estimate, *(picture.wide or ()), *picture.ends]
        values += [value for value in (picture.bound, picture.zero) if value is not None]
        low, high = min(values), max(values)
        room = (high - low) * 0.12 or abs(high) * 0.2 or 0.01
        return cls(low - room, high + room)

    def at(self, value: float) -> float:
        return 100 * (value - self.low) / (self.high - self.low)


def _zone(at: float, good: str) -> Markup:
    left, width = (at, 100 - at) if good == "right" else (0.0, at)
    return Markup('<rect class="zone" x="{:.2f}%" y="6" width="{:.2f}%" height="{}"/>').format(
        left, width, 2 * _MIDDLE - 12
    )


def _line(name: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{:.2f}%" y1="{}" x2="{:.2f}%" y2="{}"/>').format(name, x1, y1, x2, y2)


def _mark(name: str, at: float, text: str, *, top: bool) -> Markup:
    anchor = "start" if at < 18 else "end" if at > 82 else "middle"
    words = Markup('<text class="{}" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
        name, at, 9 if top else _HEIGHT - 1, anchor, escape(text)
    )
    y1, y2 = (12, 2 * _MIDDLE - 10) if top else (10, _HEIGHT - 12)
    return _line(name, at, y1, at, y2) + words
