"""What a study is made on: an index, questions, and the ruler; from a project, or from two files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from genaiops.app import (
    DEFAULT_EMBEDDER,
    PROJECT_FILE,
    Project,
    ScorerConfig,
    Services,
    SuiteConfig,
    load_project,
    tell,
)
from genaiops.arena.datasets import read_cases
from genaiops.arena.model import Correct, Suite
from genaiops.arena.pairing import load_suite, only_suite
from genaiops.arena.ragfacts import knowledge_facts
from genaiops.arena.scorers.expected import answers
from genaiops.arena.study.asked import read_questions
from genaiops.arena.suites import resolve_suite
from genaiops.core import Case, Digest, Embedder, Json, UserError
from genaiops.knowledge import Corpus, EmbeddingCache, Index, ReadyPassages, index_passages, read_passages
from genaiops.models import EmbedSettings, artifact_name
from genaiops.work import Progress

SHORT = Correct(scorer="answer_f1", threshold=0.5)
LONG = Correct(scorer="added_f1", threshold=0.3)
"""What counts as right where no suite says it: by the length of the references."""

_SHORT_WORDS = 10
_SLICES = range(2, 13)
_EACH = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where the material lies, as it was asked for; paths are files."""

    suite: str | None = None
    dataset: Path | None = None
    index: str | None = None
    passages: Path | None = None
    questions: Path | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """An index with its embedder, the texts of its documents by id, and the questions with their ruler.

    `project` is None where there is none: then nothing names a chat model. `indexed` is what the index is
    called in the Hub, `made_of` what it was made of.
    """

    name: str
    project: Project | None
    index: Index
    embedder: Embedder
    texts: Mapping[str, str]
    corpus: Mapping[str, Json]
    suite: Suite
    source: str
    indexed: str
    made_of: Corpus | ReadyPassages

    @property
    def cases(self) -> tuple[Case, ...]:
        """The questions."""
        return self.suite.cases

    @property
    def correct(self) -> Correct:
        """What counts as right."""
        assert self.suite.ruler.correct is not None
        return self.suite.ruler.correct


async def gather(root: Path, place: Place, services: Services) -> Material:
    """Return the material of a study; builds the index where it is not there. `root` is the project's folder.

    Raises `UserError` where there is no knowledge, no question or no suite, or half of the files is missing.
    """
    if (place.passages is None) != (place.questions is None):
        raise UserError(
            "GAO-ARENA-393",
            "passages and questions go together",
            why="a study of a file of passages needs the questions that they answer",
            fix="genaiops arena study rag --passages FILE.jsonl --questions FILE.jsonl",
            where="--questions" if place.questions is None else "--passages",
        )
    if place.passages is not None and place.questions is not None:
        return await _from_files(place.passages, place.questions, root, place.overrides, services)
    return await _from_project(root, place, services)


async def _from_files(
    passages: Path, questions: Path, root: Path, overrides: Sequence[str], services: Services
) -> Material:
    there = (root / PROJECT_FILE).is_file()
    project = load_project(root, overrides, services.settings.env) if there else None
    cases, digest = read_questions(questions)
    ready = read_passages(passages)
    tell(ready.problems, services.console)
    reference = (project and project.models.get("embed")) or DEFAULT_EMBEDDER
    described = project.embedding if project else EmbedSettings()
    embedder = await services.embed_model(root, reference, described)
    index = await index_passages(
        ready,
        embedder,
        folder=services.store.path / "indexes",
        cache=EmbeddingCache(services.store),
        progress=lambda total: Progress(f"index {passages.stem}", total, console=services.console),
    )
    return Material(
        name=passages.stem,
        project=project,
        index=index,
        embedder=embedder,
        texts={one.id: one.text for one in ready.passages},
        corpus=_ready_facts(ready, index),
        suite=_suite(questions.stem, cases, digest, _usual(cases), auto_slices(cases)),
        source=str(questions),
        indexed=artifact_name(passages.stem) or "passages",
        made_of=ready,
    )


async def _from_project(root: Path, place: Place, services: Services) -> Material:
    project = load_project(root, place.overrides, services.settings.env)
    if not project.knowledge:
        raise UserError(
            "GAO-ARENA-394",
            "the project has no knowledge to search",
            why="`knowledge` in genaiops.yaml is empty, and a study of RAG compares searches",
            fix="add knowledge: {docs: {source: data/docs}}, or give --passages and --questions",
            where="knowledge",
        )
    index = await services.index(project, place.index)
    name = place.index or next(iter(project.knowledge))
    corpus, recipe = await services.recipe(project, name)
    suite, source = _asked(project, place)
    return Material(
        name=project.project,
        project=project,
        index=index,
        embedder=await services.embedder(project),
        texts={one.id: one.text for one in corpus.documents},
        corpus=knowledge_facts(recipe, corpus),
        suite=suite,
        source=source,
        indexed=name,
        made_of=corpus,
    )


def _asked(project: Project, place: Place) -> tuple[Suite, str]:
    if place.dataset is None and not project.suites:
        raise UserError(
            "GAO-ARENA-395",
            "there is no question to study",
            why="the project has no suite, and no dataset is named",
            fix="genaiops arena study rag --dataset data/qa.jsonl",
            where="suites",
        )
    if not project.suites and place.dataset is not None:
        cases, digest = read_questions(place.dataset)
        return _suite(place.dataset.stem, cases, digest, _usual(cases), auto_slices(cases)), str(
            place.dataset
        )
    name = place.suite or only_suite(project, project)
    suite, config = load_suite(project, name), project.suites[name]
    source = config.dataset
    if place.dataset is not None:
        source = str(place.dataset)
        cases, digest = read_cases(
            place.dataset, cluster=config.cluster, cluster_missing=config.cluster_missing
        )
        suite = replace(suite, cases=cases, ruler=replace(suite.ruler, dataset_digest=digest))
    judged = {judge.name for judge in suite.ruler.judges}
    correct = suite.ruler.correct
    uses = {use.name: use.parameters for use in suite.ruler.scorers}
    if correct is None or correct.scorer in judged:  # a study asks no judge
        correct = _usual(suite.cases)
    return _suite(
        name,
        suite.cases,
        suite.ruler.dataset_digest,
        correct,
        suite.ruler.slices,
        parameters=uses.get(correct.scorer, {}),
    ), source


def _suite(
    name: str,
    cases: Sequence[Case],
    digest: Digest,
    correct: Correct,
    slices: Sequence[str],
    *,
    parameters: Mapping[str, Json] | None = None,
) -> Suite:
    """Return the ruler of every study: who is right, what citations hold, and when silence was right."""
    right: dict[str, Json] = {"right": correct.scorer, "from": correct.threshold}
    config = SuiteConfig(
        dataset=name,
        scorers=(
            ScorerConfig(name="wrong_answers", params=right),
            ScorerConfig(name=correct.scorer, params=dict(parameters or {})),
            ScorerConfig(name="citation_precision"),
            ScorerConfig(name="citation_recall"),
            ScorerConfig(name="abstention"),
            ScorerConfig(name="groundedness"),
        ),
        slices=tuple(slices),
        discover=False,
    )
    return resolve_suite(name, config, cases, digest)


def _usual(cases: Sequence[Case]) -> Correct:
    lengths = [min(len(text.split()) for text in found) for case in cases if (found := answers(case))]
    return SHORT if not lengths or median(lengths) <= _SHORT_WORDS else LONG


def auto_slices(cases: Sequence[Case]) -> tuple[str, ...]:
    """Return the tags that cut the questions into a few parts of some size, as places of slices."""
    found: dict[str, dict[str, int]] = {}
    for case in cases:
        for key, value in case.tags.items():
            found.setdefault(key, {}).setdefault(str(value), 0)
            found[key][str(value)] += 1
    return tuple(
        f"tags.{key}"
        for key, counts in sorted(found.items())
        if len(counts) in _SLICES and min(counts.values()) >= _EACH
    )


def _ready_facts(ready: ReadyPassages, index: Index) -> dict[str, Json]:
    licences = sorted({str(one.metadata["licence"]) for one in ready.passages if "licence" in one.metadata})
    restricted = sum("access" in one.metadata for one in ready.passages)
    return {
        "corpus": {
            "digest": ready.digest,
            "documents": len(ready.passages),
            "size": f"{sum(len(one.text) for one in ready.passages):,} characters",
            "licence": ", ".join(licences) or None,
            "access": f"a key of each row; {restricted} of {len(ready.passages)} passages restricted",
        },
        "chunk": {"parser": index.recipe.parser, "by": "ready-made passages, not cut"},
        "index": {"digest": index.recipe.digest},
    }
