"""`genaiops hub …`: what decides. Thin over `Governance`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from genaiops.core import Digest, UserError, encode, one_line
from genaiops.hub import refusals
from genaiops.hub.answers import History
from genaiops.hub.client import Client
from genaiops.hub.governance import Override
from genaiops.hub.history import moment
from genaiops.hub.model import Move
from genaiops.hub.opening import Above, opened
from genaiops.hub.options import AsJson, Deprecated, Exact, Why
from genaiops.hub.policy import read_policy
from genaiops.hub.telling import move_lines
from genaiops.store import write_whole
from genaiops.work import Console

ALIAS = 'Example: genaiops hub alias app/rag-assistant staging app/rag-assistant:v3 --why "try it"'
PROMOTE = 'Example: genaiops hub promote app/rag-assistant:v3 prod --why "fewer wrong answers"'
ROLLBACK = 'Example: genaiops hub rollback app/rag-assistant:prod --why "wrong prices"'
APPROVE = 'Example: genaiops hub approve app/rag-assistant:v3 --role risk --note "read the evidence"'
DEPRECATE = (
    'Example: genaiops hub deprecate prompt/answer:v2 --why "it invents prices" --successor prompt/answer:v3'
)
POLICY = 'Example: genaiops hub policy policy.yaml --why "four eyes before prod"'
AGREEMENTS = "Example: genaiops hub agreements support --to WORKING-AGREEMENTS.md"
NOT_SET = "none"

Alias = Annotated[str, typer.Argument(metavar="ALIAS", help="Its name, such as prod.")]


def alias(
    context: typer.Context,
    artifact: Annotated[str, typer.Argument(help="What it is an alias of: kind/[project/]name.")],
    name: Alias,
    version: Annotated[str, typer.Argument(help="The version it shall point at: a reference or a digest.")],
    why: Why = "",
    read: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            help=f"Only if it points at this version now ({NOT_SET}: is not set). Default: what it points at "
            "when the command starts.",
        ),
    ] = None,
    allow_deprecated: Deprecated = False,
    as_json: AsJson = False,
) -> None:
    """Point an alias at a version, where the policy allows it, and record who did so and why.

    Of two people who move it at once one wins, and the other is told.
    """
    console = Console(json=as_json)
    with opened(cast("Above | None", context.obj)) as hub:
        seen = _seen(hub, artifact, name) if read is None else _digest(hub, read)
        moved = hub.move(artifact, name, version, why=why, read=seen, allow_deprecated=allow_deprecated)
    _tell(console, moved)


def promote(
    context: typer.Context,
    version: Exact,
    name: Alias,
    why: Why = "",
    allow_deprecated: Deprecated = False,
    override: Annotated[
        bool,
        typer.Option("--override", help="In an emergency: although the policy says no. Recorded, and shown."),
    ] = False,
    ticket: Annotated[str, typer.Option(help="With --override: where the emergency is handled.")] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --override: until when, at most 24 hours.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move an alias to a version, where the policy in force allows it; a refusal names what does not hold.

    The evidence that the policy needs is recomputed first.
    """
    console = Console(json=as_json)
    if not override and (ticket or expires):
        raise refusals.bad_override("--ticket and --expires belong to --override")
    if override and expires is None:
        raise refusals.bad_override("it has no --expires")
    emergency = Override(ticket=ticket, expires=moment(expires)) if expires else None
    with opened(cast("Above | None", context.obj)) as hub:
        found = hub.get(version)
        moved = hub.move(
            found.artifact,
            name,
            found.reference,
            why=why,
            read=_seen(hub, found.artifact, name),
            allow_deprecated=allow_deprecated,
            override=emergency,
        )
    _tell(console, moved)


def rollback(
    name: Annotated[str, typer.Argument(metavar="ALIAS", help="An alias, such as app/rag-assistant:prod.")],
    why: Why = "",
    allow_deprecated: Deprecated = False,
    as_json: AsJson = False,
) -> None:
    """Move an alias back to the version that was live before. It is a move like any other, and recorded."""
    console = Console(json=as_json)
    with opened() as hub:
        moved = hub.rollback(name, why=why, allow_deprecated=allow_deprecated)
    _tell(console, moved)


def approve(
    version: Exact,
    role: Annotated[str, typer.Option(help="In which role, such as risk.")],
    note: Annotated[str, typer.Option(help="What was looked at.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take an approval back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record that you approve exactly this version in a role."""
    console = Console(json=as_json)
    with opened() as hub:
        approved = hub.approve(version, role, note=note, withdraw=withdraw)
    if as_json:
        console.emit_json(encode(approved))
    else:
        word = "no longer approves" if withdraw else "approves"
        console.print(f"{one_line(approved.approval.by)} {word} {approved.version} as {role}")


def deprecate(
    version: Exact,
    why: Why = "",
    successor: Annotated[str | None, typer.Option(metavar="VERSION", help="What to use instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Mark a version as not to be used any more. It stays, with everything that rests on it."""
    console = Console(json=as_json)
    with opened() as hub:
        found = hub.deprecate(version, reason=why, successor=successor)
        pointing = [move.alias for move in hub.show(found.reference).standing.aliases]
    if as_json:
        console.emit_json(encode(found))
        return
    console.print(f"{found.short} is deprecated")
    if pointing:
        console.note(f"these aliases still point at it: {', '.join(pointing)}")


def policy(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The policy: a YAML file.")],
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Publish a policy and put it in force, where the one in force allows that."""
    console = Console(json=as_json)
    text = _text(file)
    read_policy(text, str(file))  # whose lines an error names
    with opened(cast("Above | None", context.obj)) as hub:
        moved = hub.set_policy(text, why=why)
    _tell(console, moved)


def agreements(
    project: Annotated[
        str | None, typer.Argument(help="A project; without it, what belongs to none.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here; printed where left out.")
    ] = None,
) -> None:
    """Write how a project works together, as Markdown: who proposes, reviews, releases; what must hold."""
    with opened() as hub:
        text = hub.agreements(project)
    if to is None:
        typer.echo(text, nl=False)
        return
    write_whole(to, [text.encode()], 0o666)


def tell_history(console: Console, name: str, at: str | None, limit: int) -> None:
    """Show the moves of an alias, newest first, or those that made what was live at `at`."""
    with opened() as hub:
        shown = hub.history(name, at, limit)
        first = hub.history(name, limit=1000)[-1] if not shown else None
    if console.json:
        console.emit_json(encode(History(alias=name, moves=shown)))
        return
    for move in shown:
        for line in move_lines(move, datetime.now(UTC)):
            console.print(line)
    if first:
        console.print(f"{name} was not set then; it was first set {first.at}")


def _seen(hub: Client, artifact: str, name: str) -> Digest | None:
    live = hub.live(artifact, name)
    return live.digest if live else None


def _digest(hub: Client, text: str) -> Digest | None:
    return None if text == NOT_SET else hub.get(text).digest


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "GAO-HUB-042",
            "the policy cannot be read",
            why=one_line(str(error)),
            fix="name a text file",
            where=str(file),
        ) from error


def _tell(console: Console, moved: Move) -> None:
    if console.json:
        console.emit_json(encode(moved))
    else:
        for line in move_lines(moved, datetime.now(UTC)):
            console.print(line)
    if moved.action == "override":
        console.note(f"OVERRIDE: {moved.alias} moved although the policy says no; it expires {moved.expires}")
