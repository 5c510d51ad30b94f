"""`genaiops index rollback`, `restore`, `prune` and `forget`: releases changed by hand, without a model."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from genaiops.app.model import Pruned, ReleaseMoved, Restored
from genaiops.app.project import Project
from genaiops.app.registering import hub_to_publish
from genaiops.app.releasing import open_release
from genaiops.app.services import Services
from genaiops.app.telling import point_live, version_of, write_down
from genaiops.app.within import AsJson, Folder, anywhere
from genaiops.core import UserError, encode, one_line
from genaiops.work import Console

releases = typer.Typer(help="Releases of indexes.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The index.")]


@releases.command("rollback", epilog="Example: genaiops index rollback docs")
def rollback(name: Name, folder: Folder = Path(), as_json: AsJson = False) -> None:
    """Let the release before the live one answer again, at once. What was withdrawn stays withdrawn."""
    console = Console(json=as_json)

    async def work(root: Path, project: Project | None, services: Services) -> ReleaseMoved:
        hub = hub_to_publish(services.store, services.settings)
        for release in services.releases.before(name):
            await open_release(services, name, release)  # it is there, and hides what was withdrawn
        was, live = services.releases.roll_back(name)
        write_down(services, "index.rollback", name, {"from": was.digest, "to": live.digest})
        point_live(services, version_of(hub, name, live), "rolled back")
        return ReleaseMoved(name=name, live=live.digest, before=was.digest, embedder=live.embedder)

    moved = anywhere(folder, None, None, console, work)
    if as_json:
        console.emit_json(encode(moved))
    else:
        console.print(f"{name}: live is {str(moved.live)[:19]}… again ({moved.embedder})")


@releases.command("restore", epilog="Example: genaiops index restore docs returns.md")
def restore(
    name: Name,
    documents: Annotated[list[str], typer.Argument(help="Documents that were withdrawn, by id.")],
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take withdrawals back: the next `index build` has the documents again, and nothing before it."""
    console = Console(json=as_json)

    async def work(root: Path, project: Project | None, services: Services) -> Restored:
        hub_to_publish(services.store, services.settings)
        standing = [one.document for one in services.withdrawals.all if one.index == name]
        if not set(documents) <= set(standing):
            raise UserError(
                "GAO-APP-092",
                f"not all of these were withdrawn from {one_line(name, 60)!r}",
                why=f"nothing was taken back; withdrawn are: {', '.join(standing) or 'none'}",
                fix="`genaiops index status` lists what is withdrawn",
            )
        services.withdrawals.take_back(name, documents)
        write_down(services, "index.restore", name, {"documents": [*documents]})
        return Restored(name=name, documents=tuple(documents))

    done = anywhere(folder, None, None, console, work)
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print(f"{', '.join(done.documents)}: back with the next `genaiops index build {name}`")


@releases.command("prune", epilog="Example: genaiops index prune")
def prune(folder: Folder = Path(), as_json: AsJson = False) -> None:
    """Remove indexes that no name holds on to; vectors stay cached, so that they are soon made again."""
    console = Console(json=as_json)

    async def work(root: Path, project: Project | None, services: Services) -> Pruned:
        hub_to_publish(services.store, services.settings)
        with services.store.lock("arena"):  # a run reads the indexes of its arms
            aside = services.releases.set_aside()
            for one in aside.values():
                shutil.rmtree(one)
        return Pruned(removed=tuple(aside))

    done = anywhere(folder, None, None, console, work)
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print(f"{len(done.removed):,} indexes removed")


@releases.command("forget", epilog="Example: genaiops index forget docs")
def forget(name: Name, folder: Folder = Path(), as_json: AsJson = False) -> None:
    """Forget the releases of an index: the next build is its first, in any way, and cannot be rolled back.

    What was withdrawn stays withdrawn. The indexes themselves go with `index prune`.
    """
    console = Console(json=as_json)

    async def work(root: Path, project: Project | None, services: Services) -> ReleaseMoved:
        hub_to_publish(services.store, services.settings)
        named = services.releases.forget(name)
        write_down(services, "index.forget", name, {"live": named.live.digest})
        return ReleaseMoved(name=name, live=None, before=named.live.digest, embedder=named.live.embedder)

    done = anywhere(folder, None, None, console, work)
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print(f"{name}: nothing is live any more; `genaiops index build` makes the first release")
