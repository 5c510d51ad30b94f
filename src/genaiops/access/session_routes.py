"""`/api/session` and `/start`: signing in and out, and one's own sessions and password."""

from genaiops.access.accounts import set_password, sign_in
from genaiops.access.bodies import At, NewPassword, SignIn, Text
from genaiops.access.model import Changed, Session, Sessions
from genaiops.access.sessions import LONGEST, NewSession, end_session, list_sessions, open_session
from genaiops.core import ANYONE, ONESELF, Cookie, Reply, Route

COOKIE = "session"
AFTER = "/api/whoami"


def start(asked: At, token: Text) -> Reply[None]:
    """Exchange the start token of the printed URL for a session."""
    return Reply(body=None, cookies=(session_cookie(asked.room.begin(token, asked.at)),), location=AFTER)


def open_own_session(asked: At, body: SignIn) -> Reply[Session]:
    """Sign in with a name and a password. Tries are limited for each address and each account."""
    room = asked.room
    with room.trying(asked.client, body.name, asked.at):
        by = sign_in(room.database, body.name, body.password.get_secret_value(), asked.at, room.cost)
    with room.database.write() as connection:
        opened = open_session(connection, by.id, "password", asked.at)
    return Reply(body=opened.session, cookies=(session_cookie(opened),))


def end_own_session(asked: At) -> Reply[None]:
    """Sign out: the session of this request ends."""
    if asked.session:
        with asked.room.database.write() as connection:
            end_session(connection, asked.by, asked.session, asked.at)
    return Reply(body=None, cookies=(Cookie(COOKIE, "", 0),))


def list_own_sessions(asked: At) -> Sessions:
    """List the caller's sessions, here and elsewhere."""
    with asked.room.database.read() as connection:
        found = list_sessions(connection, asked.by, asked.at)
    return Sessions(sessions=tuple(found), current=asked.session)


def end_a_session(asked: At, session: str) -> Changed:
    """End one of the caller's sessions, for example on a machine that was lost."""
    with asked.room.database.write() as connection:
        changed = end_session(connection, asked.by, session, asked.at)
    return Changed(subject=f"session:{session}", changed=changed)


def set_user_password(asked: At, name: str, body: NewPassword) -> Changed:
    """Set one's own password, or anybody's as an admin. Ends all sessions of that account."""
    with asked.room.hashing():
        password = body.password.get_secret_value()
        set_password(asked.room.database, asked.by, name, password, asked.at, asked.room.cost)
    return Changed(subject=f"user:{name}", changed=True)


def session_cookie(opened: NewSession) -> Cookie:
    """Return the cookie that a session is found by."""
    return Cookie(COOKIE, opened.token, int(LONGEST.total_seconds()))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/start", start, ANYONE, None, status=303),
    Route("POST", "/api/session", open_own_session, ANYONE, None, status=201),
    Route("DELETE", "/api/session", end_own_session, ONESELF, None, status=204),
    Route("GET", "/api/sessions", list_own_sessions, ONESELF, None),
    Route("DELETE", "/api/sessions/{session}", end_a_session, ONESELF, None),
    Route("PUT", "/api/users/{name}/password", set_user_password, ONESELF, None),
)
