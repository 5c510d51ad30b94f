"""What an arm's digest reads, and which suite rules: over real commits of a real repository."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import plain_project, small_project
from tests.support.apps import services_of
from tests.support.small_project import commit

from genaiops.arena.arms import Prepared, prepare
from genaiops.arena.candidates import export, project_of
from genaiops.arena.git import find_repository
from genaiops.arena.pairing import Pair, RunOptions, pair_up
from genaiops.core import UserError


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    (tmp_path / "cities").mkdir()
    return small_project.make(tmp_path / "cities")


def prepared(project: Path, *overrides: str) -> Prepared:
    async def go() -> Prepared:
        async with services_of(project, {}) as services:
            exported = export(find_repository(project), services.store.path / "trees", None, overrides)
            return await prepare(exported, project_of(exported, None, {}), services, {"python": "3"})

    return asyncio.run(go())


def paired(project: Path, **options: object) -> Pair:
    async def go() -> Pair:
        async with services_of(project, {}) as services:
            return await pair_up(find_repository(project), RunOptions(**options), services)  # type: ignore[arg-type]

    return asyncio.run(go())


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(change(path.read_text(encoding="utf-8") if path.exists() else ""), encoding="utf-8")


@pytest.mark.parametrize(
    "file", ["app.py", "prompts/answer.md", "model.yaml", "uv.lock", "docs/oslo.md", "docs/load.py"]
)
def test_the_digest_changes_with_what_makes_an_answer(cities: Path, file: str) -> None:
    before = prepared(cities).digest
    rewrite(cities / file, lambda text: text + "\n# more\n")
    assert prepared(cities).digest != before


def test_the_digest_changes_with_a_parameter_of_the_run(cities: Path) -> None:
    assert prepared(cities).digest != prepared(cities, "params.top_k=3").digest


@pytest.mark.proves("E-GUARD-APP-RUN")
def test_another_policy_is_another_app_also_behind_an_endpoint(cities: Path) -> None:
    rewrite(cities / "guard.yaml", lambda _: "detectors: {pii: }\nrules: [{find: [pii.*], do: flag}]\n")
    endpoint = "project: cities\napp: {url: 'https://h.example/a', version: 1}\n"
    for text in ((cities / "genaiops.yaml").read_text(encoding="utf-8"), endpoint):
        rewrite(cities / "genaiops.yaml", lambda _, text=text: text)
        without = prepared(cities).digest
        rewrite(cities / "genaiops.yaml", lambda text: text + "guard: guard.yaml\n")
        flagged = prepared(cities).digest
        rewrite(cities / "guard.yaml", lambda text: text.replace("flag", "block"))
        assert len({without, flagged, prepared(cities).digest}) == 3
        rewrite(cities / "guard.yaml", lambda text: text.replace("block", "flag"))


@pytest.mark.parametrize(
    "file", ["README.md", "tests/test_app.py", "data/qa.jsonl", ".github/workflows/ci.yml"]
)
def test_the_digest_does_not_read_what_only_judges_or_explains(cities: Path, file: str) -> None:
    before = prepared(cities).digest
    rewrite(cities / file, lambda text: text + "\n")
    assert prepared(cities).digest == before


def test_the_digest_does_not_read_the_suite(cities: Path) -> None:
    before = prepared(cities).digest
    rewrite(cities / "genaiops.yaml", lambda text: text.replace("by: 0.05", "by: 0.01"))
    assert prepared(cities).digest == before


def test_prompts_and_calibrations_that_are_not_in_our_form_are_left_to_the_app(cities: Path) -> None:
    rewrite(cities / "prompts" / "theirs.md", lambda text: "# unknown role\n---\n{% broken")
    rewrite(cities / "calibration" / "bad.json", lambda text: "[1")
    one = prepared(cities)
    assert "answer" in one.prompts
    assert one.calibrations == {}


def test_what_a_kill_left_among_the_trees_is_removed(cities: Path) -> None:
    prepared(cities)
    trees = next(cities.rglob("trees"))
    rewrite(trees / ".partial-abc" / "app.py", lambda text: "half")
    prepared(cities)
    assert not (trees / ".partial-abc").exists()


def test_a_baseline_from_before_the_project_file_is_measured_through_the_candidates(tmp_path: Path) -> None:
    project = plain_project.make(tmp_path / "p")
    (project / "genaiops.yaml").rename(tmp_path / "kept.yaml")
    commit(project, "Before")
    os.rename(tmp_path / "kept.yaml", project / "genaiops.yaml")
    pair = paired(project)
    assert pair.gate_from == "candidate"
    assert not pair.gate_changed
    assert "the baseline has no suite" in pair.warnings[0]


def test_both_arms_alike_is_said(tmp_path: Path) -> None:
    pair = paired(plain_project.make(tmp_path / "p"))
    assert "the same app" in pair.warnings[0]
    assert pair.other is None


def test_a_candidate_that_removes_its_suite_changes_the_gate(tmp_path: Path) -> None:
    project = plain_project.make(tmp_path / "p")
    rewrite(project / "genaiops.yaml", lambda text: text.partition("suites:")[0])
    pair = paired(project, suite="first")
    assert pair.gate_changed
    assert pair.gate_from == "baseline"


@pytest.mark.proves("A-RULER")
def test_the_baselines_rows_rule_and_the_candidates_are_laid_beside_them(tmp_path: Path) -> None:
    project = plain_project.make(tmp_path / "p")
    rewrite(
        project / "data" / "suite.jsonl",
        lambda text: text.replace('"question": "alpha"', '"question": "alfa"'),
    )
    rewrite(project / "data" / "suite.jsonl", lambda text: text.replace('["BETA"]', '["Beta"]'))
    pair = paired(project)
    assert pair.other is not None
    assert pair.gate_changed
    names = {case.id for case in pair.other.cases}
    assert "alpha~changed" in names, "another question under the same id is another row"
    assert "beta" in names, "another label asks nothing new"
    assert next(case for case in pair.suite.cases if case.id == "alpha").inputs == {"question": "alpha"}


def test_the_candidates_suite_rules_only_where_it_is_asked_for(tmp_path: Path) -> None:
    project = plain_project.make(tmp_path / "p")
    rewrite(project / "genaiops.yaml", lambda text: text.replace("margin: 0.05", "margin: 0.2"))
    assert paired(project).suite.ruler.gate.claims[0].bound == 0.05
    pair = paired(project, suite_from="candidate")
    assert pair.suite.ruler.gate.claims[0].bound == 0.2
    assert pair.gate_changed


def test_an_unknown_suite_names_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no suite 'frist'") as caught:
        paired(plain_project.make(tmp_path / "p"), suite="frist")
    assert "first" in caught.value.why


def test_lockfiles_of_a_neighbour_are_its_own(tmp_path: Path) -> None:
    top = tmp_path / "mono"
    project = plain_project.make(top / "bot")
    (project / ".git").rename(top / ".git")
    rewrite(top / "shop" / "uv.lock", lambda text: "one")
    commit(top, "Both")
    rewrite(top / "shop" / "uv.lock", lambda text: "two")
    paired(project)
    rewrite(top / "uv.lock", lambda text: "one")
    with pytest.raises(UserError, match=r"uv\.lock"):
        paired(project)
