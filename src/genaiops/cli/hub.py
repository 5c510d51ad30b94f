"""The Hub with what it needs from above: every kind, how ARENA recomputes evidence, lineage told."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType

import typer

from genaiops import access, arena, blueprints
from genaiops.cli.above import with_above
from genaiops.core import KindSpec, Settings
from genaiops.hub import Client, EvidenceVerifier
from genaiops.hub.commands import hub as commands
from genaiops.hub.opening import Above, opened
from genaiops.store import Store

ABOVE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "lineage": ("genaiops.arena.lineage_commands", "lineage"),
        "impact": ("genaiops.arena.lineage_commands", "lineage"),
        "bom": ("genaiops.arena.lineage_commands", "lineage"),
        "erase": ("genaiops.arena.erase_commands", "erasure"),
    }
)
"""The commands that join the Hub with rooms above it, which take a second to import."""


def verifier(store: Store, settings: Settings) -> EvidenceVerifier:
    """Return ARENA's verifier; it is loaded only where a command asks for it."""
    return arena.evidence_verifier(store, settings)


def kinds(store: Store, settings: Settings) -> Sequence[KindSpec]:
    """Return every kind whose room exists, with the store's keys of people; loaded only where asked for."""
    return (*arena.kinds_with(access.Vault(store.database, settings)), *blueprints.KINDS)


def all_kinds() -> Sequence[KindSpec]:
    """Return every kind whose room exists, without a store."""
    return (*arena.KINDS, *blueprints.KINDS)


ROOMS = Above(verifier, kinds, all_kinds)
"""What the rooms above hand to the Hub."""


def open_hub(
    where: str | Path | None = None, *, env: Mapping[str, str] = os.environ
) -> AbstractContextManager[Client]:
    """Open a Hub: at a URL, in a project's folder, or where the environment says.

    As `genaiops hub` does: `GENAIOPS_HUB` names a URL, `GENAIOPS_HUB_KEY` holds the key. Raises `UserError`
    where there is no project, no key, or no such Hub.
    """
    return opened(ROOMS, arena.HUB_ROUTES, where=where, env=env)


hub = typer.Typer(
    cls=with_above(ABOVE),
    help=commands.info.help,
    no_args_is_help=True,
    context_settings={"obj": ROOMS},
)
hub.registered_commands = commands.registered_commands
