"""Checkpoints: the log's last entry, signed, to be kept where whoever writes the log cannot write.

A file of checkpoints holds one in-toto statement a line. Kept in another repository or on another host, it
proves the log up to its newest line: that nothing before was cut off or computed anew.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from genaiops.access.audit import stamp
from genaiops.access.model import AuditResult, Checkpoint
from genaiops.access.signers import KnownKey
from genaiops.core import (
    OutsideError,
    SignedStatement,
    SigningKey,
    Statement,
    Subject,
    UserError,
    one_line,
    open_statement,
    sign_statement,
)

PREDICATE = "urn:genaiops:audit-checkpoint:v1"
_SUBJECT = "audit"


def checkpoint(found: AuditResult, key: SigningKey, at: datetime) -> bytes:
    """Return the signed line for a log that was just verified.

    Raises `UserError` where the log is empty or broken: a signature would vouch for what is wrong.
    """
    if found.breaks or not found.entries:
        first = found.breaks[0] if found.breaks else None
        raise UserError(
            "GAO-ACCESS-011",
            "this log cannot be vouched for",
            why=f"entry {first.seq}: {first.why}" if first else "it has no entry yet",
            fix="see what is wrong: genaiops access audit verify" if first else "change something first",
        )
    statement = Statement(
        subjects=(Subject(_SUBJECT, {"sha256": found.head.removeprefix("sha256:")}),),
        predicate_type=PREDICATE,
        predicate={"seq": found.entries, "at": stamp(at)},
    )
    return sign_statement(statement, key)


def add_line(path: Path, line: bytes) -> None:
    """Append a checkpoint to a file, making it where it is not there; the file is whole before and after."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        before = path.read_bytes() if path.exists() else b""
        part.write_bytes(before + line)
        part.replace(path)
    except OSError as error:
        raise OutsideError(
            "GAO-ACCESS-012",
            "the checkpoint cannot be written",
            why=error.strerror or str(error),
            fix="name a file in a folder that exists and that you may write to",
            where=str(path),
        ) from error
    finally:
        part.unlink(missing_ok=True)


def read_anchor(anchor: str, known: Sequence[KnownKey], folder: Path) -> tuple[Checkpoint, ...]:
    """Return the checkpoints of a file, or of `REF:PATH` in the git repository that `folder` lies in.

    Raises `UserError` where there are none, or where a line is no checkpoint by a key that is believed.
    """
    path = folder / anchor
    content = _of_git(anchor, folder) if ":" in anchor and not path.exists() else _of_file(path)
    return tuple(_checkpoints(content, known, anchor))


def _checkpoints(content: bytes, known: Sequence[KnownKey], where: str) -> Iterator[Checkpoint]:
    lines = content.splitlines(keepends=True)
    if not lines:
        raise _no_anchor(where, "it is empty")
    keys = [one.key for one in known]
    for number, line in enumerate(lines, start=1):
        place = f"{where}:{number}"
        signed = open_statement(line, keys, where=place)
        if signed.signer is None:
            raise UserError(
                "GAO-ACCESS-013",
                "this checkpoint is not signed by a key that is believed",
                why="its signer is neither you nor anybody in keys/trusted of the configuration folder",
                fix="put the signer's public key there as NAME.pub, or ask who wrote this line",
                where=place,
            )
        yield _checkpoint(signed, place)


def _checkpoint(signed: SignedStatement, where: str) -> Checkpoint:
    statement = signed.statement
    seq, at = statement.predicate.get("seq"), statement.predicate.get("at")
    digests = [subject.digest.get("sha256") for subject in statement.subjects if subject.name == _SUBJECT]
    if statement.predicate_type != PREDICATE or not isinstance(at, str) or len(digests) != 1:
        raise _no_anchor(where, "it is a statement about something else")
    if not isinstance(seq, int) or seq < 1:
        raise _no_anchor(where, "it names no entry")
    return Checkpoint(seq=seq, digest=f"sha256:{digests[0]}", at=at, signer=signed.signer or "")


def _of_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _no_anchor(str(path), error.strerror or str(error)) from error


def _of_git(anchor: str, folder: Path) -> bytes:
    # the object as it is: cat-file runs neither hooks nor filters; a name that begins with '-' is no option
    command = ["git", "-c", "core.fsmonitor=false", "cat-file", "--end-of-options", "blob", anchor]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise _no_anchor(anchor, "git is not installed") from error
    if done.returncode != 0:
        raise _no_anchor(anchor, one_line(done.stderr.decode(errors="replace")))
    return done.stdout


def _no_anchor(where: str, why: str) -> UserError:
    return UserError(
        "GAO-ACCESS-014",
        "there is no checkpoint to compare with",
        why=why,
        fix="name a file that `genaiops access audit checkpoint --to FILE` wrote, or REF:PATH of one in git",
        where=where,
    )
