import json
from dataclasses import replace

import pytest
from tests.unit.arena.arena_sample import sample_verdict
from tests.unit.hub.hub_sample import Place, opened

from genaiops.hub import openlineage_events

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]


@pytest.fixture
def told(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        place = Place(store)
        hub = place.hub
        with hub.activity("app") as act:
            act.use(hub.publish("prompt", "answer", {"n": 1}))
            app = act.produce("app", "bot", {"n": 1})
        suite = hub.publish("suite", "qa", {"n": 1})
        place.evidence("run1", app)
        with hub.activity("arena run") as act:
            act.use(app)
            act.use(suite)
            evidence = act.produce("evidence", "run1", {"outcome": "pass"})
        edges = [edge for edge in hub.lineage(evidence.pinned) if edge.activity != "publish"]
        yield edges, place.governance.recomputed([evidence]), evidence


def _events(told, namespace="team", verdicts=None):
    edges, checked, _ = told
    return openlineage_events(
        edges, namespace=namespace, producer="urn:us", checked=checked, verdicts=verdicts or {}
    )


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_every_activity_is_a_run_that_starts_and_completes_once(told):
    events = _events(told)
    runs = {}
    for event in events:
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert sorted(runs.values()) == [["START", "COMPLETE"], ["START", "COMPLETE"]]
    assert {event["job"]["name"] for event in events} == {"app.bot", "arena.run.suite.qa"}


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_artifacts_are_datasets_and_their_version_stands_in_a_facet(told):
    done = next(
        event
        for event in _events(told)
        if event["job"]["name"] == "app.bot" and event["eventType"] == "COMPLETE"
    )
    assert [(each["namespace"], each["name"]) for each in done["inputs"]] == [("team", "prompt/answer")]
    assert [each["name"] for each in done["outputs"]] == ["app/bot"]
    version = done["outputs"][0]["facets"]["version"]
    assert version["datasetVersion"].startswith("v1@sha256:")
    assert version["_schemaURL"].endswith("DatasetVersionDatasetFacet")


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_a_verdict_is_a_test_facet_and_what_is_undecided_is_neither_passed_nor_failed(told):
    verdict = sample_verdict()
    claims = tuple(
        replace(verdict.claims[0], decision=decision) for decision in ("proven", "refuted", "open")
    )
    evidence = told[2]
    events = _events(told, verdicts={evidence.reference: replace(verdict, claims=claims, rules=())})
    facets = [event["run"].get("facets", {}).get("test") for event in events]
    (test,) = [facet for facet in facets if facet]
    assert [each["status"] for each in test["tests"]] == ["pass", "fail", "skip"]
    assert all(isinstance(each["expected"], str) for each in test["tests"])


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_a_run_of_arena_has_the_times_that_the_hub_found_in_its_evidence(told):
    times = {e["eventType"]: e["eventTime"] for e in _events(told) if e["job"]["name"].startswith("arena")}
    assert times == {"START": "2026-03-03T11:00:00Z", "COMPLETE": "2026-03-03T11:30:00Z"}


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_events_made_again_are_the_same_and_another_hub_has_others(told):
    assert json.dumps(_events(told)) == json.dumps(_events(told))
    ours = {event["run"]["runId"] for event in _events(told)}
    assert ours.isdisjoint(event["run"]["runId"] for event in _events(told, namespace="another"))


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_events_and_facets_name_us_as_who_made_them(told):
    text = json.dumps(_events(told))
    assert "OpenLineage/OpenLineage" not in text
    assert '"producer": "urn:us"' in text
    assert '"_producer": "urn:us"' in text
