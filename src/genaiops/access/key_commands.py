"""`genaiops access key`: thin over `keys`."""

from datetime import timedelta
from typing import Annotated

import typer

from genaiops.access.keys import NewKey, create_key, list_keys, revoke_key, rotate_key
from genaiops.access.model import ApiKey, Keys
from genaiops.access.shell import AsJson, changing, reading, say_changed, say_rows, subject_of
from genaiops.core import Scope, encode
from genaiops.work import Console

key = typer.Typer(help="API keys: for one project, a few actions and a limited time.", no_args_is_help=True)

KeyId = Annotated[
    str, typer.Argument(metavar="ID", help="The key's public id: 12 digits, as `list` shows it.")
]


@key.command(
    "create",
    epilog="Example: genaiops access key create --project support --action artifact.read --for service:ci",
)
def create(
    project: Annotated[str, typer.Option(help="The project that the key is for; * is every one.")],
    action: Annotated[list[str], typer.Option(help="What it may do, for example artifact.read.")],
    owner: Annotated[str | None, typer.Option("--for", help="service:NAME; default: you.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how long it is valid.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, once. It acts as its owner, and never beyond what its owner may do."""
    with changing() as asked:
        made = create_key(
            asked.connection,
            asked.by,
            owner=subject_of(owner) if owner else asked.by.id,
            scope=Scope(project=project, actions=frozenset(action)),
            lifetime=timedelta(days=days),
            at=asked.at,
        )
    _show_once(made, as_json)


@key.command("list", epilog="Example: genaiops access key list --project support")
def show_list(
    project: Annotated[
        str | None, typer.Option(help="All keys of this project (*: of all), for its admin. Default: yours.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show keys, without their secrets."""
    console = Console(json=as_json)
    with reading() as asked:
        found = list_keys(asked.connection, asked.by, project)
    if as_json:
        console.emit_json(encode(Keys(keys=tuple(found))))
    else:
        say_rows(console, [_row(each) for each in found], "no keys: genaiops access key create")


@key.command("revoke", epilog="Example: genaiops access key revoke 1f2e3d4c5b6a")
def revoke(key_id: KeyId, as_json: AsJson = False) -> None:
    """End a key at once."""
    with changing() as asked:
        changed = revoke_key(asked.connection, asked.by, key_id, asked.at)
    say_changed(as_json, f"key:{key_id}", "revoked", changed)


@key.command("rotate", epilog="Example: genaiops access key rotate 1f2e3d4c5b6a --overlap-hours 48")
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old key lives on.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a key's successor, with the same scope and lifetime, and show it, once."""
    with changing() as asked:
        made = rotate_key(
            asked.connection, asked.by, key_id, asked.at, overlap=timedelta(hours=overlap_hours)
        )
    _show_once(made, as_json)


def _show_once(made: NewKey, as_json: bool) -> None:
    console = Console(json=as_json)
    console.note(
        f"key {made.key.id} of {made.key.owner}, until {made.key.expires_at[:10]}; it is not shown again"
    )
    if as_json:
        console.emit_json(encode(made))
    else:
        console.print(made.text)


def _row(each: ApiKey) -> tuple[str, ...]:
    state = f"revoked {each.revoked_at[:10]}" if each.revoked_at else f"until {each.expires_at[:10]}"
    used = f"used {each.last_used_on}" if each.last_used_on else "never used"
    return (each.id, each.owner, each.project, state, used, " ".join(each.actions))
