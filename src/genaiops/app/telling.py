"""What the Hub and the audit log are told of releases: which index is live under a name, and who did what."""

from datetime import UTC, datetime
from pathlib import Path

from genaiops.access import Event, acting, append
from genaiops.app.registering import register_index
from genaiops.app.releasing import Material, embedder_of
from genaiops.app.services import Services
from genaiops.core import GenaiopsError, Json
from genaiops.hub import Governance, Hub, Version
from genaiops.knowledge import IndexRelease
from genaiops.models import artifact_name, embedding_facts

LIVE = "live"
"""The alias of an index that the release in use has."""


async def register_release(
    services: Services, hub: Hub, root: Path, name: str, release: IndexRelease, material: Material
) -> Version:
    """Publish the index of a release with what it was made from, and return its version."""
    if material.digest != release.recipe.corpus:  # documents were written since: the index alone is known
        return version_of(hub, name, release)
    embedder = await embedder_of(services, root, release)
    return register_index(hub, name, material, release.recipe, embedding_facts(embedder)).index


def version_of(hub: Hub, name: str, release: IndexRelease) -> Version:
    """Return the version of a release in the Hub, published alone where the Hub does not know it yet."""
    name = artifact_name(name)
    known = [one for one in hub.list("index", name) if one.manifest.get("digest") == release.digest]
    if known:
        return known[-1]
    return hub.publish("index", name, {"recipe": release.recipe.facts, "digest": release.digest})


def point_live(services: Services, version: Version, why: str) -> None:
    """Point `index/NAME:live` at a version.

    The index answers whatever the Hub says: where it refuses, that is a note and no error.
    """
    by = acting(services.store.database, services.settings.env)
    governance = Governance(services.store, by=by)
    try:
        before = governance.live(version.artifact, LIVE)
        if before is None or before.digest != version.digest:
            read = before.digest if before else None
            governance.move(version.artifact, LIVE, version.reference, why=why, read=read)
    except GenaiopsError as error:
        said = f"{error.what} ({error.code})"
        services.console.note(f"{version.artifact}:{LIVE} was not moved in the Hub: {said}")


def write_down(services: Services, action: str, name: str, details: dict[str, Json]) -> None:
    """Append to the audit log that somebody did `action` to the index `name`."""
    by = acting(services.store.database, services.settings.env)
    event = Event(actor=by.id, action=action, subject=f"index/{name}", at=datetime.now(UTC), details=details)
    with services.store.database.write() as connection:
        append(connection, event)
