"""`genaiops arena label`: on a terminal, through sheets, and what it says of judge and people."""

import csv
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support.judged_run import BETTER, HELPFUL, finish, make_run
from tests.support.plain_project import environment, is_one_message

from genaiops.arena.labels import labels_of, questions_of
from genaiops.arena.model import Run
from genaiops.cli.main import run as run_cli
from genaiops.store import Store

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


Label = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    finish(tmp_path / "p", make_run())
    return tmp_path / "p"


@pytest.fixture
def label(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Label:
    """Return what runs `arena label` in a project, in this process."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    def call(project: Path, *arguments: str) -> Done:
        monkeypatch.chdir(project)
        status = run_cli(["arena", "label", *arguments])
        return Done(status, *capsys.readouterr())

    return call


def at_terminal(project: Path, typed: str, *arguments: str) -> tuple[int, str, str]:
    """Run `arena label` on a terminal; return its status, what the terminal showed, and stdout."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "genaiops", "arena", "label", *arguments],
        cwd=project,
        env=environment(project.parent, TERM="xterm"),
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:  # how a terminal ends whose other side is closed
        pass
    out, _ = child.communicate(timeout=60)
    os.close(ours)
    return child.returncode, shown.decode(), out


def counting(project: Path, run: Run) -> int:
    with Store.open(project / ".genaiops") as store:
        return len(labels_of(run, [judge.name for judge in run.suite.ruler.judges], store))


def fill(sheet: Path, *said: str) -> None:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["label"] = said[number] if number < len(said) else ""
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.proves("B-LABEL-RESUME")
def test_a_person_labels_at_a_terminal_stops_and_goes_on(project: Path) -> None:
    status, shown, out = at_terminal(project, "yes\nno\nq\n", "--sample", "4", "--author", "ann")
    assert status == 0, shown
    assert "What is number" in shown
    asked = len(questions_of(make_run(), HELPFUL, 4))
    assert f"row 3 of {asked} " in shown
    assert f"row 4 of {asked} " not in shown
    for hidden in ("baseline", "candidate", "case-", "a reason of the judge"):
        assert hidden not in shown
    assert f"{asked - 2} of {asked} rows to do by ann" in out
    status, shown, out = at_terminal(
        project, "yes\n" * (asked - 2), "--sample", "4", "--author", "ann", "--json"
    )
    assert status == 0, shown
    assert "row 1 of" not in shown
    report = json.loads(out)
    jsonschema_rs.validate(json.loads((ROOT / "schemas" / "arena_label.schema.json").read_text()), report)
    assert (report["sample"], report["complete"], report["missing"]) == (4, 4, 0)
    assert counting(project, make_run()) == 8


@pytest.mark.proves("B-LABEL-SHEET", "B-LABEL-AGREEMENT", "B-LABEL-ANCHORS")
def test_a_sheet_goes_out_and_comes_back_in_parts_and_the_judge_is_compared(
    project: Path, label: Label
) -> None:
    out = label(project, "3f9a", "--sample", "16", "--to", "sheet.csv")
    assert out.returncode == 0, out.stderr
    assert HELPFUL.rubric in out.stderr
    assert "--sample 16 --from sheet.csv --author NAME" in out.stderr
    fill(project / "sheet.csv", *["yes", "no"] * 5)
    part = label(project, "--sample", "16", "--from", "sheet.csv", "--author", "ann")
    assert part.returncode == 0, part.stderr
    assert "17 of 27 rows to do by ann" in part.stdout
    assert "kappa" not in part.stdout, "a number seen half-way would steer the rest"
    rest = label(project, "--sample", "16", "--to", "rest.jsonl", "--author", "ann", "--json")
    assert rest.returncode == 0, rest.stderr
    assert len((project / "rest.jsonl").read_text(encoding="utf-8").splitlines()) == 17
    fill(project / "sheet.csv", *["yes", "no"] * 13, "yes")
    done = label(project, "--sample", "16", "--from", "sheet.csv", "--author", "ann")
    assert done.returncode == 0, done.stderr
    assert "labelled on both arms: all of 16 sampled cases" in done.stdout
    assert "Cohen's kappa" in done.stdout
    assert "16 sampled cases are labelled: run `genaiops arena run` again" in done.stdout
    told = label(project, "--agreement", "--json")
    found = json.loads(told.stdout)
    assert (found["complete"], found["agreement"]["answers"], found["author"]) == (16, 27, None)
    assert found["agreement"]["kappa"]["clusters"] == 16
    assert label(project, "--anchors", "anchors.jsonl").returncode == 0
    rows = (project / "anchors.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 27
    assert set(json.loads(rows[0])) == {"inputs", "expected", "output", "value", "label"}


@pytest.mark.proves("B-BAD-LABELLING")
def test_what_cannot_be_labelled_is_one_message(project: Path, tmp_path: Path, label: Label) -> None:
    assert is_one_message(label(project), 2), "there is no terminal"
    unknown = label(project, "--agreement", "--scorer", "quality")
    assert is_one_message(unknown, 2)
    assert "helpful" in unknown.stderr
    assert is_one_message(label(project, "--agreement", "--to", "sheet.csv"), 2)
    assert label(project, "--to", "sheet.csv").returncode == 0
    for author in ((), ("--author", " "), ("--author", "genaiops")):
        assert is_one_message(label(project, "--from", "sheet.csv", *author), 2)
    assert is_one_message(label(project, "--from", "missing.csv", "--author", "ann"), 2)
    fill(project / "sheet.csv", "yes", "perhaps")
    refused = label(project, "--from", "sheet.csv", "--author", "ann")
    assert is_one_message(refused, 2)
    assert "sheet.csv:3" in refused.stderr
    assert "27 of 27 rows to do" in label(project, "--agreement", "--author", "ann").stdout, (
        "nothing was taken"
    )
    (tmp_path / "two").mkdir()
    run = make_run()
    two = replace(run.suite.ruler, judges=(HELPFUL, BETTER))
    finish(tmp_path / "two", replace(run, suite=replace(run.suite, ruler=two)))
    which = label(tmp_path / "two", "--agreement")
    assert is_one_message(which, 2)
    assert "helpful, better" in which.stderr
    unasked = label(tmp_path / "two", "--agreement", "--scorer", "better")
    assert is_one_message(unasked, 2)
    assert "nothing to label" in unasked.stderr
    (tmp_path / "pair").mkdir()
    finish(tmp_path / "pair", make_run(judge=BETTER))
    assert is_one_message(label(tmp_path / "pair", "--anchors", "anchors.jsonl"), 2)
    assert not (tmp_path / "pair" / "anchors.jsonl").exists()
    (tmp_path / "none").mkdir()
    finish(tmp_path / "none", replace(run, suite=replace(run.suite, ruler=replace(two, judges=()))))
    assert "there is no judge" in label(tmp_path / "none", "--agreement").stderr
