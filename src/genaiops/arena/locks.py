"""`genaiops.lock.json`: what the suites were before a run, so that what changed since can be named. Pure but
for reading and writing the file.

A lock fixes a suite and its dataset by digest, with a moment and a nonce; the order of the cases derives from
it. A lock that its suite no longer agrees with counts for nothing, and says what changed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genaiops.arena.files import write_whole
from genaiops.arena.model import FixedSuite, Lock, Suite
from genaiops.arena.quarantine import without_quarantine
from genaiops.arena.suites import plain_ruler
from genaiops.core import Case, Json, OutsideError, decode_json, digest_json, encode, one_line

LOCK_FILE = "genaiops.lock.json"
SCHEMA: Literal["genaiops.lock/1"] = "genaiops.lock/1"
_SHORT = 12
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteLock:
    """One suite as it was locked.

    `parts` and `rows` hold the first 12 hexadecimal digits of the digest of each part of the suite and of
    each row, so that what changed can be named. The quarantine is no part of it: it has rules of its own.
    """

    fixed: FixedSuite
    parts: dict[str, str]
    rows: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteLocks:
    """`genaiops.lock.json`: a lock for each suite that was locked."""

    schema: Literal["genaiops.lock/1"]
    suites: dict[str, SuiteLock]


def lock_suite(suite: Suite, *, nonce: str, locked_at: str) -> SuiteLock:
    """Return the lock of a suite; `nonce` is hexadecimal, `locked_at` RFC 3339 in UTC."""
    plain = without_quarantine(suite)
    fixed = FixedSuite(
        suite=plain.digest, dataset=plain.ruler.dataset_digest, nonce=nonce, locked_at=locked_at
    )
    return SuiteLock(fixed=fixed, parts=_parts(plain), rows={case.id: _row(case) for case in plain.cases})


def changes_since(lock: SuiteLock, suite: Suite) -> tuple[str, ...]:
    """Return in words what changed since the suite was locked; nothing where it is as it was."""
    plain = without_quarantine(suite)
    if lock.fixed.suite == plain.digest and lock.fixed.dataset == plain.ruler.dataset_digest:
        return ()
    parts, rows = _parts(plain), {case.id: _row(case) for case in plain.cases}
    changed = _named(lock.parts, parts)
    said = [f"{name} changed" for name in changed]
    for verb, names in (
        ("added", rows.keys() - lock.rows.keys()),
        ("removed", lock.rows.keys() - rows.keys()),
        ("changed", [name for name in rows.keys() & lock.rows.keys() if rows[name] != lock.rows[name]]),
    ):
        said += [f"{verb} {_listed(sorted(names))}"] if names else []
    return tuple(said) or ("its digest is another",)


def state_of(lock: SuiteLock | None, suite: Suite, *, committed: bool) -> tuple[Lock, tuple[str, ...]]:
    """Return the state of a ruling suite, and what is to be said of it.

    `committed`: suite and lock are those of the baseline's commit. A lock that the suite no longer agrees
    with leaves it without any state.
    """
    if lock is None:
        return Lock(state="base" if committed else "none"), ()
    if changes := changes_since(lock, suite):
        whose = "the baseline's suite" if committed else "the suite"
        said = "; ".join(changes)
        warning = (
            f"{whose} {suite.ruler.name!r} is not what {LOCK_FILE} locked on "
            f"{one_line(lock.fixed.locked_at, 40)}: {said}. The lock does not count: `genaiops arena lock`"
        )
        return Lock(state="none"), (warning,)
    return Lock(state="base" if committed else "self", fixed=lock.fixed), ()


def read_locks(root: Path) -> SuiteLocks:
    """Return the locks of the project at `root`, none where it has no such file.

    Raises `UserError` where the file does not fit, `OutsideError` where it cannot be read.
    """
    path = root / LOCK_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return SuiteLocks(schema=SCHEMA, suites={})
    except OSError as error:
        raise _unreadable(path, error) from error
    return decode_json(SuiteLocks, content, where=LOCK_FILE, code="GAO-ARENA-301")


def write_locks(root: Path, locks: SuiteLocks) -> Path:
    """Write the file of the project at `root`, whole or not at all; raises `OutsideError`."""
    path = root / LOCK_FILE
    write_whole(path, _text(locks))
    return path


def _text(locks: SuiteLocks) -> str:
    """Return the file: one row a line, so that a diff shows which rows were locked anew."""
    return json.dumps(encode(locks), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _parts(suite: Suite) -> dict[str, str]:
    ruler = plain_ruler(suite.ruler)
    left = ("name", "dataset_digest", "quarantine")
    return {name: _short(value) for name, value in ruler.items() if name not in left}


def _row(case: Case) -> str:
    return _short(encode(case))


def _short(value: Json) -> str:
    return digest_json(value).removeprefix("sha256:")[:_SHORT]


def _named(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, 60) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {'row' if len(names) == 1 else 'rows'} ({shown}{more})"


def _unreadable(path: Path, error: OSError) -> OutsideError:
    return OutsideError(
        "GAO-ARENA-302",
        f"{LOCK_FILE} cannot be read",
        why=error.strerror or str(error),
        fix="check the disk and the rights of the project's folder",
        where=str(path),
    )
