"""The folder of an index: what it was made by, which snapshot is live, what is withdrawn, and one writer.

recipe.json     what it was made by
CURRENT         the live snapshot's name, replaced atomically
trust.json      how far the embedder can be trusted with this corpus
anchors.json    vectors of fixed texts, where the embedder has no version
withdrawn.json  documents withdrawn, and the number of the last snapshot that must not show them
"""

import fcntl
import json
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from genaiops.core import OutsideError, SnapshotId, UserError, canonical, decode_json
from genaiops.knowledge.model import Recipe
from genaiops.knowledge.snapshot import damaged
from genaiops.store import write_whole

Stamp = tuple[int, int, int]
"""Differs where `withdrawn.json` does."""


class Home:
    """An index's folder. Several processes may read; changing it takes its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.recipe = decode_json(Recipe, (folder / "recipe.json").read_bytes())
        except (OSError, UserError) as error:
            raise damaged(folder, str(error)) from error
        self.trust = self._read_trust()
        self._withdrawn: tuple[Stamp, dict[str, int]] = ((0, 0, 0), {})

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> "Home":
        """Make the new `folder` of an index without a snapshot."""
        folder.mkdir(parents=True)
        write_whole(folder / "recipe.json", [canonical(recipe.facts)])
        return cls(folder)

    def published(self) -> bool:
        """Whether there is a live snapshot."""
        return (self.folder / "CURRENT").exists()

    def live(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        try:
            return SnapshotId((self.folder / "CURRENT").read_text("utf-8").strip())
        except OSError as error:
            raise damaged(self.folder, "it has no live snapshot") from error

    def make_live(self, snapshot: SnapshotId) -> None:
        """Replace the live snapshot."""
        write_whole(self.folder / "CURRENT", [snapshot.encode()])

    def keep_trust(self, trust: Mapping[str, float]) -> None:
        """Keep how far the embedder can be trusted."""
        self.trust = dict(trust)
        write_whole(self.folder / "trust.json", [canonical(dict(self.trust))])

    def withdraw(self, documents: Sequence[str], newest: int) -> None:
        """Withdraw documents from snapshots up to the number `newest`; the caller holds the lock."""
        withdrawn = {**self.tombstones(), **dict.fromkeys(documents, newest)}
        write_whole(self.folder / "withdrawn.json", [json.dumps(withdrawn, sort_keys=True).encode()])

    def stamp(self) -> Stamp:
        """Return what differs after each withdrawal, by any process."""
        try:
            status = os.stat(self.folder / "withdrawn.json")
        except FileNotFoundError:
            return (0, 0, 0)
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def tombstones(self) -> dict[str, int]:
        """Return the documents withdrawn, with the last snapshot that must not show them."""
        stamp = self.stamp()
        if stamp != self._withdrawn[0]:
            content = json.loads((self.folder / "withdrawn.json").read_bytes())
            self._withdrawn = (stamp, cast("dict[str, int]", content))
        return self._withdrawn[1]

    def hidden(self, number: int) -> set[str]:
        """Return the documents that the snapshot of that number must not show."""
        return {document for document, last in self.tombstones().items() if number <= last}

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the folder's lock; raises `OutsideError` where another process holds it."""
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutsideError(
                    "GAO-KNOWLEDGE-022",
                    "another process is changing this index",
                    fix="run the command again when it is done",
                    where=str(self.folder),
                ) from error
            yield

    def _read_trust(self) -> dict[str, float]:
        file = self.folder / "trust.json"
        if not file.exists():
            return {}
        try:
            return decode_json(dict[str, float], file.read_bytes())
        except (OSError, UserError) as error:
            raise damaged(self.folder, str(error)) from error
