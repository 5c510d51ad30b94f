"""Whether evidence holds, and at which level: the signature, the verdict, the scores.

Nothing in a bundle is believed: level 1 looks at bytes alone, and only where those are the ones that were
signed do levels 2 and 3 read what they say.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from genaiops.access import KnownKey, SignerRole, Vault, known_keys, trusted_folder
from genaiops.arena import bundle as folder_of
from genaiops.arena.bundle import Bundle, Manifest, open_bundle
from genaiops.arena.datasets import dataset_digest, names_as_written
from genaiops.arena.judge import judge
from genaiops.arena.labelled import wrong_label
from genaiops.arena.model import Label, Role, Row, Ruler
from genaiops.arena.schedule import basis_of, seed_of
from genaiops.arena.scorers import BUILT_IN, build_scorers, score_output
from genaiops.arena.sealing import Boxes, is_sealed
from genaiops.arena.suites import suite_digest
from genaiops.core import (
    Case,
    Json,
    Outcome,
    Output,
    Score,
    Scorer,
    Settings,
    SignedStatement,
    Trace,
    UserError,
    encode,
    one_line,
    open_statement,
)
from genaiops.stats import round_sig

LevelStatus = Literal["passed", "failed", "not possible"]
_NAMES = {1: "signature known", 2: "verdict from scores", 3: "scores from outputs"}
_SCORERS = 200
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level: what was asked, how it ended, and why."""

    number: int
    name: str
    status: LevelStatus
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """At which levels the evidence holds.

    `signer` is the label of a known key, None where it is unknown; `signer_role` says whether a runner or a
    person signs with it, None where nobody said so.
    `rows_erased`: so many outputs belonged to people who were erased, and their scores stand for themselves.
    """

    run: str | None
    outcome: Outcome | None
    levels: tuple[Level, ...]
    key_id: str | None
    signer: str | None
    signer_role: SignerRole | None = None
    not_checkable: tuple[str, ...] = ()
    rows_erased: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the signature is known, the verdict follows from the scores, and nothing failed."""
        status = {level.number: level.status for level in self.levels}
        return status[1] == "passed" and self.sound

    @property
    def sound(self) -> bool:
        """Whether all of this holds, whichever key signed: the files are those that the statement lists."""
        status = {level.number: level.status for level in self.levels if level.number > 1}
        return status[2] == "passed" and "failed" not in status.values()


def verify_bundle(
    folder: Path, *, settings: Settings, any_signer: bool = False, vault: Vault | None = None
) -> VerifyResult:
    """Check the evidence in `folder`; raises `UserError` only where there is no such folder.

    `any_signer`: take whichever key signed it, as where a runner that nobody trusts made it, and it is
    compared with a repository next. `vault` opens what is sealed of people, as far as their keys are there;
    the scores of the others are not recomputed, and that is said.
    """
    return asyncio.run(averify_bundle(folder, settings=settings, any_signer=any_signer, vault=vault))


async def averify_bundle(
    folder: Path, *, settings: Settings, any_signer: bool = False, vault: Vault | None = None
) -> VerifyResult:
    """Do what `verify_bundle` does, where a loop runs already."""
    try:
        bundle = open_bundle(folder)
        signed = open_statement(
            bundle.raw[folder_of.STATEMENT],
            [known.key for known in known_keys(settings)],
            where=folder_of.STATEMENT,
        )
    except UserError as error:
        if error.code == folder_of.NO_FOLDER:
            raise
        return _rejected(_because(error), None)
    changed = list(_differences(bundle, signed))
    if changed:
        return _rejected("; ".join(changed[:_SHOWN]), signed)
    signer = _signer(signed, known_keys(settings))
    label = signer.label if signer else None
    first = _signature(signed, label, settings, any_signer)
    second = _second(bundle)
    boxes = Boxes(vault)
    third, left = await _third(bundle, boxes)
    return VerifyResult(
        run=one_line(str(signed.statement.predicate.get("run", "")), 80) or None,
        outcome=_outcome(bundle),
        levels=(first, second, third),
        key_id=signed.signer or (signed.key_ids[0] if signed.key_ids else None),
        signer=label,
        signer_role=signer.role if signer else None,
        not_checkable=left,
        rows_erased=boxes.erased,
    )


def _rejected(why: str, signed: SignedStatement | None) -> VerifyResult:
    skipped = "the files are not the ones that were signed"
    return VerifyResult(
        run=None,
        outcome=None,
        levels=(
            _level(1, "failed", why),
            _level(2, "not possible", skipped),
            _level(3, "not possible", skipped),
        ),
        key_id=signed.key_ids[0] if signed and signed.key_ids else None,
        signer=None,
    )


def _differences(bundle: Bundle, signed: SignedStatement) -> Iterator[str]:
    """Yield in words how the folder differs from what was signed."""
    if signed.statement.predicate_type != folder_of.PREDICATE:
        yield f"{folder_of.STATEMENT} is about something else than evidence"
    subjects = {s.name: s.digest["sha256"] for s in signed.statement.subjects if "sha256" in s.digest}
    found = {name: digest for name, digest in bundle.digests.items() if name != folder_of.STATEMENT}
    for name in sorted(found.keys() | subjects.keys()):
        if name not in subjects:
            yield f"{one_line(name, 90)} was not signed"
        elif name not in found:
            yield f"{one_line(name, 90)} is missing"
        elif subjects[name] != found[name]:
            yield f"{one_line(name, 90)} is not what was signed"


def _signer(signed: SignedStatement, known: Sequence[KnownKey]) -> KnownKey | None:
    return next((one for one in known if one.key.id == signed.signer), None)


def _signature(signed: SignedStatement, label: str | None, settings: Settings, any_signer: bool) -> Level:
    if label is not None:
        return _level(1, "passed", f"signed by {label}, every file is the one that was signed")
    key = one_line(signed.key_ids[0], 64) if signed.key_ids else "no key"
    if any_signer and signed.key_ids:
        return _level(1, "passed", f"any signer was asked for: {key}; every file is the one it lists")
    return _level(
        1,
        "failed",
        f"no key known here signed it (it names {key}); "
        f"if you trust the signer, put their public key in {trusted_folder(settings)} as NAME.pub",
    )


def _second(bundle: Bundle) -> Level:
    try:
        different = _wrong_verdict(bundle, bundle.manifest())
    except UserError as error:
        return _level(2, "failed", _because(error))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # a suite that was never checked when its project was read: numbers out of range, unfit names
        return _level(
            2, "failed", f"the suite cannot be judged: {type(error).__name__}: {one_line(str(error))}"
        )
    if different is not None:
        return _level(2, "failed", different)
    return _level(2, "passed", "the verdict and its facts follow from scores, suite, lock and labels")


def _wrong_verdict(bundle: Bundle, manifest: Manifest) -> str | None:
    """Return in words where the verdict does not follow from the scores; None where it does."""
    labels = bundle.labels()
    suites = [(manifest.suite, labels, folder_of.CASES, folder_of.SCORES, folder_of.VERDICT)]
    if manifest.other_suite is not None:
        other = (folder_of.OTHER_CASES, folder_of.OTHER_SCORES, folder_of.OTHER_VERDICT)
        missing = [name for name in other if name not in bundle.raw]
        if missing:
            return f"{missing[0]} is missing, though the suites differ"
        none: tuple[Label, ...] = ()  # people labelled for the ruling suite
        suites.append((manifest.other_suite, none, *other))
    if (wrong := _wrong_lock(manifest, labels)) is not None:
        return wrong
    ruling = bundle.cases(folder_of.CASES)
    for ruler, said, cases_file, scores_file, verdict_file in suites:
        cases = bundle.cases(cases_file)
        named = names_as_written(cases, ruling) if cases_file == folder_of.OTHER_CASES else cases
        if dataset_digest(named) != ruler.dataset_digest:
            return f"{cases_file} is not the dataset that the suite names"
        verdict, facts = judge(
            ruler,
            cases,
            bundle.scores(scores_file),
            lock=manifest.lock,
            gate_changed=manifest.gate_changed,
            gate_from=manifest.gate_from,
            looks=manifest.looks,
            seed=manifest.seed,
            started_at=manifest.started_at,
            labels=said,
        )
        path = first_difference(bundle.json(verdict_file), encode(verdict))
        if path is not None:
            return f"{verdict_file}: {path}"
        path = first_difference(bundle.json(folder_of.FACTS), {**facts})
        if verdict_file == folder_of.VERDICT and path is not None:
            return f"{folder_of.FACTS}: {path}"
    return None


def _wrong_lock(manifest: Manifest, labels: Sequence[Label]) -> str | None:
    """Return in words how lock or order do not belong to the suite; None where they do."""
    lock, fixed = manifest.lock, manifest.lock.fixed
    plain = suite_digest(replace(manifest.suite, quarantine=()))
    if fixed is not None and (fixed.suite, fixed.dataset) != (plain, manifest.suite.dataset_digest):
        return "the lock that it states is another suite's"
    if lock.state == "self" and fixed is None:
        return "it states a lock of its own, and holds none"
    basis = basis_of(manifest.suite_digest, lock)
    ordered = manifest.looks is not None or fixed is not None or bool(labels)
    if ordered and manifest.seed != seed_of(basis, manifest.arms["candidate"].digest):
        return "the order is not the one that its suite or lock and its candidate give"
    return None


async def _third(bundle: Bundle, boxes: Boxes) -> tuple[Level, tuple[str, ...]]:
    try:
        manifest = bundle.manifest()
        labels = bundle.labels()
        if labels and (strange := wrong_label(manifest.suite, bundle.rows(), labels)):
            return _level(3, "failed", f"{folder_of.LABELS}: {strange}"), ()
        scorers, left = _checkable(manifest.suite)
        if not scorers:
            return _level(3, "not possible", "no scorer of this suite can be asked again here"), left
        boxes.add(bundle.sealed())
        wrong = await _wrong_score(bundle, manifest.suite, scorers, boxes)
    except UserError as error:
        return _level(3, "failed", _because(error)), ()
    if wrong is not None:
        return _level(3, "failed", wrong), left
    names = ", ".join(scorer.spec.name for scorer in scorers)
    if closed := boxes.told(len(bundle.rows())):
        return _level(3, "not possible", f"{closed}; what is left gives these scores again: {names}"), left
    return _level(3, "passed", f"the outputs give these scores again: {names}"), left


def _checkable(ruler: Ruler) -> tuple[list[Scorer], tuple[str, ...]]:
    """Return the scorers that give the same score again, and the others with the reason."""
    if len(ruler.scorers) > _SCORERS:
        raise UserError(
            "GAO-ARENA-207", "this suite has more scorers than are checked", where="manifest.json"
        )
    scorers: list[Scorer] = []
    left: list[str] = []
    known = {*BUILT_IN, *(judge.name for judge in ruler.judges)}
    for use in ruler.scorers:
        others = (other for other in ruler.scorers if other.name in known and other.name != use.name)
        try:
            scorer = build_scorers(replace(ruler, scorers=(use, *others)))[0]
        except UserError as error:
            left.append(f"{one_line(use.name, 60)}: {error.what}")
            continue
        if scorer.spec.deterministic and "model" not in scorer.spec.reads:
            scorers.append(scorer)
        else:
            left.append(f"{scorer.spec.name}: it asks a model, and may say something else each time")
    return scorers, tuple(left)


async def _wrong_score(bundle: Bundle, ruler: Ruler, scorers: Sequence[Scorer], boxes: Boxes) -> str | None:
    """Return in words which score its output does not give; None where all agree."""
    names = {scorer.spec.name for scorer in scorers}
    stated: dict[tuple[Role, str, str, int], Score] = {
        (role, score.scorer, score.case, score.repeat): score
        for role, scores in bundle.scores().items()
        for score in scores
        if score.scorer in names
    }
    cases = {case.id: case for case in bundle.cases()}
    traces = {trace.id: trace for trace in bundle.traces()}
    for row in bundle.rows():
        case = cases.get(row.case)
        if case is None or row.repeat >= ruler.repeats:
            continue  # asked for the candidate's suite only
        seen = _seen(case, row.output, traces, boxes)
        if seen is None:
            for name in names:  # nothing is left that could give these scores again
                stated.pop((row.role, name, row.case, row.repeat), None)
            continue
        wrong = await _row_differs(row, *seen, scorers, stated)
        if wrong is not None:
            return wrong
    if stated:
        role, scorer, case_id, _ = next(iter(stated))
        return f"scores.jsonl: {role} {one_line(scorer, 60)} of {one_line(case_id, 60)} has no output"
    return None


def _seen(
    case: Case, output: Output, traces: Mapping[str, Trace], boxes: Boxes
) -> tuple[Case, Output, Trace] | None:
    """Return what the scorers saw; None where it is sealed and cannot be opened."""
    if is_sealed(case.inputs):
        return boxes.open_row(case, output)
    return case, output, traces.get(output.trace_id, Trace(id=output.trace_id))


async def _row_differs(
    row: Row,
    case: Case,
    output: Output,
    trace: Trace,
    scorers: Sequence[Scorer],
    stated: dict[tuple[Role, str, str, int], Score],
) -> str | None:
    for score in await score_output(scorers, case, row.repeat, output, trace):
        there = stated.pop((row.role, score.scorer, row.case, row.repeat), None)
        if there is None or there.status != score.status or not _equal(there.value, score.value):
            said = "nothing" if there is None else f"{there.status} {there.value}"
            place = f"{row.role} {score.scorer} of {one_line(row.case, 60)}"
            return f"scores.jsonl: {place} says {said}, the output gives {score.status} {score.value}"
    return None


def render_result(result: VerifyResult) -> str:
    """Return the levels as lines of text, with what follows from them."""
    marks = {"passed": "✓", "failed": "✗", "not possible": "–"}
    lines = [
        f"{marks[one.status]} {one.number} {one.name}: {one.status}\n    {one.reason}"
        for one in result.levels
    ]
    lines += [f"    not checkable here: {left}" for left in result.not_checkable]
    outcome = f", the verdict is {result.outcome}" if result.outcome else ""
    said = f"accepted{outcome}" if result.accepted else "rejected"
    return "\n".join([*lines, said])


def first_difference(stated: Json, computed: Json, path: str = "") -> str | None:
    """Return in words where two JSON values differ; floats agree where nine digits do, or nearly."""
    if isinstance(stated, dict) and isinstance(computed, dict):
        for key in sorted(stated.keys() | computed.keys()):
            if key not in stated or key not in computed:
                return f"{one_line(f'{path}{key}', 120)} is in one of the two only"
            found = first_difference(stated[key], computed[key], f"{path}{key}.")
            if found is not None:
                return found
        return None
    if isinstance(stated, list) and isinstance(computed, list) and len(stated) == len(computed):
        pairs = enumerate(zip(stated, computed, strict=True))
        found = (first_difference(left, right, f"{path}{at}.") for at, (left, right) in pairs)
        return next((one for one in found if one is not None), None)
    if _same_leaf(stated, computed):
        return None
    place = one_line(path.removesuffix("."), 120)
    return f"{place} says {one_line(repr(stated), 60)}, recomputed {one_line(repr(computed), 60)}"


def _same_leaf(stated: Json, computed: Json) -> bool:
    if isinstance(stated, bool) or isinstance(computed, bool):
        return stated is computed
    if isinstance(stated, int | float) and isinstance(computed, int | float):
        # two CPUs may round the ninth digit apart
        return math.isclose(stated, computed, rel_tol=2e-9, abs_tol=1e-12)
    return stated == computed


def _equal(stated: float | None, computed: float | None) -> bool:
    if stated is None or computed is None:
        return stated is computed
    return _same_leaf(round_sig(stated), round_sig(computed))


def _outcome(bundle: Bundle) -> Outcome | None:
    try:
        return bundle.verdict().outcome
    except UserError:
        return None  # level 2 says why


def _level(number: int, status: LevelStatus, reason: str) -> Level:
    return Level(number=number, name=_NAMES[number], status=status, reason=reason)


def _because(error: UserError) -> str:
    place = f"{error.where}: " if error.where and error.where not in error.what else ""
    return f"{place}{error.what}" + (f": {error.why}" if error.why else "")
