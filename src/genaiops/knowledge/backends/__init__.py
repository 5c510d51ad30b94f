"""Backends of the index beside the default one, imported only where a recipe names one."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.knowledge.backends.opening import create_stored, open_stored

__all__ = ["create_stored", "open_stored"]

__getattr__ = attach(__name__, {"create_stored": "opening", "open_stored": "opening"})
