"""`genaiops arena study rag`: variants of RAG side by side. Thin over the face."""

import asyncio
import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from genaiops.arena.files import write_whole
from genaiops.arena.options import Json, Private, Quiet, Set, Suite, Unverified
from genaiops.arena.report.study import render_study, render_study_markdown, render_study_page
from genaiops.arena.session import open_session
from genaiops.arena.study import Place, StudyOptions, StudyReport, run_study
from genaiops.core import encode
from genaiops.work import Console

study = typer.Typer(
    help="Compare variants of a system on one frozen set, with the full report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@study.callback()
def studies() -> None:
    """Compare variants of a system on one frozen set, with the full report."""


DatasetFile = Annotated[
    Path | None, typer.Option("--dataset", metavar="FILE", help="Questions instead of the suite's own.")
]
Index = Annotated[str | None, typer.Option(help="The index; needed where there are several.")]
Passages = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Ready-made passages (JSONL), without a project.")
]
Questions = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Questions (JSONL) that the passages answer.")
]
Variants = Annotated[str | None, typer.Option(help="Of none,naive,cot,hybrid,rerank,abstain. Default: all.")]
Chat = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Which model answers. Default: the project's.")
]
Tuned = Annotated[
    str | None, typer.Option(metavar="MODEL", help="A fine-tuned model: http://host/v1#name, openai:…")
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Answer about so many questions: whole clusters, by seed.")
]
TopK = Annotated[int | None, typer.Option("-k", min=1, max=20, help="Passages in a prompt.")]
Tokens = Annotated[
    int | None, typer.Option("--context-tokens", min=64, help="Tokens of a whole prompt. Default: 1,500.")
]
Disturbed = Annotated[int, typer.Option("--robustness", min=0, help="Questions to disturb; 0: none.")]
RetrievalOnly = Annotated[bool, typer.Option("--retrieval-only", help="No answers: seconds.")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Stop before the first answer.")]
Jobs = Annotated[int | None, typer.Option(min=1, max=64, help="Answers at once; local models: 1.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write study.json, study.html and study.md here.")
]


@study.command()
def rag(
    suite: Suite = None,
    dataset: DatasetFile = None,
    index: Index = None,
    passages: Passages = None,
    questions: Questions = None,
    variants: Variants = None,
    chat: Chat = None,
    tuned: Tuned = None,
    limit: Limit = None,
    k: TopK = None,
    tokens: Tokens = None,
    robustness: Disturbed = 12,
    retrieval_only: RetrievalOnly = False,
    plan: PlanOnly = False,
    jobs: Jobs = None,
    out: Out = None,
    overrides: Set = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare no RAG, naive RAG, chain of thought, hybrid search, rerank and abstention.

    Example: genaiops arena study rag --suite qa --limit 60 --out study
    """
    console = Console(json=json, quiet=quiet)
    options = StudyOptions(
        place=Place(suite, dataset, index, passages, questions, tuple(overrides or ())),
        variants=variants,
        chat=chat,
        tuned=tuned,
        limit=limit,
        k=k,
        tokens=tokens,
        retrieval_only=retrieval_only,
        plan_only=plan,
        robustness=robustness,
        jobs=jobs,
    )

    async def go() -> StudyReport:
        async with open_session(
            Path.cwd(),
            console,
            allow_private=allow_private or (),
            allow_unverified=allow_unverified,
            anywhere=passages is not None,
        ) as session:
            return await run_study(session.root, options, session.services, session.hub)

    _show(asyncio.run(go()), out, console)


def _show(report: StudyReport, out: Path | None, console: Console) -> None:
    if out is not None:
        write_study(report, out)
        console.note(f"wrote {out / 'study.html'}, study.md and study.json")
    if console.json:
        console.emit_json(encode(report))
    else:
        console.print(render_study(report))
        if report.reference:
            console.print(f"kept in the Hub as {report.reference}")


def write_study(report: StudyReport, folder: Path) -> None:
    """Write the report as a page, as Markdown and as JSON; raises `OutsideError` where that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    document = jsonlib.dumps(encode(report), indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(folder / "study.json", document + "\n")
    write_whole(folder / "study.md", render_study_markdown(report))
    write_whole(folder / "study.html", render_study_page(report))
