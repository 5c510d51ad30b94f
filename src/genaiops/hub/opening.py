"""What the Hub's commands open around their work: the project's store, its Hub and its decisions."""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genaiops.access import acting
from genaiops.core import KindSpec, Settings
from genaiops.hub.blob import BLOB_KIND
from genaiops.hub.contents.contents import Contents
from genaiops.hub.governance import Governance
from genaiops.hub.hub import Hub
from genaiops.hub.model import EvidenceVerifier
from genaiops.hub.policy import POLICY_KIND
from genaiops.store import Store, find_store

MakeVerifier = Callable[[Store, Settings], EvidenceVerifier]
"""How whoever composes the commands hands in what recomputes evidence."""


@dataclass(frozen=True, slots=True)
class Above:
    """What the rooms above hand in: how evidence is recomputed, and which kinds there are."""

    make_verifier: MakeVerifier
    kinds: Callable[[Store, Settings], Sequence[KindSpec]]


@dataclass(frozen=True, slots=True)
class Here:
    """An open Hub, the decisions about what is in it, and its contents as files."""

    hub: Hub
    governance: Governance
    contents: Contents


@contextmanager
def opened(above: Above | None = None) -> Generator[Here]:
    """Open the store of the project that this folder lies in, for whoever runs the command.

    Without `above`, for the Hub's own kinds.
    """
    with Store.open(find_store(Path.cwd())) as store:
        settings, by = Settings.from_env(os.environ), acting(store.database, os.environ)
        verifier = above.make_verifier(store, settings) if above else None
        kinds = above.kinds(store, settings) if above else (BLOB_KIND, POLICY_KIND)
        yield Here(
            Hub(store, kinds, by=by),
            Governance(store, by=by, verifier=verifier),
            Contents(store, kinds, by=by, verifier=verifier),
        )
