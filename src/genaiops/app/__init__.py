"""The user's application: its project file, the process it runs in, and what it may ask for."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.app.arm import AppWorker
    from genaiops.app.batch import DEFAULT_EMBEDDER, read_queries, tell
    from genaiops.app.context import Context
    from genaiops.app.environments import OwnEnvironment, found_environment, own_environment
    from genaiops.app.installed import installed_packages
    from genaiops.app.installing import LOCKFILES, read_lockfile
    from genaiops.app.kinds import APP_KIND, CALIBRATION_KIND, KINDS
    from genaiops.app.model import Indexes
    from genaiops.app.overrides import Overrides
    from genaiops.app.params import Params
    from genaiops.app.project import PROJECT_FILE, Project, load_project
    from genaiops.app.registering import register_index
    from genaiops.app.releasing import (
        Held,
        Material,
        embedder_of,
        hold,
        material_of,
        open_release,
        publish,
        wanted_release,
    )
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
    from genaiops.app.showing import fact_lines
    from genaiops.app.starting import start_app
    from genaiops.app.telling import point_live, register_release, write_down

_FILES = {
    "arm": "AppWorker",
    "batch": "DEFAULT_EMBEDDER read_queries tell",
    "context": "Context",
    "environments": "OwnEnvironment found_environment own_environment",
    "installed": "installed_packages",
    "installing": "LOCKFILES read_lockfile",
    "kinds": "APP_KIND CALIBRATION_KIND KINDS",
    "model": "Indexes",
    "overrides": "Overrides",
    "params": "Params",
    "project": "PROJECT_FILE Project load_project",
    "registering": "register_index",
    "releasing": "Held Material embedder_of hold material_of open_release publish wanted_release",
    "schema": "AppTarget ChunkConfig ClaimConfig GateConfig JudgeConfig KnowledgeConfig PriceConfig "
    "ProjectFile ReuseConfig ScorerConfig SuiteConfig",
    "services": "LOCAL_USER Services",
    "showing": "fact_lines",
    "starting": "start_app",
    "telling": "point_live register_release write_down",
}

__all__ = [
    "APP_KIND", "CALIBRATION_KIND", "DEFAULT_EMBEDDER", "KINDS", "LOCAL_USER", "LOCKFILES",
    "PROJECT_FILE", "AppTarget", "AppWorker", "ChunkConfig", "ClaimConfig", "Context", "GateConfig",
    "Held", "Indexes", "JudgeConfig", "KnowledgeConfig", "Material", "Overrides", "OwnEnvironment",
    "Params", "PriceConfig", "Project", "ProjectFile", "ReuseConfig", "ScorerConfig", "Services",
    "SuiteConfig", "embedder_of", "fact_lines", "found_environment", "hold", "installed_packages",
    "load_project", "material_of", "open_release", "own_environment", "point_live", "publish",
    "read_lockfile", "read_queries", "register_index", "register_release", "start_app", "tell",
    "wanted_release", "write_down",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
