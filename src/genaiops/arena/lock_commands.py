"""`genaiops arena lock`: fix suites before a run, and say whether they are still what was locked."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from genaiops.app import Project, load_project
from genaiops.arena.engine import now
from genaiops.arena.locks import (
    LOCK_FILE,
    SCHEMA,
    SuiteLock,
    SuiteLocks,
    changes_since,
    lock_suite,
    read_locks,
    write_locks,
)
from genaiops.arena.options import Json
from genaiops.arena.pairing import load_suite
from genaiops.core import Digest, encode
from genaiops.store import find_store
from genaiops.work import Console

LockStatus = Literal["locked", "locked anew", "unchanged", "changed", "not locked", "gone"]
_BROKEN: frozenset[LockStatus] = frozenset({"changed", "not locked", "gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSuite:
    """One suite, how it stands to its lock, and what changed since it was locked."""

    name: str
    status: LockStatus
    suite: Digest | None = None
    dataset: Digest | None = None
    locked_at: str | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReport:
    """What `arena lock --json` prints. `holds`: every suite that was asked for is what its lock says."""

    file: str
    suites: tuple[LockedSuite, ...]
    holds: bool


def lock(
    suite: Annotated[str | None, typer.Option(help="The suite to lock; all of them where left out.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where a suite is not what was locked.")
    ] = False,
    json: Json = False,
) -> None:
    """Fix suites before a run: their digests, a moment and a nonce, in genaiops.lock.json. Commit the file.

    Example: genaiops arena lock --suite qa
    """
    console = Console(json=json)
    project = load_project(find_store(Path.cwd()).parent, (), os.environ)
    report = check_locks(project, suite) if check else lock_suites(project, suite)
    if json:
        console.emit_json(encode(report))
    else:
        console.print("\n".join(_lines(report)))
    raise typer.Exit(0 if report.holds else 1)


def lock_suites(project: Project, name: str | None) -> LockReport:
    """Lock the suite `name`, or all, and write the file; a suite that is as it was locked stays so.

    Raises `UserError` for an unknown suite or a dataset that does not fit.
    """
    before = read_locks(project.root)
    kept = {known: entry for known, entry in before.suites.items() if known in project.suites}
    told: list[LockedSuite] = []
    for one in _names(project, name):
        entry, status, changes = _locked(project, one, before.suites.get(one))
        kept[one] = entry
        told.append(_told(one, entry, status, changes))
    locks = SuiteLocks(schema=SCHEMA, suites=kept)
    if locks != before:
        write_locks(project.root, locks)
    return LockReport(file=LOCK_FILE, suites=tuple(told), holds=True)


def check_locks(project: Project, name: str | None) -> LockReport:
    """Say whether the suite `name`, or every suite, is what the file locks; raises as `lock_suites` does."""
    locks = read_locks(project.root).suites
    told: list[LockedSuite] = []
    for one in _names(project, name):
        suite = load_suite(project, one)
        if (entry := locks.get(one)) is None:
            told.append(LockedSuite(name=one, status="not locked"))
            continue
        changes = changes_since(entry, suite)
        told.append(_told(one, entry, "changed" if changes else "unchanged", changes))
    if name is None:
        gone = sorted(locks.keys() - project.suites.keys())
        told += [_told(one, locks[one], "gone", ()) for one in gone]
    holds = _BROKEN.isdisjoint(one.status for one in told)
    return LockReport(file=LOCK_FILE, suites=tuple(told), holds=holds)


def _names(project: Project, name: str | None) -> list[str]:
    return sorted(project.suites) if name is None else [name]


def _locked(
    project: Project, name: str, before: SuiteLock | None
) -> tuple[SuiteLock, LockStatus, tuple[str, ...]]:
    suite = load_suite(project, name)
    changes = changes_since(before, suite) if before is not None else ()
    if before is not None and not changes:
        return before, "unchanged", ()  # another nonce would be another draw of the order
    entry = lock_suite(suite, nonce=secrets.token_hex(16), locked_at=now())
    return entry, "locked" if before is None else "locked anew", changes


def _told(name: str, entry: SuiteLock, status: LockStatus, changes: tuple[str, ...]) -> LockedSuite:
    fixed = entry.fixed
    return LockedSuite(
        name=name,
        status=status,
        suite=fixed.suite,
        dataset=fixed.dataset,
        locked_at=fixed.locked_at,
        changes=changes,
    )


def _lines(report: LockReport) -> Iterator[str]:
    for one in report.suites:
        when = f" (locked {one.locked_at})" if one.locked_at else ""
        yield f"{one.name}: {one.status}{when}"
        yield from (f"  {change}" for change in one.changes)
    if not report.suites:
        yield "the project has no suite"
