"""What can be wrong with who asks and with what is said about people, in words."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from genaiops.core import (
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutsideError,
    TooMany,
    UserError,
    one_line,
)

_WHO = "see who you are and what you may do: genaiops access whoami"


def unknown_action(action: str, known: Collection[str]) -> UserError:
    """Return the error for an action that the table of permissions does not have."""
    return UserError(
        "GAO-ACCESS-020",
        f"there is no action {one_line(action, 60)!r}",
        why="what the table of permissions does not name, nobody may do",
        fix=_nearest(action, known),
    )


def beyond_scope(who: str, action: str, project: str) -> UserError:
    """Return the error for something that the key was not made for."""
    return NotAllowed(
        "GAO-ACCESS-021",
        f"this key of {who} may not do {action} {_in(project)}",
        why="it is limited to other actions or to another project",
        fix="use a key that was made for it: genaiops access key create",
    )


def no_account(who: str) -> UserError:
    """Return the error for somebody who is not there, or who is disabled."""
    return NotAllowed(
        "GAO-ACCESS-022",
        f"{who} has no account that may be used here",
        why="there is none, or it is disabled",
        fix="ask an admin: genaiops access user add, or user enable",
    )


def no_member(who: str, project: str) -> UserError:
    """Return the error for somebody without a role in a project, whether it exists or not."""
    return NotAllowed(
        "GAO-ACCESS-023",
        f"{who} has no role {_in(project)}",
        why="what nobody was given, nobody has",
        fix="ask an admin for one: genaiops access role grant",
    )


def lacks_role(
    who: str, action: str, project: str, held: Collection[str], wanted: Collection[str]
) -> UserError:
    """Return the error for somebody whose roles are not enough."""
    return NotAllowed(
        "GAO-ACCESS-024",
        f"{who} may not do {action} {_in(project)}",
        why=f"it needs one of the roles {', '.join(sorted(wanted))}; held: {', '.join(sorted(held))}",
        fix=_WHO,
    )


def bad_name(name: str, what: str) -> UserError:
    """Return the error for a name that nobody can have."""
    return UserError(
        "GAO-ACCESS-025",
        f"{one_line(name, 60)!r} is not a name for a {what}",
        why="a name is at most 100 small letters and digits, with single dots, dashes or underscores between",
        fix="write it in small letters, for example anna or eval-ci",
    )


def unknown(name: str, what: str, known: Iterable[str]) -> UserError:
    """Return the error for a subject, project, role or key that is not there."""
    return NotFound(
        "GAO-ACCESS-026",
        f"there is no {what} {one_line(name, 60)!r}",
        why="nobody added it here, or its name is another",
        fix=_nearest(name, list(known)),
    )


def is_there(name: str) -> UserError:
    """Return the error for adding what exists."""
    return Conflict(
        "GAO-ACCESS-027",
        f"{name} is there already",
        why="a name belongs to one account for ever, also when it is disabled: the audit log names it",
        fix="take another name, or enable the account",
    )


def last_admin(project: str) -> UserError:
    """Return the error for a change that would leave a project without anybody to rule it."""
    return Conflict(
        "GAO-ACCESS-028",
        f"this would take the last admin {_in(project)}",
        why="without one, nobody could give a role there again",
        fix="make somebody else admin first: genaiops access role grant NAME admin --project PROJECT",
    )


def first_user(login: str) -> UserError:
    """Return the error for a first user that is not the person at the keyboard."""
    return UserError(
        "GAO-ACCESS-029",
        "the first user is you",
        why="it becomes the admin of everything; with another name, you could do nothing from now on",
        fix=f"genaiops access user add {login}",
    )


def not_for(what: str, why: str, fix: str) -> UserError:
    """Return the error for something that cannot be done with this kind of account or key."""
    return UserError("GAO-ACCESS-030", what, why=why, fix=fix)


def key_refused() -> UserError:
    """Return the one error for every key that is not accepted: it says nothing that helps to guess one."""
    return NotSignedIn(
        "GAO-ACCESS-031",
        "this key is not accepted",
        why="keys are made for one project, expire, and can be revoked",
        fix="ask whoever made the key; the audit log says what was wrong with it",
    )


def sign_in_refused() -> UserError:
    """Return the one error for every sign-in that is not accepted."""
    return NotSignedIn(
        "GAO-ACCESS-032",
        "this name and password are not accepted",
        why="one of the two is wrong, or there were too many wrong ones and the account waits",
        fix="try again later, or ask an admin; the audit log says what was wrong",
    )


def bad_password(why: str) -> UserError:
    """Return the error for a password that is too easily guessed."""
    return UserError(
        "GAO-ACCESS-033",
        "this password cannot be used",
        why=why,
        fix="take a few words that do not belong together, or let a password manager make it",
    )


def no_argon2() -> OutsideError:
    """Return the error for a cryptography library that was built without Argon2id."""
    return OutsideError(
        "GAO-ACCESS-034",
        "passwords cannot be hashed on this machine",
        why="the cryptography library here was built with an OpenSSL older than 3.2, without Argon2id",
        fix="install its wheel instead: pip install --force-reinstall --only-binary :all: cryptography",
    )


def _in(project: str) -> str:
    return "everywhere" if project == "*" else f"in project {one_line(project, 60)!r}"


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(sorted(known)[:20])}" if known else "add it first"


def session_over() -> NotSignedIn:
    """Return the one error for every session that is not accepted."""
    return NotSignedIn(
        "GAO-ACCESS-035",
        "this session is over",
        why="it ended by itself, was ended, or never was; a new password ends all sessions of an account",
        fix="sign in again",
    )


def no_session(who: str) -> NotAllowed:
    """Return the error for a key that asks for what only a person who signed in may."""
    return NotAllowed(
        "GAO-ACCESS-036",
        f"this key of {who} may not see or end sessions",
        why="a key that was stolen would lock its owner out",
        fix="sign in, or use the command line",
    )


def too_often(seconds: int) -> TooMany:
    """Return the error for a caller who tried too often."""
    return TooMany(
        "GAO-ACCESS-037",
        "too many tries",
        why="tries that fail are limited for each address and each account",
        fix=f"wait {seconds} s",
        seconds=seconds,
    )


def start_refused() -> NotSignedIn:
    """Return the one error for every start token that is not accepted."""
    return NotSignedIn(
        "GAO-ACCESS-038",
        "this start token is not accepted",
        why="it is another one, or it was used: it opens one session",
        fix="use the URL that the server printed, or start it again for a new one",
    )


def bad_oidc(key: str, why: str, where: str) -> UserError:
    """Return the error for what cannot stand in `access/oidc.yaml`."""
    return UserError(
        "GAO-ACCESS-041",
        f"access/oidc.yaml cannot be used: {key}",
        why=one_line(why),
        fix="correct it; docs/server.md has an example",
        where=where,
    )


def no_oidc() -> NotFound:
    """Return the error for a server that knows no identity provider."""
    return NotFound(
        "GAO-ACCESS-042",
        "this server knows no identity provider",
        why="there is no access/oidc.yaml in its configuration folder",
        fix="sign in with a name and a password",
    )


def oidc_refused() -> NotSignedIn:
    """Return the one error for every sign-in through the provider that is not accepted."""
    return NotSignedIn(
        "GAO-ACCESS-043",
        "this sign-in is not accepted",
        why="it was begun elsewhere or too long ago, was used, or is not known here",
        fix="begin again; an admin finds the reason in the audit log",
    )
