"""Server-sent events out of bytes that arrive in any pieces: a pure parser."""

import codecs
from collections.abc import Iterator

MAX_LINE = 1 << 20


class EventTooLong(ValueError):
    """A line or an event grew beyond what an honest server sends."""


class SseParser:
    """Feed it bytes, get the `data` of each whole event. Comments, ids and event names are dropped."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes, *, final: bool = False) -> Iterator[str]:
        """Yield the data of the events that `chunk` completes; `final` also ends an open line and event."""
        self._rest += self._decode.decode(chunk, final)
        yield from self._lines(final)
        if len(self._rest) + sum(map(len, self._data)) > self._limit:
            raise EventTooLong(f"an event is longer than {self._limit} characters")

    def _lines(self, final: bool) -> Iterator[str]:
        text = self._rest
        # a "\r" at the very end may be half of "\r\n": it waits for what follows
        held = "\r" if text.endswith("\r") and not final else ""
        lines = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        if final:
            lines += [self._rest, ""]
            self._rest = ""
        for line in lines:
            yield from self._line(line)

    def _line(self, line: str) -> Iterator[str]:
        if not line:
            if self._data:
                yield "\n".join(self._data)
                self._data = []
            return
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
