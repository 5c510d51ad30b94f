"""`genaiops hub` with what it needs from above: every kind, how ARENA recomputes evidence, lineage told."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from genaiops import access, arena
from genaiops.core import KindSpec, Settings
from genaiops.hub import EvidenceVerifier
from genaiops.hub.commands import hub as commands
from genaiops.hub.opening import Above
from genaiops.store import Store

ABOVE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "lineage": ("genaiops.arena.lineage_commands", "lineage"),
        "impact": ("genaiops.arena.lineage_commands", "lineage"),
        "bom": ("genaiops.arena.lineage_commands", "lineage"),
        "erase": ("genaiops.arena.erase_commands", "erasure"),
    }
)
"""The commands that join the Hub with rooms above it: the module and the Typer app that has them."""


class WithAbove(TyperGroup):
    """The Hub's commands and those of `ABOVE`, which take a second to import: only when they are called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the names, the Hub's own first."""
        return [*super().list_commands(ctx), *ABOVE]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Load one command from where it is."""
        if cmd_name not in ABOVE:
            return super().get_command(ctx, cmd_name)
        module, name = ABOVE[cmd_name]
        group = typer.main.get_group(getattr(import_module(module), name))
        return cast(TyperCommand, group.commands[cmd_name])


def verifier(store: Store, settings: Settings) -> EvidenceVerifier:
    """Return ARENA's verifier; it is loaded only where a command asks for it."""
    return arena.evidence_verifier(store, settings)


def kinds(store: Store, settings: Settings) -> Sequence[KindSpec]:
    """Return every kind whose room exists, with the store's keys of people; loaded only where asked for."""
    return arena.kinds_with(access.Vault(store.database, settings))


hub = typer.Typer(
    cls=WithAbove,
    help=commands.info.help,
    no_args_is_help=True,
    context_settings={"obj": Above(verifier, kinds, lambda: arena.KINDS)},
)
hub.registered_commands = commands.registered_commands
