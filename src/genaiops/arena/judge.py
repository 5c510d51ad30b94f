"""From scores to the verdict: a pure function of scores, suite and lock, so that anyone can recompute it."""

from collections.abc import Mapping, Sequence

from genaiops.arena.compare import compare_all, compare_slices
from genaiops.arena.cost import cost_per_correct
from genaiops.arena.facts import facts_of
from genaiops.arena.gate import decide_claims, outcome_of
from genaiops.arena.grid import lay_out
from genaiops.arena.looks import prefixes, take_looks
from genaiops.arena.model import Gate, Lock, Looks, Role, Ruler
from genaiops.arena.suites import suite_digest
from genaiops.arena.words import headline, sequential_text
from genaiops.core import Case, ClaimResult, LockState, Outcome, Score, Sequential, Verdict, evaluate_rule

MOST_VERDICTS = 20
_ENOUGH: dict[str, frozenset[LockState]] = {
    "none": frozenset({"none", "self", "base", "hub"}),
    "base": frozenset({"base", "hub"}),
    "hub": frozenset({"hub"}),
}


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
) -> tuple[Verdict, dict[str, float | None]]:
    """Return the verdict of the ruler's gate, and every fact that its rules could read.

    `looks` and the `seed` of the order are those of a sequential run: it is judged on the cases that were
    complete where it stopped. Raises `UserError` where scores do not belong to the suite.
    """
    if looks is None:
        sequential, grid = None, lay_out(ruler, cases, scores)
        claims = decide_claims(ruler, grid)
    else:
        sequential, claims, grid = take_looks(prefixes(ruler, cases, looks, seed), scores)
    comparisons, slices = compare_all(ruler, grid), compare_slices(ruler, grid)
    facts = facts_of(comparisons, slices)
    rules = tuple(evaluate_rule(rule, facts) for rule in ruler.gate.rules)
    shown = outcome_of(claims, [rule.outcome for rule in rules])
    outcome, held = _held(shown, ruler.gate, lock, gate_changed)
    verdict = Verdict(
        outcome=outcome,
        headline=held or headline(outcome, claims, rules, (*comparisons, *slices), gate_changed),
        alpha=ruler.gate.alpha,
        suite=ruler.name,
        suite_digest=suite_digest(ruler),
        claims=claims,
        rules=rules,
        comparisons=comparisons,
        slices=slices,
        cost_per_correct=cost_per_correct(ruler, grid, scores),
        gate_changed=gate_changed,
        gate_from=gate_from,
        lock=lock.state,
        notes=tuple(_notes(ruler.gate, lock, claims, sequential)),
        sequential=sequential,
    )
    return verdict, facts


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


def _notes(gate: Gate, lock: Lock, claims: Sequence[ClaimResult], sequential: Sequential | None) -> list[str]:
    notes = [sequential_text(sequential)] if sequential else []
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
