"""The bill of materials of an app whose evidence is a real signed bundle, judged by the standard's schema."""

import json
from dataclasses import dataclass, replace

import pytest
from tests.support.access import LOCAL
from tests.unit.arena.arena_sample import judged, sample_run
from tests.unit.hub.hub_sample import empty, kind
from typer.testing import CliRunner

from genaiops.arena.bom import bill_of_materials, check, proof_of
from genaiops.arena.bom.checking import is_spdx, written
from genaiops.arena.bom.parts import purl
from genaiops.arena.bundle import STATEMENT
from genaiops.arena.evidence import write_bundle
from genaiops.arena.lineage_commands import lineage as commands
from genaiops.arena.model import Judging
from genaiops.arena.published import bundle_files
from genaiops.core import ModelSpec, UserError, digest_bytes, digest_json, new_signing_key
from genaiops.hub import Hub, Version
from genaiops.models import known_weights
from genaiops.store import Store

KINDS = tuple(
    map(kind, ("app", "prompt", "suite", "evidence", "index", "corpus", "dataset", "calibration", "guard"))
)
EMBEDDER = {"provider": "local", "model": "minilm-l6", "digest": known_weights()["minilm-l6"].digest}
CONFIG = {
    "models": {"chat": "openai:gpt-9", "embed": "local:minilm-l6"},
    "params": {"top_k": 4, "rerank": True},
}
JUDGED = judged(sample_run())
LEARNT = {"values": {}, "learned_on": {"dataset": digest_json("nowhere")}}


@dataclass
class Made:
    store: Store
    hub: Hub
    app: Version
    evidence: Version | None

    def document(self):
        """Return the bill of materials, checked."""
        up = self.hub.lineage(self.evidence.pinned) if self.evidence else []
        proofs = [proof_of(self.store, self.app, self.evidence, None, up)] if self.evidence else []
        known = self.hub.lineage(self.app.pinned)
        found = bill_of_materials(
            self.app, known, proofs, self.hub.list("dataset"), weights=known_weights(), is_spdx=is_spdx
        )
        check(found)
        assert json.loads(written(found)) == found
        return found

    def component(self, ref):
        """Return the component whose reference begins so."""
        found = [each for each in self.document()["components"] if each["bom-ref"].startswith(ref)]
        assert len(found) == 1, ref
        return found[0]


def _app(hub):
    corpus = hub.publish("corpus", "docs", {"digest": digest_json("corpus"), "documents": [{"access": None}]})
    recipe = {"embedder": EMBEDDER, "chunk": {"by": "heading"}, "corpus": digest_json("corpus")}
    index = hub.publish("index", "docs", {"recipe": recipe}, parents=[corpus])
    parents = [
        index,
        hub.publish(
            "prompt", "answer", {"description": "Answers."}, described={"licence": "MIT", "owner": "ann"}
        ),
        hub.publish("calibration", "abstain", LEARNT),
        hub.publish("guard", "default", {"n": 1}, described={"sensitivity": "internal", "licence": "ours"}),
    ]
    return hub.publish("app", "shop", {"config": CONFIG, "digest": digest_json("app")}, parents=parents)


def _evidence(store, hub, app):
    run = sample_run()
    arms = {**run.arms, "candidate": replace(run.arms["candidate"], versions=(app.reference,))}
    packages = {"environment": {"packages": {"numpy": "2.1.0", "my_pkg": "1.0+cu12"}}}
    asked = Judging(judge="tone", model=ModelSpec(provider="openai", model="judge-1", version="2026-01"))
    run = replace(run, id="run1", arms=arms, judging=(asked,), **packages)
    folder = write_bundle(run, *JUDGED, folder=store.path / "evidence" / "run1", signer=new_signing_key())
    dataset = hub.publish("dataset", "qa", {"digest": "d", "cases": 40, "rows": "x"}, blobs={"rows": b"rows"})
    suite = hub.publish("suite", "qa", {"n": 1}, parents=[dataset])
    said = {"outcome": "pass", "statement": digest_bytes((folder / STATEMENT).read_bytes())}
    return hub.publish("evidence", "run1", said, blobs=bundle_files(folder), parents=[suite, app])


@pytest.fixture
def made(tmp_path):
    with empty(tmp_path / ".genaiops") as store:
        hub = Hub(store, KINDS, by=LOCAL)
        app = _app(hub)
        yield Made(store, hub, app, _evidence(store, hub, app))


@pytest.mark.proves("C-BOM-VALID")
def test_every_reference_is_there_once_and_leads_somewhere(made):
    document = made.document()
    declared = document["declarations"]
    every = [document["metadata"]["component"], *document["components"]]
    refs = [each["bom-ref"] for each in [*every, *declared["claims"], *declared["evidence"]]]
    assert len(refs) == len(set(refs))
    for entry in document["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= set(refs)
    for claim in declared["claims"]:
        assert {claim["target"], *claim.get("evidence", ()), *claim.get("counterEvidence", ())} <= set(refs)


@pytest.mark.proves("C-BOM-CONTENTS")
def test_it_holds_everything_that_the_app_is_made_of(made):
    found = {(each["type"], each["name"]) for each in made.document()["components"]}
    assert found >= {
        ("data", "prompt/answer"),
        ("data", "guard/default"),
        ("data", "index/docs"),
        ("data", "corpus/docs"),
        ("data", "dataset/qa"),
        ("data", "suite/qa"),
        ("data", "calibration/abstain"),
        ("data", "data of calibration/abstain:v1"),
        ("machine-learning-model", "gpt-9"),
        ("machine-learning-model", "minilm-l6"),
        ("machine-learning-model", "judge-1"),
        ("library", "numpy"),
    }


@pytest.mark.proves("C-BOM-CONTENTS")
def test_the_model_that_answers_carries_what_was_measured_as_texts(made):
    card = made.component("model/openai:gpt-9")["modelCard"]
    metrics = {each["type"]: each for each in card["quantitativeAnalysis"]["performanceMetrics"]}
    assert float(metrics["mean answer_f1"]["value"]) > 0
    limits = metrics["difference answer_f1"]["confidenceInterval"]
    assert (
        float(limits["lowerBound"])
        < float(metrics["difference answer_f1"]["value"])
        < float(limits["upperBound"])
    )
    assert "quantitativeAnalysis" not in made.component("model/local:minilm-l6")["modelCard"]


@pytest.mark.proves("C-BOM-LICENCE")
def test_a_licence_is_an_spdx_identifier_where_it_is_one_a_name_where_it_is_not_and_unknown_where_nobody_said(
    made,
):
    licences = {
        "prompt/answer": {"id": "MIT"},
        "guard/default": {"name": "ours"},
        "corpus/docs": {"name": "CC BY-SA 4.0"},
        "index/docs": {"name": "unknown"},
        "model/local:minilm-l6": {"id": "Apache-2.0"},
        "model/openai:gpt-9": {"name": "unknown"},
        "pkg:pypi/numpy": {"name": "unknown"},
    }
    assert {ref: made.component(ref)["licenses"][0]["license"] for ref in licences} == licences


@pytest.mark.proves("C-BOM-CONTENTS")
def test_owner_and_sensitivity_stand_where_the_standard_has_them(made):
    assert made.component("prompt/answer")["data"][0]["governance"] == {
        "owners": [{"contact": {"name": "ann"}}]
    }
    assert made.component("guard/default")["data"][0]["classification"] == "internal"


@pytest.mark.proves("C-BOM-EVIDENCE")
def test_the_claims_of_the_gate_are_declared_with_what_proves_or_contradicts_them(made):
    document = made.document()
    proof = f"proof/{made.evidence.reference}"
    for claim in document["declarations"]["claims"]:
        decision = claim["reasoning"].split(":")[0]
        assert claim.get("evidence") == ([proof] if decision == "proven" else None)
        assert claim.get("counterEvidence") == ([proof] if decision == "refuted" else None)
    (attestation,) = document["metadata"]["component"]["externalReferences"]
    assert attestation["type"] == "attestation"
    assert attestation["hashes"][0]["content"] == made.evidence.manifest["statement"].removeprefix("sha256:")


@pytest.mark.proves("C-BOM-EVIDENCE")
@pytest.mark.parametrize("file", ["verdict.json", "manifest.json", STATEMENT])
def test_a_bundle_that_is_not_the_one_published_tells_nothing(made, file):
    path = made.store.path / "evidence" / "run1" / file
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    document = made.document()
    assert "declarations" not in document
    assert {"name": "genaiops:evidence_read", "value": "0"} in document["metadata"]["properties"]
    assert "never recomputed here" in document["metadata"]["component"]["externalReferences"][0]["comment"]


@pytest.mark.proves("C-BOM-SAME")
def test_equal_contents_give_an_equal_document_and_other_contents_another_serial_number(made):
    first, again = made.document(), made.document()
    assert written(first) == written(again)
    assert first["metadata"]["timestamp"] == made.app.created_at
    made.evidence = None
    assert made.document()["serialNumber"] != first["serialNumber"]


@pytest.mark.proves("C-BOM-CONTENTS")
def test_without_evidence_the_packages_are_unknown_and_that_is_said(made):
    made.evidence = None
    document = made.document()
    assert document["compositions"][0]["aggregate"] == "unknown"
    assert document["metadata"]["properties"][0]["value"].startswith("unknown")


@pytest.mark.proves("C-BOM-CONTENTS")
def test_a_package_url_is_written_as_the_standard_of_package_urls_says():
    assert purl("My_Pkg", "1.0+cu12") == "pkg:pypi/my-pkg@1.0%2Bcu12"


@pytest.mark.proves("C-BAD-BOM")
def test_what_does_not_fit_the_schema_is_refused_by_name(made):
    document = made.document()
    document["components"][0]["type"] = "spell"
    with pytest.raises(UserError) as caught:
        check(document)
    assert caught.value.code == "GAO-ARENA-380"
    assert "spell" in caught.value.why


@pytest.mark.proves("C-BAD-BOM")
def test_only_an_app_has_one_and_a_file_that_cannot_be_written_is_one_error(made, tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    for arguments, code in (
        (["bom", "prompt/answer"], "GAO-ARENA-385"),
        (["bom", "app/shop", "--to", "nowhere/bom.json"], "GAO-ARENA-181"),
    ):
        with pytest.raises(Exception) as caught:
            CliRunner().invoke(commands, arguments, catch_exceptions=False)
        assert caught.value.code == code
