"""What happened while an answer was made: a recorder of spans, and the append-only sink that keeps them."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.traces.recorder import LiveSpan, Recorder
    from genaiops.traces.sink import TraceSink

__all__ = ["LiveSpan", "Recorder", "TraceSink"]

__getattr__ = attach(__name__, {"LiveSpan": "recorder", "Recorder": "recorder", "TraceSink": "sink"})
