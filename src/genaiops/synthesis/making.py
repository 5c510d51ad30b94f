"""Training rows of a project's corpus: sources, hard distractors of its index, verified rows, one file.

The split is by document: what a test question rests on is in no row, neither as oracle nor as distractor.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genaiops.app import LOCAL_USER, Project, Services
from genaiops.core import Embedder, Passage, UserError, canonical, encode
from genaiops.knowledge import Corpus, Index, Query, Recipe, make_chunks, retrieve_all
from genaiops.store import write_whole
from genaiops.synthesis.asking import generated
from genaiops.synthesis.evidence import documents_of, read_sources
from genaiops.synthesis.model import RaftOptions, RaftReport, RaftRow, Source
from genaiops.synthesis.prompt import raft_prompt
from genaiops.synthesis.rows import check_row, make_row, passages_of, strays
from genaiops.work import Progress

_DEPTH = 20
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftSource:
    """Where rows come from: `questions` with known evidence, else a model's; no document of `tests`."""

    index: str | None = None
    questions: Path | None = None
    tests: tuple[Path, ...] = ()
    chat: str | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """The documents: as they are cut, and which of them are the tests'."""

    embedder: Embedder
    corpus: Corpus
    recipe: Recipe
    passages: list[Passage]
    banned: frozenset[str]


async def make_raft(
    project: Project, services: Services, out: Path, source: RaftSource, options: RaftOptions
) -> RaftReport:
    """Write the rows to `out` and what decided them beside it (`.manifest.json`); return the latter.

    Raises `UserError` where a question rests on a document of the tests, or nothing can be made.
    """
    ground = await _ground(project, services, source)
    sources, left, model = await _sources(project, services, ground, source, options)
    searched = await services.index(project, source.index)
    rows = await _rows(sources[: options.limit], ground, searched, options, left, services)
    if not rows:
        why = max(left, key=lambda reason: left[reason]) if left else "there is no question"
        raise UserError(
            "GAO-SYNTHESIS-002",
            "no training row could be made",
            why=why,
            fix="give questions on documents that no test question names, or other test questions: --test",
        )
    documents = ground.corpus.documents
    licences = {str(one.metadata["licence"]) for one in documents if "licence" in one.metadata}
    report = RaftReport(
        file=out.name,
        rows=len(rows),
        with_oracle=sum(row.oracle_context in passages_of(row) for row in rows),
        distractors=options.distractors,
        keep=options.keep,
        seed=options.seed,
        corpus=ground.corpus.digest,
        index=ground.recipe.digest,
        prompt=raft_prompt().digest,
        questions=str(source.questions) if source.questions else "made by the model",
        model=model,
        documents=len({one.document for one in sources}),
        excluded=len({one.id for one in documents} & ground.banned),
        licence=", ".join(sorted(licences)) or "not stated",
        left_out=left,
    )
    _write(out, rows, report)
    return report


async def _ground(project: Project, services: Services, source: RaftSource) -> _Ground:
    corpus, recipe = await services.recipe(project, source.index)
    embedder = await services.embedder(project)
    passages = [
        Passage(id=chunk.id, text=chunk.text, document=chunk.document.id, title=chunk.document.title)
        for chunk in make_chunks(corpus, recipe, embedder)
        if chunk.document.access is None  # rows leave the project: what only some may read is in none
    ]
    named = frozenset(one for file in source.tests for one in documents_of(file))
    banned = named | {one.document for one in passages if one.id in named}
    return _Ground(embedder, corpus, recipe, passages, banned)


async def _sources(
    project: Project, services: Services, ground: _Ground, source: RaftSource, options: RaftOptions
) -> tuple[list[Source], dict[str, int], str | None]:
    """Return the questions, what was left out and why, and the model that made them."""
    if source.questions is not None:
        sources, left = read_sources(source.questions, ground.passages)
        _refuse_strays(sources, ground.banned, source.questions)
        return sources, left, None
    free = [one for one in ground.passages if one.document not in ground.banned]
    if ground.passages and not free:
        return [], {"the test questions name every document as their evidence": len(ground.passages)}, None
    model = await (services.chat_model(project, source.chat) if source.chat else services.chat(project))
    with Progress("synthesis · questions", len(free), console=services.console) as progress:
        sources, left = await generated(free, model, options, progress)
    return sources, left, model.spec.reference


async def _rows(
    sources: Sequence[Source],
    ground: _Ground,
    searched: Index,
    options: RaftOptions,
    left: dict[str, int],
    services: Services,
) -> list[RaftRow]:
    """Return the rows that hold what they must; why others do not is counted in `left`."""
    rows: list[RaftRow] = []
    with Progress("synthesis · rows", len(sources), console=services.console) as progress:
        for at in range(0, len(sources), _AT_ONCE):
            some = sources[at : at + _AT_ONCE]
            asked = [Query(one.question) for one in some]
            found = await retrieve_all(searched, ground.embedder, asked, _DEPTH, principal=LOCAL_USER)
            for one, hits in zip(some, found, strict=True):
                row = make_row(one, hits, options, ground.banned)
                why = row if isinstance(row, str) else check_row(row)
                if why:
                    left[why] = left.get(why, 0) + 1
                elif isinstance(row, RaftRow):
                    rows.append(row)
            progress.advance(len(some))
    return rows


def _refuse_strays(sources: Sequence[Source], banned: frozenset[str], file: Path) -> None:
    found = strays(sources, banned)
    if found:
        first = next(iter(found))
        raise UserError(
            "GAO-SYNTHESIS-003",
            f"{len(found)} question(s) rest on documents of the test questions",
            why=f"{first!r} rests on {found[first]!r}: what is taught there would be tested there",
            fix="take questions of other documents; the split is by document",
            where=str(file),
        )


def _write(out: Path, rows: Sequence[RaftRow], report: RaftReport) -> None:
    lines = [json.dumps(encode(row), ensure_ascii=False) for row in rows]
    write_whole(out, [("\n".join(lines) + "\n").encode()])
    write_whole(out.with_suffix(".manifest.json"), [canonical(encode(report))])
