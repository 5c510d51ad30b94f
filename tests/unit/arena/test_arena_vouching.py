"""Real evidence that an unknown key signed: what an identity that vouches for it makes good, and what not."""

import os
from dataclasses import replace

import pytest
from tests.support.forging import resign
from tests.support.identities import Issuer
from tests.unit.arena.arena_sample import judged, sample_run
from tests.unit.hub.hub_sample import empty

from genaiops.access import LOCAL, signing_key
from genaiops.arena import KINDS
from genaiops.arena.evidence import write_bundle
from genaiops.arena.hub_routes import bom, impact
from genaiops.arena.published import bundle_files, evidence_facts
from genaiops.cli import open_hub
from genaiops.core import GateSaidNo, Principal, Settings, digest_bytes, digest_json, new_signing_key
from genaiops.hub import Hub

PROVIDER = Issuer()


@pytest.fixture
def settings(tmp_path):
    settings = Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})
    signing_key(settings, announce=lambda text: None)  # this user's own, which signed nothing here
    return settings


@pytest.fixture
def project(tmp_path):
    """A project whose evidence about app/bot:v1 a runner's own key signed, which nobody here knows."""
    with empty(tmp_path / "here" / ".genaiops") as store:
        hub = Hub(store, KINDS, by=Principal(id=LOCAL))
        app = hub.publish("app", "bot", {"config": {}, "digest": digest_json("bot")})
        run = sample_run()
        arms = {**run.arms, "candidate": replace(run.arms["candidate"], versions=(app.reference,))}
        run = replace(run, arms=arms)
        verdict, facts = judged(run)
        key = new_signing_key()
        folder = write_bundle(run, verdict, facts, folder=store.path / "evidence" / run.id, signer=key)
        statement = (folder / "statement.intoto.jsonl").read_bytes()
        said = evidence_facts(run.id, run.suite.digest, run.arms, verdict, statement)
        hub.publish("evidence", run.id, said, blobs=bundle_files(folder), parents=[app])
    return tmp_path / "here"


@pytest.fixture
def hub(project, settings):
    with open_hub(project, env={**os.environ, "GENAIOPS_CONFIG": str(settings.config_dir)}) as hub:
        hub.set_policy("require: {app: {prod: {ci: evidence.signed_ci == 1}}}")
        yield hub


def token(hub):
    return PROVIDER.token(f"genaiops:{hub.artifacts('evidence')[0].manifest['statement']}")


def promote(hub):
    live = hub.live("app/bot", "prod")
    return hub.move("app/bot", "prod", "app/bot:v1", read=live.digest if live else None)


def refusal(hub):
    with pytest.raises(GateSaidNo) as caught:
        promote(hub)
    return caught.value.why


@pytest.mark.proves("C-HUB-IDENTITY")
def test_an_unknown_keys_evidence_counts_once_a_listed_identity_vouched_for_its_statement(
    hub, project, settings
):
    assert "counts for nothing: no key known here signed it" in refusal(hub)
    file = PROVIDER.trust(settings.config_dir)
    [evidence] = hub.artifacts("evidence")
    [bundle] = (project / ".genaiops" / "evidence").iterdir()
    statement = digest_bytes((bundle / "statement.intoto.jsonl").read_bytes())
    hub.vouch(evidence.reference, PROVIDER.token(f"genaiops:{statement}"))
    assert promote(hub).evidence == (evidence.digest,)
    file.unlink()
    assert "counts for nothing: no key known here signed it" in refusal(hub)


@pytest.mark.proves("C-HUB-IDENTITY")
def test_impact_and_the_bill_of_materials_say_whose_word_the_evidence_rests_on(hub, settings):
    def told():
        [affected] = hub.transport.ask(impact, ref="app/bot:v1").affected["evidence"]
        said = str(hub.transport.ask(bom, ref="app/bot:v1").document)
        assert affected.verdict is not None
        return affected.verdict.standing, "vouched for by main" in said, "rejected by the Hub" in said

    refusal(hub)
    assert told() == ("rejected", False, True)
    PROVIDER.trust(settings.config_dir)
    hub.vouch(hub.artifacts("evidence")[0].reference, token(hub))
    assert told() == ("recomputed", True, False)


@pytest.mark.proves("C-HUB-IDENTITY", "C-BAD-PASS")
@pytest.mark.parametrize("signed_again", [False, True])
def test_an_identity_makes_nothing_good_that_was_changed_after_it_vouched(
    hub, project, settings, signed_again
):
    PROVIDER.trust(settings.config_dir)
    hub.vouch(hub.artifacts("evidence")[0].reference, token(hub))
    [bundle] = (project / ".genaiops" / "evidence").iterdir()
    verdict = (bundle / "verdict.json").read_bytes()
    changed = verdict.replace(b'"outcome":"', b'"outcome":"x')
    assert changed != verdict
    if signed_again:
        resign(bundle, new_signing_key(), verdict__json=changed)
    else:
        (bundle / "verdict.json").write_bytes(changed)
    says = "is not the one published" if signed_again else "verdict.json is not what was signed"
    assert says in refusal(hub)


@pytest.mark.proves("C-HUB-IDENTITY", "C-BAD-PASS")
def test_an_identity_that_vouches_for_a_verdict_which_does_not_follow_counts_for_nothing(
    hub, project, settings, tmp_path
):
    [bundle] = (project / ".genaiops" / "evidence").iterdir()
    outcome = hub.artifacts("evidence")[0].manifest["outcome"].encode()
    verdict = (bundle / "verdict.json").read_bytes()
    changed = verdict.replace(b'"outcome":"' + outcome, b'"outcome":"pass', 1)
    assert changed != verdict
    resign(bundle, new_signing_key(), verdict__json=changed)
    pushed = hub.push("evidence/forged", [bundle], parents=["app/bot:v1"]).version
    PROVIDER.trust(settings.config_dir)
    hub.vouch(pushed.reference, PROVIDER.token(f"genaiops:{pushed.manifest['statement']}"))
    assert "evidence/forged:v1 counts for nothing" in refusal(hub)
    found = hub.show(pushed.reference).standing.recomputed
    assert (found.facts.sound, found.accepted, len(found.vouched)) == (False, False, 1)
