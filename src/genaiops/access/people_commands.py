"""`genaiops access user`, `service`, `group`, `project`, `role`: thin over `people`."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from genaiops.access import people
from genaiops.access.accounts import set_password
from genaiops.access.checks import principal_of
from genaiops.access.login import login
from genaiops.access.model import EVERYWHERE, Grant, Grants, Role, Subjects
from genaiops.access.names import KINDS
from genaiops.access.oidc.accounts import link
from genaiops.access.shell import (
    AsJson,
    changing,
    opened,
    reading,
    say_changed,
    say_rows,
    subject_of,
)
from genaiops.core import encode
from genaiops.work import Console

Name = Annotated[str, typer.Argument(help="Small letters and digits, for example anna.")]
Who = Annotated[str, typer.Argument(metavar="WHO", help="A user's name, service:NAME or group:NAME.")]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name, without group:.")]
Project = Annotated[str, typer.Option(help="The project; * is every one, and the people themselves.")]


def _accounts(kind: str, help_text: str) -> typer.Typer:
    """Return the commands that users and service accounts have in common."""
    group = typer.Typer(help=help_text, no_args_is_help=True)
    what, example = KINDS[kind], {"user": "anna", "service": "ci"}[kind]

    @group.command(
        "add",
        help=f"Add a {what}, which may do nothing yet.",
        epilog=f"Example: genaiops access {kind} add {example}",
    )
    def add(name: Name, as_json: AsJson = False) -> None:
        with changing() as asked:
            if kind == "user":
                people.check_first(asked.connection, name, login())
            people.add(asked.connection, asked.by, f"{kind}:{name}", asked.at)
        say_changed(as_json, f"{kind}:{name}", "added")

    @group.command(
        "disable",
        help=f"End what a {what} and its keys may do, at once. Its name stays taken.",
        epilog=f"Example: genaiops access {kind} disable {example}",
    )
    def disable(name: Name, as_json: AsJson = False) -> None:
        _switch(f"{kind}:{name}", as_json, disabled=True)

    @group.command(
        "enable",
        help=f"Let a disabled {what} in again.",
        epilog=f"Example: genaiops access {kind} enable {example}",
    )
    def enable(name: Name, as_json: AsJson = False) -> None:
        _switch(f"{kind}:{name}", as_json, disabled=False)

    @group.command("list", help=f"Show every {what}.", epilog=f"Example: genaiops access {kind} list")
    def show(as_json: AsJson = False) -> None:
        _show(kind, as_json)

    return group


user = _accounts("user", "People. The first one is you, and becomes admin of everything.")
service = _accounts("service", "Service accounts: what runs without a person, by API key.")
group = typer.Typer(
    help="Groups of people and service accounts, which hold roles together.", no_args_is_help=True
)
project = typer.Typer(help="Projects, in which roles are held.", no_args_is_help=True)
role = typer.Typer(help="Who is viewer, builder, reviewer, risk or admin, and where.", no_args_is_help=True)


@user.command("password", epilog="Example: genaiops access user password anna")
def password(name: Name, as_json: AsJson = False) -> None:
    """Set a password: asked for on a terminal, else read as one line of stdin. At least 12 characters."""
    if sys.stdin.isatty():
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    with opened() as database:
        with database.read() as connection:
            by = principal_of(connection, login())
        set_password(database, by, name, given, datetime.now(UTC))
    say_changed(as_json, f"user:{name}", "the password is set")


@user.command(
    "link", epilog="Example: genaiops access user link anna 248289761001 --issuer https://login.example.org"
)
def link_user(
    name: Name,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="What the provider's tokens call them: sub.")
    ],
    issuer: Annotated[str, typer.Option(help="The provider, as access/oidc.yaml writes it.")],
    as_json: AsJson = False,
) -> None:
    """Let somebody whom the identity provider knows sign in as this user, on a server."""
    with changing() as asked:
        link(asked.connection, asked.by, name, issuer, subject, asked.at)
    say_changed(as_json, f"user:{name}", f"signs in as {subject} of {issuer}")


@group.command("add", epilog="Example: genaiops access group add risk-team")
def add_group(name: GroupName, as_json: AsJson = False) -> None:
    """Add an empty group."""
    with changing() as asked:
        people.add(asked.connection, asked.by, f"group:{name}", asked.at)
    say_changed(as_json, f"group:{name}", "added")


@group.command("list", epilog="Example: genaiops access group list")
def show_groups(as_json: AsJson = False) -> None:
    """Show every group with its members."""
    _show("group", as_json)


@group.command("join", epilog="Example: genaiops access group join risk-team anna")
def join(name: GroupName, who: Who, as_json: AsJson = False) -> None:
    """Put a user or a service account into a group."""
    _member(name, who, as_json, there=True)


@group.command("leave", epilog="Example: genaiops access group leave risk-team anna")
def leave(name: GroupName, who: Who, as_json: AsJson = False) -> None:
    """Take a user or a service account out of a group."""
    _member(name, who, as_json, there=False)


@project.command("add", epilog="Example: genaiops access project add support")
def add_project(name: Name, as_json: AsJson = False) -> None:
    """Add a project, so that roles can be given in it."""
    with changing() as asked:
        people.add_project(asked.connection, asked.by, name, asked.at)
    say_changed(as_json, f"project:{name}", "added")


@project.command("list", epilog="Example: genaiops access project list")
def show_projects(as_json: AsJson = False) -> None:
    """Show the projects in which roles can be given."""
    console = Console(json=as_json)
    with reading() as asked:
        found = people.list_projects(asked.connection, asked.by)
    if as_json:
        console.emit_json({"projects": [*found]})
    else:
        say_rows(console, [[name] for name in found], "no project yet: genaiops access project add NAME")


@role.command("grant", epilog="Example: genaiops access role grant anna reviewer --project support")
def grant(
    who: Who,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="viewer, builder, reviewer, risk or admin.")],
    project: Project,
    as_json: AsJson = False,
) -> None:
    """Give a role."""
    wanted = Grant(subject=subject_of(who), project=project, role=role)
    with changing() as asked:
        changed = people.grant(asked.connection, asked.by, wanted, asked.at)
    say_changed(as_json, wanted.subject, f"is now {role} in {project}", changed)


@role.command("revoke", epilog="Example: genaiops access role revoke anna reviewer --project support")
def revoke(
    who: Who,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="viewer, builder, reviewer, risk or admin.")],
    project: Project,
    as_json: AsJson = False,
) -> None:
    """Take a role away. The last admin of a project stays."""
    wanted = Grant(subject=subject_of(who), project=project, role=role)
    with changing() as asked:
        changed = people.revoke(asked.connection, asked.by, wanted, asked.at)
    say_changed(as_json, wanted.subject, f"is no longer {role} in {project}", changed)


@role.command("list", epilog="Example: genaiops access role list --project support")
def show_roles(project: Project = EVERYWHERE, as_json: AsJson = False) -> None:
    """Show who has which role in a project, or everywhere."""
    console = Console(json=as_json)
    with reading() as asked:
        found = people.grants(asked.connection, asked.by, project)
    if as_json:
        console.emit_json(encode(Grants(grants=tuple(found))))
    else:
        rows = [(each.project, each.subject, each.role) for each in found]
        say_rows(console, rows, "nobody has a role here yet")


def _switch(subject: str, as_json: bool, *, disabled: bool) -> None:
    with changing() as asked:
        changed = people.set_disabled(asked.connection, asked.by, subject, asked.at, disabled=disabled)
    say_changed(as_json, subject, "disabled" if disabled else "enabled", changed)


def _member(name: str, who: str, as_json: bool, *, there: bool) -> None:
    member = subject_of(who)
    with changing() as asked:
        changed = people.set_member(
            asked.connection, asked.by, f"group:{name}", member, asked.at, there=there
        )
    say_changed(as_json, f"group:{name}", f"{member} {'joined' if there else 'left'}", changed)


def _show(kind: str, as_json: bool) -> None:
    console = Console(json=as_json)
    with reading() as asked:
        found = people.subjects(asked.connection, asked.by, kind)
    if as_json:
        console.emit_json(encode(Subjects(subjects=tuple(found))))
        return
    rows = [
        (each.id, "disabled" if each.disabled else "", " ".join(each.groups or each.members))
        for each in found
    ]
    say_rows(console, rows, f"there is no {KINDS[kind]} yet")
