"""The commands of the guard: those of its room, and the one that joins it with ARENA."""

from collections.abc import Mapping
from types import MappingProxyType

import typer

from genaiops.cli.above import with_above
from genaiops.guard.commands import app as commands

ABOVE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"bench": ("genaiops.arena.guard_commands", "guards")}
)

guard = typer.Typer(cls=with_above(ABOVE), help=commands.info.help, no_args_is_help=True)
guard.registered_commands = commands.registered_commands
guard.registered_callback = commands.registered_callback  # one command alone would be no group
