"""`genaiops access audit`: read the log, prove it, and sign where it stands."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from genaiops.access.audit import entries, verify
from genaiops.access.checkpoints import add_line, checkpoint, read_anchor
from genaiops.access.checks import require
from genaiops.access.model import EVERYWHERE, AuditLog, AuditResult
from genaiops.access.shell import AsJson, reading, say_rows
from genaiops.access.signers import known_keys, signing_key
from genaiops.core import Settings, canonical, encode, one_line
from genaiops.work import Console

audit = typer.Typer(
    help="The audit log: what was done, by whom, and whether it still says so.", no_args_is_help=True
)


@audit.command("list", epilog="Example: genaiops access audit list --limit 50")
def show_list(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    subject: Annotated[
        str | None, typer.Option(help="Only entries about this, for example user:anna.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries. They are as they stand there; `verify` says whether that is true."""
    console = Console(json=as_json)
    with reading() as asked:
        require(asked.connection, asked.by, "audit.read", EVERYWHERE)
        found = entries(asked.connection, limit=limit, subject=subject)
    if as_json:
        console.emit_json(encode(AuditLog(entries=tuple(found))))
        return
    rows = [
        (
            str(each.seq),
            each.at[:19] + "Z",
            *map(one_line, (each.actor, each.action, each.subject)),
            _details(each.details),
        )
        for each in found
    ]
    say_rows(console, rows, "nothing has been written here yet")


@audit.command(
    "verify", epilog="Example: genaiops access audit verify --anchor origin/audit:checkpoints.jsonl"
)
def show_verify(
    anchor: Annotated[
        str | None, typer.Option(help="A file of checkpoints that was kept elsewhere, or REF:PATH in git.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log, and say up to where it is proven. Exit 1 where it does not hold.

    Edits, insertions, reorderings and inner removals are found in any case. That its end was not cut off,
    and that it was not computed anew, is proven only up to the newest checkpoint of --anchor.
    """
    console = Console(json=as_json)
    known = known_keys(Settings.from_env(os.environ))
    checkpoints = read_anchor(anchor, known, Path.cwd()) if anchor else ()
    with reading() as asked:
        require(asked.connection, asked.by, "audit.read", EVERYWHERE)
        found = verify(asked.connection, checkpoints)
    if as_json:
        console.emit_json(encode(found))
    else:
        console.print("\n".join(_verdict(found)))
    raise typer.Exit(0 if found.holds else 1)


@audit.command(
    "checkpoint", epilog="Example: genaiops access audit checkpoint --to /mnt/elsewhere/checkpoints.jsonl"
)
def make_checkpoint(
    to: Annotated[Path | None, typer.Option(help="Add the line to this file. Default: stdout.")] = None,
) -> None:
    """Verify the log and sign where it ends, for a place that nobody who writes the log can change.

    The line is JSON in any case. Checkpoints that the file holds already must agree with the log.
    """
    console = Console()
    settings = Settings.from_env(os.environ)
    key = signing_key(settings, announce=console.note)
    before = read_anchor(str(to), known_keys(settings), Path.cwd()) if to and to.exists() else ()
    with reading() as asked:
        require(asked.connection, asked.by, "audit.read", EVERYWHERE)
        found = verify(asked.connection, before)
    line = checkpoint(found, key, datetime.now(UTC))
    if to:
        add_line(to, line)
        console.print(f"entry {found.entries} is vouched for in {to}; keep that file elsewhere")
    else:
        console.print(line.decode().rstrip("\n"))


def _details(details: object) -> str:
    return one_line(canonical(encode(details)).decode()) if details else ""


def _verdict(found: AuditResult) -> list[str]:
    lines = [f"entry {each.seq}: {each.why}" for each in found.breaks]
    if lines:
        return [*lines, f"the log does not hold: {found.entries} entries read"]
    lines = [f"{found.entries} entries, each follows from the one before it"]
    after = found.entries - found.proven_to
    if found.proven_to:
        lines.append(f"proven up to entry {found.proven_to}, by the checkpoint of {found.proven_at}")
    if after:
        which = f"the {after} after it" if found.proven_to else "all of them"
        lines.append(f"not proven for {which}: that the end was not cut off, nor written anew")
        lines.append("a checkpoint that was kept elsewhere proves it: --anchor FILE or REF:PATH")
    return lines
