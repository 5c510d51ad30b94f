"""Checks on what goes to a model and comes from it: detectors find, a policy decides, a pipeline orders."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.guard.addresses import addresses_shown, hosts_in, without_addresses
    from genaiops.guard.assembled import Passed, check_assembled, new_in
    from genaiops.guard.kinds import GUARD_KIND, KINDS, guard_facts, guard_manifest, policy_of
    from genaiops.guard.labelled import LabelledRow, read_labelled
    from genaiops.guard.loading import load_guard, parse_guard, policy_text
    from genaiops.guard.measuring import GuardMeasured, Share, Told, ask_all, measured
    from genaiops.guard.model import Action, Failed, GuardResult, Judged
    from genaiops.guard.pipeline import Pipeline
    from genaiops.guard.policy import Asker, idle_entries
    from genaiops.guard.policy_file import GuardFile
    from genaiops.guard.stream import Piece, Stream
    from genaiops.guard.structure import Decision, Known, decide
    from genaiops.guard.tools import ToolEntry, fields
    from genaiops.guard.values import check_value, keyed

_FILES = {
    "addresses": "addresses_shown hosts_in without_addresses",
    "assembled": "Passed check_assembled new_in",
    "kinds": "GUARD_KIND KINDS guard_facts guard_manifest policy_of",
    "labelled": "LabelledRow read_labelled",
    "loading": "load_guard parse_guard policy_text",
    "measuring": "GuardMeasured Share Told ask_all measured",
    "model": "Action Failed GuardResult Judged",
    "pipeline": "Pipeline",
    "policy": "Asker idle_entries",
    "policy_file": "GuardFile",
    "stream": "Piece Stream",
    "structure": "Decision Known decide",
    "tools": "ToolEntry fields",
    "values": "check_value keyed",
}

__all__ = [
    "GUARD_KIND", "KINDS", "Action", "Asker", "Decision", "Failed", "GuardFile", "GuardMeasured",
    "GuardResult", "Judged", "Known", "LabelledRow", "Passed", "Piece", "Pipeline", "Share", "Stream",
    "Told", "ToolEntry", "addresses_shown", "ask_all", "check_assembled", "check_value", "decide", "fields",
    "guard_facts", "guard_manifest", "hosts_in", "idle_entries", "keyed", "load_guard", "measured",
    "new_in", "parse_guard", "policy_of", "policy_text", "read_labelled", "without_addresses",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
