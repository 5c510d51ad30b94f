"""`genaiops hub erase`: thin over the vault.

It takes the exported trees along, which hold data files in clear, and lets the Hub look again at evidence.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from genaiops.access import Erased, Vault, acting, check_at_hand
from genaiops.arena.hub_verifier import evidence_verifier
from genaiops.core import Settings, UserError, encode
from genaiops.hub import Governance
from genaiops.store import Store, find_store
from genaiops.work import Console

erasure = typer.Typer(help="What belongs to people.", no_args_is_help=True)


@erasure.command(
    "erase",
    epilog='Example: genaiops hub erase anna@example.org --reason "they asked" --ticket PRIV-12 --yes',
)
def erase(
    subject: Annotated[str, typer.Argument(help="The person, as the rows of the dataset write them.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit log. No name: the log stays.")] = "",
    ticket: Annotated[str, typer.Option(help="Where the request is handled.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: it cannot be undone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Destroy the key of a person: what is sealed of them in this store can never be read again.

    Evidence that rested on it stays, verifies from its scores, and says: outputs erased. So do datasets and
    recordings that were pushed with --subject-field, without the person's rows.
    """
    console = Console(json=as_json)
    check_at_hand(os.environ, "erasing")
    _be_sure(yes)
    with Store.open(find_store(Path.cwd())) as store, store.lock("arena"):
        by = acting(store.database, os.environ)
        settings = Settings.from_env(os.environ)
        vault = Vault(store.database, settings)
        done = vault.erase(by, subject, reason=reason, ticket=ticket, at=datetime.now(UTC))
        for tree in (store.path / "trees").iterdir():
            shutil.rmtree(tree)
        Governance(store, by=by, verifier=evidence_verifier(store, settings)).look_again(_evidence(done))
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print("\n".join(_lines(done)))


def _be_sure(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "GAO-ARENA-363",
            "erasing cannot be undone, and nobody is here to ask",
            why="this is no terminal",
            fix="say --yes",
        )
    typer.confirm("What is sealed of this person can never be read again. Erase?", abort=True, err=True)


def _evidence(done: Erased) -> list[str]:
    return [reference for reference in done.rested if reference.startswith("evidence/")]


def _lines(done: Erased) -> Iterator[str]:
    yield f"erased: {done.subject}, at {done.erased_at}; nothing sealed of this person opens any more"
    if done.rested:
        yield "these rest on it and say so; evidence among them verifies from its scores:"
        yield from (f"  {reference}" for reference in done.rested)
    if not done.scrubbed:
        yield (
            "the database may still hold older pages: where it is SQLite, end other commands and erase again"
        )
    yield "not reached: data files and their git history, backups, exports (the page on erasure lists them)"
