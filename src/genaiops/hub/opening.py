"""What the Hub's commands open around their work: the Hub of the project's store, or the one behind a URL."""

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genaiops.access import URL, acting, given_key
from genaiops.core import KindSpec, Route, Settings
from genaiops.hub import remote_faults as faults
from genaiops.hub.blob import BLOB_KIND
from genaiops.hub.bodies import Shelf
from genaiops.hub.client import Client
from genaiops.hub.model import EvidenceVerifier
from genaiops.hub.policy import POLICY_KIND
from genaiops.hub.remote import Remote
from genaiops.hub.routes import ROUTES
from genaiops.hub.transport import Direct
from genaiops.store import Store, find_store

MakeVerifier = Callable[[Store, Settings], EvidenceVerifier]
"""How whoever composes the commands hands in what recomputes evidence."""


@dataclass(frozen=True, slots=True)
class Above:
    """What the rooms above hand in: how evidence is recomputed, and which kinds there are.

    `kinds`: with the keys of people that a store has; `all_kinds`: without a store.
    """

    make_verifier: MakeVerifier
    kinds: Callable[[Store, Settings], Sequence[KindSpec]]
    all_kinds: Callable[[], Sequence[KindSpec]]


_OWN = (BLOB_KIND, POLICY_KIND)


@contextmanager
def opened(
    above: Above | None = None,
    routes: Sequence[Route] = (),
    *,
    where: str | Path | None = None,
    env: Mapping[str, str] = os.environ,
) -> Generator[Client]:
    """Open the Hub at `where`, a URL or a folder; None: that of `GENAIOPS_HUB`, else of the folder we are in.

    It acts for the owner of the key in `env`; on a store at hand, without one, for whoever runs this process.
    Without `above`, a store is opened for the Hub's own kinds. `routes`: of rooms above, which are asked too.
    Raises `UserError` where there is no project, no key, or no such Hub.
    """
    place = where or env.get(URL) or Path.cwd()
    if isinstance(place, str):
        with _remote(place, routes, env) as transport:
            yield Client(transport, above.all_kinds if above else lambda: _OWN)
        return
    with Store.open(find_store(place), env) as store:
        settings = Settings.from_env(env)
        kinds = tuple(above.kinds(store, settings)) if above else _OWN
        verifier = above.make_verifier(store, settings) if above else None
        shelf = Shelf(store, kinds, verifier, direct=True)
        yield Client(Direct(shelf, acting(store.database, env)), lambda: kinds)


@contextmanager
def _remote(url: str, routes: Sequence[Route], env: Mapping[str, str]) -> Generator[Remote]:
    key = given_key(env)
    if key is None:
        raise faults.no_key(url)
    transport = Remote(url, key, (*ROUTES, *routes), Settings.from_env(env))
    try:
        yield transport
    finally:
        transport.close()
