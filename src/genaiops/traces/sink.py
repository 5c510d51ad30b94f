"""Traces kept in the store, append-only."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from genaiops.core import Span, Trace
from genaiops.store import Database, Store
from genaiops.traces.tables import SPANS, STEPS, TRACES

_AT_ONCE = 500

# written for every answer, so without the cost of compiling a statement each time
_ADD_TRACE = sa.text("INSERT INTO traces (id) VALUES (:id) ON CONFLICT DO NOTHING")
_ADD_SPANS = sa.text(
    "INSERT INTO spans (trace_id, span_id, parent_id, name, operation, start_ns, end_ns, status, attributes)"
    " VALUES (:trace_id, :span_id, :parent_id, :name, :operation, :start_ns, :end_ns, :status, :attributes)"
    " ON CONFLICT DO NOTHING"
)


class TraceSink:
    """Appends traces and reads them back."""

    def __init__(self, store: Store) -> None:
        self._database: Database = store.database
        self._database.migrate("traces", STEPS)

    def append(self, trace: Trace) -> None:
        """Keep a trace. Appending it again adds only the spans that are new."""
        with self._database.write() as connection:
            self.extend([trace], connection)

    def extend(self, traces: Sequence[Trace], into: sa.Connection) -> None:
        """Keep several as part of a transaction of this store's `write()`."""
        into.execute(_ADD_TRACE, [{"id": trace.id} for trace in traces])
        if spans := [_row(span) for trace in traces for span in trace.spans]:
            into.execute(_ADD_SPANS, spans)

    def get(self, trace_id: str) -> Trace | None:
        """Return one trace with its spans in the order in which they began; None where it is unknown."""
        found = self._read(sa.select(TRACES.c.id).where(TRACES.c.id == trace_id))
        return found[0] if found else None

    def many(self, trace_ids: Sequence[str]) -> dict[str, Trace]:
        """Return the traces that are known of `trace_ids`, by id."""
        found: dict[str, Trace] = {}
        for start in range(0, len(trace_ids), _AT_ONCE):
            some = trace_ids[start : start + _AT_ONCE]
            found |= {
                trace.id: trace for trace in self._read(sa.select(TRACES.c.id).where(TRACES.c.id.in_(some)))
            }
        return found

    def recent(self, limit: int) -> list[Trace]:
        """Return the traces that were appended last, newest first."""
        return self._read(sa.select(TRACES.c.id).order_by(TRACES.c.seq.desc()).limit(limit))

    def _read(self, wanted: sa.Select[str]) -> list[Trace]:
        with self._database.read() as connection:
            ids = list(connection.execute(wanted).scalars())
            query = sa.select(SPANS).where(SPANS.c.trace_id.in_(ids)).order_by(SPANS.c.start_ns, SPANS.c.seq)
            rows = connection.execute(query).mappings().all()
        spans: dict[str, list[Span]] = {id_: [] for id_ in ids}
        for row in rows:
            spans[row["trace_id"]].append(_span(row))
        return [Trace(id=id_, spans=tuple(spans[id_])) for id_ in ids]


def _row(span: Span) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "operation": span.operation,
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
        "status": span.status,
        "attributes": json.dumps(span.attributes),
    }


def _span(row: sa.RowMapping) -> Span:
    return Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_id=row["parent_id"],
        name=row["name"],
        operation=row["operation"],
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        status=row["status"],
        attributes=json.loads(row["attributes"]),
    )
