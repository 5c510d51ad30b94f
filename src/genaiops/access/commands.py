"""`genaiops access`: who may do what, and what they did."""

import typer

from genaiops.access.audit_commands import audit
from genaiops.access.key_commands import key
from genaiops.access.people_commands import group, project, role, service, user
from genaiops.access.shell import AsJson, reading, say_rows
from genaiops.access.whoami import who_is
from genaiops.core import encode
from genaiops.work import Console

access = typer.Typer(help="Who may do what, and what they did.", no_args_is_help=True)


@access.command("whoami", epilog="Example: genaiops access whoami")
def whoami(as_json: AsJson = False) -> None:
    """Show who you are here, and which roles you have.

    On a store without users, whoever runs genaiops is the local user and may do everything. With users, you
    are the one whose name is your login on this machine.
    """
    console = Console(json=as_json)
    with reading() as asked:
        found = who_is(asked.connection, asked.by)
    if as_json:
        console.emit_json(encode(found))
    elif found.everything:
        console.print("local: there are no users here, so that you may do everything")
    elif not found.enabled:
        console.print(f"{found.id}: you have no account here, or it is disabled; you may do nothing")
    else:
        console.print(found.id)
        say_rows(console, [(each.role, each.project, each.subject) for each in found.grants], "no role yet")


for _name, _commands in (
    ("user", user),
    ("service", service),
    ("group", group),
    ("project", project),
    ("role", role),
    ("key", key),
    ("audit", audit),
):
    access.add_typer(_commands, name=_name)
