"""Synthetic cases: training rows for a model that is to answer from passages (RAFT), made of a corpus.

Questions come from rows with known evidence or from a model; quotes are verified verbatim, and no document of
a test question is in the training.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.synthesis.making import RaftSource, make_raft
    from genaiops.synthesis.model import RaftOptions, RaftReport, RaftRow
    from genaiops.synthesis.prompt import raft_prompt, raft_prompt_text

_FILES = {
    "making": "RaftSource make_raft",
    "model": "RaftOptions RaftReport RaftRow",
    "prompt": "raft_prompt raft_prompt_text",
}

__all__ = [
    "RaftOptions",
    "RaftReport",
    "RaftRow",
    "RaftSource",
    "make_raft",
    "raft_prompt",
    "raft_prompt_text",
]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
