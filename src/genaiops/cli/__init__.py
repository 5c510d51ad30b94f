"""The `genaiops` command: puts the rooms' commands together; nothing else."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.cli.main import main

__all__ = ["main"]

__getattr__ = attach(__name__, {"main": "main"})
