"""A version and an edge."""

from dataclasses import dataclass, field

from genaiops.core import Digest, Json, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One immutable version of an artifact.

    `digest` covers kind, manifest and blobs and nothing else, so equal content is one version whoever made
    it. `number` counts within (project, kind, name). `activity` says what published it first.
    """

    kind: str
    name: str
    project: str | None = None
    number: int
    digest: Digest
    manifest: dict[str, Json]
    blobs: dict[str, Digest] = field(default_factory=dict[str, Digest])
    activity: str
    created_at: str
    labels: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def reference(self) -> str:
        """`kind/[project/]name:vN@sha256:…`: names this version for ever."""
        return str(
            Reference(
                kind=self.kind,
                name=self.name,
                project=self.project,
                number=self.number,
                digest=self.digest,
            )
        )

    @property
    def short(self) -> str:
        """The reference for people, without the digest."""
        return self.reference.partition("@")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`child` was made from `parent` by an activity. `at`: RFC 3339, UTC."""

    child: Version
    parent: Version
    activity: str
    at: str
