"""`genaiops up`: one process that serves this project."""

import os
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from genaiops import arena, blueprints, server
from genaiops.access import Identities, Vault, enabled, has_users, prepare, principal_of
from genaiops.access.entrance import Entrance, StartToken
from genaiops.access.login import login
from genaiops.access.oidc.flow import OidcFlow
from genaiops.access.oidc.settings import CALLBACK, load_oidc
from genaiops.core import Settings
from genaiops.hub.bodies import Shelf
from genaiops.net import HttpEgress, load_policy
from genaiops.server import faults
from genaiops.server.place import Place
from genaiops.server.serving import free_port, serve
from genaiops.store import Store, find_store
from genaiops.work import Console

_PACKAGES = ("fastapi", "granian", "authlib")


up = typer.Typer(help="Serve this project over HTTP.", add_completion=False)


@up.command("up", epilog="Example: genaiops up --port 0 --open")
def up_command(
    host: Annotated[
        str, typer.Option(help="The address to listen on; one that others reach needs --public-url.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 finds a free one.")] = 8800,
    public_url: Annotated[
        str | None, typer.Option(help="The https URL that people use, of a proxy with TLS in front of this.")
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="The address of that proxy, whose X-Forwarded-For says who asks. Repeatable."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the URL in a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the URL as one JSON document.")] = False,
) -> None:
    """Serve this project over HTTP, for this machine alone, until Ctrl-C.

    The URL that is printed opens one session, for whoever can read it. With --public-url the server is for
    others: it needs users, who sign in, and nothing is printed that signs one in.
    """
    if not all(map(find_spec, _PACKAGES)):
        raise faults.no_server()
    host = "127.0.0.1" if host == "localhost" else host
    with Store.open(find_store(Path.cwd())) as store:
        place = Place(
            host=host, port=free_port(host, port), public_url=public_url, proxies=frozenset(proxy or ())
        )
        start = _start(store, place)
        settings = Settings.from_env(os.environ)
        egress = HttpEgress(load_policy(settings))
        entrance = Entrance(store.database, start, _oidc(store, place, settings, egress))
        rooms = server.all_rooms(entrance, _shelf(store, settings))
        made = server.app(store, place, rooms, close=egress.close)
        serve(made, place, lambda: _say(place, start, open_page, Console(json=as_json)))


def _shelf(store: Store, settings: Settings) -> Shelf:
    kinds = (*arena.kinds_with(Vault(store.database, settings)), *blueprints.KINDS)
    return Shelf(store, kinds, arena.evidence_verifier(store, settings), Identities(settings))


def _start(store: Store, place: Place) -> StartToken | None:
    """Return the token of the printed URL.

    None where others reach the server (then there must be users), or where who starts it has no account.
    """
    prepare(store.database)
    with store.database.read() as connection:
        by, peopled = principal_of(connection, login()), has_users(connection)
        known = not peopled or enabled(connection, by.id)
    if place.exposed and not peopled:
        raise faults.no_users()
    return StartToken(by) if known and not place.exposed else None


def _oidc(store: Store, place: Place, settings: Settings, egress: HttpEgress) -> OidcFlow | None:
    """Return the way through the identity provider, None where there is none."""
    found = load_oidc(settings)
    if found is None:
        return None
    expected = place.url + CALLBACK
    if found.file.redirect != expected:
        raise faults.other_redirect(found.file.redirect, expected)
    return OidcFlow(store.database, found, egress)


def _say(place: Place, start: StartToken | None, open_page: bool, console: Console) -> None:
    url = f"{place.url}/start?token={start.text}" if start else place.url
    if console.json:
        console.emit_json({"url": url})
    else:
        console.print(url)
    console.note("ready; Ctrl-C stops it")
    if open_page:
        webbrowser.open(url)
