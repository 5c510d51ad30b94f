"""What the Hub is handed so that it believes no evidence: recompute the bundle, tell what was found."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from genaiops.access import OWN, Vault
from genaiops.arena.bundle import STATEMENT, Bundle, open_bundle
from genaiops.arena.published import bundle_at_hand
from genaiops.arena.verify import VerifyResult, verify_bundle
from genaiops.core import Digest, Settings, UserError, digest_bytes, parse_reference
from genaiops.hub import EvidenceFacts, EvidenceVerifier, Version
from genaiops.store import Store


def evidence_verifier(store: Store, settings: Settings) -> EvidenceVerifier:
    """Return what recomputes the evidence that `store` has, believing the keys of `settings`."""
    return partial(_verified, store, settings)


def _verified(store: Store, settings: Settings, version: Version) -> EvidenceFacts | None:
    with bundle_at_hand(store, version) as folder:
        return _recomputed(store, settings, version, folder) if folder else None


def _recomputed(store: Store, settings: Settings, version: Version, folder: Path) -> EvidenceFacts:
    # a run registers its evidence inside a loop, and a loop does not start within another
    with ThreadPoolExecutor(1) as pool:
        vault = Vault(store.database, settings)
        result = pool.submit(verify_bundle, folder, settings=settings, vault=vault).result()
    try:
        bundle = open_bundle(folder)
        if digest_bytes(bundle.raw[STATEMENT]) != version.manifest.get("statement"):
            return EvidenceFacts(accepted=False, why="the bundle in its place is not the one published")
        return _facts(result, bundle)
    except UserError as error:
        return EvidenceFacts(accepted=False, why=f"{error.what}: {error.why}")


def _facts(result: VerifyResult, bundle: Bundle) -> EvidenceFacts:
    status = {level.number: level.status for level in result.levels}
    failed = next((level for level in result.levels if level.status == "failed"), None)
    if failed is not None and status[2] == "not possible":  # not even what it says was signed
        return EvidenceFacts(accepted=False, why=failed.reason)
    manifest = bundle.manifest()
    references = map(parse_reference, manifest.arms["candidate"].versions)
    return EvidenceFacts(
        accepted=result.accepted,
        why=failed.reason if failed else "",
        outcome=result.outcome,
        signer=result.signer,
        signer_role=result.signer_role,
        own_key=result.signer == OWN,
        scores_recomputed=status[3] == "passed",
        outputs_erased=result.rows_erased > 0,
        lock=manifest.lock.state,
        attempts=manifest.lock.attempts,
        verdicts_on_dataset=manifest.lock.verdicts_on_dataset,
        about=tuple(Digest(reference.digest) for reference in references if reference.digest),
        suite=manifest.suite_digest,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
    )
