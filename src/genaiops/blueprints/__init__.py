"""The ways in: starters one can run at once, setting up an app that exists, and the demonstration."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.blueprints.demo import DemoOptions, run_demo
    from genaiops.blueprints.finding import Function, find_apps
    from genaiops.blueprints.kinds import KINDS
    from genaiops.blueprints.pipelines import ci_files
    from genaiops.blueprints.rows import Table, read_table
    from genaiops.blueprints.setup import Plan, plan_setup, write
    from genaiops.blueprints.starting import BLUEPRINTS, commit, start

_FILES = {
    "demo": "DemoOptions run_demo",
    "finding": "Function find_apps",
    "kinds": "KINDS",
    "pipelines": "ci_files",
    "rows": "Table read_table",
    "setup": "Plan plan_setup write",
    "starting": "BLUEPRINTS commit start",
}

__all__ = [
    "BLUEPRINTS", "KINDS", "DemoOptions", "Function", "Plan", "Table", "ci_files", "commit", "find_apps",
    "plan_setup", "read_table", "run_demo", "start", "write",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
