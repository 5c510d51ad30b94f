"""Who asks, and whether they may: decided once for every route, before anything of the request is read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from genaiops.access import (
    PERMISSIONS,
    Limit,
    Rate,
    authenticate_key,
    authenticate_session,
    check_project_name,
    require,
)
from genaiops.core import ANYONE, NOBODY, ONESELF, Asked, NotSignedIn, Principal, Route
from genaiops.server import faults
from genaiops.server.place import Place
from genaiops.store import Database

SESSION = "session"
_WRONG_KEYS = Rate(burst=20, seconds=3.0)


@dataclass(frozen=True, slots=True)
class Door:
    """Each refused key is a line of the audit log: `wrong_keys` limits them. `clock` has a time zone."""

    database: Database
    place: Place
    clock: Callable[[], datetime]
    wrong_keys: Limit = field(default_factory=lambda: Limit(_WRONG_KEYS))

    def admit(self, route: Route, room: object, request: Request) -> Asked[object]:
        """Return who asks; raises `NotSignedIn` or `NotAllowed`. Reads the store: call it in a thread."""
        at, project = self.clock(), _project(route, request)
        if project is not None:
            check_project_name(project)  # a refused key's line in the log names it
        peer = request.client.host if request.client else ""
        client = self.place.client(peer, request.headers.get("x-forwarded-for", ""))
        by, session = NOBODY, None
        if route.action != ANYONE:
            by, session = self._who(request, project, client, at)
        if project is not None and route.action not in (ANYONE, ONESELF):
            with self.database.read() as connection:
                require(connection, by, route.action, project)
        prefix = self.place.cookie_name("")
        cookies = {
            name.removeprefix(prefix): value
            for name, value in request.cookies.items()
            if name.startswith(prefix)
        }
        return Asked(room=room, by=by, at=at, client=client, session=session, cookies=cookies)

    def _who(
        self, request: Request, project: str | None, client: str, at: datetime
    ) -> tuple[Principal, str | None]:
        given = request.headers.get("authorization")
        if given is not None:  # a key that is refused is not made good by a session
            self.wrong_keys.check(client, at)
            try:
                scheme, _, key = given.partition(" ")
                text = key if scheme.lower() == "bearer" else given
                return authenticate_key(self.database, text, project=project, at=at), None
            except NotSignedIn:
                self.wrong_keys.spend(client, at)
                raise
        token = request.cookies.get(self.place.cookie_name(SESSION))
        if token is None:
            raise faults.not_signed_in()
        return authenticate_session(self.database, token, at)


def check_route(route: Route) -> None:
    """Raise `ValueError` where a route does not say who may ask it: then the server does not start."""
    if route.action not in (*PERMISSIONS, ANYONE, ONESELF):
        raise ValueError(f"{route.method} {route.path}: {route.action!r} is no action that anybody may do")
    named = "{project}" in route.path
    if route.project not in (None, "*", "{project}") or named != (route.project == "{project}"):
        raise ValueError(f"{route.method} {route.path}: {route.project!r} is not the project it concerns")
    if route.action in (ANYONE, ONESELF) and route.project is not None:
        raise ValueError(f"{route.method} {route.path}: {route.action!r} concerns no project")


def _project(route: Route, request: Request) -> str | None:
    return request.path_params["project"] if route.project == "{project}" else route.project
