"""A migration is whole or nothing: kill -9 anywhere, a full disk, an embedder that fails, two at once."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.support.index_load import HashedWords, services_in, write_page, write_project

from genaiops.access import acting
from genaiops.app.releasing import publish_documents
from genaiops.arena.kinds import KINDS
from genaiops.arena.migrating import Asked, migrate_index
from genaiops.core import OutsideError
from genaiops.hub import Hub
from genaiops.knowledge import IndexRelease, Releases
from genaiops.models import EmbedSettings

pytestmark = pytest.mark.system
PAGES = 70

MIGRATE = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from genaiops.access import acting
from genaiops.app import load_project
from genaiops.arena import migrating
from genaiops.arena.kinds import KINDS
from genaiops.core import GenaiopsError
from genaiops.hub import Hub
from genaiops.knowledge import IndexRelease, Releases
from genaiops.models import EmbedSettings
from tests.support import index_load

folder, where = Path(sys.argv[1]), sys.argv[2]

def stop(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

if where == "while it is built":
    index_load.HashedWords.embed = stop
elif where == "before it is compared":
    migrating._compare = stop
elif where == "before the switch":
    Releases.switch = stop
elif where == "a full disk":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

async def run():
    async with index_load.services_in(folder, serving=False) as (services, _):
        hub = Hub(services.store, KINDS, by=acting(services.store.database, {}))
        project = load_project(folder, ["models.embed=load:large"])
        if where == "a full disk":
            resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
        asked = migrating.Asked(name="docs", bar=migrating.Bar(margin=0.3))
        report = await migrating.migrate_index(services, hub, folder, project, asked)
        print(report.outcome, report.switched)

try:
    asyncio.run(run())
except GenaiopsError as error:
    print(error)
    sys.exit(error.exit_status)
"""


def child(folder: Path, where: str) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(folder), where],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path, PAGES)

    async def build() -> None:
        async with services_in(tmp_path, serving=False) as (services, project):
            await publish_documents(services, project, "docs")

    asyncio.run(build())
    return tmp_path


def live(folder: Path) -> str:
    named = Releases(folder / ".genaiops" / "indexes").get("docs")
    assert named is not None
    return named.live.embedder


@pytest.mark.proves("D-MIGRATE-KILL")
def test_a_migration_that_is_killed_leaves_the_old_live_and_the_same_command_goes_on(project: Path) -> None:
    for where in ("while it is built", "before it is compared", "before the switch"):
        killed = child(project, where)
        assert killed.communicate()[1] == ""
        assert killed.returncode == -signal.SIGKILL
        assert live(project) == "load:small"
    again = child(project, "")
    out, err = again.communicate()
    assert (out.strip(), again.returncode) == ("pass True", 0), err
    assert live(project) == "load:large"


@pytest.mark.proves("D-MIGRATE-KILL")
def test_a_full_disk_in_a_migration_leaves_the_old_live(project: Path) -> None:
    full = child(project, "a full disk")
    out, err = full.communicate()
    assert (full.returncode, "Traceback" in err) == (3, False), out + err
    assert live(project) == "load:small"


@pytest.mark.proves("D-BAD-MIGRATE-TWO")
def test_a_second_migration_of_a_name_is_refused_while_one_is_at_work(project: Path) -> None:
    async def second() -> None:
        async with services_in(project, serving=False) as (services, loaded):
            hub = Hub(services.store, KINDS, by=acting(services.store.database, {}))
            with services.store.lock("migrate-docs"), pytest.raises(OutsideError, match="'migrate-docs'"):
                await migrate_index(services, hub, project, loaded, Asked(name="docs"))

    asyncio.run(second())
    assert live(project) == "load:small"


class Broken(HashedWords):
    """An embedder that fails."""

    async def embed(self, texts: object, kind: Literal["query", "passage"]) -> object:  # type: ignore[override]
        raise OutsideError("GAO-TEST-001", "the model is down")


@pytest.mark.proves("D-MIGRATE-KILL")
def test_a_new_embedder_that_fails_costs_the_live_index_no_write(project: Path) -> None:
    write_page(project, 3, 9)

    async def write() -> None:
        async with services_in(project, serving=False) as (services, loaded):
            known = services.embed_model
            spec = HashedWords("load:large").spec
            now = services.releases.names()["docs"].live
            target = IndexRelease.of(replace(now.recipe, embedder=spec), "load:large", "docs")
            services.releases.begin("docs", target)

            async def embed_model(root: Path, reference: str, said: EmbedSettings) -> object:
                return Broken(reference) if reference == "load:large" else await known(root, reference, said)

            services.embed_model = embed_model  # type: ignore[method-assign,assignment]
            done = await publish_documents(services, loaded, "docs")
            assert done.named.migrating_to is not None
            assert done.named.migrating_to.recipe.corpus != done.named.live.recipe.corpus

    asyncio.run(write())
    assert live(project) == "load:small"
