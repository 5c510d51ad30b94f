"""Checks on what goes to a model and comes from it: detectors find, a policy decides, a pipeline orders."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.guard.addresses import hosts_in, without_addresses
    from genaiops.guard.kinds import GUARD_KIND, KINDS, guard_facts
    from genaiops.guard.loading import load_guard, parse_guard
    from genaiops.guard.model import Action, Failed, GuardResult, Judged
    from genaiops.guard.pipeline import Pipeline
    from genaiops.guard.policy import Asker
    from genaiops.guard.policy_file import GuardFile
    from genaiops.guard.stream import Piece, Stream
    from genaiops.guard.structure import Decision, Known, decide
    from genaiops.guard.tools import ToolEntry, fields
    from genaiops.guard.values import check_value

_FILES = {
    "addresses": "hosts_in without_addresses",
    "kinds": "GUARD_KIND KINDS guard_facts",
    "loading": "load_guard parse_guard",
    "model": "Action Failed GuardResult Judged",
    "pipeline": "Pipeline",
    "policy": "Asker",
    "policy_file": "GuardFile",
    "stream": "Piece Stream",
    "structure": "Decision Known decide",
    "tools": "ToolEntry fields",
    "values": "check_value",
}

__all__ = [
    "GUARD_KIND", "KINDS", "Action", "Asker", "Decision", "Failed", "GuardFile", "GuardResult", "Judged",
    "Known", "Piece", "Pipeline", "Stream", "ToolEntry", "check_value", "decide", "fields", "guard_facts",
    "hosts_in", "load_guard", "parse_guard", "without_addresses",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
