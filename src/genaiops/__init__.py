"""genaiops: change, ship and run generative AI on evidence.

An application needs four names, `Answer`, `Citation`, `Context` and `ToolCall`; everything else is reached
through the `genaiops` command or through the rooms (`genaiops.arena`, `genaiops.hub`, …).

A package with a pytest plug-in warns where it was imported before pytest; this word prevents it, so that a
test-suite where warnings are errors still starts: PYTEST_DONT_REWRITE.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app import Context
    from genaiops.core import Answer, Citation, ToolCall

__all__ = ["Answer", "Citation", "Context", "ToolCall", "__version__"]

__version__ = "0.1.0"

__getattr__ = attach(__name__, {"Answer": "core", "Citation": "core", "Context": "app", "ToolCall": "core"})
