"""What rests on an artifact of the Hub, or on a document inside its corpora."""

import difflib

from genaiops.core import UserError, one_line, parse_reference
from genaiops.hub import Edge, Governance, Hub, Impact, Version, impact_of
from genaiops.knowledge import holds_document, listed_documents


def impact(hub: Hub, governance: Governance, ref: str | None, document: str | None) -> Impact:
    """Return what rests on the version `ref`, or on `document` (an id, a path, `sha256:…`) in a corpus.

    With a document, `ref` narrows the corpora: to one version, or to every version of one artifact; without
    it, every corpus is looked through. Raises `UserError` where nothing is meant or no corpus holds it.
    """
    if document is not None:
        roots = _holding(_corpora(hub, ref), document, ref)
    elif ref is not None:
        roots = [hub.get(ref)]
    else:
        raise UserError(
            "GAO-ARENA-381",
            "it is not said of what",
            why="an impact is that of a version, or of a document",
            fix="for example: genaiops hub impact prompt/answer:v2, or --document returns.md",
        )
    edges: dict[tuple[str, str, str], Edge] = {}
    for root in roots:
        for edge in hub.lineage(root.pinned, "down"):
            edges[edge.child.reference, edge.parent.reference, edge.activity] = edge
    checked = governance.recomputed({edge.child.reference: edge.child for edge in edges.values()}.values())
    return impact_of(roots, edges.values(), governance.aliases(), checked, document=document)


def _corpora(hub: Hub, ref: str | None) -> list[Version]:
    if ref is None:
        return read_all(hub, "corpus")
    version = hub.get(ref)
    if version.kind != "corpus":
        raise UserError(
            "GAO-ARENA-382",
            f"{version.short} holds no documents",
            why="documents are in a corpus",
            fix="name a corpus, or leave it out: every corpus is looked through then",
        )
    reference = None if ref.startswith("sha256:") else parse_reference(ref)
    if reference is None or reference.number or reference.digest or reference.alias:
        return [version]
    return [each for each in read_all(hub, "corpus", version.name) if each.project == version.project]


def _holding(corpora: list[Version], document: str, ref: str | None) -> list[Version]:
    found = [each for each in corpora if holds_document(each.manifest, document)]
    if not found:
        known = {
            name for each in corpora for one in listed_documents(each.manifest) for name in (one.id, one.path)
        }
        near = difflib.get_close_matches(document, sorted(known), 3, 0.6)
        raise UserError(
            "GAO-ARENA-383",
            f"no corpus here holds the document {one_line(document, 120)!r}",
            why=f"{len(corpora)} versions of {ref or 'all corpora'} were looked through",
            fix=f"did you mean {', '.join(one_line(name, 120) for name in near)}?"
            if near
            else "give its id, its path inside the corpus, or the sha256:… of its text",
        )
    return found


def read_all(hub: Hub, kind: str, name: str | None = None) -> list[Version]:
    """Return all versions of a kind with their manifests; that a sensitive one is read is written down.

    Raises `UserError` where one may not be read: what it holds would be missing from the answer unsaid.
    """
    return [each if each.manifest else hub.get(each.pinned) for each in hub.list(kind, name)]
