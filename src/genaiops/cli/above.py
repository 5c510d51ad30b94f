"""A group of commands to which rooms above add theirs: each is imported when it is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup


def with_above(above: Mapping[str, tuple[str, str]]) -> type[TyperGroup]:
    """Return a group that also has the commands of `above`: by name, the module and its Typer app."""

    class WithAbove(TyperGroup):
        """The group's own commands, and after them those from above."""

        def list_commands(self, ctx: typer.Context) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
            return [*super().list_commands(ctx), *above]

        def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            if cmd_name not in above:
                return super().get_command(ctx, cmd_name)
            module, name = above[cmd_name]
            group = typer.main.get_group(getattr(import_module(module), name))
            return cast(TyperCommand, group.commands[cmd_name])

    return WithAbove
