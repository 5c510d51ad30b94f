"""The fourth level of verification: some cases are answered again by the apps and compared with the record.

Only an accepted bundle gets this far, for its trees are run and its addresses asked. The cases are drawn by
whoever verifies, so that whoever signed could not know which. An arm is the recorded one where its git tree
and its configuration are; another environment is said, and then a difference decides nothing.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.app import AppTarget, Project
from genaiops.arena.arms import Prepared, prepare, side
from genaiops.arena.bundle import SEALED, Bundle, Manifest, open_bundle
from genaiops.arena.candidates import Exported, export, project_of, written
from genaiops.arena.elsewhere import at_endpoint, moved
from genaiops.arena.git import Repository, find_repository
from genaiops.arena.model import ROLES, Arm, Role, Row
from genaiops.arena.said import said
from genaiops.arena.session import Session
from genaiops.arena.surroundings import Place
from genaiops.arena.verify import Level, LevelStatus, VerifyResult
from genaiops.core import Case, UserError, one_line
from genaiops.work import Progress

NUMBER, NAME = 4, "outputs from the app"
_SHOWN = 5
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunOptions:
    """How many cases to answer again, drawn by which seed; seconds an answer may take; variables passed."""

    count: int
    seed: str
    seconds: float = 60.0
    pass_env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One arm asked again. `binding`: the same app in the same environment, and nothing remote in it."""

    role: Role
    asked: int = 0
    different: tuple[str, ...] = ()
    binding: bool = True
    why: str = ""

    @property
    def told(self) -> str:
        if not self.asked:
            return f"the {self.role} cannot be asked again: {self.why}"
        equal = f"{self.asked - len(self.different)} of {self.asked} answers of the {self.role} are equal"
        names = ", ".join(one_line(name, 60) for name in self.different[:_SHOWN])
        more = f" and {len(self.different) - _SHOWN} more" if len(self.different) > _SHOWN else ""
        return equal + (f" ({names}{more} differ)" if names else "") + (f"; {self.why}" if self.why else "")


async def with_rerun(
    result: VerifyResult, folder: Path, session: Session, options: RerunOptions
) -> VerifyResult:
    """Return `result` with the fourth level; raises `OutsideError` where a model or a network fails."""
    if not result.accepted:
        level = _level("not possible", "the evidence is rejected, so nothing that it names is run")
    elif SEALED in (bundle := open_bundle(folder)).raw:
        level = _level("not possible", "its cases belong to people and are sealed, so no app is asked again")
    else:
        level = await _asked_again(bundle, session, options)
    return replace(result, levels=(*result.levels, level))


async def _asked_again(bundle: Bundle, session: Session, options: RerunOptions) -> Level:
    with session.services.store.lock("arena"):
        arms = await _remade(bundle.manifest(), session)
        rows = _drawn(bundle, options)
        outcomes = [await _compared(role, arms[role], bundle, rows, session, options) for role in ROLES]
    told = "; ".join(one.told for one in outcomes) + f" (seed {options.seed})"
    if any(one.different and one.binding for one in outcomes):
        return _level("failed", told)
    whole = all(one.asked and not one.different for one in outcomes)
    return _level("passed" if whole else "not possible", told)


async def _remade(manifest: Manifest, session: Session) -> dict[Role, Prepared | str]:
    """Return each arm made ready again, or why it cannot be; the candidate may describe the baseline."""
    repository = find_repository(session.root)
    same_env = manifest.environment.get("same_env") is True
    place = Place(repository, session.services, same_env=same_env, make=True)
    made: dict[Role, Prepared | str] = {}
    for role in ("candidate", "baseline"):
        other = made.get("candidate")
        fallback = other.project if isinstance(other, Prepared) else None
        try:
            made[role] = await _remake(manifest.arms[role], repository, fallback, session, place)
        except UserError as error:
            made[role] = f"{error.what}" + (f": {error.why}" if error.why else "")
    return made


async def _remake(
    arm: Arm, repository: Repository, fallback: Project | None, session: Session, place: Place
) -> Prepared | str:
    source, env = arm.source, session.services.settings.env
    if source.kind in ("recording", "guard"):
        return f"it is a {source.kind}, so there is no app to ask"
    exported = _export(arm, repository, session.services.store.path / "trees")
    if exported is None:
        return "its tree is not in this repository"
    project = project_of(exported, fallback, env)
    if source.kind == "endpoint":
        target = AppTarget.at(source.ref or "")
        exported, project = moved(exported, target), at_endpoint(project, target)
    if project.resolved() != arm.config:
        return "its configuration cannot be made again here; a value may have come from the environment"
    around = await place.of(arm.role, exported, project)
    return await prepare(exported, project, session.services, around.facts, around.own)


def _export(arm: Arm, repository: Repository, trees: Path) -> Exported | None:
    """Return the arm's tree: from the working tree where it is unchanged, else from git's objects."""
    source = arm.source
    if source.kind == "working tree":
        exported = export(repository, trees, None, source.overrides)
        if exported.source.tree == source.tree:
            return exported
    name = source.commit if source.tree is None else source.tree
    if name is None or not _OBJECT.fullmatch(name) or not repository.has(name):
        return None
    if source.tree is None:
        return export(repository, trees, name)
    return written(repository, trees, source, None)


def _drawn(bundle: Bundle, options: RerunOptions) -> list[tuple[Case, int]]:
    """Return cases with a repeat that both arms answered, in the order that the seed gives."""
    cases = {case.id: case for case in bundle.cases()}
    answered = [
        {(row.case, row.repeat) for row in bundle.rows() if row.role == role and _is_answer(row)}
        for role in ROLES
    ]
    common = [pair for pair in answered[0] & answered[1] if pair[0] in cases]
    ranked = sorted(common, key=lambda pair: _rank(options.seed, *pair))
    return [(cases[name], repeat) for name, repeat in ranked[: options.count]]


def _is_answer(row: Row) -> bool:
    return row.output.status != "infra_error"


def _rank(seed: str, case: str, repeat: int) -> str:
    return hashlib.sha256(f"{seed}/rerun/{repeat}/{case}".encode()).hexdigest()


async def _compared(
    role: Role,
    made: Prepared | str,
    bundle: Bundle,
    drawn: Sequence[tuple[Case, int]],
    session: Session,
    options: RerunOptions,
) -> _Outcome:
    if isinstance(made, str):
        return _Outcome(role, why=made)
    there = {(row.case, row.repeat): row.output for row in bundle.rows() if row.role == role}
    worker = await side(made, session.services, scope="", pass_env=options.pass_env).start()
    different: list[str] = []
    try:
        with Progress(f"again · {role}", len(drawn), console=session.services.console) as progress:
            for case, repeat in drawn:
                output, _ = await worker.answer(case.inputs, repeat, options.seconds)
                if output.status == "infra_error":
                    return _Outcome(role, why=one_line(output.error or "it failed outside the app"))
                if said(output) != said(there[case.id, repeat]):
                    different.append(case.id)
                progress.advance(1, case.id)
    finally:
        await worker.close()
    same = made.digest == bundle.manifest().arms[role].digest
    why = "" if same else "this environment or these weights are not the recorded ones"
    if made.remote:
        why = "something remote answers, which may say something else each time"
    return _Outcome(role, len(drawn), tuple(different), same and not made.remote, why)


def _level(status: LevelStatus, reason: str) -> Level:
    return Level(number=NUMBER, name=NAME, status=status, reason=reason)
