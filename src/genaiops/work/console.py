"""The one place that writes to the terminal: results to stdout, everything about the work to stderr."""

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from genaiops.core import Json, plain

if TYPE_CHECKING:  # rich takes 40 ms to import: `--json` and pipes do without it
    import rich.console

_WIDTH = 110


class Console:
    """What a command says. Text is stripped of control sequences here, whoever wrote it.

    With `json`, stdout holds one JSON document and nothing else; with `quiet`, stderr stays empty.
    """

    def __init__(
        self,
        json: bool = False,
        quiet: bool = False,
        *,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self.json = json
        self.quiet = quiet
        self._stdout = stdout
        self._stderr = stderr
        self._env = env

    def print(self, content: "str | rich.console.RenderableType" = "") -> None:
        """Show a result to a person: a text, or a rich table, tree or `Text` made of plain text."""
        if self.json:
            return
        if isinstance(content, str):
            _write(self.stdout, content)
        else:
            self._rich(self.stdout).print(content)

    def note(self, text: str) -> None:
        """Say something about the work, on stderr."""
        if not self.quiet:
            _write(self.stderr, text)

    def emit_json(self, value: Json, *, indent: int | None = 2) -> None:
        """Write the command's JSON document to stdout; without `indent` on one line, as one of many."""
        # ASCII escapes keep control characters of untrusted text out of the terminal
        _write(self.stdout, json.dumps(value, indent=indent, allow_nan=False))

    @property
    def stdout(self) -> TextIO:
        """Where results go. Looked up each time, since a live display replaces it for a while."""
        return self._stdout or sys.stdout

    @property
    def stderr(self) -> TextIO:
        """Where notes and progress go."""
        return self._stderr or sys.stderr

    @property
    def live(self) -> bool:
        """Whether a progress bar can be drawn: stderr is a terminal that can move its cursor."""
        return not self.quiet and self.stderr.isatty() and self._env.get("TERM", "") not in ("", "dumb")

    def progress_display(self) -> "rich.console.Console":
        """Return the rich console on stderr, for `Progress`."""
        return self._rich(self.stderr)

    def _rich(self, stream: TextIO) -> "rich.console.Console":
        from rich.console import Console as RichConsole  # 40 ms

        return RichConsole(
            file=stream,
            markup=False,
            emoji=False,
            highlight=False,
            no_color=bool(self._env.get("NO_COLOR")),
            width=None if stream.isatty() or self._env.get("COLUMNS") else _WIDTH,
            _environ=self._env,
        )


def _write(stream: TextIO, text: str) -> None:
    line = plain(text) + "\n"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # a terminal in an old encoding shows '?' rather than failing; so does a lone surrogate
    stream.write(line.encode(encoding, "replace").decode(encoding))
    stream.flush()
