"""`genaiops hub` with what it needs from above: how ARENA recomputes evidence, and what lineage tells."""

import typer

from genaiops import arena
from genaiops.arena.lineage_commands import lineage
from genaiops.core import Settings
from genaiops.hub import EvidenceVerifier
from genaiops.hub.commands import hub as commands
from genaiops.store import Store


def verifier(store: Store, settings: Settings) -> EvidenceVerifier:
    """Return ARENA's verifier; it is loaded only where a command asks for it."""
    return arena.evidence_verifier(store, settings)


hub = typer.Typer(help=commands.info.help, no_args_is_help=True, context_settings={"obj": verifier})
hub.registered_commands = [*commands.registered_commands, *lineage.registered_commands]
