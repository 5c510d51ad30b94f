"""Endpoints and recordings as arms of real runs: what is asked, what is used again, what is recorded."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.endpoint import Endpoint, Say, serving
from tests.support.plain_project import ECHO, PROJECT, WORDS, environment, genaiops, is_one_message, make
from tests.support.small_project import commit

pytestmark = pytest.mark.system

KEY = "sesame-opens"
LET = ("--allow-private", "127.0.0.1")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as running:
        yield running


def at(endpoint: Endpoint, more: str = "", rest: str = "") -> str:
    return PROJECT.replace("app: app:answer", f"app: {{url: '{endpoint.url}'{more}}}") + rest


def describe(project: Path, text: str) -> None:
    (project / "genaiops.yaml").write_text(text, encoding="utf-8")


def told(done: subprocess.CompletedProcess[str], *statuses: int) -> dict[str, object]:
    assert done.returncode in (statuses or (0,)), done.stderr
    return json.loads(done.stdout)


def manifest_of(report: dict[str, object]) -> dict[str, object]:
    return json.loads((Path(str(report["evidence"])) / "manifest.json").read_text(encoding="utf-8"))


def run(project: Path, env: dict[str, str], *arguments: str, statuses: tuple[int, ...] = (0, 4)):
    return told(genaiops(project, env, "arena", "run", "--json", *LET, *arguments), *statuses)


@pytest.mark.proves("B-ENDPOINT-APP", "B-ENDPOINT-REUSE")
def test_an_app_may_move_behind_an_address_and_its_declared_version_is_asked_once(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    describe(project, at(endpoint, ", version: '7'"))
    report = run(project, env)
    assert {question["question"] for question in endpoint.asked} == set(WORDS)
    manifest = manifest_of(report)
    assert manifest["arms"]["candidate"]["config"]["app"] == {"url": endpoint.url, "version": "7"}
    assert report["attempts"] == 1
    verified = genaiops(project, env, "arena", "verify", str(report["evidence"]))
    assert verified.returncode == 0, verified.stdout
    endpoint.asked.clear()
    assert run(project, env)["run"] == report["run"]
    assert endpoint.asked == []


@pytest.mark.proves("B-ENDPOINT-REUSE")
def test_another_comparison_uses_a_versions_outputs_again_after_asking_a_few(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    describe(project, at(endpoint, ", version: '7'"))
    run(project, env)
    endpoint.asked.clear()
    (project / "app.py").write_text(ECHO + "\n\n", encoding="utf-8")
    describe(project, PROJECT)
    commit(project, "Another baseline")
    describe(project, at(endpoint, ", version: '7'"))
    report = run(project, env)
    assert len(endpoint.asked) == 3, "the anchors, and nothing else"
    assert report["reused"]["outputs"] == 7
    assert report["model_calls"] == 3
    assert not any("anchor" in text for text in report["warnings"])


@pytest.mark.proves("B-ENDPOINT-REUSE")
def test_where_the_anchors_answer_otherwise_nothing_older_is_used(tmp_path: Path, endpoint: Endpoint) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    describe(project, at(endpoint, ", version: '7'"))
    run(project, env)
    endpoint.asked.clear()
    endpoint.behaviour = lambda inputs: Say({"text": inputs["question"].title()})
    commit(project, "The endpoint on both sides")
    describe(project, PROJECT)
    report = run(project, env, statuses=(0, 1, 4))
    assert sorted(question["question"] for question in endpoint.asked) == sorted(WORDS)
    assert any("3 of 3 anchor answers of the baseline changed" in text for text in report["warnings"])
    rows = (Path(str(report["evidence"])) / "outputs.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["output"]["text"] for row in map(json.loads, rows) if row["role"] == "baseline"}
    assert texts == {word.title() for word in WORDS}


@pytest.mark.proves("B-ENDPOINT-REUSE")
def test_an_output_older_than_max_age_is_asked_again(tmp_path: Path, endpoint: Endpoint) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    declared = at(endpoint, ", version: '7'", "reuse: {max_age: 0s}\n")
    describe(project, declared)
    commit(project, "An age of nothing")
    run(project, env, "--set", "app.version=8")
    asked = len(endpoint.asked)
    assert asked == 20
    database = project / ".genaiops" / "genaiops.db"
    script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    change = "update arena_outputs set at='2026-01-01T00:00:00Z'"
    subprocess.run(["python3", "-c", script, str(database), change], check=True)
    run(project, env, "--set", "app.version=9")
    assert len(endpoint.asked) == asked + 20, "the baseline's too: they were too old"


@pytest.mark.proves("B-ENDPOINT-REUSE")
def test_without_a_version_every_run_asks_again_and_counts_as_an_attempt(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    describe(project, at(endpoint))
    first, second = run(project, env), run(project, env)
    assert len(endpoint.asked) == 20
    plan = told(genaiops(project, env, "arena", "plan", "--json", *LET))
    assert plan["decided_by"] is None, "a run would ask again, and the plan says so"
    assert first["run"] != second["run"]
    assert (first["attempts"], second["attempts"]) == (1, 2)
    assert any("attempt 2" in note for note in second["notes"])


@pytest.mark.proves("B-ENDPOINT-SECRET")
def test_the_key_of_an_endpoint_is_named_sent_and_kept_nowhere(tmp_path: Path, endpoint: Endpoint) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path, APP_KEY=KEY)
    endpoint.behaviour = lambda inputs: Say({"text": f"{inputs['question'].upper()}"})
    describe(project, at(endpoint, ", version: '1', key_env: APP_KEY"))
    refused = genaiops(project, env, "arena", "run", *LET)
    assert is_one_message(refused, 2), refused.stderr
    assert "--pass-env APP_KEY" in refused.stderr
    assert endpoint.asked == []
    run(project, env, "--pass-env", "APP_KEY")
    assert set(endpoint.keys) == {f"Bearer {KEY}"}
    kept = [path for path in (project / ".genaiops").rglob("*") if path.is_file()]
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


@pytest.mark.proves("B-ENDPOINT-ARM")
def test_two_addresses_are_compared_by_the_ruler_of_the_default_baseline(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    weaker = PROJECT.replace("margin: 0.05", "margin: 0.9")
    describe(project, weaker)
    with serving(lambda inputs: Say(inputs["question"][::-1])) as worse:
        done = genaiops(project, env, "arena", "compare", "--json", *LET, endpoint.url, worse.url)
        report = told(done, 1)
        assert len(endpoint.asked) == len(worse.asked) == 10
    manifest = manifest_of(report)
    bound = manifest["suite"]["gate"]["claims"][0]["bound"]
    assert bound == 0.05, "naming an address is no way round the gate"
    assert manifest["arms"]["baseline"]["source"]["kind"] == "endpoint"
    assert manifest["arms"]["candidate"]["source"]["ref"] == worse.url
    assert manifest["arms"]["candidate"]["source"]["tree"] is None
    assert report["lock"] == "base"


@pytest.mark.proves("B-BAD-ENDPOINT-PRIVATE")
def test_an_endpoint_at_a_private_address_is_refused_by_name(tmp_path: Path, endpoint: Endpoint) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    done = genaiops(project, env, "arena", "run", "--baseline", endpoint.url)
    assert is_one_message(done, 2), done.stderr
    assert "--allow-private" in done.stderr
    assert endpoint.asked == []


def test_ask_asks_the_endpoint(tmp_path: Path, endpoint: Endpoint) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    describe(project, at(endpoint))
    done = genaiops(project, env, "ask", "hello", *LET)
    assert done.returncode == 0, done.stderr
    assert "HELLO" in done.stdout


@pytest.mark.proves("B-RECORDING", "B-RECORDING-LINEAGE")
def test_the_outputs_of_a_bundle_are_a_baseline_that_costs_no_call_and_stands_in_the_lineage(
    tmp_path: Path,
) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    (project / "app.py").write_text(ECHO.replace("upper()", "title()[::-1]"), encoding="utf-8")
    first = told(genaiops(project, env, "arena", "run", "--json"), 1)
    recording = f"{Path(str(first['evidence'])) / 'outputs.jsonl'}#baseline"
    (project / "app.py").write_text(ECHO + "\n\n", encoding="utf-8")
    report = told(genaiops(project, env, "arena", "run", "--json", "--baseline", recording), 0, 4)
    assert report["reused"]["outputs"] == 10
    source = manifest_of(report)["arms"]["baseline"]["source"]
    assert (source["kind"], source["ref"]) == ("recording", recording)
    verified = genaiops(project, env, "arena", "verify", str(report["evidence"]))
    assert verified.returncode == 0, verified.stdout
    lineage = genaiops(project, env, "hub", "lineage", f"evidence/{report['run']}")
    assert "recording/plain" in lineage.stdout
    shown = genaiops(project, env, "arena", "show")
    assert "recording" in shown.stdout or "outputs.jsonl" in shown.stdout


@pytest.mark.proves("B-BAD-RECORDING-IDS")
def test_a_recording_that_lacks_cases_leaves_the_claim_open_and_says_which(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    lines = [{"case": word, "output": {"text": word.upper()}} for word in (*WORDS[:-1], "stray")]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    report = told(genaiops(project, env, "arena", "compare", "--json", "HEAD", str(tmp_path / "r.jsonl")), 4)
    assert report["claims"][0]["decision"] == "open"
    said = " ".join(report["warnings"])
    assert f"lacks 1 of 10 cases: {WORDS[-1]}" in said
    assert "stray" in said


@pytest.mark.proves("B-BAD-RECORDING")
def test_latency_is_not_decided_on_a_recording_and_overrides_do_not_change_one(tmp_path: Path) -> None:
    slow = PROJECT.replace(
        "{scorer: exact_match, is: not_worse, margin: 0.05}", "{scorer: latency_ms, is: not_worse, margin: 5}"
    )
    project, env = make(tmp_path / "p", project=slow), environment(tmp_path)
    (tmp_path / "r.jsonl").write_text('{"case": "alpha", "output": {"text": "A"}}\n', encoding="utf-8")
    done = genaiops(project, env, "arena", "compare", "HEAD", str(tmp_path / "r.jsonl"))
    assert is_one_message(done, 2), done.stderr
    assert "latency" in done.stderr
    done = genaiops(
        project, env, "arena", "compare", "HEAD", str(tmp_path / "r.jsonl"), "--set", "project=other"
    )
    assert is_one_message(done, 2), done.stderr
    assert "--set" in done.stderr


@pytest.mark.proves("B-BAD-ENDPOINT-URL")
@pytest.mark.parametrize(
    "url", ["http://", "https://user:word@host/x", "https://host/x?api_key=abc", "https://host:0/x"]
)
def test_an_address_that_is_none_or_carries_a_secret_is_refused(tmp_path: Path, url: str) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    done = genaiops(project, env, "arena", "run", "--baseline", url)
    assert is_one_message(done, 2), done.stderr
    assert "word@" not in done.stderr
    describe(project, PROJECT.replace("app: app:answer", f"app: {{url: '{url}'}}"))
    done = genaiops(project, env, "arena", "run")
    assert is_one_message(done, 2), done.stderr
