"""Retrieval in batch: ready-made passages under a name, and a file of queries answered line by line.

`.genaiops/indexes/names/NAME.json` says which index has the name, and which embedder it was made with.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from genaiops.app.model import Hit, Hits
from genaiops.app.project import Project
from genaiops.app.services import LOCAL_USER, Services
from genaiops.core import Digest, Embedder, Json, UserError, canonical, decode_json, encode, one_line
from genaiops.knowledge import (
    Backend,
    EmbeddingCache,
    Index,
    Mode,
    Query,
    ReadyPassages,
    index_passages,
    read_rows,
    retrieve_all,
)
from genaiops.models import EmbedSettings
from genaiops.work import Console, Progress

DEFAULT_EMBEDDER = "local:minilm-l6"
_AT_ONCE = 32
_SHOWN = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An index of ready-made passages: its recipe, its embedder as described, the file it came from."""

    recipe: Digest
    embedder: str
    source: str
    described: EmbedSettings = field(default_factory=EmbedSettings)


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
) -> tuple[Index, Embedder]:
    """Return the index of `ready`, built where it is not there yet, and known as `name` from now on.

    And the embedder that it was built with.
    """
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
    described = project.embedding if project else EmbedSettings()
    embedder = await services.embed_model(root, reference, described)
    index = await index_passages(
        ready,
        embedder,
        folder=services.store.path / "indexes",
        cache=EmbeddingCache(services.store),
        backend=backend,
        progress=lambda total: Progress(f"index {name}", total, console=services.console),
    )
    named = Named(recipe=index.recipe.digest, embedder=reference, source=str(source), described=described)
    _write(_names(services) / f"{name}.json", canonical(encode(named)))
    return index, embedder


def named_indexes(services: Services) -> dict[str, Named]:
    """Return the indexes of ready-made passages by their names."""
    files = sorted(_names(services).glob("[!.]*.json"))
    return {file.stem: decode_json(Named, file.read_bytes(), where=str(file)) for file in files}


async def named_facts(services: Services) -> dict[str, dict[str, Json]]:
    """Return what is known of each index of ready-made passages."""
    return {name: await _facts(services, named) for name, named in named_indexes(services).items()}


async def open_any(
    services: Services, root: Path, project: Project | None, name: str | None
) -> tuple[Index, Embedder]:
    """Return an index and its embedder: one of genaiops.yaml (None: the only one), or of passages by name."""
    known = named_indexes(services)
    if project and (name in project.knowledge or (name is None and (project.knowledge or not known))):
        return await services.index(project, name), await services.embedder(project)
    if name is None and len(known) == 1:
        name = next(iter(known))
    if name not in known:
        raise UserError(
            "GAO-APP-072",
            f"there is no index {one_line(name, 60)!r}" if name else "it must be said which index to search",
            why=f"there are: {', '.join([*known, *(project.knowledge if project else ())]) or 'none'}",
            fix=f"genaiops index build --passages FILE.jsonl --name {one_line(name or 'NAME', 60)}",
        )
    index = await services.built_index(known[name].recipe)
    if index is None:
        raise UserError(
            "GAO-APP-073",
            f"the index {name!r} is no longer there",
            why="its folder was removed",
            fix=f"genaiops index build --passages {known[name].source} --name {name}",
        )
    return index, await services.embed_model(root, known[name].embedder, known[name].described)


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
    index: Index,
    embedder: Embedder,
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
                index,
                embedder,
                [one.query for one in some],
                k,
                principal=LOCAL_USER,
                mode=mode,
                rerank=rerank,
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


async def _facts(services: Services, named: Named) -> dict[str, Json]:
    index = await services.built_index(named.recipe)
    if index is None:
        return {"built": False, "recipe": named.recipe, "source": named.source}
    return {"built": True, "source": named.source, **index.facts()}


def _names(services: Services) -> Path:
    return services.store.path / "indexes" / "names"


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    partial.write_bytes(content)
    partial.replace(file)
