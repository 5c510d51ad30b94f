"""`genaiops hub`: what is in the registry, how versions differ, and what each was made from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, cast

import typer

from genaiops.core import encode, one_line
from genaiops.hub import decide_commands, refusals
from genaiops.hub.answers import Listed, Versions
from genaiops.hub.contents import commands as contents
from genaiops.hub.describing import SENSITIVITIES
from genaiops.hub.opening import Above, opened
from genaiops.hub.options import AsJson, Labels, Ref, read_labels, said_of
from genaiops.hub.telling import show_lines, version_lines
from genaiops.work import Console

hub = typer.Typer(
    help="The registry: artifacts, their versions, what each was made from, and who decided what.",
    no_args_is_help=True,
)

EMPTY = "nothing has been published here yet; `genaiops arena run` does"


@hub.command("list", epilog="Example: genaiops hub list --kind prompt --search refund --label team=support")
def show_list(
    kind: Annotated[str | None, typer.Option(help="Only this kind, for example prompt.")] = None,
    name: Annotated[str | None, typer.Option(help="Only artifacts of this name.")] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Only where name, labels, description and manifest hold these words."
        ),
    ] = None,
    label: Labels = None,
    owner: Annotated[str | None, typer.Option(help="Only what this one owns.")] = None,
    licence: Annotated[str | None, typer.Option(help="Only what has this licence.")] = None,
    sensitivity: Annotated[
        str | None, typer.Option(help=f"Only what is this sensitive: {', '.join(SENSITIVITIES)}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many artifacts at most.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """List artifacts with the newest version that fits; the aliases that point at it, and deprecation."""
    console = Console(json=as_json)
    labels = read_labels(label or ())
    said = said_of(owner=owner, licence=licence, sensitivity=sensitivity)
    with opened() as it:
        versions = it.artifacts(kind, name, text=search, labels=labels, described=said, limit=limit)
    chosen = sorted(versions, key=lambda each: each.reference)
    filtered = kind or name or search or labels or said
    _tell(console, chosen, "nothing here fits" if filtered else EMPTY)
    if len(chosen) == limit:
        console.note(f"these are the {limit} changed last; there may be more (--limit)")


@hub.command("show", epilog="Example: genaiops hub show prompt/answer:v2")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one version: its manifest, blobs and labels; its aliases, approvals and evidence."""
    console = Console(json=as_json)
    with opened() as it:
        shown = it.show(ref)
    if as_json:
        console.emit_json(encode(shown))
        return
    for line in show_lines(shown, shown.standing, datetime.now(UTC)):
        console.print(line)
    console.emit_json(shown.manifest)


@hub.command("diff", epilog="Example: genaiops hub diff prompt/answer:v1 prompt/answer:v2")
def show_diff(context: typer.Context, a: Ref, b: Ref, as_json: AsJson = False) -> None:
    """Show how the second version differs from the first, in the terms of their kind.

    A prompt as text and tokens, a dataset by rows and fields, a suite by claims, rules and scorers.
    """
    console = Console(json=as_json)
    with opened(cast("Above | None", context.obj)) as it:
        found = it.diff(a, b)
    if as_json:
        console.emit_json(encode(found))
    else:
        for line in found.lines or [f"{found.short} have the same manifest"]:
            console.print(one_line(line))


@hub.command("log", epilog="Example: genaiops hub log app/rag-assistant:prod --at 2026-03-03")
def log(
    alias: Annotated[
        str | None, typer.Argument(metavar="[ALIAS]", help="An alias, such as app/rag-assistant:prod.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="What was live then: a date (that whole day), or date and time; UTC."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show every move of an alias, newest first, or what was live; without one, what was published."""
    console = Console(json=as_json)
    if alias is not None:
        decide_commands.tell_history(console, alias, at, limit)
        return
    if at is not None:
        raise refusals.not_an_alias("--at")
    with opened() as it:
        versions = it.published(limit)
    _tell(console, versions, EMPTY)


hub.command("alias", epilog=decide_commands.ALIAS)(decide_commands.alias)
hub.command("promote", epilog=decide_commands.PROMOTE)(decide_commands.promote)
hub.command("rollback", epilog=decide_commands.ROLLBACK)(decide_commands.rollback)
hub.command("approve", epilog=decide_commands.APPROVE)(decide_commands.approve)
hub.command("vouch", epilog=decide_commands.VOUCH)(decide_commands.vouch)
hub.command("deprecate", epilog=decide_commands.DEPRECATE)(decide_commands.deprecate)
hub.command("policy", epilog=decide_commands.POLICY)(decide_commands.policy)
hub.command("agreements", epilog=decide_commands.AGREEMENTS)(decide_commands.agreements)

hub.command("push", epilog=contents.PUSH)(contents.push)
hub.command("pull", epilog=contents.PULL)(contents.pull)
hub.command("describe", epilog=contents.DESCRIBE)(contents.describe)
hub.command("export", epilog=contents.EXPORT)(contents.export)
hub.command("import", epilog=contents.IMPORT)(contents.import_)
hub.command("prune", epilog=contents.PRUNE)(contents.prune)


def _tell(console: Console, versions: Sequence[Listed], empty: str) -> None:
    if console.json:
        console.emit_json(encode(Versions(versions=tuple(versions))))
        return
    for line in version_lines(versions, datetime.now(UTC)):
        console.print(line)
    if not versions:
        console.print(empty)
