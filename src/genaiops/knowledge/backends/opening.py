"""Indexes in LanceDB and in PostgreSQL, opened and made."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from genaiops.core import hex_of
from genaiops.knowledge.backends.gate import Gate
from genaiops.knowledge.backends.index import StoredIndex
from genaiops.knowledge.backends.lance import LanceFinder
from genaiops.knowledge.backends.ledger import Ledger
from genaiops.knowledge.backends.postgres import PostgresFinder, make_extension
from genaiops.knowledge.home import Home
from genaiops.knowledge.model import Recipe
from genaiops.store import file_database, shared_database

_PREFIX = "index_{recipe}_"
_MAPPED = 1 << 40
"""Bytes: all of a ledger. SQLite takes 2 GB at most."""
_DIGITS = 20
"""Of the recipe's digest in the names of tables, which PostgreSQL cuts at 63 characters."""


def open_stored(folder: Path, recipe: Recipe, env: Mapping[str, str] | None = None) -> StoredIndex:
    """Open the index of `recipe` in `folder`.

    PostgreSQL is found by `GENAIOPS_DATABASE` of `env`, without it of the process. Raises `UserError` where
    an extra is missing or no database is named, `OutsideError` where what is kept is not as it was made.
    """
    if recipe.backend.name == "lance":
        lance = LanceFinder(folder, recipe.backend.settings)
        return StoredIndex(folder, recipe, _in_folder(folder), lance, Gate())
    ledger, finder = _in_postgres(recipe, env)
    with ExitStack() as undo:
        undo.callback(ledger.database.close)
        with ledger.view() as view:
            if view and view.dimension:
                finder.check(view.connection, view.dimension)
        index = StoredIndex(folder, recipe, ledger, finder)
        undo.pop_all()
        return index


def create_stored(folder: Path, recipe: Recipe, env: Mapping[str, str] | None = None) -> StoredIndex:
    """Make an index in the new `folder`: without a snapshot, unless its tables are in PostgreSQL already."""
    if recipe.backend.name == "postgres":
        ledger, _ = _in_postgres(recipe, env)
        with closing(ledger.database), ledger.database.write() as connection:
            make_extension(connection)
            ledger.create(connection)
        Home.create(folder, recipe)
        return open_stored(folder, recipe, env)
    LanceFinder(folder, recipe.backend.settings)  # says first where the extra is missing
    Home.create(folder, recipe)
    ledger = _in_folder(folder)
    with closing(ledger.database), ledger.database.write() as connection:
        ledger.create(connection)
    return open_stored(folder, recipe, env)


def _in_folder(folder: Path) -> Ledger:
    return Ledger(file_database(folder / "ledger.db", mapped=_MAPPED))


def _in_postgres(recipe: Recipe, env: Mapping[str, str] | None) -> tuple[Ledger, PostgresFinder]:
    prefix = _PREFIX.format(recipe=hex_of(recipe.digest)[:_DIGITS])
    database = shared_database(prefix, env)
    return Ledger(database, prefix), PostgresFinder(prefix, recipe.backend.settings)
