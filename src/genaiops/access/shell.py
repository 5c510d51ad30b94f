"""What the commands of access share: the store, who is asking, what time it is, and how a list looks."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genaiops.access.caller import check_at_hand
from genaiops.access.checks import principal_of
from genaiops.access.login import login
from genaiops.access.model import Changed
from genaiops.access.tables import prepare
from genaiops.core import Principal, encode
from genaiops.store import Database, Store, find_store
from genaiops.work import Console

if TYPE_CHECKING:
    from sqlalchemy import Connection

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """One command's transaction: who asks, and when."""

    connection: "Connection"
    by: Principal
    at: datetime


@contextmanager
def opened() -> Generator[Database]:
    """Give the database of the project that the command runs in, with the tables of access."""
    check_at_hand(os.environ, "managing access")
    with Store.open(find_store(Path.cwd())) as store:
        prepare(store.database)
        yield store.database


@contextmanager
def changing() -> Generator[Asked]:
    """Give a transaction that ends with the block."""
    with opened() as database, database.write() as connection:
        yield Asked(connection, principal_of(connection, login()), datetime.now(UTC))


@contextmanager
def reading() -> Generator[Asked]:
    """Give a snapshot."""
    with opened() as database, database.read() as connection:
        yield Asked(connection, principal_of(connection, login()), datetime.now(UTC))


def subject_of(text: str) -> str:
    """Return a subject as it is kept: a bare name is a user's."""
    return text if ":" in text else f"user:{text}"


def say_changed(as_json: bool, subject: str, done: str, changed: bool = True) -> None:
    """Say what a command did, or that it was so already."""
    console = Console(json=as_json)
    if as_json:
        console.emit_json(encode(Changed(subject=subject, changed=changed)))
    else:
        console.print(f"{subject}: {done}" if changed else f"{subject}: it is so already")


def say_rows(console: Console, rows: Sequence[Sequence[str]], empty: str) -> None:
    """Print rows as columns, or what it means that there are none."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        console.print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if not rows:
        console.print(empty)
