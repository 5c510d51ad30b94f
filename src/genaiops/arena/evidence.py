"""Writing evidence: everything a stranger needs to recompute the verdict, signed, whole or absent."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from genaiops.arena import bundle as folder_of
from genaiops.arena.bundle import BLOBS, Manifest, ScoreRow
from genaiops.arena.labelled import label_key
from genaiops.arena.model import ROLES, Role, Row, Run, Suite
from genaiops.arena.report.html import Provenance, render_html
from genaiops.core import (
    Case,
    Digest,
    Json,
    OutsideError,
    Score,
    SigningKey,
    Statement,
    Subject,
    Trace,
    UserError,
    Verdict,
    canonical,
    digest_bytes,
    encode,
    hex_of,
    one_line,
    sign_statement,
)


def write_bundle(
    run: Run,
    verdict: Verdict,
    facts: Mapping[str, float | None],
    *,
    folder: Path,
    signer: SigningKey,
    other_verdict: Verdict | None = None,
    blobs: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the evidence of `run` as `folder` and return it; raises `UserError` where it exists already.

    `blobs` are contents to keep beside it, by the name under which the manifest shall list them (a prompt's
    path, an attachment's name). `other_verdict` is the candidate's suite's, where that differs.
    """
    files = bundle_files(
        run, verdict, facts, key_id=signer.public.id, other_verdict=other_verdict, blobs=blobs
    )
    files[folder_of.STATEMENT] = sign_statement(_statement(run, verdict, files), signer)
    _publish(files, folder)
    return folder


def bundle_files(
    run: Run,
    verdict: Verdict,
    facts: Mapping[str, float | None],
    *,
    key_id: str,
    other_verdict: Verdict | None = None,
    blobs: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Return every file of the evidence but the statement, by its name in the folder."""
    kept = dict(blobs or {})
    if run.traces:
        kept["traces.jsonl"] = _lines(_traces(run))
    digests = {name: digest_bytes(content) for name, content in kept.items()}
    files = {
        folder_of.MANIFEST: canonical(encode(_manifest(run, digests))),
        folder_of.CASES: _lines(_cases(run.suite)),
        folder_of.OUTPUTS: _lines(_rows(run)),
        folder_of.SCORES: _lines(_score_rows(run.scores)),
        folder_of.FACTS: canonical(rounded({**facts})),
        folder_of.VERDICT: canonical(rounded(encode(verdict))),
    }
    if run.other_suite is not None:
        files[folder_of.OTHER_CASES] = _lines(_cases(run.other_suite))
        files[folder_of.OTHER_SCORES] = _lines(_score_rows(run.other_scores))
    if run.labels:
        files[folder_of.LABELS] = _lines(sorted(run.labels, key=label_key))
    if run.sealed:
        boxes = {box.digest: box for box in run.sealed}
        files[folder_of.SEALED] = _lines(boxes[digest] for digest in sorted(boxes))
    if other_verdict is not None:
        files[folder_of.OTHER_VERDICT] = canonical(rounded(encode(other_verdict)))
    provenance = Provenance(
        key_id=key_id, digests={name: digest_bytes(content) for name, content in files.items()}
    )
    page = render_html(run, verdict, provenance=provenance, other_verdict=other_verdict)
    files[folder_of.REPORT] = page.encode("utf-8", "replace")
    files |= {f"{BLOBS}/{hex_of(digests[name])}": content for name, content in kept.items()}
    return files


def rounded(value: Json) -> Json:
    """Return `value` with every float at nine significant digits: as much as two CPUs agree on."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def _manifest(run: Run, blobs: Mapping[str, Digest]) -> Manifest:
    other = run.other_suite
    return Manifest(
        run=run.id,
        project=run.project,
        suite=run.suite.ruler,
        suite_digest=run.suite.digest,
        arms=run.arms,
        lock=run.lock,
        seed=run.seed,
        order=tuple(dict.fromkeys(row.case for row in run.rows)),
        reuse=run.reuse,
        model_calls=run.model_calls,
        started_at=run.started_at,
        finished_at=run.finished_at,
        environment=run.environment,
        prices=run.prices,
        gate_changed=run.gate_changed,
        gate_from=run.gate_from,
        other_suite=other.ruler if other else None,
        other_suite_digest=other.digest if other else None,
        traces=blobs.get("traces.jsonl"),
        blobs=dict(blobs),
        warnings=run.warnings,
        looks=run.looks,
        judging=run.judging,
    )


def _rows(run: Run) -> list[Row]:
    return sorted(run.rows, key=lambda row: (row.role, row.case, row.repeat))


def _traces(run: Run) -> list[Trace]:
    return sorted(run.traces, key=lambda trace: trace.id)


def _cases(suite: Suite) -> list[Case]:
    return sorted(suite.cases, key=lambda case: case.id)


def _score_rows(scores: Mapping[Role, Sequence[Score]]) -> list[ScoreRow]:
    rows = [ScoreRow(role=role, score=_stored(score)) for role in ROLES for score in scores.get(role, ())]
    return sorted(rows, key=lambda row: (row.role, row.score.case, row.score.repeat, row.score.scorer))


def _stored(score: Score) -> Score:
    return score if score.value is None else replace(score, value=float(f"{score.value:.9g}"))


def _lines(values: Iterable[object]) -> bytes:
    """Return JSON Lines. Keys are sorted; integers may be larger than RFC 8785 allows (nanoseconds)."""
    return b"".join(_line(encode(value)) for value in values)


def _line(value: Json) -> bytes:
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UserError(
            "GAO-ARENA-204",
            "an output cannot be written as JSON",
            why=one_line(str(error)),
            fix="return finite numbers from the app",
        ) from error
    return text.encode("utf-8", "replace") + b"\n"


def _statement(run: Run, verdict: Verdict, files: Mapping[str, bytes]) -> Statement:
    trees = [
        Subject(role, {"gitTree": run.arms[role].source.tree or ""})
        for role in ROLES
        if run.arms[role].source.tree
    ]
    contents = [
        Subject(name, {"sha256": hex_of(digest_bytes(content))}) for name, content in sorted(files.items())
    ]
    return Statement(
        subjects=(*trees, *contents),
        predicate_type=folder_of.PREDICATE,
        predicate={
            "run": run.id,
            "project": run.project,
            "suite": run.suite.ruler.name,
            "suiteDigest": run.suite.digest,
            "outcome": verdict.outcome,
            "finishedAt": run.finished_at,
        },
    )


def _publish(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` beside `folder`, then move them there in one step."""
    if folder.exists():
        raise UserError(
            "GAO-ARENA-205",
            "there is evidence under this name already",
            why="evidence is never replaced",
            fix="choose another folder",
            where=str(folder),
        )
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir(mode=0o700, parents=True)
        (part / BLOBS).mkdir(mode=0o700)
        for name, content in files.items():
            _write(part / name, content)
        part.rename(folder)
    except OSError as error:
        raise OutsideError(
            "GAO-ARENA-206",
            "the evidence cannot be written",
            why=one_line(str(error)),
            fix="free some space or choose another folder; outputs are kept, so nothing is computed again",
            where=str(folder),
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
