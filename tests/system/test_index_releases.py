"""An index as a release, as somebody runs it: build, migrate, roll back, withdraw, look after it."""

import asyncio
import json
import shutil
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.support.apps import write_project
from tests.support.index_load import (
    GONE,
    LoadServices,
    ask,
    keep_writing,
    services_in,
    start,
    tally,
    write_page,
)
from tests.support.index_load import write_project as write_load

from genaiops.access import acting
from genaiops.app import load_project
from genaiops.app.releasing import publish_documents, wanted_release
from genaiops.arena.kinds import KINDS
from genaiops.arena.ledger import Kept, Ledger
from genaiops.arena.migrating import Asked, migrate_index
from genaiops.arena.shadow import Bar
from genaiops.arena.withdrawing import withdraw
from genaiops.cli.main import run
from genaiops.core import Embedder, Output, Passage, Trace
from genaiops.hub import Hub
from genaiops.knowledge import Corpus, Index, IndexRelease, ReadyPassages, Recipe
from genaiops.store import Store

SCHEMAS = Path(__file__).parents[2] / "schemas"
ANIMALS = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay", "kiwi", "lark")
PAGES = 72
APP = """
from genaiops import Answer


async def answer(inputs, ctx):
    passages = await ctx.search(inputs["question"], k=2)
    return Answer(passages[0].text, passages=passages)
"""
MORE = """
models: {embed: 'scripted:words'}
knowledge: {docs: {source: docs}}
suites:
  qa: {dataset: data/qa.jsonl, scorers: [{retrieval_recall: {k: 5}}], cluster_missing: own}
"""


def text(at: int) -> str:
    animal = ANIMALS[at % len(ANIMALS)]
    return f"The {animal} number {at} lives in valley {at * 7}."


def asked(at: int) -> str:
    return f"Where does the {ANIMALS[at % len(ANIMALS)]} number {at} live, in which valley?"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    (folder / "data").mkdir()
    write_project(folder, APP, MORE)
    for at in range(PAGES):
        (folder / "docs" / f"{at}.md").write_text(f"# Page {at}\n\n{text(at)}\n")
    gold = [{"document": f"{at}.md", "quote": text(at)} for at in range(PAGES)]
    rows = [
        {"id": f"q{at}", "inputs": {"question": asked(at)}, "expected": {"passages": [gold[at]]}}
        for at in range(PAGES)
    ]
    (folder / "data" / "qa.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(folder)
    return folder


Captured = pytest.CaptureFixture[str]


def said(capsys: Captured, *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    got = run(arguments)
    captured = capsys.readouterr()
    assert got == status, captured.err + captured.out
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def document(capsys: Captured, schema: str, *arguments: str, status: int = 0) -> dict[str, Any]:
    value = json.loads(said(capsys, *arguments, "--json", status=status)[0])
    wanted = json.loads((SCHEMAS / f"{schema}.schema.json").read_text())
    jsonschema.validate(value, wanted, cls=jsonschema.Draft202012Validator)
    return value


def first(capsys: Captured, at: int) -> str:
    """Return the document that answers the question about a page."""
    found = document(capsys, "index-search", "index", "search", asked(at), "-k", "1")["passages"]
    return str(found[0]["document"])


def live(capsys: Captured) -> Mapping[str, Any]:
    return document(capsys, "index", "index", "status", "docs")["indexes"]["docs"]


@pytest.mark.proves("D-RELEASE", "D-MIGRATE", "D-MIGRATE-EVIDENCE")
def test_another_way_of_cutting_is_compared_switched_to_and_rolled_back(
    capsys: Captured, project: Path
) -> None:
    said(capsys, "index", "build")
    before = live(capsys)["live"]["recipe"]
    wanted = ("--set", "knowledge.docs.chunk.tokens=64")
    assert "GAO-KNOWLEDGE-097" in said(capsys, "index", "build", *wanted, status=2)[1]
    (project / "q.jsonl").write_text(json.dumps({"id": "q", "query": asked(3)}) + "\n")
    migrating = ("index", "migrate", "docs", *wanted, "--queries", "q.jsonl", "--margin", "0.2")
    report = document(capsys, "index-migrate", *migrating)
    assert (report["outcome"], report["switched"], report["before"]) == ("pass", True, before)
    assert report["judged"]["questions"] == PAGES
    assert [claim["decision"] for claim in report["judged"]["claims"]] == ["proven", "proven"]
    assert report["queries"]["questions"] == 1
    above = document(capsys, "hub_lineage", "hub", "lineage", report["evidence"])["edges"]
    parents = {edge["parent"].partition("@")[0] for edge in above if edge["activity"] == "index migrate"}
    assert parents == {"index/docs:v1", "index/docs:v2"}
    assert "migrated: blob/docs.migration:v1 passed" in said(capsys, "hub", "log", "index/docs:live")[0]
    assert live(capsys)["previous"][0]["recipe"] == before
    assert "GAO-KNOWLEDGE-094" in said(capsys, *migrating, status=2)[1], "it is live already"
    moved = document(capsys, "index-moved", "index", "rollback", "docs")
    assert (moved["live"], moved["before"]) == (before, report["live"])
    assert live(capsys)["live"]["recipe"] == before


@pytest.mark.proves("D-MIGRATE")
def test_a_gate_that_cannot_tell_leaves_everything_as_it_was_and_says_what_would_settle_it(
    capsys: Captured, project: Path
) -> None:
    said(capsys, "index", "build")
    before = live(capsys)["live"]
    wanted = ("index", "migrate", "docs", "--set", "knowledge.docs.chunk.tokens=64")
    report = document(capsys, "index-migrate", *wanted, "--margin", "0.01", status=4)
    assert (report["outcome"], report["switched"], report["live"]) == (
        "inconclusive",
        False,
        before["recipe"],
    )
    assert any("To settle it" in line for line in report["why"])
    (project / "data" / "qa.jsonl").write_text('{"id": "q", "inputs": {"question": "who?"}}\n')
    assert "nothing was decided" in said(capsys, *wanted, status=4)[0]
    assert "GAO-ARENA-412" in said(capsys, *wanted, "--suite", "qa", status=2)[1]
    after = live(capsys)
    assert (after["live"], after["migrating_to"]) == (before, None)


@pytest.mark.proves("D-WITHDRAW", "D-RELEASE-STALE")
def test_a_withdrawn_document_is_found_by_nobody_and_comes_back_only_when_it_is_restored(
    capsys: Captured, project: Path
) -> None:
    said(capsys, "index", "build")
    (project / "docs" / "3.md").write_text(f"# Page 3\n\n{text(3)} It moved.\n")
    assert "the documents changed since the live release" in said(capsys, "index", "search", asked(3))[1]
    said(capsys, "index", "build")
    assert first(capsys, 3) == "3.md"
    file = project / "genaiops.yaml"
    before = file.read_text("utf-8")
    file.write_text(before.replace("{source: docs}", "{source: docs, index: lance}"), "utf-8")
    remark = said(capsys, "index", "search", asked(3))[1]
    assert "asks for another index than the live release" in remark, "its backend is another"
    assert "tokens, local); `genaiops index migrate docs`" in remark
    file.write_text(before, "utf-8")
    done = document(capsys, "index-withdraw", "index", "withdraw", "docs", "3.md", "--reason", "it was wrong")
    assert (done["documents"], done["releases"], done["passages"]) == (["3.md"], 2, 2)
    assert first(capsys, 3) != "3.md"
    assert text(3) not in said(capsys, "ask", asked(3))[0]
    said(capsys, "index", "rollback", "docs")
    assert first(capsys, 3) != "3.md", "a rollback brings no withdrawn document back"
    assert "withdrawn" in said(capsys, "index", "check")[0]
    said(capsys, "index", "build")
    (project / "docs" / "3.md").rename(project / "docs" / "copy.md")
    said(capsys, "index", "build")
    assert first(capsys, 3) not in ("3.md", "copy.md"), "another name is no way round it"
    assert "index.withdraw" in said(capsys, "access", "audit", "list")[0]
    assert (
        "GAO-ARENA-413"
        in said(capsys, "index", "withdraw", "docs", "absent.md", "--reason", "x", status=2)[1]
    )
    document(capsys, "index-restore", "index", "restore", "docs", "3.md")
    assert first(capsys, 3) != "copy.md"
    said(capsys, "index", "build")
    assert first(capsys, 3) == "copy.md"
    assert "GAO-APP-092" in said(capsys, "index", "restore", "docs", "3.md", status=2)[1]


@pytest.mark.proves("D-WITHDRAW")
def test_releases_that_are_damaged_keep_no_document_from_being_withdrawn(
    capsys: Captured, project: Path
) -> None:
    for said_of_it in ("once", "twice", "now"):
        (project / "docs" / "3.md").write_text(f"# Page 3\n\n{text(3)} It moved {said_of_it}.\n")
        said(capsys, "index", "build")
    snapshots = sorted(
        (project / ".genaiops").glob("indexes/*/snapshots/*"), key=lambda one: one.stat().st_mtime
    )
    (snapshots[0] / "vectors.npy").write_bytes(b"no array")
    with sqlite3.connect(snapshots[1] / "passages.db") as damaged:
        damaged.execute("DELETE FROM passages")
    damaged.close()
    done, told = said(capsys, "index", "withdraw", "docs", "3.md", "--reason", "it was wrong")
    assert "3.md" in done
    assert told.count("GAO-KNOWLEDGE-020") >= 2
    assert first(capsys, 3) != "3.md"


@pytest.mark.proves("D-HEALTH")
def test_status_tells_what_is_the_matter_and_prune_removes_what_nobody_holds(
    capsys: Captured, project: Path
) -> None:
    said(capsys, "index", "build")
    (project / "docs" / "1.md").unlink()
    (project / "docs" / "2.md").write_text("# Page 2\n\nIt says something else.\n")
    (project / "docs" / "new.md").write_text(f"# Page 5 again\n\n{text(5) * 8}\n")
    (project / "docs" / "newer.md").write_text(f"# Page 5 again\n\n{text(5) * 8}\n")
    facts = document(capsys, "index", "index", "status", "docs", "--deep")["indexes"]["docs"]
    health = facts["health"]
    assert health["differences"] == {
        "orphans": ["1.md"],
        "stale": ["2.md"],
        "missing": ["new.md", "newer.md"],
    }
    assert (health["orphaned_passages"], health["drift"]["moved"], health["cost_nanousd"]) == (1, 0, None)
    assert [one["document"] for one in health["near_duplicates"]] == ["newer.md"]
    assert health["coverage"]["qa"]["indexed"] == PAGES
    assert health["bytes"] > 0
    said(capsys, "index", "build")
    assert document(capsys, "index-prune", "index", "prune")["removed"] == []
    said(capsys, "index", "forget", "docs")
    assert len(document(capsys, "index-prune", "index", "prune")["removed"]) == 2
    assert live(capsys)["built"] is False
    said(capsys, "index", "build", "--set", "knowledge.docs.chunk.tokens=64")


@pytest.mark.proves("D-WITHDRAW-ANSWERS")
def test_an_output_that_rests_on_a_withdrawn_document_is_not_used_again(
    capsys: Captured, project: Path
) -> None:
    said(capsys, "index", "build")
    with Store.open(project / ".genaiops") as store:
        ledger = Ledger(store)
        passages = [Passage(id=f"p{at}", text=text(at), document=f"{at}.md") for at in (3, 4)]
        kept = {
            one.document: Kept(
                Output(text="x", passages=(one,), trace_id=one.id), Trace(id=one.id), "at", "run"
            )
            for one in passages
        }
        ledger.keep(kept)
        assert ledger.outputs(["3.md", "4.md"]).keys() == {"3.md", "4.md"}
        said(capsys, "index", "withdraw", "docs", "3.md", "--reason", "wrong")
        assert ledger.outputs(["3.md", "4.md"]).keys() == {"4.md"}
        fresh = replace(kept["3.md"], output=Output(text="y", trace_id="new"), trace=Trace(id="new"))
        ledger.keep({"3.md": fresh})
        assert ledger.outputs(["3.md"])["3.md"].output.text == "y"


class Pruning(LoadServices):
    """Services beside which somebody prunes, just after what a name is migrated to was written."""

    async def made(
        self, name: str, material: Corpus | ReadyPassages, recipe: Recipe, embedder: Embedder
    ) -> Index:
        index = await super().made(name, material, recipe, embedder)
        if embedder.spec.model == "load:small":
            self.releases.publish("held", IndexRelease.of(recipe, "load:small", "docs"))
        else:
            for folder in self.releases.set_aside().values():
                shutil.rmtree(folder)
        return index


@pytest.mark.proves("D-MIGRATE")
def test_a_name_is_not_migrated_to_an_index_that_was_pruned_meanwhile(tmp_path: Path) -> None:
    write_load(tmp_path, 3)

    async def build() -> None:
        async with services_in(tmp_path, serving=False, kind=Pruning) as (services, project):
            live = (await publish_documents(services, project, "docs")).named.live
            other = load_project(tmp_path, ["models.embed=load:large"])
            _, target = await wanted_release(services, other, "docs")
            services.releases.begin("docs", target)
            write_page(tmp_path, 1, 2)
            named = (await publish_documents(services, project, "docs")).named
            assert named.live.recipe.corpus != live.recipe.corpus
            assert named.migrating_to == target

    asyncio.run(build())


@pytest.mark.proves("D-MIGRATE-LOAD")
def test_questions_meet_one_release_each_while_it_is_written_migrated_and_rolled_back(tmp_path: Path) -> None:
    pages = 60
    write_load(tmp_path, pages)

    async def build() -> None:
        async with services_in(tmp_path, serving=False) as (services, project):
            await publish_documents(services, project, "docs")

    async def change() -> dict[str, int]:
        async with services_in(tmp_path, serving=False) as (services, _):
            hub = Hub(services.store, KINDS, by=acting(services.store.database, {}))
            project = load_project(tmp_path, ["models.embed=load:large"])
            report = await migrate_index(
                services, hub, tmp_path, project, Asked(name="docs", bar=Bar(margin=0.3))
            )
            assert report.switched
            await withdraw(services, hub, project, "docs", [GONE], reason="x", everywhere=False)
            marks = {"withdrawn": time.monotonic_ns()}
            services.releases.roll_back("docs")
        (tmp_path / "over").write_text("over")
        return marks

    asyncio.run(build())
    outs = [tmp_path / f"asked-{at}.jsonl" for at in range(2)]
    processes = [start(ask, tmp_path, out, 150, at, pages) for at, out in enumerate(outs)]
    writer = start(keep_writing, tmp_path, 2, pages, tmp_path / "written")
    marks = asyncio.run(change())
    for process in (*processes, writer):
        process.join()
    told = tally(tmp_path, outs, marks)
    assert told.queries >= 300
    assert (told.failed, told.mixed, told.withdrawn_shown) == ((), 0, 0)
