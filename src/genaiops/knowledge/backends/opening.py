"""Indexes in LanceDB and in PostgreSQL, opened and made."""

from collections.abc import Mapping
from pathlib import Path

from genaiops.core import hex_of
from genaiops.knowledge.backends.index import StoredIndex
from genaiops.knowledge.backends.lance import LanceFinder
from genaiops.knowledge.backends.ledger import Ledger
from genaiops.knowledge.backends.postgres import PostgresFinder, make_extension
from genaiops.knowledge.home import Home
from genaiops.knowledge.model import Recipe
from genaiops.store import file_database, shared_database

_PREFIX = "index_{recipe}_"
_DIGITS = 20
"""Of the recipe's digest in the names of tables, which PostgreSQL cuts at 63 characters."""


def open_stored(folder: Path, env: Mapping[str, str] | None = None) -> StoredIndex:
    """Open the index whose recipe stands in `folder`, for a recipe with another backend than `local`.

    PostgreSQL is found by `GENAIOPS_DATABASE` of `env`, without it of the process. Raises `UserError` where
    an extra is missing or no database is named, `OutsideError` where the tables are not as they were made.
    """
    recipe = Home(folder).recipe
    if recipe.backend.name == "lance":
        finder = LanceFinder(folder, recipe.backend.settings)
        return StoredIndex(folder, recipe, Ledger(file_database(folder / "ledger.db")), finder)
    ledger, finder = _in_postgres(recipe, env)
    index = StoredIndex(folder, recipe, ledger, finder)
    with ledger.view() as view:
        if view and view.dimension:
            finder.check(view.connection, view.dimension)
    return index


def create_stored(folder: Path, recipe: Recipe, env: Mapping[str, str] | None = None) -> StoredIndex:
    """Make an index in the new `folder`: without a snapshot, unless its tables are in PostgreSQL already."""
    if recipe.backend.name == "lance":
        Home.create(folder, recipe)
        ledger = Ledger(file_database(folder / "ledger.db"))
        with ledger.database.write() as connection:
            ledger.create(connection)
        ledger.database.close()
    else:
        ledger, _ = _in_postgres(recipe, env)
        with ledger.database.write() as connection:
            make_extension(connection)
            ledger.create(connection)
        ledger.database.close()
        Home.create(folder, recipe)
    return open_stored(folder, env)


def _in_postgres(recipe: Recipe, env: Mapping[str, str] | None) -> tuple[Ledger, PostgresFinder]:
    prefix = _PREFIX.format(recipe=hex_of(recipe.digest)[:_DIGITS])
    database = shared_database(prefix, env)
    return Ledger(database, prefix), PostgresFinder(prefix, recipe.backend.settings)
