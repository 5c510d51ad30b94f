"""The JSON of `arena run`: the verdict, and what is not a function of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from genaiops.arena.bundle import REPORT, STATEMENT
from genaiops.arena.model import ROLES, Judging, Reuse, Run
from genaiops.core import Digest, UserError, Verdict, open_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTime:
    """When a comparison ran (RFC 3339, UTC), and for how long."""

    started_at: str
    finished_at: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDigests:
    """What was compared, by content: the suite, its dataset, and both apps."""

    suite: Digest
    dataset: Digest
    baseline: Digest
    candidate: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSignature:
    """Which key signed the evidence; None where the bundle cannot be read."""

    key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport(Verdict):
    """What `arena run --json` prints: `verdict.json`, the evidence, and what the run took.

    `locked_at` is the moment that the suite's lock states, None where it has none.
    """

    run: str
    project: str
    evidence: str
    report: str
    model_calls: int
    reused: Reuse
    time: RunTime
    digests: RunDigests
    attempts: int
    verdicts_on_dataset: int
    apps_on_dataset: int
    locked_at: str | None
    signature: RunSignature
    judging: tuple[Judging, ...] = ()
    warnings: tuple[str, ...] = ()


def render_json(run: Run, verdict: Verdict, bundle: Path) -> RunReport:
    """Return the report of a run whose evidence lies in `bundle`."""
    stated = {field.name: getattr(verdict, field.name) for field in fields(verdict)}
    return RunReport(
        **stated,
        run=run.id,
        project=run.project,
        evidence=str(bundle),
        report=str(bundle / REPORT),
        model_calls=run.model_calls,
        reused=run.reuse,
        time=RunTime(
            started_at=run.started_at,
            finished_at=run.finished_at,
            seconds=elapsed(run),
        ),
        digests=RunDigests(
            suite=run.suite.digest,
            dataset=run.suite.ruler.dataset_digest,
            **{role: run.arms[role].digest for role in ROLES},
        ),
        attempts=run.lock.attempts,
        verdicts_on_dataset=run.lock.verdicts_on_dataset,
        apps_on_dataset=run.lock.apps_on_dataset,
        locked_at=run.lock.fixed.locked_at if run.lock.fixed else None,
        signature=RunSignature(key_id=_key_id(bundle)),
        judging=run.judging,
        warnings=run.warnings,
    )


def elapsed(run: Run) -> float:
    """Return the seconds from a run's start to its end; 0 where a foreign bundle names no moments."""
    try:
        end, start = datetime.fromisoformat(run.finished_at), datetime.fromisoformat(run.started_at)
        return (end - start).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _key_id(bundle: Path) -> str | None:
    try:
        ids = open_statement((bundle / STATEMENT).read_bytes(), []).key_ids
    except (OSError, UserError):
        return None  # shown as not signed; `arena verify` says what is wrong
    return ids[0] if ids else None
