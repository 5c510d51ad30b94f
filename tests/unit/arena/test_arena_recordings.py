"""A recording is read whole or refused by line; what it lacks and has besides is named."""

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.arena.arena_sample import CASES, judged, sample_run

from genaiops.arena.evidence import write_bundle
from genaiops.arena.recordings import read_recording, strays
from genaiops.core import Case, UserError, digest_bytes, new_signing_key


def case(name: str) -> Case:
    return Case(id=name, inputs={"question": name}, cluster=name)


def line(name: str, text: str | None = "yes", **more: object) -> str:
    return json.dumps({"case": name, "output": {"text": text}, **more}) + "\n"


def written(folder: Path, *lines: str) -> str:
    path = folder / "made.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


@pytest.mark.proves("B-RECORDING")
def test_a_line_is_a_case_with_its_output_and_the_digest_is_the_files(tmp_path: Path) -> None:
    name = written(
        tmp_path, line("a", at="2026-11-23T18:59:01+01:00"), "\n", line("a", "no", repeat=1), line("b")
    )
    recording = read_recording(name)
    assert recording.digest == digest_bytes(Path(name).read_bytes())
    output, at = recording.output(case("a"), 0)
    assert (output.text, output.status, at) == ("yes", "ok", "2026-11-23T17:59:01Z")
    assert recording.output(case("a"), 1)[0].text == "no"
    assert recording.output(case("b"), 0)[1] == recording.written_at
    assert strays(recording, [case("a"), case("b")], 1) == []


@pytest.mark.proves("B-RECORDING")
def test_outputs_of_a_bundle_are_a_recording_as_they_are(tmp_path: Path) -> None:
    run = sample_run()
    bundle = write_bundle(run, *judged(run), folder=tmp_path / "evidence", signer=new_signing_key())
    for role in ("baseline", "candidate"):
        recording = read_recording(f"{bundle / 'outputs.jsonl'}#{role}")
        assert {name for name, _ in recording.rows} == {one.id for one in CASES}
        there = {row.case: row.output for row in run.rows if row.role == role}
        assert all(recording.output(one, 0)[0] == there[one.id] for one in CASES if one.id != "q00")
    one, two = (read_recording(f"{bundle / 'outputs.jsonl'}#{role}") for role in ("baseline", "candidate"))
    assert one.digest != two.digest


def test_a_bundles_outputs_do_not_answer_other_inputs_under_the_same_id(tmp_path: Path) -> None:
    run = sample_run()
    bundle = write_bundle(run, *judged(run), folder=tmp_path / "evidence", signer=new_signing_key())
    other = Case(id="q01", inputs={"question": "something else"}, cluster="c")
    output, _ = read_recording(f"{bundle / 'outputs.jsonl'}#candidate").output(other, 0)
    assert output.status == "infra_error"
    assert "other inputs" in (output.error or "")
    shutil.copy(bundle / "outputs.jsonl", tmp_path / "apart.jsonl")
    apart = read_recording(f"{tmp_path / 'apart.jsonl'}#candidate")
    assert apart.output(other, 0)[0].status == "ok", "apart from the bundle nobody knows what was asked"


@pytest.mark.proves("B-BAD-RECORDING-IDS")
def test_what_a_recording_lacks_and_has_besides_is_named(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path, line("a"), line("stray-1"), line("c"), line("c", repeat=1)))
    said = strays(recording, [case("a"), case("b"), case("c")], 2)
    assert "lacks 2 of 3 cases: a, b" in said[0]
    assert "1 cases that the suite does not ask: stray-1" in said[1]
    missing, _ = recording.output(case("b"), 0)
    assert (missing.status, missing.text) == ("infra_error", None), "missing, never an empty answer"


@pytest.mark.proves("B-BAD-RECORDING-IDS")
def test_a_recording_of_another_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of the suite's cases") as refused:
        strays(read_recording(written(tmp_path, line("x"))), [case("a")], 1)
    assert "x" in refused.value.why


@pytest.mark.proves("B-BAD-RECORDING-IDS")
def test_a_repeated_id_is_refused_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        read_recording(written(tmp_path, line("a"), line("b"), line("a")))
    assert "'a', repeat 0, stands twice; see line 1" in refused.value.why
    assert refused.value.where.endswith("made.jsonl:3")


@pytest.mark.proves("B-BAD-RECORDING")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no output"),
        ("not json\n", "it is not JSON"),
        ("[1]\n", "expected an object"),
        ('{"case": "a"}\n', "output"),
        ('{"case": "a", "output": {"txet": "x"}}\n', "did you mean 'text'?"),
        ('{"id": "a", "output": {"text": "x"}}\n', "unknown key 'id'"),
        ('{"case": "a", "output": {"text": 7}}\n', "output.text"),
        ('{"case": "a", "output": {"text": NaN}}\n', "it is not JSON"),
        ('{"case": "", "output": {"text": "x"}}\n', "a case has an id"),
        ('{"case": "a", "repeat": -1, "output": {"text": "x"}}\n', "repeats count from 0"),
        ('{"case": "a", "at": "yesterday", "output": {"text": "x"}}\n', "no moment such as"),
        ('{"case": "a", "role": "candidate", "output": {"text": "x"}}\n', "holds two arms"),
    ],
)
def test_what_does_not_fit_is_one_error_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        read_recording(written(tmp_path, text))
    assert says in f"{refused.value.what} {refused.value.why}"
    assert "made.jsonl" in refused.value.where
    assert refused.value.fix


@pytest.mark.proves("B-BAD-RECORDING")
def test_a_file_that_is_not_there_and_an_arm_that_is_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_recording(str(tmp_path / "absent.jsonl"))
    with pytest.raises(UserError, match="names no arm"):
        read_recording(written(tmp_path, line("a")) + "#both")
