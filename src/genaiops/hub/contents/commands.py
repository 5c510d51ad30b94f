"""`genaiops hub …`: files in and out, archives, retention. Thin over `Contents`."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast

import typer

from genaiops.core import encode, one_line
from genaiops.hub.contents import faults
from genaiops.hub.contents.answers import Became, Exported, Imported, Pulled, Removed
from genaiops.hub.contents.archive import opened as opened_archive
from genaiops.hub.contents.reading import Told, find_files
from genaiops.hub.contents.retention import Retention
from genaiops.hub.describing import SENSITIVITIES
from genaiops.hub.opening import Above, opened
from genaiops.hub.options import AsJson, Ref, read_labels, said_of
from genaiops.work import Console, Progress

PUSH = "Example: genaiops hub push dataset/support/qa data/qa.jsonl --owner support --sensitivity internal"
PULL = "Example: genaiops hub pull dataset/support/qa:v3 data"
DESCRIBE = 'Example: genaiops hub describe prompt/answer:v2 --owner support --description "for the shop"'
EXPORT = "Example: genaiops hub export support --to support.tar"
IMPORT = "Example: genaiops hub import support.tar --dry-run"
PRUNE = "Example: genaiops hub prune --keep 10 --older-than 90 --dry-run"
LARGE = 64 * 1024 * 1024
"""From how many bytes on a push shows how far it is."""
_MB = 1_000_000

Owner = Annotated[str | None, typer.Option(help="Who answers for it: a person or a team. '' takes it back.")]
Licence = Annotated[str | None, typer.Option(help="Under which licence, such as CC-BY-4.0.")]
Sensitivity = Annotated[str | None, typer.Option(help=f"One of {', '.join(SENSITIVITIES)}.")]
Description = Annotated[str | None, typer.Option(help="What it is, in a few sentences.")]


def push(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="What it becomes a version of: kind/[project/]name.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, or folders: all in them that is not hidden.")
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="A file of JSON that says what no file does.")] = None,
    subject_field: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Seal each row for the person it names here: tags.customer."),
    ] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A label; repeatable.")] = None,
    parent: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="A version that it was made from; repeatable.")
    ] = None,
    owner: Owner = None,
    licence: Licence = None,
    sensitivity: Sensitivity = None,
    description: Description = None,
    alias: Annotated[
        str | None, typer.Option(help="Point this alias at it, where the policy allows that.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make files a version: prompts, datasets, a folder of documents, any file as a blob.

    Equal content is the version that is there already.
    """
    console = Console(json=as_json)
    said = said_of(owner=owner, licence=licence, sensitivity=sensitivity, description=description)
    given = paths or []
    total = sum(file.stat().st_size for file in find_files(given).values())
    with opened(cast("Above | None", context.obj)) as hub:
        with _progress(console, "push", total) as told:
            pushed = hub.push(
                target,
                given,
                manifest=manifest,
                subject=subject_field,
                parents=parent or (),
                labels=read_labels(label or ()),
                described=said,
                told=told,
            )
        version = pushed.version
        if alias is not None:
            live = hub.live(version.artifact, alias)
            hub.move(
                version.artifact,
                alias,
                version.reference,
                why="pushed",
                read=live.digest if live else None,
            )
    if as_json:
        console.emit_json(encode(pushed))
    else:
        console.print(f"{version.reference}  {'new' if pushed.new else 'unchanged'}")
    if pushed.left_out:
        console.note(f"{pushed.left_out:,} rows belong to people who were erased, and were left out")


def pull(
    context: typer.Context,
    ref: Ref,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where its files go.")] = Path("."),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a version as files again, each checked against its digest; nothing outside of the folder."""
    console = Console(json=as_json)
    with opened(cast("Above | None", context.obj)) as hub:
        version, files = hub.pull(ref, folder, force=force)
    if as_json:
        console.emit_json(encode(Pulled(version=version.reference, files=tuple(map(str, files)))))
        return
    for file in files:
        console.print(one_line(str(file), 4000))
    console.note(f"{version.reference}: {len(files)} files")


def describe(
    ref: Ref,
    owner: Owner = None,
    licence: Licence = None,
    sensitivity: Sensitivity = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Say who owns a version, its licence, how sensitive it is, what it is; the version stays what it is."""
    console = Console(json=as_json)
    said = said_of(owner=owner, licence=licence, sensitivity=sensitivity, description=description)
    with opened() as hub:
        version = hub.describe(ref, **said)
    if as_json:
        console.emit_json(encode(version))
        return
    console.print(version.reference)
    for field, value in version.described.items():
        console.print(f"{field} {one_line(value)}")


def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The archive to write.")],
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROJECT|REF]…", help="Projects (default: what has none) and versions."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything in the Hub.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write versions, all that they rest on and what was decided about them to one archive.

    Equal contents are equal archives, byte by byte.
    """
    console = Console(json=as_json)
    if bool(what) == everything:
        raise faults.nothing_to_export("say what, or --all")
    with opened(cast("Above | None", context.obj)) as hub:
        listing = hub.export(None if everything else what, to)
    done = Exported(
        archive=str(to),
        versions=len(listing.versions),
        blobs=len(listing.blobs),
        size=to.stat().st_size,
    )
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print(f"{to}: {done.versions} versions, {done.blobs} blobs, {done.size / _MB:,.1f} MB")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An archive that `hub export` wrote.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it, and say what is in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the versions of an archive, with identical digests; all of it or nothing.

    Aliases, approvals and verdicts of the other Hub are kept as a record, and decide nothing here.
    """
    console = Console(json=as_json)
    size = _size_of(file)
    with opened(cast("Above | None", context.obj)) as hub:
        if dry_run:
            named = [
                Became(version=f"{each.kind}/{each.name}:v{each.number}@{each.digest}", became="checked")
                for each in hub.check(file).versions
            ]
        else:
            with _progress(console, "import", size) as told:
                named = list(hub.import_(file, told=told))
    if as_json:
        console.emit_json(encode(Imported(versions=tuple(named))))
        return
    for each in named:
        console.print(f"{each.version}  {each.became}")


def prune(
    context: typer.Context,
    keep: Annotated[int, typer.Option(help="The newest so many versions of each artifact stay.")] = 10,
    older_than: Annotated[
        int, typer.Option(metavar="DAYS", help="Nothing newer goes, nor what an alias left since.")
    ] = 90,
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove content that nothing needs. The versions, their lineage and decisions stay.

    Needed is what an alias points at, or did lately, what was approved, evidence about it, and all they rest
    on.
    """
    console = Console(json=as_json)
    retention = Retention(keep=keep, older_than=older_than, kinds=frozenset(kind or ()))
    with opened(cast("Above | None", context.obj)) as hub:
        pruned = hub.prune(retention, dry_run=True)
        if not dry_run:
            if pruned.versions and not yes:
                raise faults.not_confirmed(len(pruned.versions))
            pruned = hub.prune(retention)
    word = "would go" if dry_run else "removed"
    if as_json:
        names = tuple(version.reference for version in pruned.versions)
        done = Removed(
            removed=not dry_run,
            versions=names,
            blobs=pruned.blobs,
            orphans=pruned.orphans,
            size=pruned.size,
        )
        console.emit_json(encode(done))
        return
    for version in pruned.versions:
        console.print(f"{version.reference}  {word}")
    orphans = f", {pruned.orphans} of them without any version" if pruned.orphans else ""
    blobs = f"{pruned.blobs + pruned.orphans} blobs{orphans}, {pruned.size / _MB:,.1f} MB"
    console.print(f"{len(pruned.versions)} versions, {blobs} {word}")


def _size_of(archive: Path) -> int:
    with opened_archive(archive) as file:
        return os.stat(file.fileno()).st_size


@contextmanager
def _progress(console: Console, label: str, total: int) -> Generator[Told]:
    if total < LARGE:
        yield lambda size: None
        return
    with Progress(f"{label} (MB)", total // _MB, console=console) as progress:
        done = 0

        def told(size: int) -> None:
            nonlocal done
            before, done = done // _MB, done + size
            progress.advance(done // _MB - before)

        yield told
