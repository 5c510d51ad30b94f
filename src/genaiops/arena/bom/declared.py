"""What evidence declares about an app: the gate's claims, and what proves or contradicts each. Pure."""

from collections.abc import Sequence

from genaiops.arena.bom.gathering import Proof
from genaiops.arena.bom.parts import Part, hashes, properties
from genaiops.core import ClaimResult, Json
from genaiops.hub import CheckedEvidence, Version

_ASSESSOR = "assessor/genaiops"


def references(proofs: Sequence[Proof]) -> list[Json]:
    """Return each piece of evidence as an attestation, with the digest of its signed statement."""
    return [
        {
            "type": "attestation",
            "url": f"urn:genaiops:{one.evidence.reference}",
            "comment": _comment(one),
            "hashes": hashes(one.statement),
        }
        for one in proofs
    ]


def declarations(app: Version, proofs: Sequence[Proof]) -> Part | None:
    """Return the claims of every verdict in which `app` was the candidate; None where there is none."""
    judged = [one for one in proofs if one.verdict is not None and one.role == "candidate"]
    if not judged:
        return None
    claims: list[Json] = []
    attestations: list[Json] = []
    for one in judged:
        assert one.verdict is not None
        made = [_claim(app, one, at, claim) for at, claim in enumerate(one.verdict.claims, 1)]
        claims += made
        attestations.append({"summary": _comment(one), "assessor": _ASSESSOR})
    found: Part = {
        "assessors": [
            {"bom-ref": _ASSESSOR, "thirdParty": False, "organization": {"name": "genaiops arena"}}
        ],
        "attestations": attestations,
        "claims": claims,
        "evidence": [_evidence(one) for one in judged],
    }
    return {key: value for key, value in found.items() if value}


def _claim(app: Version, one: Proof, at: int, result: ClaimResult) -> Json:
    shown = result.interval
    numbers = ""
    if shown.estimate is not None and shown.low is not None and shown.high is not None:
        numbers = f": {shown.estimate:.9g} [{shown.low:.9g}, {shown.high:.9g}]"
    claim: dict[str, Json] = {
        "bom-ref": f"claim/{one.evidence.name}/{at}",
        "target": app.reference,
        "predicate": result.text,
        "reasoning": f"{result.decision}{numbers}, {shown.cases} cases in {shown.clusters} clusters"
        + (f"; {result.note}" if result.note else ""),
    }
    if result.decision == "proven":
        claim["evidence"] = [_ref(one)]
    elif result.decision == "refuted":
        claim["counterEvidence"] = [_ref(one)]
    return claim


def _evidence(one: Proof) -> Json:
    assert one.manifest is not None
    return {
        "bom-ref": _ref(one),
        "description": _comment(one),
        "created": one.manifest.finished_at,
        "data": [
            {"name": one.evidence.reference, "contents": {"url": f"urn:genaiops:{one.evidence.reference}"}}
        ],
    }


def _ref(one: Proof) -> str:
    return f"proof/{one.evidence.reference}"


def _comment(one: Proof) -> str:
    outcome = one.verdict.outcome if one.verdict else one.evidence.manifest.get("outcome")
    if one.found is None:
        word = "as it states; never recomputed here"
    elif one.found.accepted:
        word = f"recomputed by the Hub, {_whose(one.found)}"
    else:
        word = f"rejected by the Hub: {one.found.facts.why}"
    arm = f"as the {one.role}: " if one.role else ""
    return f"{arm}verdict {outcome}, {word}"


def _whose(found: CheckedEvidence) -> str:
    if not found.facts.accepted:
        return f"vouched for by {', '.join(each.name for each in found.vouchers)}"
    own = found.facts.own_key  # to a stranger "this user" says nothing
    return f"signed by {'its own user' if own else found.facts.signer}"


def evidence_properties(proofs: Sequence[Proof]) -> list[Json]:
    """Return how much evidence there is, and how much of it could be read here."""
    read = sum(one.verdict is not None for one in proofs)
    return properties({"evidence": len(proofs), "evidence_read": read})
