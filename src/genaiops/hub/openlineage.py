"""Lineage as OpenLineage events (2-0-2): a run for each activity that made a version, artifacts as datasets.

A dataset is an artifact; which version of it was read or made stands in the version facet, as the standard
wants it. Run ids follow from the content, so events that are sent again are the same events.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import NAMESPACE_URL, uuid5

from genaiops.core import Json, Verdict
from genaiops.hub.decisions import EVIDENCE_KIND
from genaiops.hub.model import CheckedEvidence, Edge, Version

if TYPE_CHECKING:  # 340 ms, and an extra
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.facet_v2 import DatasetFacet, JobFacet, RunFacet
    from openlineage.client.generated.test_run import TestExecution

TestStatus = Literal["pass", "fail", "skip"]
_STATUS: dict[str, TestStatus] = {
    "proven": "pass",
    "refuted": "fail",
    "true": "pass",
    "false": "fail",
}


@dataclass(frozen=True, slots=True)
class _Work:
    """One activity that made one version, and what it read."""

    made: Version
    activity: str
    read: tuple[Version, ...]
    at: str


def openlineage_events(
    edges: Sequence[Edge],
    *,
    namespace: str,
    producer: str,
    checked: Mapping[str, CheckedEvidence],
    verdicts: Mapping[str, Verdict],
) -> list[dict[str, Json]]:
    """Return a START and a COMPLETE event for each activity in `edges`, in the order in which they happened.

    `producer` is the URI of who tells it; `checked` (what the Hub found of evidence) gives a run its times,
    `verdicts` its gate as tests; both by the evidence's reference. Other times are when the Hub wrote the
    edge. Needs `openlineage-python`.
    """
    from openlineage.client.serde import Serde  # 340 ms, and an extra

    made = [
        (event.eventTime, work.made.reference, place, event)
        for work in _works(edges)
        for place, event in enumerate(_events(work, namespace, checked, verdicts))
    ]
    in_order = sorted(made, key=lambda each: each[:3])
    return [cast("dict[str, Json]", _signed(Serde.to_dict(event), producer)) for *_, event in in_order]


def _signed(value: Any, producer: str) -> Json:
    """Return an event that names `producer`, itself and in its facets, and not the library."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {
            key: producer if key in ("producer", "_producer") else _signed(item, producer)
            for key, item in items
        }
    return (
        [_signed(item, producer) for item in cast("list[Any]", value)] if isinstance(value, list) else value
    )


def _works(edges: Sequence[Edge]) -> list[_Work]:
    found: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.child.reference, edge.activity), []).append(edge)
    return [
        _Work(same[0].child, same[0].activity, tuple(each.parent for each in same), max(e.at for e in same))
        for same in found.values()
    ]


def _events(
    work: _Work,
    namespace: str,
    checked: Mapping[str, CheckedEvidence],
    verdicts: Mapping[str, Verdict],
) -> "list[RunEvent]":
    from openlineage.client import event_v2 as ol  # 340 ms, and an extra
    from openlineage.client import facet_v2 as facets

    known = checked.get(work.made.reference)
    started = (known.facts.started_at if known else None) or work.at
    ended = (known.facts.finished_at if known else None) or work.at
    identity = f"{namespace}/{work.made.artifact}@{work.made.digest}/{work.activity}"
    kind = facets.job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration="GENAIOPS", jobType=_dotted(work.activity)
    )
    on_job: dict[str, JobFacet] = {"jobType": kind}
    job = ol.Job(namespace=namespace, name=_job_name(work), facets=on_job)
    inputs = [
        ol.InputDataset(namespace=namespace, name=each.artifact, facets=_facets(each)) for each in work.read
    ]
    outputs = [ol.OutputDataset(namespace=namespace, name=work.made.artifact, facets=_facets(work.made))]
    on_run: dict[str, RunFacet] = {}
    if (verdict := verdicts.get(work.made.reference)) is not None:
        on_run["test"] = facets.test_run.TestRunFacet(tests=_tests(verdict))
    run_id = str(uuid5(NAMESPACE_URL, identity))
    return [
        ol.RunEvent(
            eventType=ol.RunState.START, eventTime=started, run=ol.Run(run_id), job=job,
            inputs=inputs,
        ),
        ol.RunEvent(
            eventType=ol.RunState.COMPLETE, eventTime=ended, run=ol.Run(run_id, facets=on_run), job=job,
            inputs=inputs, outputs=outputs,
        ),
    ]  # fmt: skip


def _facets(version: Version) -> "dict[str, DatasetFacet]":
    from openlineage.client import facet_v2 as facets  # 340 ms, and an extra

    numbered = f"v{version.number}@{version.digest}"
    return {
        "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=numbered),
        "datasetType": facets.dataset_type_dataset.DatasetTypeDatasetFacet(
            datasetType="GENAI_ARTIFACT", subType=version.kind.upper()
        ),
    }


def _job_name(work: _Work) -> str:
    """Return a name that stays from run to run; evidence has its run's name, so its suite's stands in."""
    of = work.made
    if of.kind == EVIDENCE_KIND:
        of = next((each for each in work.read if each.kind == "suite"), None)
        if of is None:
            return _dotted(work.activity)
    place = f"{of.project or ''} {of.name}"
    return _dotted(
        f"{work.activity} {place}" if of.kind == work.activity else f"{work.activity} {of.kind} {place}"
    )


def _dotted(text: str) -> str:
    return ".".join(re.findall(r"[a-z0-9_-]+", text.lower())) or "activity"


def _tests(verdict: Verdict) -> "list[TestExecution]":
    """Return claims and rules as tests; what the data cannot decide is neither passed nor failed: `skip`."""
    from openlineage.client.facet_v2 import test_run  # 340 ms, and an extra

    claims = [
        test_run.TestExecution(
            name=f"{claim.claim.scorer} {claim.claim.kind} {claim.claim.bound:g}"
            + (f" [{claim.claim.slice}]" if claim.claim.slice else ""),
            status=_STATUS.get(claim.decision, "skip"),
            severity="error",
            type=claim.claim.kind,
            description=f"{claim.text}: {claim.decision}" + (f", {claim.note}" if claim.note else ""),
            expected=f"{claim.claim.bound:g}",
            actual=None if claim.interval.estimate is None else f"{claim.interval.estimate:.9g}",
            params={
                "low": claim.interval.low,
                "high": claim.interval.high,
                "alpha": verdict.alpha,
                "cases": claim.interval.cases,
                "clusters": claim.interval.clusters,
            },
        )
        for claim in verdict.claims
    ]
    rules = [
        test_run.TestExecution(
            name=rule.rule,
            status=_STATUS.get(rule.outcome, "skip"),
            severity="error",
            type="rule",
            description=rule.reason or None,
            content=rule.rule,
            contentType="expression",
            params={**rule.facts},
        )
        for rule in verdict.rules
    ]
    return [*claims, *rules]
