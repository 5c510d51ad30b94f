"""What can be wrong with a server and with a request to it, in words."""

from genaiops.core import NotAllowed, NotFound, NotSignedIn, UserError, one_line


def bad_public_url(url: str) -> UserError:
    """Return the error for a public URL that sessions cannot be safe under."""
    return UserError(
        "GAO-SERVER-001",
        f"{one_line(url, 100)!r} is no URL for a server that others use",
        why="passwords and sessions travel there: it is https://HOST or https://HOST:PORT, in small letters",
        fix="for example --public-url https://genaiops.example.org",
    )


def no_public_url(host: str) -> UserError:
    """Return the error for an address that others reach, without a name that they reach it by."""
    return UserError(
        "GAO-SERVER-002",
        f"{one_line(host, 100)} is open to other machines, and there is no --public-url",
        why="only names that are listed are answered, and sessions need https",
        fix="put a proxy with TLS in front and name its URL: --public-url https://HOST; or leave --host out",
    )


def no_users() -> UserError:
    """Return the error for a server that others reach on a store without users."""
    return UserError(
        "GAO-SERVER-003",
        "this store has no users, so that everybody who reaches the server could do everything",
        fix="add yourself first: genaiops access user add NAME, then genaiops access user password NAME",
    )


def port_taken(host: str, port: int, why: str) -> UserError:
    """Return the error for an address that cannot be listened on."""
    return UserError(
        "GAO-SERVER-004",
        f"{one_line(host, 100)}:{port} cannot be listened on",
        why=one_line(why),
        fix="stop what listens there, or take another: --port 0 finds a free one",
    )


def no_server() -> UserError:
    """Return the error for an installation without the packages of the server."""
    return UserError(
        "GAO-SERVER-005",
        "the server's packages are not installed",
        why="they come with an extra, so that who only runs ARENA does without them",
        fix="pip install 'genaiops[server]'",
    )


def bad_address(host: str) -> UserError:
    """Return the error for something to listen on that is no address."""
    return UserError(
        "GAO-SERVER-006",
        f"{one_line(host, 100)!r} is not an address to listen on",
        why="a name may stand for several addresses, or for another one tomorrow",
        fix="for example --host 127.0.0.1, or 0.0.0.0 for all",
    )


def other_redirect(written: str, expected: str) -> UserError:
    """Return the error for a way back from the provider that does not lead here."""
    return UserError(
        "GAO-SERVER-007",
        "the redirect of access/oidc.yaml does not lead to this server",
        why=f"it is {one_line(written, 200)}, and this server is reached at {expected}",
        fix="write that one there and at the provider, or start with another --public-url or --port",
    )


def strange_host() -> UserError:
    """Return the error for a request to a name that is not ours."""
    return UserError(
        "GAO-SERVER-010",
        "this server is not reached by that name",
        why="a page of somebody else's could have been pointed at this address",
        fix="use the URL that the server printed at its start, or start it with --public-url",
    )


def strange_page() -> NotAllowed:
    """Return the error for a change that a page of somebody else's asked for."""
    return NotAllowed(
        "GAO-SERVER-011",
        "another site's page may not change anything here",
        why="its Origin or Sec-Fetch-Site is not this server's",
        fix="use the server's own pages, or an API key without a browser",
    )


def no_header() -> NotAllowed:
    """Return the error for a change without the header that no foreign form can send."""
    return NotAllowed(
        "GAO-SERVER-012",
        "a change with a session needs the header X-Genaiops-Request",
        why="a form on another site cannot send it, so that it shows that the request was meant",
        fix="send X-Genaiops-Request: 1, or an API key",
    )


def not_signed_in() -> NotSignedIn:
    """Return the error for a request without a key or session."""
    return NotSignedIn(
        "GAO-SERVER-013",
        "sign in first",
        why="there is neither an API key nor a session",
        fix="send Authorization: Bearer KEY, or open the URL that the server printed at its start",
    )


def no_such_page() -> NotFound:
    """Return the error for a path that no room has."""
    return NotFound("GAO-SERVER-014", "there is nothing here", fix="see /api/openapi.json for what there is")


def refused_method(allowed: str) -> UserError:
    """Return the error for a method that a path does not have."""
    return UserError(
        "GAO-SERVER-015", "this cannot be done here", fix=f"methods: {allowed}" if allowed else ""
    )


def too_large() -> UserError:
    """Return the error for more content than a route takes."""
    return UserError("GAO-SERVER-016", "the request is too large", fix="send less at once")


def unexpected(place: str, why: str) -> UserError:
    """Return the error for a request that is not as the API describes it."""
    return UserError(
        "GAO-SERVER-017",
        f"the request is not what is expected: {one_line(place, 100)}",
        why=one_line(why),
        fix="see /api/openapi.json",
    )


def too_slow() -> UserError:
    """Return the error for content that does not come."""
    return UserError("GAO-SERVER-018", "the request's content did not arrive in time", fix="send it again")
