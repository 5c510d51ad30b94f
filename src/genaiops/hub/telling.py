"""Versions, moves and what was decided, in lines for people. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from genaiops.core import one_line
from genaiops.hub.answers import Listed
from genaiops.hub.model import CheckedEvidence, ImportedRecord, Move, Standing, Version
from genaiops.hub.refusals import condition_line

_SHORT = 12


def short_digest(digest: str) -> str:
    """Return the first twelve digits of a digest."""
    return digest.removeprefix("sha256:")[:_SHORT]


def version_lines(versions: Sequence[Listed], now: datetime) -> Iterator[str]:
    """Yield a line a version: reference, digest, when and by what, its aliases, whether it is deprecated."""
    width = max((len(each.short) for each in versions), default=0)
    for each in versions:
        line = f"{each.short:<{width}}  {short_digest(each.digest)}  {each.created_at}  {each.activity}"
        pointing = [_alias(alias, each.overrides.get(alias), now) for alias in each.aliases]
        line += f"  [{', '.join(pointing)}]" if pointing else ""
        yield line + ("  DEPRECATED" if each.deprecated else "")


def show_lines(version: Version, standing: Standing, now: datetime) -> Iterator[str]:
    """Yield what is known of a version but its manifest."""
    yield version.reference
    author = f", {one_line(standing.author)}" if standing.author else ""
    yield f"published {version.created_at} by {version.activity}{author}"
    if version.deprecated:
        instead = f"; use {version.deprecated.successor}" if version.deprecated.successor else ""
        yield (
            f"DEPRECATED {version.deprecated.at} by {one_line(version.deprecated.by)}: "
            f"{one_line(version.deprecated.reason)}{instead}"
        )
    if version.removed:
        yield f"CONTENT REMOVED {version.removed} by `hub prune`; lineage and decisions stay"
    for field, value in version.described.items():
        yield f"{field} {one_line(value)}"
    for move in standing.aliases:
        pointing = _alias(move.alias, move.expires, now)
        yield f"alias {pointing} since {move.at}, by {one_line(move.by)}{_because(move)}"
    for approval in standing.approvals:
        note = f": {one_line(approval.note)}" if approval.note else ""
        yield f"approved {approval.at} as {approval.role} by {one_line(approval.by)}{note}"
    for evidence in standing.evidence:
        yield f"evidence {evidence.version.short}: {_found(evidence)}"
    if standing.recomputed:
        yield f"recomputed by the Hub: {_found(standing.recomputed)}"
    for record in standing.imported:
        yield from _imported(record)
    for key, value in version.labels.items():
        yield f"label {key}: {one_line(value)}"
    for key, digest in version.blobs.items():
        yield f"blob {one_line(key)}: {digest}"


def _imported(record: ImportedRecord) -> Iterator[str]:
    """Yield what was decided elsewhere, which counts for nothing here."""
    author = f" by {one_line(record.author)}" if record.author else ""
    there = f"there v{record.number}, {record.created_at}{author}"
    yield f"imported {record.at} by {one_line(record.by)}; {there}"
    for approval in record.approvals:
        yield f"    there approved {approval.at} as {one_line(approval.role)} by {one_line(approval.by)}"
    for move in record.moves:
        yield f"    there {one_line(move.alias)} since {move.at}, by {one_line(move.by)}{_because(move)}"


def move_lines(move: Move, now: datetime) -> Iterator[str]:
    """Yield a move of an alias: when, from where to where, by whom and why; an override says so loudly."""
    origin = f"v{move.from_version.number}" if move.from_version else "not set"
    target = str(move.to_version).partition("@")[0]
    line = f"#{move.sequence}  {move.at}  {origin} -> {target}  by {one_line(move.by)}"
    word = "  rollback" if move.action == "rollback" else ""
    yield f"{line}{word}{_because(move)}"
    if move.clock:
        yield f"    the clock had gone back to {move.clock}; the time of the move before counts"
    if move.action == "override" and move.expires:
        state = "EXPIRED" if _expired(move.expires, now) else "expires"
        yield f"    OVERRIDE on ticket {one_line(move.ticket)}, {state} {move.expires}"
    if move.policy:
        held = sum(condition.holds for condition in move.conditions)
        yield f"    {held} of {len(move.conditions)} conditions held, of policy {move.policy}"
    for condition in move.conditions:
        if not condition.holds:
            yield f"    {condition_line(condition)}"
    for digest in move.evidence:
        yield f"    on evidence {digest}"


def _alias(alias: str, expires: str | None, now: datetime) -> str:
    """Return an alias, and that an override put it there, until `expires`."""
    if expires is None:
        return alias
    return f"{alias}: OVERRIDE EXPIRED" if _expired(expires, now) else f"{alias}: OVERRIDE"


def _expired(expires: str, now: datetime) -> bool:
    return datetime.fromisoformat(expires) <= now.astimezone(UTC)


def _because(move: Move) -> str:
    return f": {one_line(move.why)}" if move.why else ""


def _found(evidence: CheckedEvidence) -> str:
    facts = evidence.facts
    if not facts.accepted:
        return f"rejected, {one_line(facts.why)} ({evidence.at})"
    signer = one_line(str(facts.signer)) + (f" ({facts.signer_role})" if facts.signer_role else "")
    erased = ", outputs erased" if facts.outputs_erased else ""
    return f"{facts.outcome}, signed by {signer}, lock {facts.lock}{erased} ({evidence.at})"
