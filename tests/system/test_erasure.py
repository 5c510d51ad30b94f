"""A suite whose rows belong to people: nothing of them is kept in clear, and one of them can be erased."""

import json
from pathlib import Path

import pytest
from tests.support import small_project
from tests.support.plain_project import environment, genaiops, is_one_message
from tests.support.small_project import commit

pytestmark = pytest.mark.system

WORD = "Zanzipurr"  # stands in every question
SAID = b"Atlantis"  # what the naive model answers
RAISING = "    if 'Riga' in inputs['question']:\n        raise ValueError(inputs['question'])\n    passages ="


def person(name: str) -> str:
    return f"{name}@example.org"


def make(home: Path, more: str = "") -> tuple[Path, dict[str, str]]:
    """Make a project with passages, an app that fails on one row, and a change to judge."""
    (home / "cities").mkdir()
    project, env = small_project.make(home / "cities"), environment(home)
    rows = small_project.rows()
    for row in rows:
        row["inputs"] = {"question": f"{row['inputs']['question']} {WORD}"}  # type: ignore[index]
        row["tags"] = {"customer": person(row["tags"]["document"])}  # type: ignore[index]
    (project / "data/qa.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    text = small_project.PROJECT.replace("cluster: tags.document", "cluster: tags.customer")
    text = text.replace("    slices:", f"    subject: tags.customer\n{more}    slices:")
    (project / "genaiops.yaml").write_text(text, encoding="utf-8")
    (project / "app.py").write_text(small_project.APP.replace("    passages =", RAISING, 1), encoding="utf-8")
    commit(project, "Rows of people")
    (project / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")
    return project, env


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A project with traces, and one run of it."""
    project, env = make(tmp_path_factory.mktemp("erasure"))
    run(project, env)
    return project, env


def run(project: Path, env: dict[str, str], *arguments: str) -> dict[str, object]:
    done = genaiops(project, env, "arena", "run", *arguments, "--json")
    assert done.returncode in (0, 1, 4), done.stderr
    return json.loads(done.stdout)


def bundle(project: Path) -> Path:
    """Return the first evidence."""
    return min((project / ".genaiops" / "evidence").iterdir(), key=lambda path: path.stat().st_mtime)


def verify(project: Path, env: dict[str, str], *arguments: str) -> tuple[int, dict[str, object]]:
    done = genaiops(project, env, "arena", "verify", str(bundle(project)), "--json", *arguments)
    return done.returncode, json.loads(done.stdout)


def in_clear(project: Path, *words: bytes) -> list[str]:
    """Return what of the store holds one of the words, the copies of what git knows apart."""
    store = project / ".genaiops"
    files = [path for path in store.rglob("*") if path.is_file() and "trees" not in path.parts]
    assert len(files) > 10
    found: list[str] = []
    for path in files:
        content = path.read_bytes()
        found += [f"{path.relative_to(store)}: {word!r}" for word in words if word in content]
    return found


@pytest.mark.proves("C-ERASE-NOTHING-CLEAR")
def test_neither_people_nor_their_questions_nor_the_answers_are_kept_in_clear(made):
    project, env = made
    assert in_clear(project, WORD.encode(), b"@example.org", SAID) == []
    status, told = verify(project, env)
    assert status == 0
    assert [level["status"] for level in told["levels"]] == ["passed"] * 3
    assert (bundle(project) / "sealed.jsonl").is_file()
    page = (bundle(project) / "report.html").read_text(encoding="utf-8")
    assert "their content is sealed" in page
    again = genaiops(project, env, "arena", "verify", str(bundle(project)), "--rerun", "2", "--json")
    level = json.loads(again.stdout)["levels"][3]
    assert (level["status"], "sealed" in level["reason"]) == ("not possible", True)


@pytest.mark.proves("C-ERASE-REFUSED")
def test_what_would_keep_rows_of_people_in_clear_is_refused(made):
    project, env = made
    outputs = f"{bundle(project)}/outputs.jsonl#candidate"
    for arguments in (
        ("arena", "rescore", bundle(project).name, "--scorer", "exact_match"),
        ("arena", "run", "--sweep", "params.top_k=1,2"),
        ("arena", "lock"),
        ("arena", "compare", "HEAD", outputs),
    ):
        assert is_one_message(genaiops(project, env, *arguments), 2), arguments
    labels = genaiops(project, env, "arena", "label")
    assert labels.returncode == 2
    assert in_clear(project, WORD.encode(), SAID) == []


@pytest.mark.proves("C-ERASE-VERIFIES", "C-ERASE-COMMAND")
def test_after_an_erasure_the_evidence_verifies_from_scores_and_says_outputs_erased(made):
    project, env = made
    asked = ("hub", "erase", person("oslo"), "--reason", "they asked", "--ticket", "PRIV-1")
    assert is_one_message(genaiops(project, env, *asked), 2), "nobody was there to be asked"
    done = genaiops(project, env, *asked, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    erased = json.loads(done.stdout)
    run = bundle(project).name
    assert [one.partition("@")[0] for one in erased["rested"]] == [f"evidence/{run}:v1"]
    assert erased["scrubbed"] is True
    assert "oslo" not in done.stdout
    status, told = verify(project, env)
    assert status == 0, "levels 1 and 2 hold"
    assert [level["status"] for level in told["levels"]] == ["passed", "passed", "not possible"]
    assert (
        "outputs erased (4 of 48 rows); what is left gives these scores again" in told["levels"][2]["reason"]
    )
    assert told["rows_erased"] == 4
    shown = genaiops(project, env, "hub", "show", f"evidence/{run}").stdout
    assert "outputs erased" in shown
    log = genaiops(project, env, "access", "audit", "list").stdout
    assert "subject.erase" in log
    assert "oslo" not in log
    assert genaiops(project, env, "access", "audit", "verify").returncode == 0
    assert list((project / ".genaiops" / "trees").iterdir()) == []


@pytest.mark.proves("C-ERASE-TOMBSTONE")
def test_an_erased_person_is_not_asked_about_again_though_the_data_file_still_has_them(made):
    project, env = made
    genaiops(project, env, "hub", "erase", person("oslo"), "--reason", "r", "--ticket", "t", "--yes")
    before = {path.name for path in (project / ".genaiops" / "evidence").iterdir()}
    report = run(project, env)
    assert report["model_calls"] == 0, "the others' answers are used again"
    assert "2 rows of the dataset belong to people who were erased" in json.dumps(report)
    new = next(path for path in (project / ".genaiops" / "evidence").iterdir() if path.name not in before)
    assert "oslo" not in (new / "cases.jsonl").read_text(encoding="utf-8")
    assert len((new / "cases.jsonl").read_text(encoding="utf-8").splitlines()) == 22


def test_a_stranger_without_the_keys_verifies_the_scores_and_reads_no_content(made, tmp_path):
    project, _ = made
    folder = bundle(project)
    elsewhere = environment(tmp_path)
    done = genaiops(tmp_path, elsewhere, "arena", "verify", str(folder), "--any-signer", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert told["levels"][2]["status"] == "not possible"
    assert "outputs sealed under keys that are not here" in told["levels"][2]["reason"]


def erase_one(project: Path, env: dict[str, str], name: str) -> None:
    done = genaiops(project, env, "hub", "erase", person(name), "--reason", "r", "--ticket", "t", "--yes")
    assert done.returncode == 0, done.stderr


@pytest.mark.proves("C-ERASE-NOTHING-CLEAR", "C-ERASE-VERIFIES")
def test_a_run_in_looks_seals_what_it_asked_and_verifies_after_an_erasure(tmp_path):
    project, env = make(tmp_path)
    report = run(project, env, "--sequential")
    assert report["sequential"]["stopped"] == "decided"
    assert report["sequential"]["cases"] < 24
    assert in_clear(project, WORD.encode(), b"@example.org", SAID) == []
    status, told = verify(project, env)
    assert (status, [level["status"] for level in told["levels"]]) == (0, ["passed"] * 3)
    asked = (bundle(project) / "outputs.jsonl").read_text(encoding="utf-8").splitlines()
    name = json.loads(asked[0])["case"].partition("-")[0]
    erase_one(project, env, name)
    status, told = verify(project, env)
    assert (status, [level["status"] for level in told["levels"]]) == (
        0,
        ["passed", "passed", "not possible"],
    )
    assert told["rows_erased"] == sum(json.loads(row)["case"].startswith(name) for row in asked) > 0


@pytest.mark.proves("C-ERASE-NOTHING-CLEAR", "C-ERASE-VERIFIES")
def test_every_repeat_of_a_row_is_sealed_and_goes_with_its_person(tmp_path):
    project, env = make(tmp_path, "    repeats: 2\n")
    run(project, env)
    assert in_clear(project, WORD.encode(), b"@example.org", SAID) == []
    status, told = verify(project, env)
    assert (status, [level["status"] for level in told["levels"]]) == (0, ["passed"] * 3)
    erase_one(project, env, "oslo")
    status, told = verify(project, env)
    assert status == 0
    assert told["rows_erased"] == 8, "2 rows, 2 arms, 2 repeats"
    assert "outputs erased (8 of 96 rows)" in told["levels"][2]["reason"]
