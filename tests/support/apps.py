"""Small projects and the worker that runs them, for tests with real child processes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from genaiops.app import AppWorker, Services, load_project
from genaiops.core import Response, Settings
from genaiops.store import Store
from genaiops.work import Console

HEAD = "project: test-app\napp: app:answer\n"


class NoNetwork:
    """A way out that leads nowhere: what these tests run may not connect."""

    async def request(
        self,
        purpose: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 60.0,
    ) -> Response:
        raise AssertionError(f"{purpose}: {method} {url}")


def write_project(folder: Path, app: str, more: str = "", **files: str) -> Path:
    """Write an app's project; in `files`, `__` is the folder's / and the suffix follows the last _."""
    (folder / "app.py").write_text(app, encoding="utf-8")
    (folder / "genaiops.yaml").write_text(HEAD + more, encoding="utf-8")
    for name, text in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@asynccontextmanager
async def services_of(folder: Path, env: Mapping[str, str]) -> AsyncGenerator[Services]:
    """The parent's side, with a store in `folder` and no network."""
    settings = Settings(config_dir=folder / ".config", cache_dir=folder / ".cache", env=env)
    with Store.open(folder / ".genaiops") as store:
        services = Services(settings, store, NoNetwork(), Console(quiet=True))
        try:
            yield services
        finally:
            await services.close()


@asynccontextmanager
async def worker_of(
    folder: Path, env: Mapping[str, str] | None = None, **options: Any
) -> AsyncGenerator[AppWorker]:
    """The project's app in a real child process."""
    async with services_of(folder, env or {"PATH": "/usr/bin:/bin"}) as services:
        worker = await AppWorker.start(folder, load_project(folder), services, **options)
        try:
            yield worker
        finally:
            await worker.close()
