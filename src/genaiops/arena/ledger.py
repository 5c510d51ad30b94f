"""What ARENA has computed before: outputs by the digest of all that made them, and finished runs.

Outputs are written as they come (`keeping`), so that a run that was killed goes on where it stopped. They
are never changed, only forgotten; a run is written once, when it is complete.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from genaiops.access import Sealed, Vault
from genaiops.core import Case, Digest, Json, Output, Trace, decode_json, digest_json, encode, encode_json
from genaiops.knowledge import Withdrawals
from genaiops.store import Store
from genaiops.traces import TraceSink

_metadata = sa.MetaData()

_outputs = sa.Table(
    "arena_outputs",
    _metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("output", sa.Text, nullable=False),
)

_runs = sa.Table(
    "arena_runs",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("dataset", sa.Text, nullable=False, index=True),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Column("finished_at", sa.Text, nullable=False),
    sa.Column("bundle", sa.Text, nullable=False),
)


_sealed = sa.Table(
    "arena_sealed_outputs",
    _metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("box", sa.Text, nullable=False),
)


# written for every answer, so without the cost of compiling a statement each time
_KEEP = sa.text(
    'INSERT INTO arena_outputs (key, run, "at", output) VALUES (:key, :run, :at, :output)'
    " ON CONFLICT DO NOTHING"
)
_KEEP_SEALED = sa.text(
    'INSERT INTO arena_sealed_outputs (key, run, "at", subject, box)'
    " VALUES (:key, :run, :at, :subject, :box)"
    " ON CONFLICT DO NOTHING"
)


def _create(connection: sa.Connection) -> None:
    _metadata.create_all(connection, [_outputs, _runs])


def _create_sealed(connection: sa.Connection) -> None:
    _metadata.create_all(connection, [_sealed])


STEPS = (_create, _create_sealed)


@dataclass(frozen=True, slots=True)
class Kept:
    """An output as it was kept: by which run, when, with its trace; sealed where it is a `subject`'s."""

    output: Output
    trace: Trace
    at: str
    run: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class _Content:
    """What is in the box of a sealed output."""

    output: Output
    trace: Trace


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A complete run, and the folder of its evidence."""

    id: str
    key: str
    finished_at: str
    bundle: Path


def output_key(app: Digest, case: Case, repeat: int, scope: str = "") -> str:
    """Return the digest of everything that makes an output: the app's digest, the case's inputs, the repeat.

    What is expected is no part of it: a corrected label costs no call. A `scope` keeps an output to the
    run and arm that it names.
    """
    asked: Json = {"id": case.id, "inputs": case.inputs, "attachments": encode(case.attachments)}
    return digest_json({"app": app, "case": asked, "repeat": repeat, "scope": scope})


class Ledger:
    """Outputs and runs in the project's store. Without a `vault` no sealed output is known."""

    def __init__(self, store: Store, vault: Vault | None = None) -> None:
        self._database = store.database
        self._vault = vault
        self._database.migrate("arena", STEPS)
        self._traces = TraceSink(store)
        self._withdrawn = Withdrawals(store.path / "indexes")

    def outputs(self, keys: Sequence[str]) -> dict[str, Kept]:
        """Return what is known of `keys`, each with its trace.

        What rests on a document that was withdrawn is not known any more, and is forgotten.
        """
        known = self._all(keys)
        denied = {key for key, kept in known.items() if self.rests_on_withdrawn(kept.output, kept.trace)}
        self.forget(sorted(denied))
        return {key: kept for key, kept in known.items() if key not in denied}

    def anything_withdrawn(self) -> bool:
        """Whether any document is withdrawn."""
        return bool(self._withdrawn.all)

    def rests_on_withdrawn(self, output: Output, trace: Trace) -> bool:
        """Whether an output shows or cites a passage of a document that nobody may find any more."""
        return self._withdrawn.rests_on(output, trace.spans)

    def _all(self, keys: Sequence[str]) -> dict[str, Kept]:
        rows: dict[str, tuple[Output, Any]] = {}
        with self._database.read() as connection:
            for start in range(0, len(keys), 500):
                query = sa.select(_outputs).where(_outputs.c.key.in_(keys[start : start + 500]))
                rows |= {row.key: (decode_json(Output, row.output), row) for row in connection.execute(query)}
        traces = self._traces.many([output.trace_id for output, _ in rows.values()])
        return self._opened(keys) | {
            key: Kept(output, traces.get(output.trace_id, Trace(id=output.trace_id)), row.at, row.run)
            for key, (output, row) in rows.items()
        }

    def _opened(self, keys: Sequence[str]) -> dict[str, Kept]:
        """Return the sealed outputs of `keys` whose person still has a key; their traces are in the box."""
        found: dict[str, Kept] = {}
        if self._vault is None:
            return found
        for start in range(0, len(keys), 500):
            query = sa.select(_sealed).where(_sealed.c.key.in_(keys[start : start + 500]))
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                if (content := self._vault.open(Sealed(subject=row.subject, box=row.box))) is not None:
                    inside = decode_json(_Content, content)
                    found[row.key] = Kept(inside.output, inside.trace, row.at, row.run, row.subject)
        return found

    def keep(self, entries: Mapping[str, Kept]) -> None:
        """Write outputs by their keys, all or none; what is there already stays.

        Their traces are written with them: an output without its trace never exists. That of a sealed output
        is sealed with it, and stands nowhere else.
        """
        clear = {key: kept for key, kept in entries.items() if not kept.subject}
        rows = [_row(key, kept, kept.output) for key, kept in clear.items()]
        sealed = [self._seal(key, kept) for key, kept in entries.items() if kept.subject]
        with self._database.write() as connection:
            if rows:
                self._traces.extend([kept.trace for kept in clear.values()], connection)
                connection.execute(_KEEP, rows)
            if sealed:
                connection.execute(_KEEP_SEALED, sealed)

    def _seal(self, key: str, kept: Kept) -> dict[str, str]:
        if self._vault is None:
            raise RuntimeError("an output of a person, and no vault to seal it")
        content = self._vault.seal(kept.subject, encode_json(_Content(kept.output, kept.trace)).encode())
        return {"key": key, "run": kept.run, "at": kept.at, "subject": kept.subject, "box": content.box}

    def record(self, entries: Mapping[str, Kept]) -> None:
        """Write outputs that were made elsewhere, all or none; what is there already stays."""
        rows = [_row(key, kept, _traced(kept)) for key, kept in entries.items()]
        if rows:
            with self._database.write() as connection:
                connection.execute(_KEEP, rows)

    def forget(self, keys: Sequence[str]) -> None:
        """Remove outputs that may not be used again; the evidence that rests on them has its own copy."""
        if not keys:
            return
        with self._database.write() as connection:
            for start in range(0, len(keys), 500):
                for table in (_outputs, _sealed):
                    connection.execute(sa.delete(table).where(table.c.key.in_(keys[start : start + 500])))

    def finished(self, key: str) -> FinishedRun | None:
        """Return the complete run of `key` (suite and both apps), which decides and is never replaced."""
        return self._one(_runs.c.key == key)

    def run(self, name: str) -> FinishedRun | None:
        """Return a complete run by its id, or by the first characters of it where they are unique."""
        return self._one(_runs.c.id.startswith(name, autoescape=True)) if name else None

    def runs(self, limit: int) -> list[FinishedRun]:
        """Return the latest complete runs, newest first."""
        with self._database.read() as connection:
            query = sa.select(_runs).order_by(_runs.c.finished_at.desc(), _runs.c.id).limit(limit)
            return [_finished(row) for row in connection.execute(query)]

    def verdicts_on(self, dataset: Digest) -> int:
        """Return how many verdicts this dataset has given: many of them fit the suite, not the job."""
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).select_from(_runs).where(_runs.c.dataset == dataset)
            return int(connection.execute(query).scalar_one())

    def apps_on(self, dataset: Digest, but: Digest) -> int:
        """Return how many candidates this dataset has judged, `but` apart."""
        count = sa.func.count(sa.distinct(_runs.c.candidate))
        with self._database.read() as connection:
            query = sa.select(count).where(_runs.c.dataset == dataset, _runs.c.candidate != but)
            return int(connection.execute(query).scalar_one())

    def finish(self, run: FinishedRun, *, dataset: Digest, candidate: Digest) -> None:
        """Write a complete run. One whose evidence was removed is judged again, and then found again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_runs).where((_runs.c.id == run.id) | (_runs.c.key == run.key)))
            connection.execute(
                sa.insert(_runs).values(
                    id=run.id,
                    key=run.key,
                    dataset=dataset,
                    candidate=candidate,
                    finished_at=run.finished_at,
                    bundle=str(run.bundle),
                )
            )

    def _one(self, condition: Any) -> FinishedRun | None:
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_runs).where(condition).limit(2)).all()
        return _finished(rows[0]) if len(rows) == 1 else None


def _finished(row: Any) -> FinishedRun:
    return FinishedRun(row.id, row.key, row.finished_at, Path(row.bundle))


def _row(key: str, kept: Kept, output: Output) -> dict[str, str]:
    return {"key": key, "run": kept.run, "at": kept.at, "output": encode_json(output)}


def _traced(kept: Kept) -> Output:
    return replace(kept.output, trace_id=kept.trace.id)
