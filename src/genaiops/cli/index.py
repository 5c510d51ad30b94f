"""The commands of indexes: those of the app's room, and those that join them with ARENA and the Hub."""

from collections.abc import Mapping
from types import MappingProxyType

import typer

from genaiops.app.index_commands import index as commands
from genaiops.cli.above import with_above

ABOVE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "status": ("genaiops.arena.index_commands", "indexes"),
        "migrate": ("genaiops.arena.index_commands", "indexes"),
        "rollback": ("genaiops.app.release_commands", "releases"),
        "withdraw": ("genaiops.arena.index_commands", "indexes"),
        "restore": ("genaiops.app.release_commands", "releases"),
        "prune": ("genaiops.app.release_commands", "releases"),
        "forget": ("genaiops.app.release_commands", "releases"),
    }
)

index = typer.Typer(cls=with_above(ABOVE), help=commands.info.help, no_args_is_help=True)
index.registered_commands = commands.registered_commands
