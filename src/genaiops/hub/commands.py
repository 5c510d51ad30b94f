"""`genaiops hub`: what is in the registry, how versions differ, and what each was made from."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genaiops.core import encode, one_line
from genaiops.hub.hub import Hub
from genaiops.hub.model import Edge, Version
from genaiops.store import Store, find_store
from genaiops.work import Console

if TYPE_CHECKING:  # rich takes 40 ms to import: only a tree needs it
    from rich.tree import Tree

hub = typer.Typer(
    help="The registry: artifacts, their versions, and what each was made from.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ref = Annotated[str, typer.Argument(help="A reference (prompt/answer:v2) or a digest (sha256:…).")]


@hub.command("list", epilog="Example: genaiops hub list --kind prompt")
def show_list(
    kind: Annotated[str | None, typer.Option(help="Only this kind, for example prompt.")] = None,
    name: Annotated[str | None, typer.Option(help="Only artifacts of this name.")] = None,
    as_json: AsJson = False,
) -> None:
    """List artifacts with their newest version."""
    console = Console(json=as_json)
    with _opened() as registry:
        versions = registry.list(kind, name)
    newest = {(each.kind, each.project, each.name): each for each in versions}
    chosen = sorted(newest.values(), key=lambda each: each.reference)
    if as_json:
        console.emit_json({"versions": [encode(each) for each in chosen]})
    else:
        _lines(console, chosen, "nothing has been published here yet; `genaiops arena run` does")


@hub.command("show", epilog="Example: genaiops hub show prompt/answer:v2")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one version: its manifest, blobs and labels."""
    console = Console(json=as_json)
    with _opened() as registry:
        version = registry.get(ref)
    if as_json:
        console.emit_json(encode(version))
    else:
        _show(console, version)


@hub.command("diff", epilog="Example: genaiops hub diff prompt/answer:v1 prompt/answer:v2")
def show_diff(a: Ref, b: Ref, as_json: AsJson = False) -> None:
    """Show how the second version differs from the first."""
    console = Console(json=as_json)
    with _opened() as registry:
        old, new = registry.get(a), registry.get(b)
        lines = registry.diff(a, b)
    if as_json:
        console.emit_json({"a": old.reference, "b": new.reference, "lines": [*lines]})
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
    with _opened() as registry:
        version = registry.get(ref)
        edges = registry.lineage(version.reference, "down" if down else "up")
    if as_json:
        console.emit_json(
            {
                "version": version.reference,
                "direction": "down" if down else "up",
                "edges": [
                    {
                        "child": edge.child.reference,
                        "parent": edge.parent.reference,
                        "activity": edge.activity,
                        "at": edge.at,
                    }
                    for edge in edges
                ],
            }
        )
    else:
        console.print(_tree(version, edges, down))


@hub.command("log", epilog="Example: genaiops hub log --limit 50")
def log(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what was published, newest first, and by which activity."""
    console = Console(json=as_json)
    with _opened() as registry:
        versions = registry.list()[: -limit - 1 : -1]
    if as_json:
        console.emit_json({"versions": [encode(each) for each in versions]})
    else:
        _lines(console, versions, "nothing has been published here yet; `genaiops arena run` does")


@contextmanager
def _opened() -> Generator[Hub]:
    with Store.open(find_store(Path.cwd())) as store:
        yield Hub(store, ())


def _lines(console: Console, versions: Sequence[Version], empty: str) -> None:
    width = max((len(each.short) for each in versions), default=0)
    for each in versions:
        digest = each.digest.removeprefix("sha256:")[:12]
        console.print(f"{each.short:<{width}}  {digest}  {each.created_at}  {each.activity}")
    if not versions:
        console.print(empty)


def _show(console: Console, version: Version) -> None:
    console.print(version.reference)
    console.print(f"published {version.created_at} by {version.activity}")
    for key, value in version.labels.items():
        console.print(f"label {key}: {one_line(value)}")
    for key, digest in version.blobs.items():
        console.print(f"blob {one_line(key)}: {digest}")
    console.emit_json(version.manifest)


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
            line = Text(f"{other.short}  {other.digest.removeprefix('sha256:')[:12]}  {activity}")
            twig = branch.add(line.append("  (above)" if again else ""))
            if not again:
                grow(twig, other)

    tree = Tree(Text(f"{root.short}  {root.digest.removeprefix('sha256:')[:12]}  {root.activity}"))
    grow(tree, root)
    return tree
