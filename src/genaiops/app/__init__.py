"""The user's application: its project file, the process it runs in, and what it may ask for."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app.arm import AppWorker
    from genaiops.app.context import Context
    from genaiops.app.environments import OwnEnvironment, found_environment, own_environment
    from genaiops.app.installed import installed_packages
    from genaiops.app.installing import LOCKFILES, read_lockfile
    from genaiops.app.kinds import APP_KIND, CALIBRATION_KIND, KINDS
    from genaiops.app.overrides import Overrides
    from genaiops.app.params import Params
    from genaiops.app.project import PROJECT_FILE, Project, load_project
    from genaiops.app.registering import register_index
    from genaiops.app.schema import (
        AppTarget,
        ChunkConfig,
        ClaimConfig,
        GateConfig,
        JudgeConfig,
        KnowledgeConfig,
        PriceConfig,
        ProjectFile,
        ReuseConfig,
        ScorerConfig,
        SuiteConfig,
    )
    from genaiops.app.services import LOCAL_USER, Services
    from genaiops.app.starting import start_app

_FILES = {
    "arm": "AppWorker",
    "context": "Context",
    "environments": "OwnEnvironment found_environment own_environment",
    "installed": "installed_packages",
    "installing": "LOCKFILES read_lockfile",
    "kinds": "APP_KIND CALIBRATION_KIND KINDS",
    "overrides": "Overrides",
    "params": "Params",
    "project": "PROJECT_FILE Project load_project",
    "registering": "register_index",
    "schema": "AppTarget ChunkConfig ClaimConfig GateConfig JudgeConfig KnowledgeConfig PriceConfig "
    "ProjectFile ReuseConfig ScorerConfig SuiteConfig",
    "services": "LOCAL_USER Services",
    "starting": "start_app",
}

__all__ = [
    "APP_KIND", "CALIBRATION_KIND", "KINDS", "LOCAL_USER", "LOCKFILES", "PROJECT_FILE", "AppTarget",
    "AppWorker", "ChunkConfig", "ClaimConfig", "Context", "GateConfig", "JudgeConfig", "KnowledgeConfig",
    "Overrides", "OwnEnvironment", "Params", "PriceConfig", "Project", "ProjectFile", "ReuseConfig",
    "ScorerConfig", "Services", "SuiteConfig", "found_environment", "installed_packages",
    "load_project", "own_environment", "read_lockfile", "register_index", "start_app",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
