import io
import json

import pytest
from rich.table import Table

from genaiops.work import Console, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def _console(**options):
    console = Console(stdout=io.StringIO(), stderr=io.StringIO(), env={}, **options)
    return console, console.stdout, console.stderr


def test_results_go_to_stdout_and_notes_to_stderr():
    console, out, err = _console()
    console.print("result")
    console.note("note")
    assert (out.getvalue(), err.getvalue()) == ("result\n", "note\n")


def test_control_sequences_never_reach_the_terminal():
    console, out, err = _console()
    console.print("a\x1b[31mred\x1b]0;title\x07\u202eb")
    console.note("\x1b[2Jc")
    assert (out.getvalue(), err.getvalue()) == ("aredb\n", "c\n")


def test_with_json_stdout_holds_one_document():
    console, out, _ = _console(json=True)
    console.print("for people")
    console.emit_json({"answer": "\x1b[31m é"})
    assert json.loads(out.getvalue()) == {"answer": "\x1b[31m é"}
    assert "\x1b" not in out.getvalue()


def test_quiet_keeps_stderr_empty():
    console, out, err = _console(quiet=True)
    console.note("note")
    console.print("result")
    assert (out.getvalue(), err.getvalue()) == ("result\n", "")


def test_a_table_is_drawn_without_colour_where_nobody_looks():
    console, out, _ = _console()
    table = Table("name", "value")
    table.add_row("[bold]x", "1")
    console.print(table)
    assert "[bold]x" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_no_color_is_honoured_on_a_terminal():
    def drawn(env):
        out = Terminal()
        Console(stdout=out, env={"TERM": "xterm-256color", **env}).print(Table("name", style="red"))
        return out.getvalue()

    assert "\x1b[31m" in drawn({})
    assert "\x1b[31m" not in drawn({"NO_COLOR": "1"})


def test_text_that_the_terminal_cannot_encode_is_shown_as_best_it_can():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Console(stdout=stream, env={}).print("50 µs \udce9")
    assert raw.getvalue() == b"50 ?s ?\n"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_without_a_terminal_progress_is_a_line_every_five_seconds_and_one_at_the_end():
    console, _, err = _console()
    clock = Clock()
    with Progress("cases", 40, console=console, clock=clock) as progress:
        for _ in range(40):
            clock.now += 0.7
            progress.advance()
    lines = err.getvalue().splitlines()
    assert lines[0] == "cases 8/40 · 20 % · ETA 0:22"
    assert lines[-1] == "cases 40/40 · 100 %"
    assert len(lines) == 5


def test_progress_that_is_interrupted_says_how_far_it_came():
    console, _, err = _console()
    with pytest.raises(KeyboardInterrupt):
        _interrupted(console)
    assert err.getvalue().startswith("cases 3/40 · 7 % · ETA ")


def _interrupted(console):
    with Progress("cases", 40, console=console) as progress:
        progress.advance(3)
        raise KeyboardInterrupt


def test_an_interrupted_bar_on_a_terminal_gives_the_cursor_back():
    err = Terminal()
    console = Console(stderr=err, env={"TERM": "xterm"})
    with pytest.raises(KeyboardInterrupt):
        _interrupted(console)
    hidden, shown = err.getvalue().rfind("\x1b[?25l"), err.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown
    assert "3/40" in err.getvalue()
    assert "ETA" in err.getvalue()


def test_progress_is_silent_when_quiet():
    err = Terminal()
    console = Console(quiet=True, stderr=err, env={"TERM": "xterm"})
    with Progress("cases", 2, console=console) as progress:
        progress.advance(2)
    assert err.getvalue() == ""


def test_a_note_from_outside_cannot_write_control_sequences_into_the_line():
    console, _, err = _console()
    with Progress("cases", 1, console=console) as progress:
        progress.advance(note="q\x1b[2J1\nq2")
    assert err.getvalue() == "cases 1/1 · 100 % · q1 q2\n"


def test_nothing_to_do_is_no_division_by_zero():
    console, _, err = _console()
    with Progress("cases", 0, console=console):
        pass
    assert err.getvalue() == "cases 0/0\n"
