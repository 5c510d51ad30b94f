"""`genaiops hub` with what it needs from above: every kind, how ARENA recomputes evidence, lineage told."""

from collections.abc import Sequence

import typer

from genaiops import arena
from genaiops.arena.erase_commands import erasure
from genaiops.arena.lineage_commands import lineage
from genaiops.core import KindSpec, Settings
from genaiops.hub import EvidenceVerifier
from genaiops.hub.commands import hub as commands
from genaiops.hub.opening import Above
from genaiops.store import Store


def verifier(store: Store, settings: Settings) -> EvidenceVerifier:
    """Return ARENA's verifier; it is loaded only where a command asks for it."""
    return arena.evidence_verifier(store, settings)


def kinds() -> Sequence[KindSpec]:
    """Return every kind whose room exists; the rooms are loaded only where a command asks."""
    return arena.KINDS


hub = typer.Typer(
    help=commands.info.help, no_args_is_help=True, context_settings={"obj": Above(verifier, kinds)}
)
hub.registered_commands = [
    *commands.registered_commands,
    *lineage.registered_commands,
    *erasure.registered_commands,
]
