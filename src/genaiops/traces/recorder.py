"""Spans as they happen. Nesting follows the code, also across tasks."""

import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from genaiops.core import Json, Operation, Span, Trace

_current: ContextVar["LiveSpan | None"] = ContextVar("genaiops_span", default=None)


class Ids(Protocol):
    """Where ids come from; the module `secrets` is one."""

    def token_hex(self, nbytes: int, /) -> str:
        """Return random bytes as hexadecimal digits."""
        ...


class LiveSpan:
    """A span that has not ended yet."""

    def __init__(
        self, trace_id: str, span_id: str, parent_id: str | None, name: str, operation: Operation, start: int
    ) -> None:
        self.trace_id = trace_id
        self.id = span_id
        self._parent_id = parent_id
        self._name = name
        self._operation: Operation = operation
        self._start = start
        self._attributes: dict[str, Json] = {}
        self.ended: Span | None = None

    def set(self, key: str, value: Json) -> None:
        """Say something about the step; the last word on a key counts."""
        self._attributes[key] = value

    def end(self, at: int, error: BaseException | None) -> None:
        """Freeze the span. A clock that went back makes it zero long, never negative."""
        if error is not None:
            self.set("error.type", type(error).__qualname__)
        self.ended = Span(
            trace_id=self.trace_id,
            span_id=self.id,
            parent_id=self._parent_id,
            name=self._name,
            operation=self._operation,
            start_ns=self._start,
            end_ns=max(at, self._start),
            status="ok" if error is None else "error",
            attributes=dict(self._attributes),
        )


class Recorder:
    """The spans of one trace."""

    def __init__(self, clock: Callable[[], int] = time.time_ns, ids: Ids = secrets) -> None:
        self._clock = clock
        self._ids = ids
        self._spans: list[LiveSpan] = []
        self.id = ids.token_hex(16)

    @contextmanager
    def span(self, name: str, operation: Operation, /, **attributes: Json) -> Generator[LiveSpan]:
        """Record one step around the code inside; what it raises marks the span and goes on."""
        above = _current.get()
        parent = above.id if above is not None and above.trace_id == self.id else None
        live = LiveSpan(self.id, self._ids.token_hex(8), parent, name, operation, self._clock())
        for key, value in attributes.items():
            live.set(key, value)
        self._spans.append(live)
        token = _current.set(live)
        error: BaseException | None = None
        try:
            yield live
        except BaseException as raised:
            error = raised
            raise
        finally:
            _current.reset(token)
            live.end(self._clock(), error)

    def trace(self) -> Trace:
        """Return what has ended so far, in the order in which it began."""
        return Trace(id=self.id, spans=tuple(live.ended for live in self._spans if live.ended is not None))
