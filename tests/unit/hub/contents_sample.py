"""A Hub with every kind that there is, its contents as files, and files to push."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import hubs
from tests.unit.hub.hub_sample import ANN, Clock, add_people

from genaiops.access import EVERYWHERE
from genaiops.arena import KINDS
from genaiops.core import Principal
from genaiops.hub import Client, Governance, Hub
from genaiops.hub.bodies import Shelf as BodiesShelf
from genaiops.hub.transport import Direct
from genaiops.store import Store

PROMPT = (
    "---\nname: answer\nparameters: {temperature: 0.0}\n---\n# system\nBe brief.\n\n# user\n{{ question }}\n"
)


@dataclass
class Shelf:
    """A Hub in a store, and its contents."""

    store: Store
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        add_people(self.store, self.clock)

    @property
    def hub(self) -> Hub:
        """The Hub, on which ann publishes."""
        return Hub(self.store, KINDS, by=ANN, clock=self.clock)

    @property
    def contents(self) -> Client:
        """What ann does with files."""
        return self.client(ANN)

    def client(self, who: Principal, project: str = EVERYWHERE) -> Client:
        """Return the Hub as somebody works with it, its store at hand or behind a URL."""
        if os.environ.get(hubs.WAY) == "url":
            return hubs.reached(self.store, who, self.clock, project)
        return Client(Direct(BodiesShelf(self.store, KINDS, direct=True), who, self.clock), lambda: KINDS)

    @property
    def governance(self) -> Governance:
        """What ann decides."""
        return self.by(ANN)

    def by(self, who: Principal) -> Governance:
        """What somebody decides."""
        return Governance(self.store, by=who, clock=self.clock)

    def blobs(self) -> set[str]:
        """Return the digests of all blobs that are kept."""
        return {digest for digest, _, _ in self.store.blobs.kept()}


def write(folder: Path, **files: str) -> Path:
    """Write files, `__` in their names standing for a dot, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def row(number: int, answer: str = "yes", topic: str = "x") -> str:
    """Return a row of a dataset."""
    case = {"id": f"q{number}", "inputs": {"question": f"{number}?"}, "expected": {"answers": [answer]}}
    return json.dumps({**case, "tags": {"topic": topic}}) + "\n"
