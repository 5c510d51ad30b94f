"""From scores to the verdict: a pure function of scores, suite, lock and labels, which anyone can recompute.

With a quarantine the day of the run is read too, which the manifest holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genaiops.arena.changes import changes_of
from genaiops.arena.compare import compare_all, compare_slices
from genaiops.arena.cost import cost_per_correct
from genaiops.arena.discovered import compare_discovered
from genaiops.arena.facts import facts_of
from genaiops.arena.flaky import flakiness_of, flaky_on_baseline
from genaiops.arena.gate import decide_claims, outcome_of
from genaiops.arena.grid import Grid, lay_out
from genaiops.arena.labelled import People, read_labels
from genaiops.arena.labels import agreement_of
from genaiops.arena.looks import prefixes, take_looks
from genaiops.arena.model import Gate, Label, Lock, Looks, Role, Ruler
from genaiops.arena.quarantine import Entries, sort_entries
from genaiops.arena.suites import suite_digest
from genaiops.arena.words import headline, sequential_text, torn_headline
from genaiops.core import (
    Case,
    ClaimResult,
    Comparison,
    LockState,
    Outcome,
    Quarantine,
    RuleResult,
    Score,
    Sequential,
    Verdict,
    evaluate_rule,
)

MOST_VERDICTS = 20
_ENOUGH: dict[str, frozenset[LockState]] = {
    "none": frozenset({"none", "self", "base", "hub"}),
    "base": frozenset({"base", "hub"}),
    "hub": frozenset({"hub"}),
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What claims and rules say of some cases."""

    comparisons: tuple[Comparison, ...]
    slices: tuple[Comparison, ...]
    facts: dict[str, float | None]
    claims: tuple[ClaimResult, ...]
    rules: tuple[RuleResult, ...]

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.claims, [rule.outcome for rule in self.rules])


def judge(
    ruler: Ruler,
    cases: Sequence[Case],
    scores: Mapping[Role, Sequence[Score]],
    *,
    lock: Lock,
    gate_changed: bool = False,
    gate_from: Role = "baseline",
    looks: Looks | None = None,
    seed: str = "",
    started_at: str = "",
    labels: Sequence[Label] = (),
) -> tuple[Verdict, dict[str, float | None]]:
    """Return the verdict of the ruler's gate, and every fact that its rules could read.

    `looks` are those of a sequential run: it is judged on the cases that were complete where it stopped.
    `started_at` (RFC 3339) is needed where the suite has a quarantine, and the `seed` of the run's order for
    looks and for people's `labels`. Raises `UserError` where scores, looks or labels do not belong to the
    suite, labels are no drawn sample, or more cases are in quarantine than may be.
    """
    people = read_labels(ruler, cases, scores, labels, seed)
    if looks is None:
        sequential, grid = None, lay_out(ruler, cases, scores)
        claims = decide_claims(ruler, grid, people=people)
    else:
        sequential, claims, grid = take_looks(prefixes(ruler, cases, looks, seed), scores)
    everything, judged, quarantine = grid, _judge(ruler, grid, claims), None
    if ruler.quarantine:
        entries = sort_entries(ruler, cases, flaky_on_baseline(ruler, grid, scores), started_at=started_at)
        with_all = judged.outcome
        if entries.left_out:
            grid = _without(ruler, cases, scores, entries)
            judged = _judge(ruler, grid, decide_claims(ruler, grid, people=people))
        quarantine = _quarantine(entries, judged.outcome, with_all)
    torn = torn_headline(quarantine)
    outcome, held = _held("inconclusive" if torn else judged.outcome, ruler.gate, lock, gate_changed)
    shown = (*judged.comparisons, *judged.slices)
    verdict = Verdict(
        outcome=outcome,
        headline=held or torn or headline(outcome, judged.claims, judged.rules, shown, gate_changed),
        alpha=ruler.gate.alpha,
        suite=ruler.name,
        suite_digest=suite_digest(ruler),
        claims=judged.claims,
        rules=judged.rules,
        comparisons=judged.comparisons,
        slices=judged.slices,
        discovered=compare_discovered(ruler, grid),
        changes=changes_of(ruler, grid, scores),
        flakiness=flakiness_of(ruler, everything, scores),
        quarantine=quarantine,
        cost_per_correct=cost_per_correct(ruler, grid, scores),
        gate_changed=gate_changed,
        gate_from=gate_from,
        lock=lock.state,
        notes=tuple(_notes(ruler.gate, lock, judged.claims, sequential, len(labels))),
        sequential=sequential,
        judges=tuple(agreement_of(ruler, cases, scores, labels, name) for name in _labelled(people)),
    )
    return verdict, judged.facts


def _judge(ruler: Ruler, grid: Grid, claims: tuple[ClaimResult, ...]) -> _Judged:
    comparisons, slices = compare_all(ruler, grid), compare_slices(ruler, grid)
    facts = facts_of(comparisons, slices)
    rules = tuple(evaluate_rule(rule, facts) for rule in ruler.gate.rules)
    return _Judged(comparisons, slices, facts, claims, rules)


def _quarantine(entries: Entries, left_out: Outcome, with_all: Outcome) -> Quarantine:
    return Quarantine(
        on=entries.day,
        left_out=entries.left_out,
        expired=entries.expired,
        not_flaky=entries.not_flaky,
        outcome_left_out=left_out,
        outcome_with_all=with_all,
    )


def _without(
    ruler: Ruler, cases: Sequence[Case], scores: Mapping[Role, Sequence[Score]], entries: Entries
) -> Grid:
    """Return the grid without the cases in quarantine, on both arms."""
    out = {entry.case for entry in entries.left_out}
    kept: dict[Role, Sequence[Score]] = {
        role: [score for score in side if score.case not in out] for role, side in scores.items()
    }
    return lay_out(ruler, [case for case in cases if case.id not in out], kept)


def _held(outcome: Outcome, gate: Gate, lock: Lock, gate_changed: bool) -> tuple[Outcome, str]:
    """Return the outcome after the gate's own conditions, and the headline where they decide it."""
    if gate_changed and gate.on_change == "fail":
        return "fail", "Do not merge: the gate changed in this diff, and the gate refuses that."
    if outcome == "fail":
        return outcome, ""
    if gate_changed:
        said = "passes" if outcome == "pass" else "is not decided"
        return "inconclusive", f"Gate changed: a person has to review that; by this gate the change {said}."
    if lock.state not in _ENOUGH[gate.require_lock]:
        reason = f"the gate asks for a suite locked as {gate.require_lock!r}, and this one is {lock.state!r}"
        return "inconclusive", f"Not decided: {reason}."
    return outcome, ""


def _labelled(people: Mapping[str, People]) -> list[str]:
    return [name for name, said in people.items() if said.counts]


def _notes(
    gate: Gate, lock: Lock, claims: Sequence[ClaimResult], sequential: Sequential | None, labels: int
) -> list[str]:
    notes = [sequential_text(sequential)] if sequential else []
    if sequential and labels:
        notes.append(f"{labels:,} labels decide nothing: limits of a run that looks early are not corrected")
    if sequential and sequential.saved and gate.rules:
        notes.append(f"the rules were read once, on the {sequential.cases} cases asked until then")
    if gate.implied:
        notes.append(f"the suite states no gate; this one is implied: {claims[0].text}")
    if lock.attempts > 1:
        notes.append(f"attempt {lock.attempts} of this app on this suite")
    if lock.verdicts_on_dataset > MOST_VERDICTS:
        notes.append(
            f"{lock.verdicts_on_dataset} verdicts were made on this dataset: the app is being fitted to it"
        )
    return notes
