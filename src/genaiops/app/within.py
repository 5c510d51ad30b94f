"""Where a command works: the project or the store around a folder, its services, and the options for them."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from genaiops.app.batch import tell
from genaiops.app.project import PROJECT_FILE, Project, load_project
from genaiops.app.releasing import is_trial, remarks
from genaiops.app.services import Services
from genaiops.core import Settings, UserError
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.work import Console

T = TypeVar("T")
STORE_FOLDER = ".genaiops"

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of genaiops.yaml.")
]
Folder = Annotated[Path, typer.Option("--project", help="A folder in the project.")]
PassEnv = Annotated[
    list[str] | None, typer.Option("--pass-env", metavar="NAME", help="Let the app see this variable.")
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option("--allow-private", metavar="HOST", help="Let this private host be reached."),
]


def with_project(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Project, Services], Awaitable[T]],
    *,
    serving: bool = False,
) -> T:
    """Run `work` with the project that `folder` lies in; raises `UserError` where there is none."""

    async def there(root: Path, project: Project | None, services: Services) -> T:
        # where the file is absent, reading it says so
        return await work(project or load_project(root), services)

    return anywhere(folder, sets, allow_private, console, there, serving=serving)


def anywhere(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Path, Project | None, Services], Awaitable[T]],
    *,
    new: bool = False,
    serving: bool = False,
) -> T:
    """Run `work` in the project or the store that `folder` lies in; with `new`, else in `folder` itself.

    With `serving` the live releases of indexes answer, unless `sets` ask for another index.
    """

    async def run() -> T:
        store_folder = _store_folder(folder, new)
        root = store_folder.parent
        is_project = (root / PROJECT_FILE).is_file()
        project = load_project(root, sets or (), os.environ) if is_project else None
        with Store.open(store_folder) as store:
            async with _services(store, allow_private or [], console) as services:
                services.released = serving and not is_trial(sets or ())
                return await work(root, project, services)

    return asyncio.run(run())


def _store_folder(folder: Path, new: bool) -> Path:
    try:
        return find_store(folder)
    except UserError:
        if not new:
            raise
    return folder.absolute() / STORE_FOLDER


@asynccontextmanager
async def _services(store: Store, allow_private: list[str], console: Console) -> AsyncGenerator[Services]:
    settings = Settings.from_env(os.environ)
    egress = HttpEgress(load_policy(settings, allow_private))
    services = Services(settings, store, egress, console)
    try:
        yield services
    finally:
        await services.close()
        await egress.close()


async def remark(services: Services, project: Project | None, name: str) -> None:
    """Say what a person should know of the release that answers."""
    if services.released:
        tell(await remarks(services, project, name), services.console)
