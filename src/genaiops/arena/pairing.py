"""Two trees made comparable: which suite rules, and both arms named by digest.

The ruler is the baseline's: its dataset, scorers and gate. Where the candidate's suite differs, the
candidate's is laid on too, as a second table that decides nothing.
"""

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from genaiops.access import Vault
from genaiops.app import PROJECT_FILE, Project, Services, SuiteConfig
from genaiops.arena.arms import Prepared
from genaiops.arena.candidates import Exported, export, project_of
from genaiops.arena.datasets import CHANGED, dataset_digest, read_cases
from genaiops.arena.elsewhere import Elsewhere, elsewhere, made_ready, no_overrides, refuse_recorded_latency
from genaiops.arena.git import Repository
from genaiops.arena.judges import judge_files, read_judges, same_family
from genaiops.arena.locks import read_locks, state_of
from genaiops.arena.model import ROLES, Judge, Lock, Role, Suite
from genaiops.arena.quarantine import read_quarantine, without_quarantine
from genaiops.arena.recordings import Recording
from genaiops.arena.schedule import basis_of, seed_of
from genaiops.arena.sealing import no_way_to_seal, seal_cases
from genaiops.arena.suites import needs_fresh_latency, resolve_suite
from genaiops.arena.surroundings import Place, Surroundings
from genaiops.core import Case, Digest, Json, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a person may say about a run. `candidate` None: the working tree; `baseline` None: the default.

    Either may be a git ref, the address of an endpoint, or a file of recorded outputs.
    """

    suite: str | None = None
    baseline: str | None = None
    candidate: str | None = None
    overrides: tuple[str, ...] = ()
    suite_from: Role = "baseline"
    same_env: bool = False
    jobs: int | None = None
    seconds: float = 60.0
    pass_env: tuple[str, ...] = ()
    sequential: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Both arms, ready, and the suite that judges them; `other` is the candidate's where it differs.

    `gate_changed`: the candidate changes the suite, or removes it.
    """

    arms: dict[Role, Prepared]
    suite: Suite
    other: Suite | None
    gate_from: Role
    gate_changed: bool
    environment: dict[str, Json]
    warnings: tuple[str, ...]
    lock: Lock

    @property
    def seed(self) -> str:
        """Return the seed from which the order of the cases derives."""
        return seed_of(basis_of(self.suite.digest, self.lock), self.arms["candidate"].digest)

    @property
    def suites(self) -> tuple[Suite, ...]:
        """Return the ruling suite, then the other where there is one."""
        return (self.suite,) if self.other is None else (self.suite, self.other)


def scope_of(pair: Pair, role: Role, options: RunOptions, key: Digest) -> str:
    """Return what keeps an arm's answers to the run `key`: nothing where any run may use them again."""
    fresh = needs_fresh_latency(pair.suite)
    return pair.arms[role].scope(f"{key}/{role}", fresh=fresh, pass_env=options.pass_env)


def jobs_of(pair: Pair, options: RunOptions) -> int:
    """Return how many answers are made at once: as said, else 1 where a model runs on this machine."""
    return options.jobs or (1 if any(prepared.local for prepared in pair.arms.values()) else 4)


async def pair_up(
    repository: Repository, options: RunOptions, services: Services, *, install: bool = True
) -> Pair:
    """Export both trees, read both projects and choose the ruler.

    An arm that is elsewhere (an address, a recording) brings no suite and stands over the baseline's tree.
    An arm that locks other packages than the working tree gets an environment of its own, made where it is
    not there yet unless `install` is False. Raises `UserError` for an unknown ref, an environment that
    nothing here can make, a suite that does not fit; `OutsideError` where an installation fails.
    """
    trees = services.store.path / "trees"
    env = services.settings.env
    there: dict[Role, Elsewhere | None] = {
        "baseline": elsewhere(options.baseline),
        "candidate": elsewhere(options.candidate),
    }
    if there["candidate"] is not None and options.overrides:
        raise no_overrides(str(options.candidate))
    tree = _baseline(repository, options, there["baseline"])
    if there["candidate"] is None:
        candidate = export(repository, trees, options.candidate, options.overrides)
        baseline = export(repository, trees, tree)
    else:
        candidate = baseline = export(repository, trees, tree)
    mine = project_of(candidate, None, env)
    theirs = project_of(baseline, mine, env)
    vault = Vault(services.store.database, services.settings)
    ruling = choose_suite(options, baseline, theirs, mine, vault)
    if ruling.suite.sealed and any(isinstance(arm, Recording) for arm in there.values()):
        raise no_way_to_seal(ruling.suite.ruler.name, "a file of recorded outputs holds them in clear")
    place = Place(repository, services, same_env=options.same_env, make=install)
    arms: dict[Role, Prepared] = {}
    facts, warnings = place.here, ruling.warnings
    trees_of: dict[Role, tuple[Exported, Project]] = {
        "baseline": (baseline, theirs),
        "candidate": (candidate, mine),
    }
    for role, (exported, project) in trees_of.items():
        around = await place.of(role, exported, project) if there[role] is None else Surroundings(place.here)
        arms[role] = await made_ready(exported, project, there[role], services, around)
        warnings = (*warnings, *around.said)
    refuse_recorded_latency(ruling.suite, arms.values())
    own: dict[str, Json] = {role: made.own.facts for role, made in arms.items() if made.own is not None}
    if own:
        facts["own_environments"] = own
    if arms["baseline"].digest == arms["candidate"].digest:
        warnings = (*warnings, "both arms are the same app: nothing that makes an answer differs")
    models = {role: arms[role].project.models.values() for role in ROLES}
    warnings = (*warnings, *same_family(ruling.suite.ruler.judges, models))
    return Pair(
        arms=arms,
        suite=ruling.suite,
        other=ruling.other,
        gate_from=ruling.gate_from,
        gate_changed=ruling.gate_changed,
        environment=facts,
        warnings=warnings,
        lock=ruling.lock,
    )


def _baseline(repository: Repository, options: RunOptions, there: Elsewhere | None) -> str:
    """Return the ref whose tree the baseline is, or whose suite rules where the baseline is elsewhere."""
    if options.baseline is not None and there is None:
        return options.baseline
    return repository.commit_of("HEAD") if options.overrides else repository.default_baseline()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Which suite decides, how it is locked, which is only shown, and what is to be said of that."""

    suite: Suite
    other: Suite | None = None
    gate_from: Role = "baseline"
    gate_changed: bool = False
    warnings: tuple[str, ...] = ()
    lock: Lock = field(default_factory=Lock)


def choose_suite(
    options: RunOptions, baseline: Exported, theirs: Project, mine: Project, vault: Vault | None = None
) -> Ruling:
    """Return the ruling: the baseline's suite, where it has one and nobody asked for the candidate's.

    A quarantine counts with the baseline's suite only; a lock with the suite that it lies beside. Without a
    `vault` a suite that names a `subject` is refused.
    """
    ruling = _chosen(options, baseline, theirs, mine, vault)
    by_baseline = ruling.gate_from == "baseline"
    locks = read_locks((theirs if by_baseline else mine).root)
    committed = by_baseline and baseline.source.commit is not None
    lock, said = state_of(locks.suites.get(ruling.suite.ruler.name), ruling.suite, committed=committed)
    return replace(ruling, lock=lock, warnings=(*ruling.warnings, *said, *_left_out(ruling.suite)))


def _left_out(suite: Suite) -> list[str]:
    rows = suite.left_out
    return (
        [f"{rows:,} rows of the dataset belong to people who were erased, and were left out"] if rows else []
    )


def _chosen(
    options: RunOptions, baseline: Exported, theirs: Project, mine: Project, vault: Vault | None
) -> Ruling:
    name = options.suite or only_suite(mine, theirs)
    new = load_suite(mine, name, vault) if name in mine.suites else None
    described = (baseline.root / PROJECT_FILE).is_file() and name in theirs.suites
    if not described:
        if new is None:
            raise _unknown(name, mine)
        warning = f"the baseline has no suite {name!r}: the candidate's was used"
        return Ruling(
            suite=without_quarantine(new),
            gate_from="candidate",
            warnings=(warning, *_unheard(new)),
        )
    old = new if new is not None and _same_suite(theirs, mine, name) else load_suite(theirs, name, vault)
    if new is None:
        return Ruling(suite=old, gate_changed=True, warnings=(f"the candidate removes the suite {name!r}",))
    if bool(old.sealed) != bool(new.sealed):
        raise no_way_to_seal(name, "one of the two trees has it without: its rows would be kept in clear")
    if old.digest == new.digest:
        return Ruling(suite=old)
    if options.suite_from == "candidate":
        asked = "judged by the candidate's suite, as asked"
        return Ruling(
            suite=without_quarantine(new),
            other=_apart(old, new),
            gate_from="candidate",
            gate_changed=True,
            warnings=(asked, *_unheard(new)),
        )
    return Ruling(suite=old, other=_apart(without_quarantine(new), old), gate_changed=True)


def _unheard(suite: Suite) -> tuple[str, ...]:
    said = "the candidate's quarantine was not read: only that of the baseline's suite counts"
    return (said,) if suite.ruler.quarantine else ()


def _same_suite(theirs: Project, mine: Project, name: str) -> bool:
    """Say whether both trees hold the same suite over the same files, so that one reading serves."""
    config = mine.suites[name]
    used = [entry.name for entry in config.scorers]
    judges = [{one: project.judges.get(one) for one in used} for project in (theirs, mine)]
    if theirs.suites[name] != config or judges[0] != judges[1]:
        return False
    files = [path for path in (config.dataset, config.quarantine) if path] + judge_files(mine, used)
    pairs = [(theirs.root / path, mine.root / path) for path in files]
    return all(one.is_file() and two.is_file() and filecmp.cmp(one, two, shallow=False) for one, two in pairs)


def _apart(other: Suite, ruling: Suite) -> Suite:
    """Rename rows of `other` that have a ruling row's id but ask something else."""
    asked = {case.id: _asked(case) for case in ruling.cases}
    cases = [
        replace(case, id=f"{case.id}{CHANGED}") if asked.get(case.id, _asked(case)) != _asked(case) else case
        for case in other.cases
    ]
    sealed = {
        case.id: replace(one, case=replace(one.case, id=case.id))
        for case, one in zip(cases, (other.sealed.get(case.id) for case in other.cases), strict=True)
        if one is not None
    }
    return replace(other, cases=tuple(cases), sealed=sealed)


def _asked(case: Case) -> object:
    return case.inputs, case.attachments


def only_suite(mine: Project, theirs: Project) -> str:
    """Return the name of the only suite; raises `UserError` naming them where there are several."""
    known = sorted(mine.suites) or sorted(theirs.suites)
    if len(known) == 1:
        return known[0]
    raise UserError(
        "GAO-ARENA-147",
        "the project has no suite" if not known else "it must be said which suite to run",
        why=f"`suites` in genaiops.yaml has: {', '.join(known) or 'nothing'}",
        fix=f"add --suite {known[0]}" if known else "`genaiops init` writes a first one",
    )


def _unknown(name: str, project: Project) -> UserError:
    known = ", ".join(sorted(project.suites)) or "nothing"
    return UserError(
        "GAO-ARENA-149",
        f"there is no suite {name!r}",
        why=f"`suites` in genaiops.yaml has: {known}",
        fix="name one",
    )


def load_suite(project: Project, name: str, vault: Vault | None = None) -> Suite:
    """Return a suite with its rows; raises `UserError` for an unknown name or a dataset that does not fit.

    Rows of people are sealed in `vault`; without one, a suite that names a `subject` is refused.
    """
    config = project.suites.get(name)
    if config is None:
        raise _unknown(name, project)
    path = project.root / config.dataset
    if not path.is_file():
        raise UserError(
            "GAO-ARENA-148",
            f"the dataset of suite {name!r} is not there: {config.dataset}",
            why="ARENA runs on what git knows: an ignored file is not exported",
            fix="correct the path, or let git know the file (git add; see .gitignore)",
            where=f"suites.{name}.dataset",
        )
    try:
        cases, digest = read_cases(path, cluster=config.cluster, cluster_missing=config.cluster_missing)
    except UserError as error:  # the file to mend is the project's, not its exported copy
        error.where = error.where.replace(f"{project.root}/", "")
        raise
    judges = read_judges(project, [entry.name for entry in config.scorers])
    if config.subject is not None:
        return _with_people(project, name, config, cases, judges, vault)
    suite = resolve_suite(name, config, cases, digest, judges)
    return _quarantined(project, config, suite)


def _quarantined(project: Project, config: SuiteConfig, suite: Suite) -> Suite:
    if config.quarantine is None:
        return suite
    return read_quarantine(project.root / config.quarantine, suite, where=config.quarantine)


def _with_people(
    project: Project,
    name: str,
    config: SuiteConfig,
    cases: Sequence[Case],
    judges: tuple[Judge, ...],
    vault: Vault | None,
) -> Suite:
    """Return a suite whose rows are sealed. Slices are not looked for in inputs: those are sealed, too."""
    if vault is None or config.subject is None:
        raise no_way_to_seal(name, "this command keeps or shows rows in clear")
    if judges:
        raise no_way_to_seal(name, "replies of judges, and labels of people, are kept in clear")
    mine = seal_cases(f"suites.{name}", cases, config.subject, config.slices, vault)
    digest = dataset_digest([one.case for one in mine.sealed.values()])
    quiet = config.model_copy(update={"discover": False})
    suite = resolve_suite(name, quiet, mine.cases, digest)
    return _quarantined(project, config, replace(suite, sealed=mine.sealed, left_out=mine.left_out))
