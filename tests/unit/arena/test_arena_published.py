"""Evidence moves with its bundle, and whichever Hub gets it recomputes the verdict itself."""

import os

import pytest
from tests.unit.arena.arena_sample import judged, sample_run
from tests.unit.hub.hub_sample import empty

from genaiops.access import LOCAL, signing_key
from genaiops.arena import KINDS, evidence_verifier
from genaiops.arena.evidence import write_bundle
from genaiops.arena.published import bundle_files, evidence_facts
from genaiops.cli import open_hub
from genaiops.core import Principal, Settings, UserError
from genaiops.hub import Governance, Hub
from genaiops.store import Store

ME = Principal(id=LOCAL)


@pytest.fixture
def settings(tmp_path):
    return Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})


@pytest.fixture
def environment(tmp_path, settings):
    return {**os.environ, "GENAIOPS_CONFIG": str(settings.config_dir)}


@pytest.fixture
def project(tmp_path, settings):
    """A project whose run wrote a bundle and registered its evidence."""
    with empty(tmp_path / "here" / ".genaiops") as store:
        run, key = sample_run(), signing_key(settings, announce=lambda text: None)
        verdict, facts = judged(run)
        folder = write_bundle(run, verdict, facts, folder=store.path / "evidence" / run.id, signer=key)
        statement = (folder / "statement.intoto.jsonl").read_bytes()
        said = evidence_facts(run.id, run.suite.digest, run.arms, verdict, statement)
        hub = Hub(store, KINDS, by=ME, verifier=evidence_verifier(store, settings))
        hub.publish("evidence", run.id, said, blobs=bundle_files(folder))
    return tmp_path / "here"


def recomputed(folder, ref, settings):
    with Store.open(folder / ".genaiops") as store:
        return Governance(store, by=ME, verifier=evidence_verifier(store, settings)).standing(ref).recomputed


@pytest.mark.proves("C-HUB-EVIDENCE-MOVES")
def test_evidence_in_an_archive_is_recomputed_where_it_arrives(project, tmp_path, environment, settings):
    (tmp_path / "there" / ".genaiops").mkdir(parents=True)
    with open_hub(project, env=environment) as here:
        [evidence] = here.artifacts("evidence")
        here.export([evidence.reference], tmp_path / "run.tar")
    with open_hub(tmp_path / "there", env=environment) as there:
        there.import_(tmp_path / "run.tar")
        assert there.get(evidence.reference).digest == evidence.digest
    found = recomputed(tmp_path / "there", evidence.reference, settings)
    assert (found.facts.accepted, found.facts.outcome) == (True, evidence.manifest["outcome"])


@pytest.mark.proves("C-HUB-EVIDENCE-MOVES")
def test_a_folder_of_evidence_that_is_pushed_is_the_version_that_the_run_registered(
    project, tmp_path, environment, settings
):
    (tmp_path / "there" / ".genaiops").mkdir(parents=True)
    with open_hub(project, env=environment) as here:
        [evidence] = here.artifacts("evidence")
        here.pull(evidence.reference, tmp_path / "bundle")
    with open_hub(tmp_path / "there", env=environment) as there:
        pushed = there.push(f"evidence/{evidence.name}", [tmp_path / "bundle"]).version
    assert pushed.digest == evidence.digest
    assert recomputed(tmp_path / "there", pushed.reference, settings).facts.accepted


@pytest.mark.proves("C-HUB-EVIDENCE-MOVES", "C-BAD-PASS")
def test_a_verdict_that_was_written_by_hand_counts_for_nothing_where_it_is_pushed(
    project, tmp_path, environment, settings
):
    with open_hub(project, env=environment) as here:
        [evidence] = here.artifacts("evidence")
        _, files = here.pull(evidence.reference, tmp_path / "bundle")
        verdict = next(file for file in files if file.name == "verdict.json")
        said = str(evidence.manifest["outcome"])
        verdict.write_text(verdict.read_text().replace(f'"outcome":"{said}"', '"outcome":"pass"'))
        assert said != "pass"
        (tmp_path / "there" / ".genaiops").mkdir(parents=True)
    with open_hub(tmp_path / "there", env=environment) as there:
        pushed = there.push("evidence/forged", [tmp_path / "bundle"]).version
    assert pushed.manifest["outcome"] == "pass"
    found = recomputed(tmp_path / "there", pushed.reference, settings).facts
    assert not found.accepted
    assert "verdict.json is not what was signed" in found.why


@pytest.mark.proves("C-HUB-EVIDENCE-MOVES")
def test_what_is_no_bundle_is_not_pushed_as_evidence(project, tmp_path, environment):
    (tmp_path / "verdict.json").write_text("{}")
    with open_hub(project, env=environment) as here, pytest.raises(UserError) as caught:
        here.push("evidence/made-up", [tmp_path / "verdict.json"])
    assert caught.value.code == "GAO-ARENA-187"
