"""What a run used and made, in the Hub: edges are written here, where the inputs are read.

prompt, corpus, embedding → index, calibration, guard → app, or recording ┐
dataset, judge (a scorer) → suite ─────────────────────────────────┴→ evidence
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from genaiops.app import register_index
from genaiops.arena.arms import Prepared
from genaiops.arena.bundle import STATEMENT
from genaiops.arena.model import ROLES, Role, Run
from genaiops.arena.published import bundle_files, evidence_facts
from genaiops.arena.recordings import Recording
from genaiops.arena.suites import plain_ruler
from genaiops.core import Case, Digest, Json, Verdict, digest_bytes, encode
from genaiops.guard import guard_facts
from genaiops.hub import Activity, Hub, Version
from genaiops.prompts import prompt_facts


@dataclass(frozen=True, slots=True)
class Registered:
    """An app's version, and every version that it rests on."""

    app: Version
    used: tuple[Version, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """Return the references, the app's first."""
        return tuple(version.reference for version in (self.app, *self.used))


def register_app(hub: Hub, prepared: Prepared) -> Registered:
    """Publish the app of an arm with its prompts, corpora, indexes, calibrations and guard as parents.

    A recording is published as what it is, with the file: what made it is not known.
    """
    if prepared.recording is not None:
        return Registered(_recording(hub, prepared.project.project, prepared.recording), ())
    with hub.activity("app") as activity:
        used = [
            activity.use(hub.publish("prompt", name, prompt_facts(prompt)))
            for name, prompt in prepared.prompts.items()
        ]
        for name in prepared.recipes:
            used += _index(hub, activity, prepared, name)
        used += [
            activity.use(hub.publish("calibration", name, calibration.manifest))
            for name, calibration in prepared.calibrations.items()
        ]
        if prepared.guard is not None:
            used.append(
                activity.use(hub.publish("guard", prepared.project.project, guard_facts(prepared.guard)))
            )
        app = activity.produce(
            "app",
            prepared.project.project,
            {
                "digest": prepared.digest,
                "config": prepared.project.resolved(),
                "tree": prepared.exported.source.tree,
            },
        )
    return Registered(app, tuple(used))


def register_dataset(hub: Hub, name: str, cases: Sequence[Case], digest: Digest) -> Version:
    """Publish the rows that were read; `digest` names them whatever their order in the file."""
    rows = "".join(json.dumps(encode(case), ensure_ascii=False) + "\n" for case in cases).encode()
    facts: dict[str, Json] = {"digest": digest, "cases": len(cases), "rows": digest_bytes(rows)}
    return hub.publish("dataset", name, facts, blobs={"rows": rows})


def register_evidence(
    hub: Hub, run: Run, verdict: Verdict, folder: Path, apps: Mapping[Role, Registered]
) -> Version:
    """Publish the evidence with both apps and the suite, and so everything behind them, as parents."""
    ruler = run.suite.ruler
    with hub.activity("suite") as activity:
        activity.use(register_dataset(hub, ruler.name, run.suite.cases, ruler.dataset_digest))
        for judge in ruler.judges:
            activity.use(hub.publish("scorer", judge.name, cast("dict[str, Json]", encode(judge))))
        suite = activity.produce(
            "suite", ruler.name, {"digest": run.suite.digest, "ruler": plain_ruler(ruler)}
        )
    with hub.activity("arena run") as activity:
        activity.use(suite)
        for role in ROLES:
            activity.use(apps[role].app)
        statement = (folder / STATEMENT).read_bytes()
        facts = evidence_facts(run.id, run.suite.digest, run.arms, verdict, statement)
        return activity.produce("evidence", run.id, facts, blobs=bundle_files(folder))


def _recording(hub: Hub, name: str, recording: Recording) -> Version:
    facts: dict[str, Json] = {
        "digest": recording.digest,
        "file": recording.name,
        "outputs": len(recording.rows),
        "content": digest_bytes(recording.content),
    }
    return hub.publish("recording", name, facts, blobs={"content": recording.content})


def _index(hub: Hub, activity: Activity, prepared: Prepared, name: str) -> tuple[Version, ...]:
    recipe, corpus = prepared.recipes[name], prepared.corpora[name]
    made = register_index(hub, name, corpus, recipe, prepared.embedding)
    return activity.use(made.index), made.corpus, made.embedding
