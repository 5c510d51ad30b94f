"""What rests on a version: everything made from it by kind, what of it is live, and the verdicts. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from genaiops.core import KINDS, one_line
from genaiops.hub.decisions import EVIDENCE_KIND
from genaiops.hub.model import CheckedEvidence, Edge, Move, Version

Standing = Literal["recomputed", "rejected", "stated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictSaid:
    """What evidence says, and whose word that is.

    `recomputed`: the Hub found it itself; `rejected`: what it found contradicts the evidence; `stated`: the
    evidence says so, and its bundle was never here to be looked at.
    """

    outcome: str | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A version that rests on what was asked about.

    `aliases` point at it; `live_as` are those and the aliases of all that was made from it, as references.
    """

    version: str
    aliases: tuple[str, ...]
    live_as: tuple[str, ...]
    deprecated: bool
    verdict: VerdictSaid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """All that rests on the versions `of`, grouped by kind. `document`: the part of them that was meant."""

    of: tuple[str, ...]
    document: str | None
    live_as: tuple[str, ...]
    affected: dict[str, tuple[Affected, ...]]


def impact_of(
    roots: Sequence[Version],
    edges: Iterable[Edge],
    aliases: Mapping[str, Sequence[Move]],
    checked: Mapping[str, CheckedEvidence],
    *,
    document: str | None = None,
) -> Impact:
    """Return what rests on `roots`, given every edge below them.

    `aliases` are the moves that made an alias point at a version, `checked` what the Hub found of evidence;
    both by the version's reference.
    """
    versions: dict[str, Version] = {}
    parents: dict[str, set[str]] = {}
    for edge in edges:
        versions |= {edge.child.reference: edge.child, edge.parent.reference: edge.parent}
        parents.setdefault(edge.child.reference, set()).add(edge.parent.reference)
    versions |= {root.reference: root for root in roots}
    pointing = {
        reference: tuple(f"{versions[reference].artifact}:{move.alias}" for move in moves)
        for reference, moves in aliases.items()
        if reference in versions
    }
    live = _live(pointing, parents)
    of = {root.reference for root in roots}
    groups: dict[str, list[Affected]] = {kind: [] for kind in KINDS}
    for reference in sorted(versions.keys() - of, key=lambda each: _place(versions[each])):
        version = versions[reference]
        affected = Affected(
            version=reference,
            aliases=pointing.get(reference, ()),
            live_as=live.get(reference, ()),
            deprecated=version.deprecated is not None,
            verdict=_verdict(version, checked.get(reference)),
        )
        groups.setdefault(version.kind, []).append(affected)
    return Impact(
        of=tuple(root.reference for root in roots),
        document=document,
        live_as=tuple(sorted({alias for reference in of for alias in live.get(reference, ())})),
        affected={kind: tuple(found) for kind, found in groups.items() if found},
    )


def impact_lines(impact: Impact) -> Iterator[str]:
    """Yield an impact for people: what is live first, then a group a kind."""
    part = f"{one_line(impact.document)} in " if impact.document else ""
    yield f"{part}{', '.join(reference.partition('@')[0] for reference in impact.of)}"
    if not impact.affected:
        yield "nothing rests on it"
    live = ", ".join(impact.live_as)
    yield f"live: {live}" if live else "live: nothing; no alias points at it or at what rests on it"
    for kind, found in impact.affected.items():
        yield f"{kind} ({len(found):,})"
        for each in found:
            yield f"  {_line(each)}"


def _live(
    pointing: Mapping[str, Sequence[str]], parents: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Return under which aliases each version is live: its own, and those of what was made from it."""
    found: dict[str, set[str]] = {}
    for reference, names in pointing.items():
        reached: set[str] = set()
        waiting = [reference]
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                found.setdefault(here, set()).update(names)
                waiting += parents.get(here, ())
    return {reference: tuple(sorted(names)) for reference, names in found.items()}


def _place(version: Version) -> tuple[str, str, int]:
    return version.kind, version.artifact, version.number


def _verdict(version: Version, checked: CheckedEvidence | None) -> VerdictSaid | None:
    if version.kind != EVIDENCE_KIND:
        return None
    if checked is None:
        stated = version.manifest.get("outcome")
        return VerdictSaid(outcome=None if stated is None else str(stated), standing="stated")
    standing: Standing = "recomputed" if checked.accepted else "rejected"
    return VerdictSaid(outcome=checked.facts.outcome, standing=standing)


def _line(affected: Affected) -> str:
    said = affected.version.partition("@")[0]
    if affected.verdict:
        outcome = one_line(affected.verdict.outcome or "no verdict", 40)
        said += f"  {outcome}" + (
            "" if affected.verdict.standing == "recomputed" else f" ({affected.verdict.standing})"
        )
    through = [alias for alias in affected.live_as if alias not in affected.aliases]
    said += (
        f"  [{', '.join(alias.rpartition(':')[2] for alias in affected.aliases)}]" if affected.aliases else ""
    )
    said += f"  live through {', '.join(through)}" if through else ""
    return said + ("  DEPRECATED" if affected.deprecated else "")
