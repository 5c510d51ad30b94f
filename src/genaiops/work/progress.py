"""The one progress bar: with an ETA on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from genaiops.core import one_line
from genaiops.work.console import Console

if TYPE_CHECKING:  # rich takes 40 ms to import: only a terminal needs it
    import rich.progress

_EVERY_SECONDS = 5.0


class Progress:
    """How far the work is. A context manager; when left early, the last line says how far it came."""

    def __init__(
        self, label: str, total: int, *, console: Console, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._label = one_line(label, 40)
        self._total = total
        self._done = 0
        self._note = ""
        self._console = console
        self._clock = clock
        self._began = clock()
        self._said = self._began
        self._said_at = -1
        self._bar: rich.progress.Progress | None = None

    def __enter__(self) -> "Progress":
        if self._console.live:
            self._bar = _bar(self._console)
            self._bar.add_task(self._label, total=self._total, note="")
            self._bar.start()
        return self

    def advance(self, n: int = 1, note: str = "") -> None:
        """Count `n` more as done; `note` says what the last one was."""
        self._done += n
        self._note = one_line(note, 60)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, note=self._note)
        elif self._clock() - self._said >= _EVERY_SECONDS:
            self._say()

    def line(self) -> str:
        """Return `label 12/40 · 30 % · ETA 0:21`; without the ETA once all is done or none is."""
        parts = [f"{self._label} {self._done}/{self._total}"]
        if self._total > 0:
            parts.append(f"{100 * self._done // self._total} %")
        if 0 < self._done < self._total:
            left = (self._clock() - self._began) / self._done * (self._total - self._done)
            parts.append(f"ETA {round(left) // 60}:{round(left) % 60:02d}")
        if self._note:
            parts.append(self._note)
        return " · ".join(parts)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()  # gives the cursor back, also after Ctrl-C
        elif self._said_at != self._done:
            self._say()

    def _say(self) -> None:
        self._said = self._clock()
        self._said_at = self._done
        self._console.note(self.line())


def _bar(console: Console) -> "rich.progress.Progress":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )  # 40 ms

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=console.progress_display(),
    )
