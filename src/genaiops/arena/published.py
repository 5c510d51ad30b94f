"""The bundle of published evidence: its files are the content of the version, and the way back to a folder.

So evidence moves with its version: to another machine that shares the store, into an archive, over HTTP; and
whichever Hub has it can recompute the verdict.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from genaiops.arena.bundle import MANIFEST, STATEMENT, VERDICT, Bundle
from genaiops.arena.model import Arm, Role
from genaiops.core import (
    Composed,
    Digest,
    FileEntry,
    Json,
    Read,
    UserError,
    Verdict,
    check_paths,
    digest_bytes,
)
from genaiops.hub import Version
from genaiops.store import Store

_MOST_READ = 256 << 20


def bundle_files(folder: Path) -> dict[str, Path]:
    """Return the files of a bundle by their path in it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def evidence_facts(
    run: str, suite: Digest, arms: Mapping[Role, Arm], verdict: Verdict, statement: bytes
) -> dict[str, Json]:
    """Return what a version of evidence says about itself."""
    return {
        "run": run,
        "outcome": verdict.outcome,
        "headline": verdict.headline,
        "suite": suite,
        "baseline": arms["baseline"].digest,
        "candidate": arms["candidate"].digest,
        "statement": digest_bytes(statement),
    }


def compose_evidence(files: Sequence[FileEntry], read: Read) -> Composed:
    """Return the files of a bundle as the version that its run registers; nothing of them is believed yet."""
    digests = {entry.path: Digest(entry.digest) for entry in files}
    sizes = {entry.path: entry.size for entry in files}
    for name in (MANIFEST, VERDICT, STATEMENT):
        if name not in digests or sizes[name] > _MOST_READ:
            raise UserError(
                "GAO-ARENA-187",
                "this is not evidence",
                why=f"there is no {name} in it, or it is enormous",
                fix="push the folder that `arena run` names: .genaiops/evidence/RUN",
            )
    raw = {name: b"".join(read(digests[name])) for name in (MANIFEST, VERDICT, STATEMENT)}
    bundle = Bundle(folder=Path(), raw=raw, digests={})
    manifest = bundle.manifest()
    facts = evidence_facts(
        manifest.run, manifest.suite_digest, manifest.arms, bundle.verdict(), raw[STATEMENT]
    )
    return Composed(manifest=facts, blobs=digests)


@contextmanager
def bundle_at_hand(store: Store, evidence: Version) -> Generator[Path | None]:
    """Give the folder of the bundle that was published as `evidence`; None where its content is gone.

    The run's own folder where it is here, else one that is made of the version's content for as long.
    """
    folder = store.path / "evidence" / evidence.name  # a name has no way out of the folder
    if folder.is_dir():
        yield folder
    elif not _complete(store, evidence.blobs):
        yield None
    else:
        with TemporaryDirectory(prefix="genaiops-") as made:
            for path, digest in evidence.blobs.items():
                place = Path(made, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                store.blobs.copy_to(digest, place)
            yield Path(made)


def _complete(store: Store, blobs: Mapping[str, Digest]) -> bool:
    check_paths(blobs, "evidence")
    return STATEMENT in blobs and all(map(store.blobs.has, blobs.values()))
