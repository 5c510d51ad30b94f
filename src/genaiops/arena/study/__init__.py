"""Variants of RAG side by side on one frozen set: what each search finds, what each system answers.

Retrieval is decided offline. For the answers a plan says what the clusters can show, and where the generator
is below the level at which a comparison is decidable, the report says that and gives no verdict.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.study.material import Place
    from genaiops.arena.study.model import StudyReport
    from genaiops.arena.study.run import StudyOptions, run_study
    from genaiops.arena.study.variants import VARIANTS

_FILES = {
    "material": "Place",
    "model": "StudyReport",
    "run": "StudyOptions run_study",
    "variants": "VARIANTS",
}

__all__ = ["VARIANTS", "Place", "StudyOptions", "StudyReport", "run_study"]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
