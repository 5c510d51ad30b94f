"""`genaiops demo`: the main job on a real project, from an empty folder to verdicts.

The project's history tells the story: a naive assistant, the same one told to admit ignorance, then the
production form. All three answer the same questions with the same model, side by side; the change from naive
to production is judged by the gate; then a change that makes things worse is judged too. Everything is
computed here and now; asking again finds it done.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from genaiops.app import PROJECT_FILE
from genaiops.arena import (
    Finished,
    RunOptions,
    Session,
    answer_round,
    open_session,
    render_terminal,
    run_arena,
    tally,
)
from genaiops.blueprints.starting import commit, git, start
from genaiops.core import Json, UserError
from genaiops.work import Console

BLUEPRINT = "rag-assistant"
FORMS = {
    "naive": "Naive RAG: the nearest passages into the prompt",
    "honest": "Naive RAG, told to say when it does not know",
    "production": "Production form: evidence, citations, abstention",
}
COUNTS = ("correct", "wrong", "abstained")
WORSE = "params.abstain=false"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Where the project goes, and which model answers in every arm."""

    folder: Path
    chat: str


async def run_demo(options: DemoOptions, console: Console) -> dict[str, Json]:
    """Make the project where it is not there yet, answer with its three forms, and judge both changes.

    Each verdict is shown as soon as it is there; returned is what a machine wants to know.
    """
    _make_project(options, console)
    async with open_session(options.folder, console) as session:
        console.note("three forms of the assistant answer the same questions, in turn, with the same model")
        await answer_round(session.root, {form: (form, ()) for form in FORMS}, "qa", session.services)
        better = {
            form: await _judge(session, RunOptions(suite="qa", baseline=form, candidate="production"))
            for form in ("naive", "honest")
        }
        console.print(_first(better))
        console.note(f"now a worse change: {WORSE} (answer always, never abstain), looked at early")
        worse = await _judge(
            session,
            RunOptions(
                suite="regression",
                baseline="production",
                candidate="production",
                overrides=(WORSE,),
                sequential=True,  # what is clearly worse need not be asked to the end
            ),
        )
    console.print(_second(worse, better["naive"], options.folder))
    return _facts(better, worse, options.folder)


async def _judge(session: Session, options: RunOptions) -> Finished:
    return await run_arena(session.root, options, session.services, session.hub)


def _make_project(options: DemoOptions, console: Console) -> None:
    folder = options.folder
    if (folder / PROJECT_FILE).is_file():
        if _chat_of(folder) != options.chat:
            raise UserError(
                "GAO-NEW-030",
                f"the demo in {folder} was made for {_chat_of(folder)}",
                why=f"you asked for {options.chat}",
                fix=f"name another folder: genaiops demo other-demo --chat {options.chat}",
            )
        return
    console.note(f"making the project in {folder}")
    start(BLUEPRINT, folder)
    _set_chat(folder, options.chat)
    production = {
        name: (folder / name).read_text(encoding="utf-8") for name in ("app.py", "prompts/answer.md")
    }
    for form, title in FORMS.items():
        with as_file(files("genaiops.blueprints.rag_assistant") / "history" / form) as earlier:
            if earlier.is_dir():
                shutil.copytree(earlier, folder, dirs_exist_ok=True)
            else:
                for name, text in production.items():
                    (folder / name).write_text(text, encoding="utf-8")
        commit(folder, title)
        git(folder, "tag", "--force", form)


def _chat_of(folder: Path) -> str:
    for line in (folder / PROJECT_FILE).read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("chat:"):
            return line.split(":", 1)[1].split("#")[0].strip()
    return ""


def _set_chat(folder: Path, chat: str) -> None:
    file = folder / PROJECT_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("local:smollm2-135m", chat), encoding="utf-8")


def _first(better: Mapping[str, Finished]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("form")
    for name in COUNTS:
        table.add_column(name, justify="right")
    for form, title in FORMS.items():
        table.add_row(Text(title), *map(str, _counts(form, better).values()))
    naive, honest = better["naive"], better["honest"]
    return Group(
        Text("\nThree forms, one model, the same questions\n", style="bold"),
        table,
        Text("\nIs the change from naive to production worth merging?\n", style="bold"),
        render_terminal(naive.run, naive.verdict, naive.bundle),
        Text(f"\nAgainst the form that may say it does not know: {honest.verdict.outcome.upper()}"),
        Text(f"{honest.verdict.headline}\n"),
    )


def _second(worse: Finished, naive: Finished, folder: Path) -> RenderableType:
    return Group(
        Text("And a worse change: answer always, never abstain\n", style="bold"),
        render_terminal(worse.run, worse.verdict, worse.bundle),
        Text(f"\nYours now: cd {folder}\n"),
        Text('  genaiops ask "…"             ask it something'),
        Text("  genaiops arena run           after a change of yours: --suite qa, or --suite regression"),
        Text(f"  genaiops arena verify {naive.bundle}"),
    )


def _counts(form: str, better: Mapping[str, Finished]) -> dict[str, int]:
    """Return how a form's answers ended; an abstention is right where the documents hold no answer."""
    tallies = tally(better["honest" if form == "honest" else "naive"].run)
    assert tallies is not None  # the blueprint's suite says what is correct
    counts = tallies["candidate" if form == "production" else "baseline"].counts
    silent = counts["declined"] + counts["abstained"]
    return {"correct": counts["correct"], "wrong": counts["wrong"], "abstained": silent}


def _facts(better: Mapping[str, Finished], worse: Finished, folder: Path) -> dict[str, Json]:
    def of(finished: Finished) -> dict[str, Json]:
        return {
            "outcome": finished.verdict.outcome,
            "headline": finished.verdict.headline,
            "evidence": str(finished.bundle),
            "model_calls": finished.run.model_calls,
        }

    forms: dict[str, Json] = {form: {**_counts(form, better)} for form in FORMS}
    verdicts: dict[str, Json] = {
        f"production against {form}": of(finished) for form, finished in better.items()
    }
    return {"folder": str(folder), "forms": forms, "verdicts": {**verdicts, "worse change": of(worse)}}
