"""Claims and verdicts in plain words."""

from collections.abc import Sequence

from genaiops.core import (
    Claim,
    ClaimResult,
    Comparison,
    JudgedBy,
    Outcome,
    Quarantine,
    RuleResult,
    ScorerSpec,
    Sequential,
    Spending,
    Stopped,
)


def amount(value: float | None, unit: str) -> str:
    """Return a number with its unit, short enough to read aloud."""
    if value is None:
        return "unknown"
    match unit:
        case "share":
            return f"{100 * value:.0f} %"
        case "USD":
            return f"${value:.3g}"
        case "":
            return f"{value:.2f}"
        case _:
            return f"{value:.4g} {unit}"


def claim_text(claim: Claim, spec: ScorerSpec) -> str:
    """Return what a claim says: `answer_f1 falls by less than 0.05`."""
    up = spec.better == "higher"
    size = f"{claim.bound:g}{'' if spec.unit in ('', 'share') else ' ' + spec.unit}"
    match claim.kind:
        case "better":
            verb = "rises" if up else "falls"
            said = f"{verb} by more than {size}" if claim.bound else verb
        case "not_worse":
            verb = "fall" if up else "rise"
            said = f"{verb}s by less than {size}" if claim.bound else f"does not {verb}"
        case "at_least":
            said = f"is above {size}" if up else f"is below {size}"
    where = f" where {claim.slice}" if claim.slice else ""
    return f"{claim.scorer} {said}{where}"


def whose_word(judged: JudgedBy | None) -> str:
    """Return what a claim on a judge is marked with, after a comma; nothing for any other claim."""
    if judged is None:
        return ""
    if judged.raw is None:
        return f", as judged by {judged.model}"
    return f", corrected by {judged.labels:,} label{'' if judged.labels == 1 else 's'} of people"


_STOPPED: dict[Stopped, str] = {
    "decided": "stopped early, every claim is decided",
    "refuted": "stopped early, a claim is refuted for good",
    "futile": "stopped early, no claim that is open has a prospect",
    "complete": "went through the whole suite",
}
_SPENDING: dict[Spending, str] = {"obrien_fleming": "O'Brien and Fleming", "pocock": "Pocock"}


def sequential_text(run: Sequential) -> str:
    """Return in one line how a sequential run went: which look, by what spending, what it saved."""
    return (
        f"sequential: {_STOPPED[run.stopped]}, at look {len(run.looks)} of {run.planned}; "
        f"{run.cases:,} cases asked, {run.saved:,} saved; error spent as {_SPENDING[run.spending]}"
    )


def headline(
    outcome: Outcome,
    claims: Sequence[ClaimResult],
    rules: Sequence[RuleResult],
    comparisons: Sequence[Comparison],
    gate_changed: bool,
) -> str:
    """Return what claims and rules say in one sentence; a changed gate is said first."""
    said = _said(outcome, claims, rules, comparisons)
    return f"Gate changed. {said}" if gate_changed else said


def torn_headline(quarantine: Quarantine | None) -> str:
    """Return the headline where the outcome rests on what is in quarantine; nothing where it does not."""
    if quarantine is None or quarantine.outcome_left_out == quarantine.outcome_with_all:
        return ""
    count = len(quarantine.left_out)
    cases = "1 flaky case" if count == 1 else f"{count} flaky cases"
    return (
        f"Not decided: it rests on {cases} in quarantine. "
        f"Without {'it' if count == 1 else 'them'}: {quarantine.outcome_left_out}; "
        f"with all cases: {quarantine.outcome_with_all}."
    )


def _said(
    outcome: Outcome,
    claims: Sequence[ClaimResult],
    rules: Sequence[RuleResult],
    comparisons: Sequence[Comparison],
) -> str:
    seen = {(one.scorer, one.slice): one for one in comparisons}
    if outcome == "pass":
        moves = "; ".join(
            dict.fromkeys(_moved(claim, seen) + whose_word(claim.judged_by) for claim in claims)
        )
        return f"Merge: everything that the gate asks for is shown. {moves}".rstrip() + ("." if moves else "")
    if outcome == "fail":
        return f"Do not merge: {_refusal(claims, rules, seen)}."
    return f"Not decided yet: {_open(claims, rules, seen)}."


_Seen = dict[tuple[str, str | None], Comparison]


def _name(scorer: str) -> str:
    return scorer.replace("_", " ")


def _moved(claim: ClaimResult, seen: _Seen) -> str:
    one = seen.get((claim.claim.scorer, claim.claim.slice))
    if one is None:
        return _name(claim.claim.scorer)
    where = f" where {one.slice}" if one.slice else ""
    if claim.judged_by and claim.judged_by.raw:  # what the judge alone says of the arms does not decide
        sign = "" if claim.claim.kind == "at_least" else "+"
        return f"{_name(one.scorer)}{where} {claim.interval.estimate or 0.0:{sign}.2f}".replace("-", "−")
    before, after = (amount(arm.mean, one.unit) for arm in (one.baseline, one.candidate))
    return f"{_name(one.scorer)}{where} {before} → {after}"


def _refusal(claims: Sequence[ClaimResult], rules: Sequence[RuleResult], seen: _Seen) -> str:
    refuted = [claim for claim in claims if claim.refuted_after_holm]
    if refuted:
        said = f"{_moved(refuted[0], seen)}; it is not true that {refuted[0].text}"
        return said + (f", and {len(refuted) - 1} more claims are refuted" if len(refuted) > 1 else "")
    broken = [rule.rule for rule in rules if rule.outcome == "false"]
    return f"the rule {broken[0]} is broken"


def _open(claims: Sequence[ClaimResult], rules: Sequence[RuleResult], seen: _Seen) -> str:
    waiting = [claim for claim in claims if claim.decision != "proven"]
    if not waiting:
        unknown = next(rule for rule in rules if rule.outcome == "inconclusive")
        return f"the rule {unknown.rule} cannot be told ({unknown.reason})"
    first = waiting[0]
    said = f"{_moved(first, seen)}, which does not yet show that {first.text}"
    why = first.note if "missing" in first.note else first.decided_on.reason
    if why:
        return f"{said} ({why})"
    return said + _settled_by(first)


def _settled_by(claim: ClaimResult) -> str:
    needed = claim.needed
    if needed is None:
        return ""
    if needed.planned is None:
        return "; with this bound no number of cases would settle it"
    return f"; about {needed.planned} clusters of cases would settle it ({needed.have:g} are there)"
