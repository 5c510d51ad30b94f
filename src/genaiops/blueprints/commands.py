"""`genaiops demo`, `new` and `init`: the ways in. Thin over this room's functions."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from genaiops.arena import settings
from genaiops.blueprints.demo import DemoOptions, run_demo
from genaiops.blueprints.pipelines import Platform, ci_files
from genaiops.blueprints.setup import plan_setup, write
from genaiops.blueprints.starting import BLUEPRINTS, commit, start
from genaiops.core import one_line
from genaiops.models import Weights
from genaiops.work import Console

demo = typer.Typer(help="The main job on a bundled real project, offline.", add_completion=False)
new = typer.Typer(help="Start an app from a blueprint.", add_completion=False)
init = typer.Typer(help="Set up ARENA for the app in this repository.", add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@demo.command("demo", epilog="Example: genaiops demo --pull")
def demo_command(
    folder: Annotated[Path, typer.Argument(help="Where to make the project.")] = Path("genaiops-demo"),
    chat: Annotated[str, typer.Option(help="The model that answers in every arm.")] = "local:smollm2-135m",
    pull: Annotated[
        bool, typer.Option("--pull", help="Fetch the weights it needs first, if absent.")
    ] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """From nothing to a merge verdict: a real assistant, a change to it, and whether to merge that change.

    It makes a project with a git history, builds its index, answers with three forms of the assistant side
    by side, and judges the change by its gate; then a worse change, so that you see one refused.
    """
    began = time.monotonic()
    console = Console(json=as_json, quiet=quiet)
    if pull:
        weights = Weights(settings())
        for name in _weights(chat):
            weights.pull(name, None, console)
    facts = asyncio.run(run_demo(DemoOptions(folder=folder, chat=chat), console))
    if as_json:
        console.emit_json(facts)
    console.note(f"done in {time.monotonic() - began:.0f} s")


def _weights(chat: str) -> list[str]:
    generator = chat.removeprefix("local:")
    return (
        ["minilm-l6"]
        if generator == "extractive" or not chat.startswith("local:")
        else ["minilm-l6", generator]
    )


@new.command("new", epilog="Example: genaiops new rag-assistant my-assistant")
def new_command(
    blueprint: Annotated[str, typer.Argument(help=f"One of: {', '.join(BLUEPRINTS)}.")],
    folder: Annotated[Path | None, typer.Argument(help="Where; the blueprint's name where left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start an app from a blueprint: it runs at once, with its suite, its gate and a git history."""
    console = Console(json=as_json)
    target = start(blueprint, folder or Path(blueprint))
    write(target, ci_files("github", suite="qa", weights=("minilm-l6", "smollm2-135m")))
    commit(target, f"Start from the {blueprint} blueprint")
    if as_json:
        console.emit_json({"blueprint": blueprint, "folder": str(target)})
        return
    console.print(
        f"{blueprint} is in {target}\n\n"
        f"  cd {target}\n"
        "  genaiops models pull minilm-l6         once; or name models of yours\n"
        "  genaiops models pull smollm2-135m      in genaiops.yaml\n"
        '  genaiops ask "What brand of car is manufactured in Broadmeadows?"\n'
        "  genaiops arena run --suite qa          after a change: is it better?"
    )


@init.command("init", epilog="Example: genaiops init --data questions.csv --app support.bot:answer")
def init_command(
    app: Annotated[str | None, typer.Option(help="The app's function, as module:function.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A CSV or JSON Lines file with a question column.")
    ] = None,
    ci: Annotated[
        Platform | None,
        typer.Option(help="Write only the files with which this platform measures pull requests."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a short genaiops.yaml and a first suite for the app that is here. Nothing is imported or run."""
    console = Console(json=as_json)
    if ci is not None:
        _write_ci(ci_files(ci), console, dry_run=dry_run)
        return
    plan = plan_setup(Path.cwd(), app, data)
    if not dry_run:
        write(Path.cwd(), plan.files)
    if as_json:
        console.emit_json(
            {
                "app": plan.app.target,
                "others": [other.target for other in plan.others],
                "data": str(plan.table_file),
                "cases": len(plan.table.rows),
                "skipped": plan.table.skipped,
                "files": {} if not dry_run else dict(plan.files),
                "written": [] if dry_run else list(plan.files),
            }
        )
        return
    if dry_run:
        console.print("\n".join(f"--- {name}\n{text[:1500]}" for name, text in plan.files.items()))
        return
    place = f" ({plan.app.file}:{plan.app.line})" if plan.app.file else ""
    console.print(f"app      {plan.app.target}{place}")
    if plan.others:
        console.print(f"         also possible: {', '.join(other.target for other in plan.others)}")
    table = plan.table
    console.print(f"suite    {len(table.rows)} cases from {one_line(str(plan.table_file))}")
    console.print(
        f"         asked: {table.question} · expected: {table.answer or 'nothing'}"
        f" · cluster: {table.cluster or 'each row its own'}"
    )
    if table.skipped:
        console.print(f"         {table.skipped} rows without a question were left out")
    console.print(
        "wrote    genaiops.yaml, data/suite.jsonl\n\n"
        "  git add genaiops.yaml data/suite.jsonl && git commit -m 'Measure the app'\n"
        '  genaiops ask "…"          does the app answer here?\n'
        "  (change something)\n"
        "  genaiops arena run         is the change worth merging?"
    )


def _write_ci(files: dict[str, str], console: Console, *, dry_run: bool) -> None:
    if not dry_run:
        write(Path.cwd(), files)
    if console.json:
        console.emit_json(
            {"files": dict(files) if dry_run else {}, "written": [] if dry_run else list(files)}
        )
        return
    console.print(f"{'would write' if dry_run else 'wrote'}    " + "\n         ".join(files))
    console.print("\nname the suite and the weights at the top of the measuring job, then commit the files")
