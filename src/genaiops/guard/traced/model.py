"""What a part of a span is: a text at its surface, or why it is none that can be checked."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from genaiops.core import Json, Surface
from genaiops.guard.rows import CheckedText

Kind = Surface | Literal["instructions"]
"""Where a text stands; what a system tells a model is no surface but what its other texts come with."""


class Said(NamedTuple):
    """A text, or an object of texts; `place` says where in the span it stands."""

    kind: Kind
    value: Json
    place: str


class NoText(NamedTuple):
    """A part that holds no text, such as an image: `what` is its type."""

    what: str


class Unread(NamedTuple):
    """An attribute that may hold texts and is not read."""

    attribute: str


class Broken(NamedTuple):
    """A part that should be read and cannot be; `why` repeats nothing of it."""

    place: str
    why: str


Part = Said | NoText | Unread | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSpanText(CheckedText):
    """What `guard check` says of a text in a trace. `id` is trace, span and place.

    `span` is the span's name, `line` that of the file. The first span that holds the text is named; `spans`
    says how many do. `redacted` is empty: what was recorded goes nowhere from here.
    """

    trace_id: str
    span_id: str
    span: str
    place: str
    line: int
    surface: Surface
    spans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadablePart:
    """A part of the file that should be read and cannot be."""

    line: int
    trace_id: str = ""
    span_id: str = ""
    place: str = ""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummary:
    """What of a file was checked and what was not.

    `texts` were checked, of `spans_with_texts` spans. `instructions` counts what systems told models, which
    the other texts of a trace come with. `no_text`: parts that hold none, by type. `unread`: attributes that
    may hold texts and are not read, by name. `dropped` are spans whose recorder left attributes out.
    `other_lines` hold logs or metrics. `unreadable` lists the first parts that could not be read.
    """

    file: str
    traces: int
    spans: int
    spans_with_texts: int
    texts: int
    instructions: int
    actions: dict[str, int]
    no_text: dict[str, int]
    unread: dict[str, int]
    dropped: int
    other_lines: int
    unreadable_parts: int
    unreadable: tuple[UnreadablePart, ...]
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummed:
    """The last line of `guard check --trace FILE --json`."""

    summary: TraceSummary
