"""Whether evidence belongs to this repository: made of these commits, judged by the base's own suite.

Evidence from a runner that nobody trusts (a pull request's) can be whole, follow from its scores, and
still be about something else: another tree, a milder suite, a gate that the change itself rewrote. So trees,
suite and "gate changed" are taken from the repository here. Of the change only files are read; none of its
code runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.arena.bundle import Manifest, open_bundle
from genaiops.arena.candidates import Exported, export, project_of
from genaiops.arena.git import Repository, find_repository
from genaiops.arena.model import ROLES, Arm
from genaiops.arena.pairing import RunOptions, choose_suite
from genaiops.arena.session import Session
from genaiops.arena.verify import Level, VerifyResult
from genaiops.core import UserError, one_line

NUMBER, NAME = 5, "belongs to this repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where evidence must belong.

    `base` is a branch or commit whose history holds the measured baseline, no older than where `head` parts
    from it; `head` is the commit whose tree is the measured candidate.
    """

    base: str
    head: str


def with_belonging(result: VerifyResult, folder: Path, session: Session, place: Place) -> VerifyResult:
    """Return `result` with the fifth level; raises `UserError` for a ref that this repository lacks."""
    if not result.accepted:
        level = _level(("the evidence is rejected, so nothing that it names is compared",))
        return replace(result, levels=(*result.levels, replace(level, status="not possible")))
    trees, env = session.services.store.path / "trees", session.services.settings.env
    manifest = open_bundle(folder).manifest()
    wrong = tuple(_wrong(manifest, find_repository(session.root), trees, env, place))
    return replace(result, levels=(*result.levels, _level(wrong)))


def _level(wrong: tuple[str, ...]) -> Level:
    reason = "; ".join(wrong) or "its trees are these commits', its suite is the base's"
    return Level(number=NUMBER, name=NAME, status="failed" if wrong else "passed", reason=reason)


def _wrong(
    manifest: Manifest, repository: Repository, trees: Path, env: Mapping[str, str], place: Place
) -> Iterator[str]:
    if set(manifest.arms) != set(ROLES):
        yield "it does not hold two arms"
        return
    before, after = manifest.arms["baseline"], manifest.arms["candidate"]
    tip, change = repository.commit_of(place.base), repository.commit_of(place.head)
    yield from _baseline(before, repository, place.base, tip, change)
    if after.source.tree != repository.tree_of(change):
        yield f"what was measured is not the tree of {one_line(place.head, 60)}"
    yield from (f"the {arm.role} was run with overrides" for arm in (before, after) if arm.source.overrides)
    try:
        yield from _suite(manifest, export(repository, trees, tip), export(repository, trees, change), env)
    except UserError as error:
        yield f"its suite cannot be read from this repository: {one_line(error.what)}"


def _baseline(arm: Arm, repository: Repository, base: str, tip: str, change: str) -> Iterator[str]:
    commit = arm.source.commit or ""
    if not _in_history(commit, tip, repository):
        yield f"its baseline is no commit in the history of {one_line(base, 60)}"
    elif not _in_history(repository.text("merge-base", tip, change), commit, repository):
        # an old state of the base is an easy one to be better than
        yield f"its baseline is older than where {one_line(base, 60)} and the change part"
    elif repository.tree_of(commit) != arm.source.tree:
        yield "what was measured as the baseline is not the tree of its commit"


def _in_history(commit: str, tip: str, repository: Repository) -> bool:
    try:
        known = repository.commit_of(commit) == commit
        return known and repository.text("merge-base", commit, tip) == commit
    except UserError:
        return False


def _suite(manifest: Manifest, base: Exported, head: Exported, env: Mapping[str, str]) -> Iterator[str]:
    mine = project_of(head, None, env)
    theirs = project_of(base, mine, env)
    ruling = choose_suite(RunOptions(suite=manifest.suite.name), base, theirs, mine)
    if ruling.gate_from != "baseline" or manifest.gate_from != "baseline":
        yield "the base has no such suite: the change would bring its own ruler"
    elif ruling.suite.digest != manifest.suite_digest:
        yield "its suite is not the base's: dataset, scorers or gate differ"
    elif (ruling.lock.state, ruling.lock.fixed) != (manifest.lock.state, manifest.lock.fixed):
        yield "its lock is not the one that the base gives its suite"
    elif ruling.gate_changed != manifest.gate_changed:
        happened = "changed" if ruling.gate_changed else "did not change"
        yield f"the gate {happened} in this diff, and it says otherwise"
