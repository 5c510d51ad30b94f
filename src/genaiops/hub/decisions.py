"""Approvals, deprecations, authors and recomputed evidence: what is asked of their tables.

Every function runs inside its caller's transaction.
"""

import sqlalchemy as sa

from genaiops.core import decode_json, encode_json
from genaiops.hub import queries
from genaiops.hub.events import APPROVALS, AUTHORS, DEPRECATIONS, EVIDENCE
from genaiops.hub.model import Approval, CheckedEvidence, EvidenceFacts
from genaiops.hub.rights import Seen
from genaiops.hub.tables import EDGES, VERSIONS
from genaiops.hub.vouching import Believed, vouched

EVIDENCE_KIND = "evidence"


def add_author(connection: sa.Connection, row: int, by: str, at: str) -> None:
    """Note who published a new version; publishing equal content again makes nobody its author."""
    connection.execute(sa.insert(AUTHORS).values(version=row, by=by, at=at))


def author(connection: sa.Connection, row: int) -> str | None:
    """Return who published a version first; None where nobody was named."""
    return connection.execute(sa.select(AUTHORS.c.by).where(AUTHORS.c.version == row)).scalar()


def add_approval(connection: sa.Connection, row: int, approval: Approval) -> None:
    """Append an approval, or its withdrawal."""
    values = {key: getattr(approval, key) for key in ("role", "by", "at", "note", "withdrawn")}
    connection.execute(sa.insert(APPROVALS).values(version=row, **values))


def approvals(connection: sa.Connection, row: int) -> list[Approval]:
    """Return the approvals that stand: of each person and role the last event, where it is no withdrawal."""
    query = sa.select(APPROVALS).where(APPROVALS.c.version == row).order_by(APPROVALS.c.id)
    last = {
        (each["by"], each["role"]): Approval(
            role=each["role"], by=each["by"], at=each["at"], note=each["note"], withdrawn=each["withdrawn"]
        )
        for each in connection.execute(query).mappings()
    }
    return [approval for approval in last.values() if not approval.withdrawn]


def deprecate(
    connection: sa.Connection, row: int, successor: int | None, reason: str, by: str, at: str
) -> None:
    """Append that a version should not be used any more."""
    values = {"version": row, "successor": successor, "reason": reason, "by": by, "at": at}
    connection.execute(sa.insert(DEPRECATIONS).values(values))


def add_evidence(connection: sa.Connection, row: int, facts: EvidenceFacts, at: str) -> None:
    """Append what recomputing the evidence with row id `row` found."""
    connection.execute(sa.insert(EVIDENCE).values(version=row, at=at, facts=encode_json(facts)))


def evidence_below(connection: sa.Connection, row: int, limit: int, seen: Seen) -> list[queries.Row]:
    """Return the evidence in whose lineage a version stands, newest first: `limit` of what is `seen`."""
    reached = sa.select(sa.literal(row).label("id")).cte("reached", recursive=True)
    reached = reached.union(sa.select(EDGES.c.child).where(EDGES.c.parent == reached.c.id))
    newest = (
        sa.select(VERSIONS.c.id)
        .where(VERSIONS.c.kind == EVIDENCE_KIND, VERSIONS.c.id.in_(sa.select(reached.c.id)), *seen.rows)
        .order_by(VERSIONS.c.id.desc())
        .limit(limit)
    )
    return queries.find(connection, VERSIONS.c.id.in_(newest))[::-1]


def checked(connection: sa.Connection, found: queries.Row, believed: Believed) -> CheckedEvidence | None:
    """Return what the Hub knows of a piece of evidence; None where it never recomputed it.

    `believed` says whose word for it counts now.
    """
    row, version = found
    query = sa.select(EVIDENCE.c.at, EVIDENCE.c.facts).where(EVIDENCE.c.version == row)
    events = connection.execute(query.order_by(EVIDENCE.c.id)).all()
    if not events:
        return None
    facts = decode_json(EvidenceFacts, events[-1].facts)
    return CheckedEvidence(
        version=version,
        facts=facts,
        first_at=events[0].at,
        at=events[-1].at,
        vouched=vouched(connection, row, believed),
    )


def suite_before(connection: sa.Connection, facts: EvidenceFacts) -> bool:
    """Return whether the suite of the evidence was published here before the run began."""
    holds = VERSIONS.c.manifest.contains(facts.suite or "", autoescape=True)
    suites = queries.find(connection, VERSIONS.c.kind == "suite", holds)
    same = [suite for _, suite in suites if suite.manifest.get("digest") == facts.suite]
    return any(suite.created_at < (facts.started_at or "") for suite in same)
