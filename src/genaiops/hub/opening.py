"""What the Hub's commands open around their work: the project's store, its Hub and its decisions."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genaiops.access import acting
from genaiops.core import Settings
from genaiops.hub.governance import Governance
from genaiops.hub.hub import Hub
from genaiops.hub.model import EvidenceVerifier
from genaiops.hub.policy import POLICY_KIND
from genaiops.store import Store, find_store

MakeVerifier = Callable[[Store, Settings], EvidenceVerifier]
"""How whoever composes the commands hands in what recomputes evidence."""


@dataclass(frozen=True, slots=True)
class Here:
    """An open Hub, and the decisions about what is in it."""

    hub: Hub
    governance: Governance


@contextmanager
def opened(make_verifier: MakeVerifier | None = None) -> Generator[Here]:
    """Open the store of the project that this folder lies in, for whoever runs the command."""
    with Store.open(find_store(Path.cwd())) as store:
        verifier = make_verifier(store, Settings.from_env(os.environ)) if make_verifier else None
        by = acting(store.database, os.environ)
        yield Here(Hub(store, [POLICY_KIND], by=by), Governance(store, by=by, verifier=verifier))
