"""Which index answers under a name: the live release, those before it, and the one that is made ready.

    <indexes>/names/NAME.json     replaced whole: a reader sees the one state or the next, and nothing between
    <indexes>/listings/HEX.json   the documents of a corpus by id, with the digests of their texts

What is live is asked once a request (`Releases.get`), so that a request never sees two releases. An index
itself is named by its recipe and never changes its name; a release only says who answers.
"""

import hashlib
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from genaiops.core import (
    Digest,
    Json,
    OutsideError,
    UserError,
    canonical,
    decode_json,
    encode,
    hex_of,
    one_line,
)
from genaiops.knowledge.anchors import may_move
from genaiops.knowledge.model import Corpus, Recipe
from genaiops.knowledge.passages import PASSAGES
from genaiops.store import hold, write_whole

_RECIPE = re.compile(r"[0-9a-f]{64}")

KEPT = 5
"""Releases before the live one that a name remembers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRelease:
    """An index that answers, answered or may answer under a name.

    `embedder` is the reference that opens its embedder, `described` what was said of it beside its name, and
    `source` the folder or file of its documents.
    `digest` is the recipe's: where the two differ, another version of this program wrote it.
    """

    digest: Digest
    recipe: Recipe
    embedder: str
    source: str
    at: str
    described: dict[str, Json] = field(default_factory=dict[str, Json])

    @classmethod
    def of(
        cls, recipe: Recipe, embedder: str, source: str, described: Mapping[str, Json] = MappingProxyType({})
    ) -> "IndexRelease":
        """Return the release of `recipe`, made now."""
        return cls(
            digest=recipe.digest,
            recipe=recipe,
            embedder=embedder,
            source=source,
            at=utc_now(),
            described=dict(described),
        )

    @property
    def ready_made(self) -> bool:
        """Whether its passages came from a file, as they are."""
        return self.recipe.parser == PASSAGES

    def holding(self, corpus: Digest) -> "IndexRelease":
        """Return the release that is made in the same way of another state of the documents."""
        recipe = replace(self.recipe, corpus=corpus)
        return replace(self, recipe=recipe, digest=recipe.digest, at=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a name stands for. `previous` has the newest first; `migrating_to` gets every write as well."""

    live: IndexRelease
    previous: tuple[IndexRelease, ...] = ()
    migrating_to: IndexRelease | None = None

    @property
    def all(self) -> tuple[IndexRelease, ...]:
        """Every release that the name holds on to."""
        return (self.live, *self.previous, *([self.migrating_to] if self.migrating_to else []))


class Releases:
    """The names of one folder of indexes. Several processes may read and write them."""

    def __init__(self, indexes: Path) -> None:
        self._indexes = indexes
        self._names = indexes / "names"
        self._listings = indexes / "listings"
        self._read: dict[str, tuple[tuple[int, int, int], Named]] = {}

    def get(self, name: str) -> Named | None:
        """Return what `name` stands for now; None where nothing was released under it."""
        path = self._path(name)
        try:
            status = path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if name not in self._read or self._read[name][0] != stamp:
                self._read[name] = (stamp, _decoded(path))
        except FileNotFoundError:
            return None
        return self._read[name][1]

    def names(self) -> dict[str, Named]:
        """Return every name with what it stands for."""
        found = {file.stem: self.get(file.stem) for file in sorted(self._names.glob("[!.]*.json"))}
        return {name: named for name, named in found.items() if named is not None}

    def publish(self, name: str, release: IndexRelease, also: IndexRelease | None = None) -> Named:
        """Make `release` the live one at once, and `also` what is migrated to; what was live is kept.

        A release that is live already stays as it is. Raises `UserError` where what is live by now was made
        in another way, `OutsideError` where the disk refuses.
        """
        with self._changing(name):
            before = self.get(name)
            if before is not None:
                check_alike(name, before.live, release)
            named = Named(live=release) if before is None else _succeeded(before, release)
            if also and named.migrating_to and made_alike(named.migrating_to.recipe, also.recipe):
                named = replace(named, migrating_to=also)
            return self._put(name, named)

    def begin(self, name: str, target: IndexRelease) -> Named:
        """Say that `name` is being migrated to `target`: from now on every write goes to both."""
        with self._changing(name):
            return self._put(name, replace(self._known(name), migrating_to=target))

    def advance(self, name: str, target: IndexRelease) -> None:
        """Say which documents what is migrated to holds by now; nothing where it was given up meanwhile."""
        with self._changing(name):
            named = self._known(name)
            if named.migrating_to is not None and made_alike(named.migrating_to.recipe, target.recipe):
                self._put(name, replace(named, migrating_to=target))

    def end(self, name: str) -> Named:
        """Say that `name` is not migrated any more: what is live stays live."""
        with self._changing(name):
            return self._put(name, replace(self._known(name), migrating_to=None))

    def switch(self, name: str, seen: Named) -> bool:
        """Make what is migrated to the live release, where the name still stands for what was `seen`."""
        with self._changing(name):
            named = self._known(name)
            if named != seen or named.migrating_to is None:
                return False
            self._put(name, replace(_succeeded(named, named.migrating_to), migrating_to=None))
            return True

    def before(self, name: str) -> tuple[IndexRelease, ...]:
        """Return the release that a rollback would go back to, if there is one."""
        named = self.get(name)
        return named.previous[:1] if named else ()

    def roll_back(self, name: str) -> tuple[IndexRelease, IndexRelease]:
        """Make the release before the live one live again, and return what was live and what is.

        A migration that is under way is given up.
        """
        with self._changing(name):
            named = self._known(name)
            if not named.previous:
                raise UserError(
                    "GAO-KNOWLEDGE-091",
                    f"there is no release of {name!r} before the live one",
                    fix="`genaiops index status` shows the releases of each index",
                )
            first, *rest = named.previous
            # what is left by going back is no release to come back to by going back again
            self._put(name, Named(live=first, previous=tuple(rest)))
            return named.live, first

    def forget(self, name: str) -> Named:
        """Remove the name, and return what it stood for; the next build under it is its first."""
        with self._changing(name):
            named = self._known(name)
            self._path(name).unlink()
            return named

    @contextmanager
    def removing_none(self) -> Generator[None]:
        """Let nobody set an index aside in the block: between seeing that it is there and releasing it."""
        self._names.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold(self._names / "locks", "prune", wait=True):
            yield

    def set_aside(self) -> dict[str, Path]:
        """Take the indexes that no name holds on to out of the way at once; the caller removes them.

        Returns by the digest of each recipe where it is now: where a build that was killed leaves its own, so
        that the next build removes what the caller does not.
        """
        with self.removing_none():
            kept = {hex_of(one.digest) for named in self.names().values() for one in named.all}
            gone = [one for one in sorted(self._indexes.iterdir()) if _RECIPE.fullmatch(one.name)]
            return {
                one.name: one.rename(one.with_name(f".building-{os.getpid()}-{one.name}"))
                for one in gone
                if one.name not in kept
            }

    def list_documents(self, corpus: Corpus) -> None:
        """Keep which documents a corpus has, so that it can be told later what its indexes hold."""
        path = self._listings / f"{hex_of(corpus.digest)}.json"
        if not path.exists():
            self._listings.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, [canonical({one.id: one.digest for one in corpus.documents})])

    def documents(self, corpus: Digest) -> Mapping[str, Digest] | None:
        """Return the documents of a corpus by id with their digests; None where it was not listed."""
        path = self._listings / f"{hex_of(corpus)}.json"
        return decode_json(dict[str, Digest], path.read_bytes(), where=str(path)) if path.exists() else None

    def _known(self, name: str) -> Named:
        named = self.get(name)
        if named is None:
            raise UserError(
                "GAO-KNOWLEDGE-090",
                f"nothing was released under the name {one_line(name, 60)!r}",
                why=f"names with a release: {', '.join(self.names()) or 'none'}",
                fix="genaiops index build makes the first release",
            )
        return named

    def _put(self, name: str, named: Named) -> Named:
        write_whole(self._path(name), [canonical(encode(named))])
        return named

    def _path(self, name: str) -> Path:
        if Path(name).name != name or name.startswith("."):
            raise UserError(
                "GAO-KNOWLEDGE-098",
                f"{one_line(name, 60)!r} cannot be the name of an index",
                fix="take letters, digits, dots, hyphens and underscores, a letter or a digit first",
            )
        return self._names / f"{name}.json"

    @contextmanager
    def _changing(self, name: str) -> Generator[None]:
        self._names.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold(self._names / "locks", hashlib.sha256(name.encode()).hexdigest()[:32], wait=True):
            yield


def made_alike(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes differ in their documents at most."""
    return replace(one, corpus=other.corpus) == other


def check_alike(name: str, live: IndexRelease, wanted: IndexRelease) -> None:
    """Raise `UserError` where `wanted` is not made as the live release is: that is a migration."""
    if made_alike(live.recipe, wanted.recipe) or _states_version(live.recipe, wanted.recipe):
        return

    def made(release: IndexRelease) -> str:
        recipe = release.recipe
        how = f"{recipe.chunk.tokens} tokens, {recipe.parser}, {recipe.backend.name}"
        return f"{release.embedder}, {how}"

    anew = f"genaiops index forget {name}, then build again"
    raise UserError(
        "GAO-KNOWLEDGE-097",
        f"the live release of {name!r} was made in another way",
        why=f"live: {made(live)}; asked for: {made(wanted)}; another way is compared before it answers "
        "anybody",
        fix=f"to start anew without comparing: {anew}"
        if live.ready_made
        else f"genaiops index migrate {name}, with the same --set · to start anew without comparing: {anew}",
    )


def _states_version(live: Recipe, wanted: Recipe) -> bool:
    """Whether all that differs is that the embedder behind an endpoint has a version now.

    The index that it made without one may be past asking (`anchors.py`): then there is nothing to compare.
    """
    unsaid = replace(wanted.embedder, version=None)
    return may_move(live.embedder) and made_alike(live, replace(wanted, embedder=unsaid))


def utc_now() -> str:
    """Return the time as releases note it: RFC 3339, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _succeeded(before: Named, release: IndexRelease) -> Named:
    if before.live.digest == release.digest:
        return before
    others = (one for one in (before.live, *before.previous) if one.digest != release.digest)
    return replace(before, live=release, previous=tuple(others)[:KEPT])


def _decoded(path: Path) -> Named:
    try:
        named = decode_json(Named, path.read_bytes(), where=str(path))
    except UserError as error:
        raise _of_another_version(path, str(error.why or error.what)) from error
    for release in named.all:
        if release.recipe.digest != release.digest:
            raise _of_another_version(path, f"the recipe of {release.digest[:19]} has another digest here")
    return named


def _of_another_version(path: Path, why: str) -> OutsideError:
    return OutsideError(
        "GAO-KNOWLEDGE-092",
        f"the releases of {path.stem!r} were written by another version of genaiops",
        why=why,
        fix="use that version, or remove the file and run `genaiops index build`; vectors are cached",
        where=str(path),
    )
