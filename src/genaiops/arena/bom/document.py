"""The document itself. Pure: what is in it, and its serial number, follow from what is handed in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast
from uuid import NAMESPACE_URL, uuid5

import genaiops
from genaiops.arena.bom.declared import declarations, evidence_properties, references
from genaiops.arena.bom.gathering import Proof
from genaiops.arena.bom.model_parts import UsedModel, embedder_of, model_part, model_ref, used_models
from genaiops.arena.bom.parts import (
    IsSpdx,
    Part,
    data_part,
    known_of,
    licences,
    once,
    package_parts,
    properties,
    unnamed_dataset,
)
from genaiops.core import Json, digest_json
from genaiops.hub import Edge, Version
from genaiops.models import Weight


def bill_of_materials(
    app: Version,
    up: Sequence[Edge],
    proofs: Sequence[Proof],
    datasets: Sequence[Version],
    *,
    weights: Mapping[str, Weight],
    is_spdx: IsSpdx,
) -> dict[str, Json]:
    """Return the CycloneDX 1.7 document of `app`, whose lineage is `up`.

    `proofs` is the evidence about it, newest first; `datasets` are those of the Hub, among which the one that
    each calibration was learnt on is looked for. `weights` are those whose licence we know.
    """
    behind = [edge.parent for edge in up if edge.parent != app]
    models = used_models(app, behind, proofs)
    learnt = _learnt_on(behind, datasets, is_spdx)
    artifacts = [*behind, *(each for one in proofs for each in one.inputs)]
    said = _corpus_licences(proofs)
    parts = once(
        [
            *(data_part(each, is_spdx, said.get(str(each.manifest.get("digest")), "")) for each in artifacts),
            *(model_part(each, weights, proofs, is_spdx) for each in models),
            *learnt.values(),
        ]
    )
    packages, packages_from = _packages(proofs)
    libraries = package_parts(packages)
    document: dict[str, Json] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": {
            "timestamp": app.created_at,
            "tools": {
                "components": [{"type": "application", "name": "genaiops", "version": genaiops.__version__}]
            },
            "component": _application(app, proofs, is_spdx),
            "properties": [*properties({"packages_from": packages_from}), *evidence_properties(proofs)],
        },
        "components": [*parts, *libraries],
        "dependencies": _dependencies(app, up, models, learnt, libraries),
        "compositions": [
            # more may be at work than evidence can see: system libraries, a remote provider's own models
            {"aggregate": "incomplete" if packages else "unknown", "assemblies": [app.reference]}
        ],
    }
    if (declared := declarations(app, proofs)) is not None:
        document["declarations"] = declared
    # equal documents have one serial number, others never: there is no version 2 of one
    document["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, digest_json(document))}"
    return document


def _application(app: Version, proofs: Sequence[Proof], is_spdx: IsSpdx) -> Part:
    known = known_of(app)
    config = cast("Mapping[str, Json]", app.manifest.get("config") or {})
    facts = {"digest": app.digest, "app_digest": app.manifest.get("digest"), "tree": app.manifest.get("tree")}
    facts |= {"owner": known.owner, "sensitivity": known.sensitivity}
    params = cast("Mapping[str, Json]", config.get("params") or {})
    part: Part = {
        "type": "application",
        "bom-ref": app.reference,
        "name": app.artifact.partition("/")[2],
        "version": f"v{app.number}",
        "description": known.description or f"a generative AI application, {app.short}",
        "licenses": licences(known.licence, is_spdx),
        "externalReferences": references(proofs),
        "properties": [
            *properties(facts),
            *properties({f"params.{key}": value for key, value in sorted(params.items())}),
        ],
    }
    return {key: value for key, value in part.items() if value != []}


def _packages(proofs: Sequence[Proof]) -> tuple[dict[str, str], str]:
    """Return the Python packages that the newest readable evidence ran this app with, and what says so."""
    for one in proofs:
        if one.manifest is not None and one.role is not None:
            around = one.manifest.environment
            own = cast("Mapping[str, Mapping[str, Json]]", around.get("own_environments") or {}).get(one.role)
            facts = own or around
            packages = cast("Mapping[str, Json]", facts.get("packages") or {})
            made = f", made from {facts['lockfile']}" if own and "lockfile" in own else ""
            said = f"all that was installed where {one.evidence.short} was recorded{made}"
            return {name: str(version) for name, version in packages.items()}, said
    return {}, "unknown: no evidence about this version lies here"


def _corpus_licences(proofs: Sequence[Proof]) -> dict[str, str]:
    """Return the licences of corpora that evidence states, by the corpus' digest."""
    found: dict[str, str] = {}
    for one in proofs:
        for arm in one.manifest.arms.values() if one.manifest else ():
            corpus = cast("Mapping[str, Json]", arm.rag.get("corpus") or {})
            if isinstance(corpus.get("licence"), str):
                found.setdefault(str(corpus.get("digest")), str(corpus["licence"]))
    return found


def _learnt_on(behind: Iterable[Version], datasets: Sequence[Version], is_spdx: IsSpdx) -> dict[str, Part]:
    """Return by a calibration's reference the dataset that it was learnt on, as far as the Hub knows it."""
    found: dict[str, Part] = {}
    for version in behind:
        learned_on = version.manifest.get("learned_on") if version.kind == "calibration" else None
        digest = learned_on.get("dataset") if isinstance(learned_on, dict) else None
        if isinstance(digest, str):
            same = next((each for each in datasets if each.manifest.get("digest") == digest), None)
            found[version.reference] = (
                data_part(same, is_spdx) if same else unnamed_dataset(digest, version.short)
            )
    return found


def _dependencies(
    app: Version,
    up: Sequence[Edge],
    models: Sequence[UsedModel],
    learnt: Mapping[str, Part],
    libraries: Sequence[Json],
) -> list[Json]:
    """Return what rests on what: the lineage, the app's models and packages, an index's embedder."""
    on: dict[str, set[str]] = {app.reference: set()}
    for edge in up:
        on.setdefault(edge.child.reference, set()).add(edge.parent.reference)
        if edge.parent.kind == "index" and (embedder := embedder_of(edge.parent)) is not None:
            on.setdefault(edge.parent.reference, set()).add(model_ref(embedder.reference))
    for calibration, dataset in learnt.items():
        on.setdefault(calibration, set()).add(str(dataset["bom-ref"]))
    answering = {model.ref for model in models if any(not role.startswith("judge ") for role in model.roles)}
    on[app.reference] |= answering
    on[app.reference] |= {str(cast(Part, library)["bom-ref"]) for library in libraries}
    return [{"ref": ref, "dependsOn": cast("list[Json]", sorted(on[ref]))} for ref in sorted(on) if on[ref]]
