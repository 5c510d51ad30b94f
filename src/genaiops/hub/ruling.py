"""What the policy in force says of a move. Every function runs inside its caller's transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from genaiops.core import Digest, decode
from genaiops.hub import aliases, decisions, queries
from genaiops.hub.model import Condition, EvidenceFacts, Version
from genaiops.hub.policy import (
    IN_FORCE,
    NO_PROJECT,
    Found,
    PolicyFile,
    conditions_for,
    evaluate,
    facts_of,
    reads_evidence,
)
from genaiops.hub.rights import EVERYTHING, Seen
from genaiops.hub.tables import VERSIONS
from genaiops.hub.vouching import Believed

MOST_EVIDENCE = 20
"""How many pieces of evidence about a version are looked at for one decision, the newest first."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy in force said of a move, and the digests of the evidence that this rests on.

    `useless` says in words what evidence there is not, and why other evidence counts for nothing.
    """

    policy: Version | None
    conditions: tuple[Condition, ...] = ()
    evidence: tuple[Digest, ...] = ()
    useless: tuple[str, ...] = ()

    @property
    def failed(self) -> list[Condition]:
        """The conditions that do not hold."""
        return [condition for condition in self.conditions if not condition.holds]


def rule(
    connection: sa.Connection, row: int, version: Version, alias: str, now: datetime, believed: Believed
) -> Ruling:
    """Return what the policy in force says of pointing `alias` at a version.

    All conditions have to hold with one and the same piece of evidence; where none is enough, the ruling is
    that of the evidence with which most of them hold.
    """
    policy, conditions = _asked(connection, version, alias)
    if not conditions:
        return Ruling(policy)
    approvals, author = decisions.approvals(connection, row), decisions.author(connection, row)
    choices: Sequence[Found | None] = about(connection, row, version, EVERYTHING, believed) or [None]
    said = [(evaluate(conditions, facts_of(one, approvals, author, now)), one) for one in choices]
    best, found = max(said, key=lambda each: sum(condition.holds for condition in each[0]))
    if not reads_evidence(conditions):
        return Ruling(policy, best)
    rested = (found.evidence.version.digest,) if found else ()
    return Ruling(policy, best, rested, tuple(_useless(connection, row, found, believed)))


def _useless(connection: sa.Connection, row: int, found: Found | None, believed: Believed) -> Iterator[str]:
    if found is None:
        yield "there is no evidence about exactly this version that the Hub has recomputed"
    for each in decisions.evidence_below(connection, row, MOST_EVIDENCE, EVERYTHING):
        checked = decisions.checked(connection, each, believed)
        if checked is None:
            yield f"{each[1].short} counts for nothing: its bundle is not here to be recomputed"
        elif not checked.accepted:
            yield f"{each[1].short} counts for nothing: {checked.facts.why}"


def about(
    connection: sa.Connection, row: int, version: Version, seen: Seen, believed: Believed
) -> list[Found]:
    """Return the evidence that the Hub recomputed and found to be about exactly this version.

    Whoever asks is shown what they have `seen`; a decision rests on all of it.
    """
    found: list[Found] = []
    for each in decisions.evidence_below(connection, row, MOST_EVIDENCE, seen):
        checked = decisions.checked(connection, each, believed)
        if checked and version.digest in checked.facts.about:
            found.append(Found(checked, decisions.suite_before(connection, checked.facts)))
    return found


def evidence_to_look_at(
    connection: sa.Connection, row: int, version: Version, alias: str, believed: Believed
) -> list[tuple[queries.Row, EvidenceFacts | None]]:
    """Return the evidence below a version with what is known of it; none where no condition reads any."""
    if not reads_evidence(_asked(connection, version, alias)[1]):
        return []
    found = decisions.evidence_below(connection, row, MOST_EVIDENCE, EVERYTHING)
    known = [decisions.checked(connection, each, believed) for each in found]
    return [(each, one.facts if one else None) for each, one in zip(found, known, strict=True)]


def in_force(connection: sa.Connection, project: str | None) -> tuple[Version, PolicyFile] | None:
    """Return the policy that governs a project: its own, else that of no project."""
    for name in dict.fromkeys((project or NO_PROJECT, NO_PROJECT)):
        row = aliases.target(connection, "policy", "", name, IN_FORCE)
        if row is not None:
            [(_, policy)] = queries.find(connection, VERSIONS.c.id == row)
            return policy, decode(PolicyFile, policy.manifest, where=policy.short)
    return None


def _asked(connection: sa.Connection, version: Version, alias: str) -> tuple[Version | None, dict[str, str]]:
    """Return the policy that governs a version, and what it asks."""
    found = in_force(connection, version.project)
    return (found[0], conditions_for(found[1], version.kind, alias)) if found else (None, {})
