"""Starting whatever answers: a Python function in a process of its own, or an endpoint."""

from pathlib import Path

from genaiops.app.arm import AppWorker
from genaiops.app.endpoint import EndpointApp, key_of
from genaiops.app.environments import OwnEnvironment
from genaiops.app.project import Project
from genaiops.app.services import Services
from genaiops.net import RetryPolicy


async def start_app(
    tree: Path,
    project: Project,
    services: Services,
    *,
    pass_env: tuple[str, ...] = (),
    seed: int = 0,
    own: OwnEnvironment | None = None,
) -> AppWorker | EndpointApp:
    """Start the project's app; `tree` is where its code lies, `own` the environment where it is not this one.

    Raises `UserError` where it or its guard cannot be loaded, or an endpoint's key is not to be had.
    """
    if project.app.url is None:
        return await AppWorker.start(tree, project, services, pass_env=pass_env, seed=seed, own=own)
    key = key_of(project.app, services.settings.env, pass_env)
    return EndpointApp(project, services.egress, key, RetryPolicy(), services.guard(project))
