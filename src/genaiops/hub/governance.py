"""Who decides what about versions: aliases under a policy, approvals, deprecation. All of it is history.

Every decision is one transaction, with its right and its entry in the audit log. A move of an alias compares
and swaps: it says which version the caller saw there, so of two people one wins and the other is told.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from genaiops.access import EVERYWHERE, NOBODY, Identities, Vouched, grants, prepare, roles
from genaiops.core import Digest, Json, Principal, Reference, parse_reference
from genaiops.hub import (
    aliases,
    decisions,
    describing,
    faults,
    imports,
    queries,
    refusals,
    resolving,
    rights,
    vouching,
)
from genaiops.hub.agreements import Agreements
from genaiops.hub.model import (
    Action,
    Approval,
    CheckedEvidence,
    EvidenceFacts,
    EvidenceVerifier,
    Move,
    Standing,
    Version,
)
from genaiops.hub.policy import APPROVERS, IN_FORCE, NO_PROJECT, POLICY_KIND
from genaiops.hub.ruling import about, evidence_to_look_at, in_force, rule
from genaiops.hub.steps import STEPS
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

LONGEST_OVERRIDE = timedelta(hours=24)

_ALIAS = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LIKE_A_NUMBER = re.compile(r"v[0-9]+")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An emergency: move although the policy says no, until `expires`, on `ticket`."""

    ticket: str
    expires: datetime


class Governance:
    """Decisions of `by` about the versions of a store. `verifier` recomputes evidence; `clock` is the Hub's.

    `identities` are those whose word for evidence is believed.

    Every method raises `UserError` for what `by` may not do; what they may not read is not there for them.
    """

    def __init__(
        self,
        store: Store,
        *,
        by: Principal,
        verifier: EvidenceVerifier | None = None,
        identities: Identities = NOBODY,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = store.database
        self._by = by
        self._verifier = verifier
        self._identities = identities
        self._clock = clock
        prepare(self._database)
        self._database.migrate("hub", STEPS)

    def move(
        self,
        artifact: str,
        alias: str,
        to: str | Reference,
        *,
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
        self._recompute(artifact, alias, to, override)
        with self._database.write() as connection:
            row, version = self._movable(connection, artifact, to, override)
            history = _history(connection, version, alias)
            _compare(f"{version.artifact}:{alias}", history, read)
            if version.deprecated and not allow_deprecated:
                raise refusals.deprecated(version, version.deprecated)
            ruling = rule(connection, row, version, alias, now, self._identities.find)
            if ruling.failed and override is None:
                raise refusals.policy_says_no(version, alias, ruling)
            action = "override" if ruling.failed else "move"
            wanted = replace(
                self._drafted(connection, history, version, alias, action, why),
                evidence=ruling.evidence,
                policy=ruling.policy.digest if ruling.policy else None,
                conditions=ruling.conditions,
                ticket=override.ticket if override else "",
                expires=_rfc3339(override.expires) if override and ruling.failed else None,
            )
            return self._add(connection, wanted, now)

    def rollback(self, alias: str | Reference, *, why: str, allow_deprecated: bool = False) -> Move:
        """Move an alias back to the version before, in one step; two rollbacks go back two versions.

        No policy is asked, so that nothing stands between trouble and what worked before; but a policy itself
        is not rolled back past the one in force. What an override had put there is passed over.
        """
        if not why.strip():
            raise refusals.missing_words("a rollback", "--why")
        now = self._clock()
        with self._database.write() as connection:
            reference = _alias_of(alias)
            seen = self._seen(connection)
            history = self._moves(connection, reference, seen)
            back = aliases.before(history)
            if back is None:
                raise refusals.nothing_before(str(reference))
            row, version = resolving.resolve(connection, back.to_version, seen)
            rights.ask(connection, self._by, "alias.move", version)
            if version.deprecated and not allow_deprecated:
                raise refusals.deprecated(version, version.deprecated)
            if version.kind == POLICY_KIND.kind:
                ruling = rule(connection, row, version, back.alias, now, self._identities.find)
                if ruling.failed:
                    raise refusals.policy_says_no(version, back.alias, ruling)
            wanted = self._drafted(connection, history, version, back.alias, "rollback", why)
            return self._add(connection, wanted, now)

    def live(self, artifact: str, alias: str) -> Version | None:
        """Return the version that `alias` of `artifact` points at; None where nobody has set it.

        Of a sensitive one no manifest: `Hub.get` returns that, and writes it down.
        """
        with self._database.read() as connection:
            wanted = _artifact(artifact)
            project = resolving.of_one_project(connection, wanted, self._seen(connection))
            row = aliases.target(connection, wanted.kind, project, wanted.name, alias)
            found = queries.find(connection, VERSIONS.c.id == row)[0][1] if row is not None else None
        return describing.veiled(found) if found else None

    def history(self, alias: str | Reference) -> list[Move]:
        """Return every move of an alias (`kind/[project/]name:alias`), oldest first."""
        with self._database.read() as connection:
            return self._moves(connection, _alias_of(alias), self._seen(connection))

    def approve(
        self, ref: str, role: str, *, note: str = "", withdraw: bool = False
    ) -> tuple[Version, Approval]:
        """Record that `by` approves exactly the version `ref` in a role of theirs, or takes that back."""
        if role not in APPROVERS:
            raise refusals.bad_role(role, APPROVERS)
        now = self._clock()
        approval = Approval(role=role, by=self._by.id, at=_rfc3339(now), note=note, withdrawn=withdraw)
        with self._database.write() as connection:
            row, version = _exact(connection, ref, self._seen(connection))
            rights.ask(connection, self._by, "approval.give", version)
            held = roles(connection, self._by, rights.place_of(version))
            if role not in held:
                raise refusals.not_in_role(self._by.id, role, held)
            decisions.add_approval(connection, row, approval)
            action = "approval.withdraw" if withdraw else "approval.give"
            self._log(connection, action, version.short, now, digest=version.digest, role=role, note=note)
        return version, approval

    def deprecate(self, ref: str, *, reason: str, successor: str | None = None) -> Version:
        """Mark a version as not to be used any more, and return it. It stays, with all that rests on it."""
        if not reason.strip():
            raise refusals.missing_words("a deprecation", "--why")
        now = self._clock()
        with self._database.write() as connection:
            seen = self._seen(connection)
            row, version = _exact(connection, ref, seen)
            rights.ask(connection, self._by, "artifact.deprecate", version)
            following = resolving.resolve(connection, successor, seen) if successor else None
            if following and (following[1].kind != version.kind or following[0] == row):
                raise refusals.bad_successor(version, following[1])
            after, instead = following if following else (None, None)
            decisions.deprecate(connection, row, after, reason, self._by.id, _rfc3339(now))
            said = {"digest": version.digest, "reason": reason, "successor": instead and instead.reference}
            self._log(connection, "artifact.deprecate", version.short, now, **said)
            return queries.find(connection, VERSIONS.c.id == row)[0][1]

    def vouch(self, ref: str, token: str) -> tuple[Version, Vouched]:
        """Record that whom `token` was issued to vouches for exactly the evidence `ref`.

        The token speaks for that identity, whoever brings it, and is not kept. Raises `UserError` where it
        is not believed.
        """
        now = self._clock()
        with self._database.read() as connection:
            _, version, audience = self._vouchable(connection, ref)
        who = self._identities.check(token, audience, now)  # it may ask the issuer, so in no transaction
        with self._database.write() as connection:
            row, version, _ = self._vouchable(connection, version.reference)
            if vouching.add(connection, row, who, self._by.id, _rfc3339(now)):
                said = {"issuer": who.issuer, "identity": who.subject, "name": who.name, "role": who.role}
                self._log(connection, "evidence.vouch", version.short, now, digest=version.digest, **said)
        return version, who

    def aliases(self) -> dict[str, tuple[Move, ...]]:
        """Return for every version that an alias points at, by its reference, the moves that did it."""
        with self._database.read() as connection:
            found: dict[str, list[Move]] = {}
            for move in aliases.last_moves(connection, self._seen(connection)):
                found.setdefault(str(move.to_version), []).append(move)
        return {reference: tuple(moves) for reference, moves in found.items()}

    def standing(self, ref: str) -> Standing:
        """Return what was decided about a version: its author, aliases, approvals, and evidence about it."""
        believed = self._identities.find
        with self._database.read() as connection:
            seen = self._seen(connection)
            row, version = resolving.resolve(connection, ref, seen)
            moves = aliases.last_moves(connection, seen)
            return Standing(
                author=decisions.author(connection, row),
                aliases=tuple(move for move in moves if move.to_version == version.pinned),
                approvals=tuple(decisions.approvals(connection, row)),
                evidence=tuple(found.evidence for found in about(connection, row, version, seen, believed)),
                recomputed=decisions.checked(connection, (row, version), believed),
                imported=tuple(imports.records(connection, row)),
            )

    def agreements(self, project: str | None = None) -> Agreements:
        """Return how a project works together; None: what belongs to no project."""
        with self._database.read() as connection:
            holders: dict[str, list[str]] = {}
            for grant in grants(connection, self._by, project or EVERYWHERE):
                holders.setdefault(grant.role, []).append(grant.subject)
            found = in_force(connection, project)
            if found is None:
                return Agreements(project=project or NO_PROJECT, holders=holders)
            version, file = found
            [*_, move] = aliases.moves(connection, version.kind, "", version.name, IN_FORCE)
            return Agreements(
                project=project or NO_PROJECT, policy=file, version=version, move=move, holders=holders
            )

    def recomputed(self, versions: Iterable[Version]) -> dict[str, CheckedEvidence]:
        """Return what the Hub found of the evidence among `versions`, by reference, as far as it looked."""
        with self._database.read() as connection:
            evidence = [each for each in versions if each.kind == decisions.EVIDENCE_KIND]
            rows = zip(queries.ids_of(connection, evidence), evidence, strict=True)
            known = ((row[1], decisions.checked(connection, row, self._identities.find)) for row in rows)
            return {version.reference: found for version, found in known if found is not None}

    def look_again(self, refs: Iterable[str]) -> None:
        """Recompute this evidence, of which something is gone, and keep what is found where it differs."""
        if self._verifier is None:
            return
        with self._database.read() as connection:
            seen = self._seen(connection)
            rows = [_exact(connection, ref, seen) for ref in refs]
            known = [(row, decisions.checked(connection, row, self._identities.find)) for row in rows]
        for (place, evidence), before in known:
            facts = self._verifier(evidence)
            if facts is not None and (before is None or facts != before.facts):
                self._keep(place, evidence, facts)

    def _recompute(self, artifact: str, alias: str, to: str | Reference, override: Override | None) -> None:
        """Look again at the evidence that the move may rest on: a key may be trusted no more since then."""
        if self._verifier is None:
            return
        with self._database.read() as connection:
            row, version = self._movable(connection, artifact, to, override)
            known = evidence_to_look_at(connection, row, version, alias, self._identities.find)
        for (place, evidence), before in known:
            facts = self._verifier(evidence)
            if facts is not None and facts != before:
                self._keep(place, evidence, facts)

    def _keep(self, row: int, evidence: Version, facts: EvidenceFacts) -> None:
        now = self._clock()
        with self._database.write() as connection:
            decisions.add_evidence(connection, row, facts, _rfc3339(now))
            said = {"digest": evidence.digest, "accepted": facts.accepted, "why": facts.why}
            self._log(connection, "evidence.recompute", evidence.short, now, **said)

    def _movable(
        self, connection: sa.Connection, artifact: str, to: str | Reference, override: Override | None
    ) -> queries.Row:
        """Return the version `to`, which has to be one of `artifact`, where `by` may move its aliases."""
        row, version = _fit(connection, artifact, to, self._seen(connection))
        for action in ("alias.move", *(["alias.override"] if override else [])):
            rights.ask(connection, self._by, action, version)
        return row, version

    def _vouchable(self, connection: sa.Connection, ref: str) -> tuple[int, Version, str]:
        """Return evidence for which `by` may bring a token, and the audience that it has to name."""
        row, version = resolving.resolve(connection, ref, self._seen(connection))
        rights.ask(connection, self._by, "artifact.publish", version)
        audience = vouching.audience(version)
        if audience is None:
            raise refusals.not_evidence(version)
        return row, version, audience

    def _add(self, connection: sa.Connection, wanted: Move, now: datetime) -> Move:
        move = replace(wanted, sequence=aliases.add(connection, wanted))
        before = move.from_version
        self._log(
            connection,
            f"alias.{move.action}",
            str(replace(move.to_version, alias=move.alias, number=None, digest=None)),
            now,
            sequence=move.sequence,
            before=before.digest if before else None,
            to=move.to_version.digest,
            why=move.why,
            policy=move.policy,
            evidence=[*move.evidence],
            failed=[condition.name for condition in move.conditions if not condition.holds],
            ticket=move.ticket,
            expires=move.expires,
        )
        return move

    def _log(
        self, connection: sa.Connection, action: str, subject: str, at: datetime, **details: Json
    ) -> None:
        rights.log(connection, self._by, action, subject, at, **details)

    def _seen(self, connection: sa.Connection) -> rights.Seen:
        return rights.seen(connection, self._by)

    def _moves(self, connection: sa.Connection, reference: Reference, seen: rights.Seen) -> list[Move]:
        project = resolving.of_one_project(connection, reference, seen)
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
            by=self._by.id,
            at=at,
            clock=said if said != at else None,
            why=why.strip(),
        )


def _fit(connection: sa.Connection, artifact: str, to: str | Reference, seen: rights.Seen) -> queries.Row:
    wanted = _artifact(artifact)
    project = resolving.of_one_project(connection, wanted, seen)
    row, version = resolving.resolve(connection, to, seen)
    if (version.kind, version.project or "", version.name) != (wanted.kind, project, wanted.name):
        raise refusals.other_artifact(artifact, version)
    return row, version


def _history(connection: sa.Connection, version: Version, alias: str) -> list[Move]:
    return aliases.moves(connection, version.kind, version.project or "", version.name, alias)


def _compare(alias: str, history: Sequence[Move], read: Digest | None) -> None:
    last = history[-1] if history else None
    if (last.to_version.digest if last else None) != read:
        raise refusals.moved_meanwhile(alias, last, str(read))


def _exact(connection: sa.Connection, ref: str, seen: rights.Seen) -> queries.Row:
    row, version = resolving.resolve(connection, ref, seen)
    if ref.startswith("sha256:"):
        named = queries.find(connection, VERSIONS.c.digest == version.digest, *seen.rows)
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
