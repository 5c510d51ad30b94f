"""`genaiops guard bench`: a change of a guard goes through ARENA's gate, whatever names the old one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from genaiops.cli.main import run

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
SAID = jsonschema_rs.validator_for(json.loads((SCHEMAS / "guard_bench.schema.json").read_text()))
POLICY = (
    "detectors: {{topics: {{words: {{rivals: [{words}]}}}}}}\nrules: [{{find: [topic.rivals], do: block}}]\n"
)
GOOD, POOR, EAGER = "acme, bolt", "acme", "acme, bolt, hello"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, words in (("good", GOOD), ("poor", POOR), ("eager", EAGER)):
        Path(f"{name}.yaml").write_text(POLICY.format(words=words))
    write("rows.jsonl", 120)
    return tmp_path


def write(name: str, each: int) -> None:
    rows = [
        {"id": f"{word}-{at}", "text": f"{word} {at}", "label": label, "category": kind, "source": "made"}
        for word, label, kind in (
            ("acme", "attack", "first"),
            ("bolt", "attack", "second"),
            ("hello", "benign", "talk"),
            ("good day", "benign", "talk"),
        )
        for at in range(each)
    ]
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def bench(*words: str, rows: str = "rows.jsonl") -> int:
    return run(["guard", "bench", "--dataset", rows, *words])


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out)
    SAID.validate(found)
    return found


@pytest.mark.proves("E-GUARD-BENCH")
def test_a_guard_alone_is_measured_and_nothing_is_decided(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--policy", "poor.yaml") == 0
    out = [line.split()[:4] for line in capsys.readouterr().out.splitlines()]
    assert ["first", "(attack)", "120", "1.000"] in out
    assert ["second", "(attack)", "120", "0.000"] in out
    assert ["poor.yaml,", "up", "to", "32"] in out
    assert bench("--policy", "poor.yaml", "--json") == 0
    found = said(capsys)
    assert (found["rows"], found["verdict"], found["baseline"]) == (480, None, None)
    assert not Path(".genaiops").exists()


@pytest.mark.proves("E-GUARD-GATE")
def test_a_guard_that_misses_a_category_or_stops_harmless_texts_fails_the_gate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench("--policy", "poor.yaml", "--against", "good.yaml", "--json") == 1
    found = said(capsys)
    decisions = {one["claim"]["slice"]: one["decision"] for one in found["verdict"]["claims"]}
    assert decisions == {
        "category=first": "proven",
        "category=second": "refuted",
        "label=benign": "proven",
    }
    assert bench("--policy", "eager.yaml", "--against", "good.yaml") == 1
    assert "Do not merge" in capsys.readouterr().out


@pytest.mark.proves("E-GUARD-GATE")
def test_a_verdict_is_kept_as_evidence_of_both_guards_that_anyone_recomputes_and_is_shown_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench("--policy", "good.yaml", "--against", "poor.yaml", "--json") == 0
    found = said(capsys)
    assert found["verdict"]["outcome"] == "pass"
    assert run(["arena", "verify", found["evidence"]]) == 0
    assert "the outputs give these scores again: exact_match" in capsys.readouterr().out
    assert bench("--policy", "good.yaml", "--against", "guard/poor", "--json") == 0
    assert said(capsys)["run"] == found["run"]
    assert run(["hub", "lineage", "guard/good", "--down"]) == 0
    assert f"evidence/{found['run']}" in capsys.readouterr().out


@pytest.mark.proves("E-GUARD-GATE")
def test_few_rows_are_inconclusive_and_how_many_would_tell_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("few.jsonl", 6)
    assert bench("--policy", "good.yaml", "--against", "good.yaml", rows="few.jsonl") == 4
    assert "INCONCLUSIVE" in capsys.readouterr().out.upper()


@pytest.mark.proves("E-GUARD-GATE")
def test_the_guard_before_is_that_of_a_commit_or_what_was_recorded_of_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q"), ("add", "good.yaml"), (*identity, "commit", "-qm", "one")):
        subprocess.run(["git", *words], check=True, capture_output=True)
    assert run(["guard", "check", "--dataset", "rows.jsonl", "--policy", "good.yaml", "--json"]) == 0
    Path("old.jsonl").write_text(capsys.readouterr().out)
    Path("good.yaml").write_text(POLICY.format(words=POOR))
    for before in ("HEAD", "old.jsonl"):
        assert bench("--policy", "good.yaml", "--against", before, "--json") == 1
        assert said(capsys)["baseline"]["groups"][1]["stopped"]["rate"] == 1.0
    Path("old.jsonl").write_text(Path("old.jsonl").read_text().partition("\n")[2])
    for before, code in (("old.jsonl", "432"), ("no.jsonl", "433"), ("nope", "142")):
        assert bench("--policy", "good.yaml", "--against", before) == 2
        assert f"GAO-ARENA-{code}" in capsys.readouterr().err
    assert bench("--against", "HEAD") == 2
    assert "GAO-ARENA-431" in capsys.readouterr().err
    Path("bad.jsonl").write_text('{"id": "1", "action": "maybe"}\n')
    assert bench("--policy", "good.yaml", "--against", "bad.jsonl") == 2
    assert "GAO-ARENA-434" in capsys.readouterr().err


def test_a_data_set_that_is_not_there_or_empty_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(rows="none.jsonl") == 3
    Path("empty.jsonl").write_text("\n")
    assert bench(rows="empty.jsonl") == 2
    assert "GAO-GUARD-052" in capsys.readouterr().err
