"""The evidence folder: what is in it, and reading it without trusting it.

    manifest.json · cases.jsonl · outputs.jsonl · scores.jsonl · facts.json · verdict.json · report.html
    blobs/<sha256> · statement.intoto.jsonl     (and other_*.json[l] where the candidate changed the suite,
    labels.jsonl where people labelled answers, and sealed.jsonl where rows belong to people)

A folder is read whole or refused: no links, no files of other names, nothing beyond the caps below.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from pydantic_core import from_json

from genaiops.access import Sealed
from genaiops.arena.model import Arm, Judging, Label, Lock, Looks, Reuse, Role, Row, Ruler, Run, Suite
from genaiops.core import (
    Case,
    Digest,
    Json,
    Score,
    Trace,
    UserError,
    Verdict,
    decode_each,
    decode_json,
    one_line,
)

SCHEMA = "genaiops.evidence/1"
PREDICATE = "urn:genaiops:evidence:v1"

MANIFEST, STATEMENT, REPORT = "manifest.json", "statement.intoto.jsonl", "report.html"
CASES, OUTPUTS, SCORES = "cases.jsonl", "outputs.jsonl", "scores.jsonl"
FACTS, VERDICT = "facts.json", "verdict.json"
OTHER_CASES, OTHER_SCORES, OTHER_VERDICT = "other_cases.jsonl", "other_scores.jsonl", "other_verdict.json"
LABELS = "labels.jsonl"
SEALED = "sealed.jsonl"
BLOBS = "blobs"

NO_FOLDER = "GAO-ARENA-201"
"""The error for a path that is no evidence at all, not evidence that was changed."""

REQUIRED = (MANIFEST, STATEMENT, REPORT, CASES, OUTPUTS, SCORES, FACTS, VERDICT)
_OPTIONAL = (OTHER_CASES, OTHER_SCORES, OTHER_VERDICT, LABELS, SEALED)

_MEBIBYTE = 1 << 20
MAX_FILE = 256 * _MEBIBYTE
MAX_BLOB = 1024 * _MEBIBYTE
MAX_TOTAL = 2048 * _MEBIBYTE
MAX_FILES = 20_000
MAX_LINE = 16 * _MEBIBYTE

_BLOB_NAME = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`manifest.json`: what was compared, by which ruler, and how; with the scores it gives the verdict."""

    schema: Literal["genaiops.evidence/1"] = SCHEMA
    run: str
    project: str
    suite: Ruler
    suite_digest: Digest
    arms: dict[Role, Arm]
    lock: Lock
    seed: str
    order: tuple[str, ...]
    reuse: Reuse
    model_calls: int
    started_at: str
    finished_at: str
    environment: dict[str, Json]
    prices: dict[str, Json] = field(default_factory=dict[str, Json])
    gate_changed: bool = False
    gate_from: Role = "baseline"
    other_suite: Ruler | None = None
    other_suite_digest: Digest | None = None
    traces: Digest | None = None
    blobs: dict[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()
    looks: Looks | None = None
    judging: tuple[Judging, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One line of `scores.jsonl`."""

    role: Role
    score: Score


@dataclass(frozen=True, slots=True)
class Bundle:
    """An evidence folder in memory. `raw` holds the bytes whose digests `digests` are; blobs stay on disk."""

    folder: Path
    raw: Mapping[str, bytes]
    digests: Mapping[str, str]

    def manifest(self) -> Manifest:
        """Return the manifest."""
        return decode_json(Manifest, self.raw[MANIFEST], where=MANIFEST, code="GAO-ARENA-202")

    def verdict(self) -> Verdict:
        """Return the verdict that the bundle states."""
        return decode_json(Verdict, self.raw[VERDICT], where=VERDICT, code="GAO-ARENA-202")

    def json(self, name: str) -> Json:
        """Return the file `name` as plain JSON."""
        try:
            return from_json(self.raw[name], allow_inf_nan=False)
        except ValueError as error:
            raise _malformed(name, one_line(str(error))) from error

    def cases(self, name: str = CASES) -> tuple[Case, ...]:
        """Return the suite's rows."""
        return tuple(self._lines(name, Case))

    def rows(self) -> tuple[Row, ...]:
        """Return the outputs of both arms."""
        return tuple(self._lines(OUTPUTS, Row))

    def scores(self, name: str = SCORES) -> dict[Role, tuple[Score, ...]]:
        """Return the scores of each arm."""
        found: dict[Role, list[Score]] = {"baseline": [], "candidate": []}
        for row in self._lines(name, ScoreRow):
            found[row.role].append(row.score)
        return {role: tuple(scores) for role, scores in found.items()}

    def labels(self) -> tuple[Label, ...]:
        """Return people's labels; none where the bundle has none."""
        return tuple(self._lines(LABELS, Label)) if LABELS in self.raw else ()

    def sealed(self) -> tuple[Sealed, ...]:
        """Return the boxes of what belongs to people; none where the suite names no `subject`."""
        return tuple(self._lines(SEALED, Sealed)) if SEALED in self.raw else ()

    def traces(self) -> tuple[Trace, ...]:
        """Return the traces of the outputs; none where the bundle has none."""
        digest = self.manifest().traces
        if digest is None:
            return ()
        name = f"{BLOBS}/{digest.removeprefix('sha256:')}"
        if name not in self.digests:
            raise _malformed(MANIFEST, "the traces that it names are not in the folder")
        path = self.folder / name
        if path.stat().st_size > MAX_FILE:
            raise _too_big(name)
        return tuple(decode_lines(path.read_bytes(), Trace, name))

    def run(self, *, traces: bool = True) -> Run:
        """Return the comparison that the bundle was written from; without `traces` it is read sooner."""
        manifest, suite = self.manifest(), self.suite()
        other = None
        if manifest.other_suite is not None and OTHER_CASES in self.raw:
            other = Suite(
                ruler=manifest.other_suite,
                cases=self.cases(OTHER_CASES),
                digest=manifest.other_suite_digest or suite.digest,
            )
        return Run(
            id=manifest.run,
            project=manifest.project,
            suite=suite,
            arms=manifest.arms,
            rows=self.rows(),
            scores=self.scores(),
            traces=self.traces() if traces else (),
            lock=manifest.lock,
            seed=manifest.seed,
            started_at=manifest.started_at,
            finished_at=manifest.finished_at,
            model_calls=manifest.model_calls,
            reuse=manifest.reuse,
            environment=manifest.environment,
            prices=manifest.prices,
            gate_changed=manifest.gate_changed,
            gate_from=manifest.gate_from,
            other_suite=other,
            other_scores=self.scores(OTHER_SCORES) if OTHER_SCORES in self.raw else {},
            warnings=manifest.warnings,
            looks=manifest.looks,
            judging=manifest.judging,
            labels=self.labels(),
            sealed=self.sealed(),
        )

    def suite(self) -> Suite:
        """Return the ruler with its rows."""
        manifest = self.manifest()
        return Suite(ruler=manifest.suite, cases=self.cases(), digest=manifest.suite_digest)

    def _lines(self, name: str, kind: type[T]) -> list[T]:
        return decode_lines(self.raw[name], kind, name)


def open_bundle(folder: Path) -> Bundle:
    """Read an evidence folder; raises `UserError` naming the first thing that has no business in it."""
    sizes = _listing(folder)
    missing = [name for name in REQUIRED if name not in sizes]
    if missing:
        raise _malformed(missing[0], "the folder lacks it")
    raw: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    for name, size in sorted(sizes.items()):
        if size > (MAX_BLOB if name.startswith(BLOBS) else MAX_FILE):
            raise _too_big(name)
        if name.startswith(BLOBS):
            digests[name] = _hash_file(folder / name)
        else:
            raw[name] = _read_file(folder / name)
            digests[name] = hashlib.sha256(raw[name]).hexdigest()
    return Bundle(folder, raw, digests)


def decode_lines(content: bytes, kind: type[T], name: str) -> list[T]:
    """Return each line of a JSON Lines file as a `kind`; every line ends with a newline."""
    if content and not content.endswith(b"\n"):
        raise _malformed(name, "its last line does not end")
    lines = content.split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise _too_big(f"{name}, line {number}")
    return decode_each(kind, lines, where=name, code="GAO-ARENA-202")


def _listing(folder: Path) -> dict[str, int]:
    """Return the size of every file; nothing is opened yet."""
    try:
        if folder.is_symlink() or not folder.is_dir():
            raise UserError(
                NO_FOLDER,
                f"{str(folder)!r} is not an evidence folder",
                why="there is no such folder, or it is a link",
                fix="give the path that `genaiops arena run` printed, or that `genaiops arena show` prints",
            )
        found = dict(_entries(folder, ""))
    except OSError as error:
        raise _malformed(folder.name, one_line(str(error))) from error
    if sum(found.values()) > MAX_TOTAL:
        raise _too_big(folder.name)
    return found


def _entries(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            name = prefix + entry.name
            if count > MAX_FILES:
                raise _too_big(folder.name)
            status = entry.stat(follow_symlinks=False)
            if name == BLOBS and stat.S_ISDIR(status.st_mode):
                yield from _entries(folder / BLOBS, BLOBS + "/")
            elif not stat.S_ISREG(status.st_mode):
                raise _malformed(name, "it is a link, a folder or a device; evidence is plain files")
            elif not _expected(name):
                raise _malformed(name, "it is no part of an evidence folder")
            else:
                yield name, status.st_size


def _expected(name: str) -> bool:
    if name.startswith(BLOBS + "/"):
        return _BLOB_NAME.fullmatch(name.removeprefix(BLOBS + "/")) is not None
    return name in REQUIRED or name in _OPTIONAL


def _read_file(path: Path) -> bytes:
    with _open(path) as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise _too_big(path.name)
    return content


def _hash_file(path: Path) -> str:
    with _open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path):  # noqa: ANN202  the type of an open file has no short name
    try:
        # a link that took a file's place after the listing is refused here
        return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
    except OSError as error:
        raise _malformed(path.name, one_line(str(error))) from error


def _malformed(name: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-202",
        f"{one_line(name, 120)} does not belong in this evidence",
        why=why,
        fix="get the folder again from whoever made it, whole",
        where=one_line(name, 120),
    )


def _too_big(name: str) -> UserError:
    return UserError(
        "GAO-ARENA-203",
        f"{one_line(name, 120)} is larger than evidence may be",
        why=f"at most {MAX_FILE >> 20} MiB a file, {MAX_TOTAL >> 20} MiB and {MAX_FILES:,} files in all",
        fix="split the suite, or keep attachments elsewhere",
        where=one_line(name, 120),
    )
