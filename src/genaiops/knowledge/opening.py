"""An index opened or made in the backend that its recipe names."""

from collections.abc import Mapping
from pathlib import Path

from genaiops.knowledge import backends
from genaiops.knowledge.home import Home
from genaiops.knowledge.index import LocalIndex
from genaiops.knowledge.model import LOCAL, Recipe
from genaiops.knowledge.seams import Index


def open_folder(folder: Path, env: Mapping[str, str] | None = None) -> Index:
    """Open the index whose recipe stands in `folder`; `env`, else the process', says where PostgreSQL is.

    Raises `UserError` where its backend cannot be used here, `OutsideError` where it is damaged.
    """
    recipe = Home(folder).recipe
    return LocalIndex(folder) if recipe.backend == LOCAL else backends.open_stored(folder, recipe, env)


def create_index(folder: Path, recipe: Recipe, env: Mapping[str, str] | None = None) -> Index:
    """Make an index in the new `folder`: without a snapshot, unless it is in a database that others use."""
    if recipe.backend == LOCAL:
        return LocalIndex.create(folder, recipe)
    return backends.create_stored(folder, recipe, env)
