"""The `genaiops` command: puts the rooms' commands together; for programs, the Hub with them (`open_hub`)."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.cli.hub import open_hub
    from genaiops.cli.main import main

__all__ = ["main", "open_hub"]

__getattr__ = attach(__name__, {"main": "main", "open_hub": "hub"})
