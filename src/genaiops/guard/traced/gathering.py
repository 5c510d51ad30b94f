"""The texts of a file's spans, each once: an agent's span, its model call and later turns repeat them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from genaiops.core import Json, Surface, UserError
from genaiops.guard.traced.model import Broken, NoText, Said, TraceSummary, Unread, UnreadablePart
from genaiops.guard.traced.reading import Line, kind_of
from genaiops.guard.traced.texts import read_span
from genaiops.traces import RecordedSpan, recorded_spans

MOST_CHARACTERS = 500_000_000
_MOST_TOLD = 100


class At(NamedTuple):
    """Where a text stands."""

    line: int
    trace_id: str
    span_id: str
    span: str
    place: str


@dataclass(slots=True)
class _Use:
    at: At
    spans: int
    last: int


class SpanText(NamedTuple):
    """A text to be checked: where it stands first, and in how many spans.

    `context` is what systems told models in its trace: an agent's span may lack what its calls were told.
    """

    surface: Surface
    value: Json
    context: str
    at: At
    spans: int


class Gathered:
    """What a file's lines hold; texts that differ are kept until all is read, at most `most` characters."""

    def __init__(self, file: str, most: int = MOST_CHARACTERS) -> None:
        self.file = file
        self.ours = 0
        self.unreadable: list[UnreadablePart] = []
        self._most = most
        self._values: dict[bytes, Json] = {}
        self._uses: dict[tuple[str, Surface, bytes], _Use] = {}
        self._contexts: dict[str, dict[str, None]] = {}
        self._counts = Counter[str]()
        self._no_text = Counter[str]()
        self._unread = Counter[str]()

    @property
    def spans(self) -> int:
        """How many spans were read."""
        return self._counts["spans"]

    def add(self, number: int, line: Line) -> None:
        """Take what a line holds."""
        kind = "" if isinstance(line, str) else kind_of(line)
        if isinstance(line, str) or not kind:
            why = line if isinstance(line, str) else "no spans in OTLP/JSON: it has no resourceSpans"
            self._broken(At(number, "", "", "", ""), why)
        elif kind == "spans":
            for span in recorded_spans(line):
                if isinstance(span, str):
                    self._broken(At(number, "", "", "", ""), span)
                else:
                    self._add_span(number, span)
        elif kind == "ours":
            self.ours += 1
        else:
            self._counts["other"] += 1

    def texts(self) -> Iterator[SpanText]:
        """Yield each text once for each surface and what it comes with, in the order of the file."""
        once: dict[tuple[Surface, bytes, str], _Use] = {}
        contexts: dict[str, str] = {}  # each once, however many traces and texts have it
        of_trace = {trace: "\n".join(told) for trace, told in self._contexts.items()}
        for (trace, surface, digest), use in self._uses.items():
            context = of_trace.get(trace, "")
            key = (surface, digest, contexts.setdefault(context, context))
            known = once.setdefault(key, _Use(use.at, 0, 0))
            known.spans += use.spans
        for (surface, digest, context), use in once.items():
            yield SpanText(surface, self._values[digest], context, use.at, use.spans)

    def summary(self, actions: Counter[str], policy: str) -> TraceSummary:
        """Return what was checked, with which outcome, and what was not."""
        return TraceSummary(
            file=self.file,
            traces=self._counts["traces"],
            spans=self.spans,
            spans_with_texts=self._counts["with texts"],
            texts=actions.total(),
            instructions=sum(map(len, self._contexts.values())),
            actions=dict(sorted(actions.items())),
            no_text=dict(sorted(self._no_text.items())),
            unread=dict(sorted(self._unread.items())),
            dropped=self._counts["dropped"],
            other_lines=self._counts["other"],
            unreadable_parts=self._counts["unreadable"],
            unreadable=tuple(self.unreadable),
            policy=policy,
        )

    def _add_span(self, number: int, span: RecordedSpan) -> None:
        self._counts["spans"] += 1
        self._counts["dropped"] += bool(span.dropped)
        trace = span.trace_id or f"line {number}"
        if trace not in self._contexts:
            self._contexts[trace] = {}
            self._counts["traces"] += 1
        found = False
        for part in read_span(span):
            at = At(number, span.trace_id, span.span_id, span.name, getattr(part, "place", ""))
            match part:
                case Said(kind, value) if kind != "instructions":
                    found = True
                    self._use(trace, kind, value, at)
                case Said(_, value):
                    self._instruct(trace, str(value))
                case NoText(what):
                    self._no_text[what] += 1
                case Unread(attribute):
                    self._unread[attribute] += 1
                case Broken(_, why):
                    self._broken(at, why)
        self._counts["with texts"] += found

    def _use(self, trace: str, surface: Surface, value: Json, at: At) -> None:
        written = json.dumps(value, sort_keys=True)
        digest = hashlib.sha256(written.encode()).digest()
        if digest not in self._values:
            self._values[digest] = value
            self._keep(len(written))
        use = self._uses.setdefault((trace, surface, digest), _Use(at, 0, 0))
        use.spans += use.last != self.spans
        use.last = self.spans

    def _instruct(self, trace: str, text: str) -> None:
        if text not in self._contexts[trace]:
            self._contexts[trace][text] = None
            self._keep(len(text))

    def _keep(self, characters: int) -> None:
        self._counts["characters"] += characters
        if self._counts["characters"] > self._most:
            raise self._too_much()

    def _broken(self, at: At, why: str) -> None:
        self._counts["unreadable"] += 1
        if len(self.unreadable) < _MOST_TOLD:
            self.unreadable.append(
                UnreadablePart(
                    line=at.line, trace_id=at.trace_id, span_id=at.span_id, place=at.place, why=why
                )
            )

    def _too_much(self) -> UserError:
        return UserError(
            "GAO-GUARD-053",
            f"the trace file holds more than {self._most:,} characters of different texts",
            why="they are kept until the whole file is read, since any line may repeat them",
            fix="split the file by traces",
            where=self.file,
        )
