"""What happened while an answer was made: a recorder of spans, the append-only sink that keeps them, and a
reader of spans that other programs recorded."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.traces.otlp import Misfit, RecordedSpan, recorded_spans, recorded_value
    from genaiops.traces.recorder import LiveSpan, Recorder
    from genaiops.traces.sink import TraceSink

_FILES = {
    "otlp": "Misfit RecordedSpan recorded_spans recorded_value",
    "recorder": "LiveSpan Recorder",
    "sink": "TraceSink",
}

__all__ = [
    "LiveSpan",
    "Misfit",
    "RecordedSpan",
    "Recorder",
    "TraceSink",
    "recorded_spans",
    "recorded_value",
]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
