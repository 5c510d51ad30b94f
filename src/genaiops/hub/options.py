"""What the Hub's commands take in common."""

from collections.abc import Sequence
from typing import Annotated

import typer

from genaiops.core import UserError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ref = Annotated[
    str,
    typer.Argument(help="A reference (prompt/answer:v2, app/rag-assistant:prod) or a digest (sha256:…)."),
]
Exact = Annotated[
    str, typer.Argument(metavar="VERSION", help="Exactly one version: app/rag-assistant:v3, or a digest.")
]
Why = Annotated[str, typer.Option("--why", "--reason", help="The reason, for the history.")]
Deprecated = Annotated[
    bool, typer.Option("--allow-deprecated", help="Although the version is marked as deprecated.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Only versions with this label. May be given several times."),
]


def read_labels(given: Sequence[str]) -> dict[str, str]:
    """Return labels as given on the command line; raises `UserError` for one without `=`."""
    labels: dict[str, str] = {}
    for one in given:
        key, mark, value = one.partition("=")
        if not mark or not key:
            raise UserError(
                "GAO-HUB-034",
                f"{one!r} is not a label",
                why="a label reads KEY=VALUE",
                fix="for example team=x",
            )
        labels[key] = value
    return labels


def said_of(**given: str | None) -> dict[str, str]:
    """Return what was given of a version's owner, licence, sensitivity and description."""
    return {field: value for field, value in given.items() if value is not None}
