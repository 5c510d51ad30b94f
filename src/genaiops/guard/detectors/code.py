"""What an answer must not do where it is shown or run: HTML that acts, SQL that destroys, a shell that obeys.

OWASP LLM05:2025, Improper Output Handling. It finds what could act; whoever shows an answer still has to
escape it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.detectors.base import Budget, NoParameters, Pure, parameters_of


class _Form(NamedTuple):
    category: str
    signs: tuple[str, ...]  # in lower case; one of them is there where the pattern can match
    pattern: re.Pattern[str]
    confidence: float
    reason: str


def _form(category: str, signs: str, pattern: str, confidence: float, reason: str) -> _Form:
    return _Form(category, tuple(signs.split("|")), re.compile(pattern, re.IGNORECASE), confidence, reason)


_FORMS = (
    _form("code.html", "<script|<iframe|<object|<embed|<svg|<base|<form|<meta",
          r"<(?:script|iframe|object|embed|svg|base|form|meta)(?![\w-])", 0.8,
          "HTML that can act where it is shown"),
    _form("code.html", "on", r"(?<=[\s\"'/])on[a-z]{3,20}\s{0,3}=\s{0,3}[\"'a-z]", 0.6,
          "an event handler of HTML"),
    _form("code.html", "javascript:|vbscript:", r"(?:java|vb)script:", 0.8, "an address that is a script"),
    _form("code.sql", "drop|truncate|delete|union|alter",
          r"\b(?:drop\s{1,3}(?:table|database|schema|user)|truncate\s{1,3}table"
          r"|delete\s{1,3}from\s{1,3}\w{1,64}(?=\s{0,3}(?:;|$))"
          r"|delete\s{1,3}from\s{1,3}\w{1,64}\s{1,3}where\s{1,3}(?:1\s{0,3}=\s{0,3}1|true)"
          r"|alter\s{1,3}table\s{1,3}\S{1,64}\s{1,3}drop"
          r"|union\s{1,3}(?:all\s{1,3})?select)\b", 0.7, "SQL that destroys or joins what it was not asked"),
    _form("code.shell", "rm|curl|wget|mkfs|/dev/|:(){",
          r"\brm(?:\s{1,3}--?[\w-]{1,20}){0,4}\s{1,3}-(?:\w{0,3}[rf]\w{0,3}|-recursive|-force)"
          r"(?:\s{1,3}--?[\w-]{1,20}){0,4}\s{1,3}[\"']?[/~$*]"
          r"|\b(?:curl|wget)\s[^\n|]{1,200}\|\s{0,3}(?:sudo\s{1,3})?(?:ba|z|da)?sh\b"
          r"|\b(?:(?:ba|z|da)?sh|eval|source)\b[^\n|$`<]{0,20}(?:\$\(|`|<\()\s{0,3}(?:curl|wget)\b"
          r"|\bdd\s[^\n]{0,100}\bof=/dev/(?:sd|hd|vd|nvme|disk)"
          r"|\bmkfs\.\w{2,6}\s|/dev/tcp/|:\(\)\s{0,3}\{", 0.8,
          "a shell command that destroys or runs what it fetches"),
)  # fmt: skip
SPEC = DetectorSpec(
    name="code",
    version="2",
    surfaces=frozenset({"output", "tool_call"}),
    span=224,  # of a command with the address that it fetches; all others are short
    categories=frozenset(form.category for form in _FORMS),
    begins=("curl", "wget", "delete", "alter", "rm", "dd"),
)


def code(given: Mapping[str, Json]) -> Pure:
    """Return the detector of code that acts."""
    parameters_of(NoParameters, given)
    return Pure(SPEC, _find)


def _find(text: str, where: Where) -> Iterator[Finding]:
    low = text.lower()
    budget = Budget()
    for form in _FORMS:
        if not any(sign in low for sign in form.signs):
            continue
        for match in form.pattern.finditer(text):
            budget.spend()
            yield Finding(
                detector=SPEC.name,
                category=form.category,
                start=match.start(),
                end=match.end(),
                confidence=form.confidence,
                reason=form.reason,
            )
