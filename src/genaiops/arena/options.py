"""The options that commands of ARENA share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
Suite = Annotated[str | None, typer.Option(help="The suite to run; needed where there are several.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change a value for the candidate only: params.top_k=8.")
]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUES",
        help="Compare settings in a table, instead of giving a verdict: params.top_k=3,6,9.",
    ),
]
Private = Annotated[
    list[str] | None, typer.Option("--allow-private", help="Let this private host be reached.")
]
PassEnv = Annotated[
    list[str] | None, typer.Option("--pass-env", help="Hand this variable of the environment to the apps.")
]
Unverified = Annotated[
    bool, typer.Option("--allow-unverified", help="Load local weights whose digest nobody stated.")
]
Inconclusive = Annotated[
    Literal["pass", "fail"] | None, typer.Option(help="How an inconclusive verdict ends, for CI.")
]
Markdown = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the verdict as Markdown, for a comment.")
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the verdict as JUnit XML.")]
Answers = Annotated[
    bool, typer.Option("--answers", help="Let the Markdown show answers, fenced. Default: numbers and ids.")
]
