"""`genaiops hub`: what is in the registry, how versions differ, and what each was made from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genaiops.core import encode, one_line
from genaiops.hub import answers, decide_commands, refusals
from genaiops.hub.model import Edge, Move, Version
from genaiops.hub.opening import opened
from genaiops.hub.options import AsJson, Labels, Ref, read_labels
from genaiops.hub.telling import short_digest, show_lines, version_lines
from genaiops.work import Console

if TYPE_CHECKING:  # rich takes 40 ms to import: only a tree needs it
    from rich.tree import Tree

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
            metavar="TEXT", help="Only where name, labels and manifest hold these words, or begin so."
        ),
    ] = None,
    label: Labels = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many artifacts at most.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """List artifacts with the newest version that fits; the aliases that point at it, and deprecation."""
    console = Console(json=as_json)
    labels = read_labels(label or ())
    with opened() as here:
        versions = here.hub.artifacts(kind, name, text=search, labels=labels, limit=limit)
        aliases = here.governance.aliases()
    chosen = sorted(versions, key=lambda each: each.reference)
    filtered = kind or name or search or labels
    _tell(console, chosen, aliases, "nothing here fits" if filtered else EMPTY)
    if len(chosen) == limit:
        console.note(f"these are the {limit} changed last; there may be more (--limit)")


@hub.command("show", epilog="Example: genaiops hub show prompt/answer:v2")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one version: its manifest, blobs and labels; its aliases, approvals and evidence."""
    console = Console(json=as_json)
    with opened() as here:
        version = here.hub.get(ref)
        standing = here.governance.standing(version.reference)
    if as_json:
        console.emit_json(encode(answers.shown(version, standing)))
        return
    for line in show_lines(version, standing, datetime.now(UTC)):
        console.print(line)
    console.emit_json(version.manifest)


@hub.command("diff", epilog="Example: genaiops hub diff prompt/answer:v1 prompt/answer:v2")
def show_diff(a: Ref, b: Ref, as_json: AsJson = False) -> None:
    """Show how the second version differs from the first."""
    console = Console(json=as_json)
    with opened() as here:
        old, new = here.hub.get(a), here.hub.get(b)
        lines = here.hub.diff(a, b)
    if as_json:
        found = answers.Difference(a=old.reference, b=new.reference, lines=tuple(lines))
        console.emit_json(encode(found))
    else:
        for line in lines or [f"{old.short} and {new.short} have the same manifest"]:
            console.print(one_line(line))


@hub.command("lineage", epilog="Example: genaiops hub lineage app/rag-assistant --down")
def lineage(
    ref: Ref,
    down: Annotated[
        bool, typer.Option("--down", help="What was made from it, not what it is made of.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Walk from a version back to every input, or on to everything made from it."""
    console = Console(json=as_json)
    direction: Literal["up", "down"] = "down" if down else "up"
    with opened() as here:
        version = here.hub.get(ref)
        edges = here.hub.lineage(version.reference, direction)
    if as_json:
        console.emit_json(encode(answers.lineage_of(version, direction, edges)))
    else:
        console.print(_tree(version, edges, down))


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
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show every move of an alias, newest first, or what was live; without one, what was published."""
    console = Console(json=as_json)
    if alias is not None:
        decide_commands.tell_history(console, alias, at, limit)
        return
    if at is not None:
        raise refusals.not_an_alias("--at")
    with opened() as here:
        versions = here.hub.list()[: -limit - 1 : -1]
        aliases = here.governance.aliases()
    _tell(console, versions, aliases, EMPTY)


hub.command("alias", epilog=decide_commands.ALIAS)(decide_commands.alias)
hub.command("promote", epilog=decide_commands.PROMOTE)(decide_commands.promote)
hub.command("rollback", epilog=decide_commands.ROLLBACK)(decide_commands.rollback)
hub.command("approve", epilog=decide_commands.APPROVE)(decide_commands.approve)
hub.command("deprecate", epilog=decide_commands.DEPRECATE)(decide_commands.deprecate)
hub.command("policy", epilog=decide_commands.POLICY)(decide_commands.policy)


def _tell(
    console: Console, versions: Sequence[Version], aliases: Mapping[str, Sequence[Move]], empty: str
) -> None:
    if console.json:
        console.emit_json(encode(answers.listed(versions, aliases)))
        return
    for line in version_lines(versions, aliases, datetime.now(UTC)):
        console.print(line)
    if not versions:
        console.print(empty)


def _tree(root: Version, edges: Sequence[Edge], down: bool) -> "Tree":
    from rich.text import Text  # 40 ms
    from rich.tree import Tree

    below: dict[str, dict[str, tuple[Version, str]]] = {}
    for edge in edges:
        here, there = (edge.parent, edge.child) if down else (edge.child, edge.parent)
        below.setdefault(here.reference, {})[there.reference] = (there, edge.activity)
    shown: set[str] = set()

    def grow(branch: Tree, version: Version) -> None:
        shown.add(version.reference)
        for reference, (other, activity) in below.get(version.reference, {}).items():
            again = reference in shown and reference in below
            line = Text(f"{other.short}  {short_digest(other)}  {activity}")
            twig = branch.add(line.append("  (above)" if again else ""))
            if not again:
                grow(twig, other)

    tree = Tree(Text(f"{root.short}  {short_digest(root)}  {root.activity}"))
    grow(tree, root)
    return tree
