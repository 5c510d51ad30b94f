"""Retrieval in batch: ready-made passages under a name, and a file of queries answered line by line."""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from genaiops.app.model import Hit, Hits
from genaiops.app.project import Project
from genaiops.app.releasing import Held, Published, hold, publish
from genaiops.app.services import LOCAL_USER, Services
from genaiops.core import Json, UserError, one_line
from genaiops.knowledge import (
    PASSAGES,
    Backend,
    IndexRelease,
    Mode,
    Query,
    ReadyPassages,
    Recipe,
    read_rows,
    retrieve_all,
)
from genaiops.models import EmbedSettings
from genaiops.work import Console, Progress

DEFAULT_EMBEDDER = "local:minilm-l6"
_AT_ONCE = 32
_SHOWN = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A row of the file of queries."""

    id: str
    query: Query


async def build_named(
    services: Services,
    root: Path,
    project: Project | None,
    name: str,
    ready: ReadyPassages,
    source: Path,
    backend: Backend,
) -> Published:
    """Index `ready` and make that the live release of `name`."""
    if not _NAME.fullmatch(name):
        raise UserError(
            "GAO-APP-070",
            f"{one_line(name, 60)!r} cannot be the name of an index",
            fix="take letters, digits, dots, hyphens and underscores, a letter or a digit first",
        )
    if project and name in project.knowledge:
        raise UserError(
            "GAO-APP-071",
            f"the project has an index {name!r} already",
            why="it stands under `knowledge` in genaiops.yaml",
            fix="give the passages another --name",
        )
    reference = (project and project.models.get("embed")) or DEFAULT_EMBEDDER
    ready = services.withdrawals.among(ready, name)
    said = project.embedding if project else EmbedSettings()
    embedder = await services.embed_model(root, reference, said)
    recipe = Recipe(corpus=ready.digest, embedder=embedder.spec, parser=PASSAGES, backend=backend)
    release = IndexRelease.of(recipe, reference, str(source), said.stated)
    return await publish(services, root, name, ready, release)


async def hold_any(services: Services, root: Path, project: Project | None, name: str | None) -> Held:
    """Return what answers under a name: of genaiops.yaml, or of passages; None: the only one there is."""
    known = {*services.releases.names(), *(project.knowledge if project else ())}
    if name is None and project and len(project.knowledge) == 1:
        name = next(iter(project.knowledge))
    if name is None and len(known) == 1:
        name = next(iter(known))
    if name is None or name not in known:
        raise UserError(
            "GAO-APP-072",
            f"there is no index {one_line(name, 60)!r}" if name else "it must be said which index to search",
            why=f"there are: {', '.join(sorted(known)) or 'none'}",
            fix=f"genaiops index build --passages FILE.jsonl --name {one_line(name or 'NAME', 60)}",
        )
    return await hold(services, root, project, name)


def read_queries(file: Path, console: Console) -> list[Asked]:
    """Return the queries of a file, in its order; rows that are none are said and left out.

    A row has `id` and `query`, and `history` where something was said before: texts, or objects with
    `role` and `content`, oldest first; of these, what the user said is read. Raises `UserError` where no
    row can be used.
    """
    read = read_rows(file)
    problems = list(read.problems)
    asked: list[Asked] = []
    for row in read.rows:
        text, history = row.values.get("query"), _history(row.values.get("history"))
        if not isinstance(text, str):
            problems.append(f"{row.where}: left out, it has no `query`")
        elif history is None:
            problems.append(f"{row.where}: left out, its `history` is no list of turns")
        else:
            asked.append(Asked(str(row.values["id"]), Query(text, history)))
            if not text.strip():
                problems.append(f"{row.where}: the query is empty, it finds nothing")
    if not asked:
        raise UserError(
            "GAO-APP-074",
            "there is no query in the file",
            why=problems[0] if problems else "it has no line",
            fix='write one query a line: {"id": "q1", "query": "How long does a refund take?"}',
            where=str(file),
        )
    tell(problems, console)
    return asked


def tell(problems: Sequence[str], console: Console) -> None:
    """Say each problem in one line, the first ones of many."""
    for problem in problems[:_SHOWN]:
        console.note(one_line(problem, 200))
    if len(problems) > _SHOWN:
        console.note(f"and {len(problems) - _SHOWN:,} more rows like these")


async def answer_queries(
    held: Held,
    asked: Sequence[Asked],
    k: int,
    *,
    mode: Mode,
    rerank: bool,
    console: Console,
) -> AsyncGenerator[Hits]:
    """Yield what each query finds, in their order, as soon as it is known."""
    with Progress("search", len(asked), console=console) as progress:
        for at in range(0, len(asked), _AT_ONCE):
            some = asked[at : at + _AT_ONCE]
            found = await retrieve_all(
                held.index,
                held.embedder,
                [one.query for one in some],
                k,
                principal=LOCAL_USER,
                mode=mode,
                rerank=rerank,
                snapshot=held.snapshot,
            )
            for one, passages in zip(some, found, strict=True):
                hits = tuple(Hit(id=passage.id, score=passage.score or 0.0) for passage in passages)
                yield Hits(id=one.id, hits=hits)
            progress.advance(len(some))


def _history(value: Json) -> tuple[str, ...] | None:
    """Return what the user said, or None where it cannot be told."""
    if value is None:
        return ()
    if not isinstance(value, list):
        return None
    turns = [
        turn.get("content") if isinstance(turn, dict) else turn
        for turn in value
        if not (isinstance(turn, dict) and turn.get("role", "user") != "user")
    ]
    if not all(isinstance(turn, str) for turn in turns):
        return None
    return tuple(cast("list[str]", turns))
