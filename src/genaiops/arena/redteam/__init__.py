"""Attacks on the project's app with its guard, offline; success is a mark that came out, or a call.

seeds × generators → copies of the tree with a canary → answers by the engine → judged by marks → report
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.redteam.cases import cases_before, cases_text
    from genaiops.arena.redteam.material import RedteamOptions
    from genaiops.arena.redteam.model import RedteamReport
    from genaiops.arena.redteam.run import Redteamed, run_redteam
    from genaiops.arena.redteam.sarif import sarif_of

_FILES = {
    "cases": "cases_before cases_text",
    "material": "RedteamOptions",
    "model": "RedteamReport",
    "run": "Redteamed run_redteam",
    "sarif": "sarif_of",
}

__all__ = [
    "RedteamOptions", "RedteamReport", "Redteamed", "cases_before", "cases_text", "run_redteam", "sarif_of",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
