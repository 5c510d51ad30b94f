"""The models behind an app as components: their licence where we know it, what was measured. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from genaiops.arena.bom.gathering import Proof
from genaiops.arena.bom.parts import IsSpdx, Part, hashes, licences, properties
from genaiops.core import Comparison, Digest, Interval, Json, ModelSpec, decode
from genaiops.hub import Version
from genaiops.models import Weight

_TASKS = {"embed": "feature-extraction"}
_CHAT = "text-generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedModel:
    """A model by its reference (`provider:model`), for which of the app's roles, and what else is known."""

    reference: str
    roles: tuple[str, ...]
    digest: Digest | None = None
    version: str | None = None

    @property
    def ref(self) -> str:
        """Its name inside the bill of materials."""
        return model_ref(self.reference)


def model_ref(reference: str) -> str:
    """Return the name that a model (`provider:model`) has inside the bill of materials."""
    return f"model/{reference}"


def used_models(app: Version, up: Iterable[Version], proofs: Sequence[Proof]) -> list[UsedModel]:
    """Return the models that an app names and its judges, with what indexes and evidence know of each."""
    config = cast("Mapping[str, Json]", app.manifest.get("config") or {})
    named = cast("Mapping[str, Json]", config.get("models") or {})
    roles: dict[str, list[str]] = {}
    for role, reference in named.items():
        roles.setdefault(str(reference), []).append(role)
    digests: dict[str, Digest] = {}
    versions: dict[str, str] = {}
    specs = [embedder_of(index) for index in up if index.kind == "index"]
    for one in proofs:
        if one.manifest is not None:
            for judging in one.manifest.judging:
                specs.append(judging.model)
                roles.setdefault(judging.model.reference, []).append(f"judge {judging.judge}")
            digests |= _answering(one)
    for spec in specs:
        if spec is not None:
            roles.setdefault(spec.reference, ["embed"])
            digests |= {spec.reference: spec.digest} if spec.digest else {}
            versions |= {spec.reference: spec.version} if spec.version else {}
    return [
        UsedModel(
            reference=reference,
            roles=tuple(dict.fromkeys(roles[reference])),
            digest=digests.get(reference),
            version=versions.get(reference),
        )
        for reference in sorted(roles)
    ]


def model_part(
    model: UsedModel, weights: Mapping[str, Weight], proofs: Sequence[Proof], is_spdx: IsSpdx
) -> Part:
    """Return a model as a component; what evidence measured stands in the card of the one that answers."""
    provider, _, name = model.reference.partition(":")
    weight = weights.get(name) if provider == "local" else None
    if weight is not None and model.digest not in (None, weight.digest):
        weight = None  # the same name, other bytes
    digest = model.digest or (weight.digest if weight else None)
    card: dict[str, Json] = {"modelParameters": {"task": _TASKS.get(model.roles[0], _CHAT)}}
    metrics = [metric for one in proofs for metric in _metrics(one)] if "chat" in model.roles else []
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": cast("list[Json]", metrics)}
    part: Part = {
        "type": "machine-learning-model",
        "bom-ref": model.ref,
        "group": provider,
        "name": name,
        "hashes": hashes(digest),
        "licenses": licences(weight.licence if weight else "", is_spdx),
        "modelCard": card,
        "externalReferences": [{"type": "model-card", "url": weight.source}] if weight else [],
        "properties": properties({"roles": ", ".join(model.roles)}),
    }
    if model.version:
        part["version"] = model.version
    return {key: value for key, value in part.items() if value != []}


def embedder_of(index: Version) -> ModelSpec | None:
    """Return the model that made an index's vectors; None where its recipe does not say."""
    recipe = cast("Mapping[str, Json]", index.manifest.get("recipe") or {})
    return decode(ModelSpec, recipe["embedder"]) if "embedder" in recipe else None


def _answering(one: Proof) -> dict[str, Digest]:
    """Return the digest of the weights that answered, as the evidence states it of this app's arm."""
    assert one.manifest is not None
    if one.role is None:
        return {}
    said = cast("Mapping[str, Json]", one.manifest.arms[one.role].rag.get("model") or {})
    reference, revision = said.get("reference"), str(said.get("revision") or "")
    return {str(reference): Digest(revision)} if reference and revision.startswith("sha256:") else {}


def _metrics(one: Proof) -> list[dict[str, Json]]:
    """Return what was measured of the app with this model, as texts, the standard's way."""
    if one.verdict is None or one.role is None:
        return []
    found: list[dict[str, Json]] = []
    for comparison in one.verdict.comparisons:
        arm = comparison.candidate if one.role == "candidate" else comparison.baseline
        if arm.mean is not None:
            unit = f", {comparison.unit}" if comparison.unit else ""
            where = f"{one.evidence.short}, {one.role}, suite {one.verdict.suite}, {arm.n} cases{unit}"
            found.append({"type": f"mean {comparison.scorer}", "value": f"{arm.mean:.9g}", "slice": where})
        found += _difference(one, comparison)
    return found


def _difference(one: Proof, comparison: Comparison) -> list[dict[str, Json]]:
    diff: Interval = comparison.diff
    if one.role != "candidate" or diff.estimate is None:
        return []
    assert one.verdict is not None
    level = f"{1 - 2 * one.verdict.alpha:.0%} interval, {diff.cases} cases in {diff.clusters} clusters"
    metric: dict[str, Json] = {
        "type": f"difference {comparison.scorer}",
        "value": f"{diff.estimate:.9g}",
        "slice": f"{one.evidence.short}, candidate − baseline, {level}",
    }
    if diff.low is not None and diff.high is not None:
        metric["confidenceInterval"] = {"lowerBound": f"{diff.low:.9g}", "upperBound": f"{diff.high:.9g}"}
    return [metric]
