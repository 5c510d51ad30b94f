"""Numbers and texts as people read them: units, signs, bounded and stripped of control sequences."""

import json
import unicodedata
from collections.abc import Sequence

from genaiops.core import Decision, Interval, Json, Outcome, plain

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "pass": ("Pass", "every claim is proven and every rule holds"),
    "fail": ("Fail", "a claim is refuted or a rule does not hold"),
    "inconclusive": ("Inconclusive", "the evidence does not decide yet"),
}
MARKS: dict[Outcome, str] = {"pass": "✓", "fail": "✗", "inconclusive": "?"}
DECISIONS: dict[Decision, str] = {"proven": "proven", "refuted": "refuted", "open": "open"}
NOT_MEASURED = "not measured"
_RESOURCES = ("ms", "s", "ns", "USD", "usd", "tokens", "token", "steps")
_UNSAID = ("", "share")
_SCALES = ((1, ""), (1_000, "per 1,000"), (1_000_000, "per million"))


def is_resource(unit: str) -> bool:
    """Return whether a unit measures time, tokens, money or steps rather than quality."""
    return unit in _RESOURCES


def number(value: float | None, unit: str = "", *, signed: bool = False) -> str:
    """Return `value` with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    sign = ("+" if value > 0 else "") if signed else ""
    if unit in ("USD", "usd"):
        return f"{'−' if value < 0 else sign}{dollars(abs(value))}"
    if unit in _RESOURCES:
        digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
        return f"{sign}{digits} {unit}".replace("-", "−")
    text = f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return (sign + text + (f" {unit}" if unit not in _UNSAID else "")).replace("-", "−")


def dollars(value: float | None) -> str:
    """Return an amount in USD with enough digits to be more than nothing."""
    if value is None:
        return "unknown"
    if value == 0:
        return "$0"
    if abs(value) >= 1:
        return f"${value:,.2f}"
    return "$" + _significant(f"{value:.12f}", 3)


def scale(amounts: Sequence[float | None]) -> tuple[int, str]:
    """Return by what to multiply amounts in USD so that nobody counts zeros, and the words for it."""
    known = [abs(amount) for amount in amounts if amount]
    return next((one for one in _SCALES if not known or one[0] * min(known) >= 0.01), _SCALES[-1])


def interval(value: Interval, unit: str = "", *, signed: bool = False) -> str:
    """Return `estimate [low, high]`."""
    low, high = number(value.low, unit, signed=signed), number(value.high, unit, signed=signed)
    return f"{number(value.estimate, unit, signed=signed)} [{low}, {high}]"


def percent(part: float, whole: float) -> str:
    """Return a share for people to read."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def clip(text: str, width: int) -> str:
    """Return `text` safe to show and at most `width` characters, saying how much is left out."""
    safe = _harmless(plain(text[: 4 * width + 400])).strip()
    if len(safe) <= width and len(text) <= 4 * width + 400:
        return safe
    return f"{safe[:width].rstrip()} … ({max(len(text) - width, 1):,} more characters)"


def shown(value: Json, width: int = 600) -> str:
    """Return any JSON value as bounded text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clip(value, width)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    return clip(json.dumps(value, ensure_ascii=False), width)


def short(digest: str | None, width: int = 12) -> str:
    """Return the first digits of a digest, with its algorithm."""
    if not digest:
        return ""
    algorithm, _, digits = digest.rpartition(":")
    return (f"{algorithm}:" if algorithm else "") + digits[:width]


def _harmless(text: str) -> str:
    """Drop what `plain` keeps but what can hide or reorder text: format characters, lone surrogates."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs", "Co"))


def _significant(digits: str, keep: int) -> str:
    """Cut a decimal fraction after `keep` digits that count."""
    first = next((at for at, c in enumerate(digits) if c in "123456789"), len(digits) - 1)
    return digits[: max(first + keep, 4)]
