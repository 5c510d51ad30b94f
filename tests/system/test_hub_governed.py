"""The story of the Hub's page is followed to the letter: a policy refuses a promotion, then allows it."""

import json
from pathlib import Path

import pytest
from tests.support import plain_project
from tests.support.documents import DOCS, blocks
from tests.support.following import environment_of_a_new_user, follow

from genaiops.access.login import login

WORDS = [f"word{number}" for number in range(80)]
ROWS = "".join(
    json.dumps({"id": word, "inputs": {"question": word}, "expected": {"answers": [word.upper()]}}) + "\n"
    for word in WORDS
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    home = tmp_path_factory.mktemp("governed")
    (home / "plain").mkdir()
    project = plain_project.make(home / "plain", **{"data/suite.jsonl": ROWS})
    environment = environment_of_a_new_user(home)
    follow(blocks(DOCS / "hub.md"), project, environment)
    return project, environment


@pytest.mark.system
@pytest.mark.proves("C-HUB-STORY")
def test_the_page_on_governing_a_project_can_be_followed_to_the_letter(told):
    project, environment = told
    log = plain_project.genaiops(project, environment, "hub", "log", "app/plain:prod", "--json")
    moves = json.loads(log.stdout)["moves"]
    assert [move["action"] for move in moves] == ["rollback", "override", "move"]
    me = f"user:{login()}"
    assert {move["by"] for move in moves} == {me}
    assert len(moves[-1]["evidence"]) == 1
    shown = plain_project.genaiops(project, environment, "hub", "show", "app/plain:v2", "--json")
    standing = json.loads(shown.stdout)["standing"]
    assert (standing["author"], standing["approvals"][0]["by"]) == ("service:ci", me)


@pytest.mark.system
@pytest.mark.proves("C-BAD-PASS")
def test_a_bundle_changed_after_it_was_registered_counts_for_nothing(told):
    project, environment = told
    for bundle in (project / ".genaiops" / "evidence").iterdir():
        verdict = bundle / "verdict.json"
        verdict.write_text(verdict.read_text(encoding="utf-8").replace("pass", "past"), encoding="utf-8")
    done = plain_project.genaiops(project, environment, "hub", "promote", "app/plain:v2", "prod")
    assert plain_project.is_one_message(done, 1)
    assert "verdict.json is not what was signed" in done.stderr


@pytest.mark.system
@pytest.mark.proves("C-BAD-SIGNER")
def test_evidence_of_a_key_that_nobody_knows_here_counts_for_nothing(told, tmp_path):
    project, environment = told
    other = {**environment, "GENAIOPS_CONFIG": str(tmp_path / "other")}
    done = plain_project.genaiops(project, other, "hub", "promote", "app/plain:v3", "prod")
    assert plain_project.is_one_message(done, 1)
    assert "counts for nothing" in done.stderr
