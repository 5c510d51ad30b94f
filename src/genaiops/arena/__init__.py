"""Where changes are tested, validated and made visible: a verdict with error bars, and its evidence.

`run_arena` compares a candidate with a baseline by the baseline's ruler; `verify_bundle` recomputes a verdict
from its evidence alone; `calibrate` learns when an app should abstain.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.calibrate import Calibrated, CalibrateOptions, calibrate
    from genaiops.arena.hub_routes import HUB_ROUTES
    from genaiops.arena.hub_verifier import evidence_verifier
    from genaiops.arena.kinds import KINDS, kinds_with
    from genaiops.arena.labels import LabelReport
    from genaiops.arena.lock_commands import LockReport
    from genaiops.arena.locks import SuiteLocks
    from genaiops.arena.model import Arm, Role, Row, Run, Suite
    from genaiops.arena.pairing import RunOptions
    from genaiops.arena.plan import RunPlan, plan_run
    from genaiops.arena.recordings import Recorded
    from genaiops.arena.redteam import RedteamReport
    from genaiops.arena.report import RunReport, render_json, render_terminal
    from genaiops.arena.report.cases import Tally, tally
    from genaiops.arena.rounds import Round, answer_round
    from genaiops.arena.runs import Finished, run_arena
    from genaiops.arena.session import Session, open_session, run_in, settings
    from genaiops.arena.study import StudyReport
    from genaiops.arena.sweep import SweepReport
    from genaiops.arena.verify import VerifyResult, verify_bundle

_FILES = {
    "calibrate": "CalibrateOptions Calibrated calibrate",
    "kinds": "KINDS kinds_with",
    "labels": "LabelReport",
    "lock_commands": "LockReport",
    "locks": "SuiteLocks",
    "hub_routes": "HUB_ROUTES",
    "hub_verifier": "evidence_verifier",
    "model": "Arm Role Row Run Suite",
    "pairing": "RunOptions",
    "plan": "RunPlan plan_run",
    "recordings": "Recorded",
    "redteam": "RedteamReport",
    "report": "RunReport render_json render_terminal",
    "report.cases": "Tally tally",
    "rounds": "Round answer_round",
    "runs": "Finished run_arena",
    "session": "Session open_session run_in settings",
    "study": "StudyReport",
    "sweep": "SweepReport",
    "verify": "VerifyResult verify_bundle",
}

__all__ = [
    "HUB_ROUTES", "KINDS", "Arm", "CalibrateOptions", "Calibrated", "Finished", "LabelReport",
    "LockReport", "Recorded", "RedteamReport", "Role", "Round", "Row", "Run", "RunOptions", "RunPlan",
    "RunReport", "Session", "StudyReport", "Suite", "SuiteLocks", "SweepReport", "Tally", "VerifyResult",
    "answer_round", "calibrate", "evidence_verifier", "kinds_with", "open_session", "plan_run",
    "render_json", "render_terminal", "run_arena", "run_in", "settings", "tally", "verify_bundle",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
