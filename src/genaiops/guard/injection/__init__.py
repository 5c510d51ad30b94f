"""The injection classifier: a small model of our own, trained by one command, run in numpy alone."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.guard.injection.detector import injection_detector

__all__ = ["injection_detector"]

__getattr__ = attach(__name__, {"injection_detector": "detector"})
