"""Who decides what about versions: aliases under a policy, approvals, deprecation. All of it is history.

Every decision is one transaction. A move of an alias compares and swaps: it says which version the caller saw
there, so of two people one wins and the other is told.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from genaiops.core import Digest, Principal, Reference, parse_reference
from genaiops.hub import aliases, decisions, faults, imports, queries, refusals, resolving
from genaiops.hub.model import Action, Approval, CheckedEvidence, EvidenceVerifier, Move, Standing, Version
from genaiops.hub.policy import POLICY_KIND
from genaiops.hub.ruling import about, evidence_to_look_at, rule
from genaiops.hub.steps import STEPS
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

LONGEST_OVERRIDE = timedelta(hours=24)

_ALIAS = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LIKE_A_NUMBER = re.compile(r"v[0-9]+")
_ROLE = re.compile(r"[a-z][a-z0-9_]*")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An emergency: move although the policy says no, until `expires`, on `ticket`."""

    ticket: str
    expires: datetime


class Governance:
    """Decisions about the versions of one store. `verifier` recomputes evidence; `clock` is the Hub's."""

    def __init__(
        self,
        store: Store,
        *,
        verifier: EvidenceVerifier | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = store.database
        self._verifier = verifier
        self._clock = clock
        self._database.migrate("hub", STEPS)

    def move(
        self,
        artifact: str,
        alias: str,
        to: str | Reference,
        *,
        by: Principal,
        why: str = "",
        read: Digest | None,
        allow_deprecated: bool = False,
        override: Override | None = None,
    ) -> Move:
        """Point `alias` of `artifact` (`kind/[project/]name`) at the version `to`, if the policy allows it.

        `read` is the digest of the version that the caller saw there; None: it was not set. Evidence that
        the policy needs is recomputed first. Raises `GateSaidNo` where a condition does not hold, `UserError`
        where the alias moved meanwhile, or points at something unfit.
        """
        if not _ALIAS.fullmatch(alias) or _LIKE_A_NUMBER.fullmatch(alias) or alias == resolving.NEWEST:
            raise refusals.bad_alias(alias)
        now = self._clock()
        if override is not None:
            _check_override(override, why, now)
        self._recompute(artifact, alias, to)
        with self._database.write() as connection:
            row, version = _fit(connection, artifact, to)
            history = _history(connection, version, alias)
            _compare(f"{version.artifact}:{alias}", history, read)
            if version.deprecated and not allow_deprecated:
                raise refusals.deprecated(version, version.deprecated)
            ruling = rule(connection, row, version, alias, now)
            if ruling.failed and override is None:
                raise refusals.policy_says_no(version, alias, ruling)
            action = "override" if ruling.failed else "move"
            wanted = replace(
                self._drafted(connection, history, version, alias, action, by, why),
                evidence=ruling.evidence,
                policy=ruling.policy.digest if ruling.policy else None,
                conditions=ruling.conditions,
                ticket=override.ticket if override else "",
                expires=_rfc3339(override.expires) if override and ruling.failed else None,
            )
            return replace(wanted, sequence=aliases.add(connection, wanted))

    def rollback(
        self, alias: str | Reference, *, by: Principal, why: str, allow_deprecated: bool = False
    ) -> Move:
        """Move an alias back to the version before, in one step; two rollbacks go back two versions.

        No policy is asked, so that nothing stands between trouble and what worked before; but a policy itself
        is not rolled back past the one in force. What an override had put there is passed over.
        """
        if not why.strip():
            raise refusals.missing_words("a rollback", "--why")
        with self._database.write() as connection:
            reference = _alias_of(alias)
            history = self._moves(connection, reference)
            back = aliases.before(history)
            if back is None:
                raise refusals.nothing_before(str(reference))
            row, version = resolving.resolve(connection, back.to_version)
            if version.deprecated and not allow_deprecated:
                raise refusals.deprecated(version, version.deprecated)
            if version.kind == POLICY_KIND.kind:
                ruling = rule(connection, row, version, back.alias, self._clock())
                if ruling.failed:
                    raise refusals.policy_says_no(version, back.alias, ruling)
            wanted = self._drafted(connection, history, version, back.alias, "rollback", by, why)
            return replace(wanted, sequence=aliases.add(connection, wanted))

    def live(self, artifact: str, alias: str) -> Version | None:
        """Return the version that `alias` of `artifact` points at; None where nobody has set it."""
        with self._database.read() as connection:
            wanted = _artifact(artifact)
            project = resolving.of_one_project(connection, wanted)
            row = aliases.target(connection, wanted.kind, project, wanted.name, alias)
            return queries.find(connection, VERSIONS.c.id == row)[0][1] if row is not None else None

    def history(self, alias: str | Reference) -> list[Move]:
        """Return every move of an alias (`kind/[project/]name:alias`), oldest first."""
        with self._database.read() as connection:
            return self._moves(connection, _alias_of(alias))

    def approve(
        self, ref: str, role: str, *, by: Principal, note: str = "", withdraw: bool = False
    ) -> tuple[Version, Approval]:
        """Record that `by` approves exactly the version `ref` in a role, or takes that back."""
        if not _ROLE.fullmatch(role):
            raise refusals.bad_role(role)
        at = _rfc3339(self._clock())
        approval = Approval(role=role, by=by.id, at=at, note=note, withdrawn=withdraw)
        with self._database.write() as connection:
            row, version = _exact(connection, ref)
            decisions.add_approval(connection, row, approval)
        return version, approval

    def deprecate(self, ref: str, *, by: Principal, reason: str, successor: str | None = None) -> Version:
        """Mark a version as not to be used any more, and return it. It stays, with all that rests on it."""
        if not reason.strip():
            raise refusals.missing_words("a deprecation", "--why")
        with self._database.write() as connection:
            row, version = _exact(connection, ref)
            following = resolving.resolve(connection, successor) if successor else None
            if following and (following[1].kind != version.kind or following[0] == row):
                raise refusals.bad_successor(version, following[1])
            at = _rfc3339(self._clock())
            decisions.deprecate(connection, row, following[0] if following else None, reason, by.id, at)
            return queries.find(connection, VERSIONS.c.id == row)[0][1]

    def aliases(self) -> dict[str, tuple[Move, ...]]:
        """Return for every version that an alias points at, by its reference, the moves that did it."""
        with self._database.read() as connection:
            found: dict[str, list[Move]] = {}
            for move in aliases.last_moves(connection):
                found.setdefault(str(move.to_version), []).append(move)
        return {reference: tuple(moves) for reference, moves in found.items()}

    def standing(self, ref: str) -> Standing:
        """Return what was decided about a version: its author, aliases, approvals, and evidence about it."""
        with self._database.read() as connection:
            row, version = resolving.resolve(connection, ref)
            pointing = [move for move in aliases.last_moves(connection) if move.to_version == version.pinned]
            return Standing(
                author=decisions.author(connection, row),
                aliases=tuple(pointing),
                approvals=tuple(decisions.approvals(connection, row)),
                evidence=tuple(found.evidence for found in about(connection, row, version)),
                recomputed=decisions.checked(connection, (row, version)),
                imported=tuple(imports.records(connection, row)),
            )

    def recomputed(self, versions: Iterable[Version]) -> dict[str, CheckedEvidence]:
        """Return what the Hub found of the evidence among `versions`, by reference, as far as it looked."""
        with self._database.read() as connection:
            evidence = [each for each in versions if each.kind == decisions.EVIDENCE_KIND]
            rows = zip(queries.ids_of(connection, evidence), evidence, strict=True)
            known = ((row[1], decisions.checked(connection, row)) for row in rows)
            return {version.reference: found for version, found in known if found is not None}

    def _recompute(self, artifact: str, alias: str, to: str | Reference) -> None:
        """Look again at the evidence that the move may rest on: a key may be trusted no more since then."""
        if self._verifier is None:
            return
        with self._database.read() as connection:
            row, version = _fit(connection, artifact, to)
            known = evidence_to_look_at(connection, row, version, alias)
        for (place, evidence), before in known:
            facts = self._verifier(evidence)
            if facts is not None and facts != before:
                with self._database.write() as connection:
                    decisions.add_evidence(connection, place, facts, _rfc3339(self._clock()))

    def _moves(self, connection: sa.Connection, reference: Reference) -> list[Move]:
        project = resolving.of_one_project(connection, reference)
        assert reference.alias is not None  # `_alias_of` saw to it
        found = aliases.moves(connection, reference.kind, project, reference.name, reference.alias)
        if not found:
            known = aliases.names(connection, reference.kind, project, reference.name)
            raise faults.unknown_alias(reference, known)
        return found

    def _drafted(
        self,
        connection: sa.Connection,
        history: Sequence[Move],
        to: Version,
        alias: str,
        action: Action,
        by: Principal,
        why: str,
    ) -> Move:
        said = _rfc3339(self._clock())
        at = max(said, aliases.last_time(connection))
        return Move(
            sequence=0,
            alias=alias,
            action=action,
            from_version=history[-1].to_version if history else None,
            to_version=to.pinned,
            by=by.id,
            at=at,
            clock=said if said != at else None,
            why=why.strip(),
        )


def _fit(connection: sa.Connection, artifact: str, to: str | Reference) -> queries.Row:
    """Return the version `to`, which has to be one of `artifact`."""
    wanted = _artifact(artifact)
    project = resolving.of_one_project(connection, wanted)
    row, version = resolving.resolve(connection, to)
    if (version.kind, version.project or "", version.name) != (wanted.kind, project, wanted.name):
        raise refusals.other_artifact(artifact, version)
    return row, version


def _history(connection: sa.Connection, version: Version, alias: str) -> list[Move]:
    return aliases.moves(connection, version.kind, version.project or "", version.name, alias)


def _compare(alias: str, history: Sequence[Move], read: Digest | None) -> None:
    last = history[-1] if history else None
    if (last.to_version.digest if last else None) != read:
        raise refusals.moved_meanwhile(alias, last, str(read))


def _exact(connection: sa.Connection, ref: str) -> queries.Row:
    row, version = resolving.resolve(connection, ref)
    if ref.startswith("sha256:"):
        named = queries.find(connection, VERSIONS.c.digest == version.digest)
        if len(named) > 1:  # equal content under several names
            raise faults.ambiguous(ref, [each.short for _, each in named])
        return row, version
    reference = parse_reference(ref)
    if reference.number is None and reference.digest is None:
        raise refusals.not_exact(ref, version)
    return row, version


def _artifact(text: str) -> Reference:
    reference = parse_reference(text)
    if reference.alias or reference.number or reference.digest:
        raise refusals.not_an_artifact(text)
    return reference


def _alias_of(alias: str | Reference) -> Reference:
    reference = parse_reference(alias) if isinstance(alias, str) else alias
    if reference.alias in (None, resolving.NEWEST):
        raise refusals.not_an_alias(str(alias))
    return reference


def _check_override(override: Override, why: str, now: datetime) -> None:
    if not why.strip() or not override.ticket.strip():
        raise refusals.bad_override("it needs a reason and a ticket")
    if not now < override.expires <= now + LONGEST_OVERRIDE:
        raise refusals.bad_override(
            f"it would expire at {_rfc3339(override.expires)}, now is {_rfc3339(now)}"
        )


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
