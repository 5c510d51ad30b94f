"""Pure: a policy and what was found in, what becomes of the text out.

Rules are read from the top and the first that fits a finding decides it; an exception in force comes before
all rules; a finding that none fits passes. Of all findings the sternest action is that of the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from genaiops.core import Finding, Surface
from genaiops.guard.model import ACTIONS, Action, Judged
from genaiops.guard.policy_file import ExceptionEntry, GuardFile, RuleEntry

_STOPS: tuple[Action, ...] = ("ask", "block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """For whom and where a text is checked: what rules may be narrowed to. Empty: not known."""

    role: str = ""
    app: str = ""


NOBODY_KNOWN = Asker()


def covers(wide: str, narrow: str) -> bool:
    """Say whether every category that the pattern `narrow` means is one that `wide` means."""
    if wide == "*" or wide == narrow:
        return True
    return wide.endswith(".*") and narrow.startswith(wide[:-1])


def judge(
    policy: GuardFile, surface: Surface, findings: Sequence[Finding], asker: Asker, today: date
) -> tuple[Judged, ...]:
    """Return each finding, in order of place, with what the policy makes of it."""
    if not findings:
        return ()
    rules = [
        (f"rules[{at}]", rule)
        for at, rule in enumerate(policy.rules)
        if surface in rule.surfaces and concerns(rule, asker)
    ]
    excused = [
        (f"exceptions[{at}]", entry)
        for at, entry in enumerate(policy.exceptions)
        if surface in entry.surfaces and concerns(entry, asker) and today <= entry.until
    ]
    ordered = sorted(findings, key=lambda one: (one.start, one.end, one.category, one.detector))
    # a table of customers has thousands of findings, and few kinds of them
    kinds = {(one.category, one.confidence) for one in ordered}
    decided = {kind: _decided(*kind, rules, excused) for kind in kinds}
    return tuple(Judged(one, *decided[one.category, one.confidence]) for one in ordered)


def _decided(
    category: str,
    confidence: float,
    rules: Sequence[tuple[str, RuleEntry]],
    excused: Sequence[tuple[str, ExceptionEntry]],
) -> tuple[Action, str]:
    """Return what becomes of such a finding, and the name of the rule or exception that says so."""
    for name, entry in excused:
        if _means(entry.find, category):
            return "allow", name
    for name, rule in rules:
        if confidence >= rule.at_least and _means(rule.find, category):
            return rule.do, name
    return "allow", ""


def concerns(entry: RuleEntry | ExceptionEntry, asker: Asker) -> bool:
    """Say whether an entry is for this asker; one that is narrowed does not fit who is not known."""
    return (not entry.roles or asker.role in entry.roles) and (not entry.apps or asker.app in entry.apps)


def _means(patterns: Sequence[str], category: str) -> bool:
    return any(covers(pattern, category) for pattern in patterns)


def sternest(actions: Iterable[Action]) -> Action:
    """Return the action that counts of several: the last of `ACTIONS`; `allow` of none."""
    return ACTIONS[max(map(ACTIONS.index, actions), default=0)]


def score(policy: GuardFile, surface: Surface, judged: Sequence[Judged], asker: Asker) -> float:
    """Return the highest confidence among findings that a rule stops, were its threshold low enough."""
    if not judged:
        return 0.0
    stopping = [
        pattern
        for rule in policy.rules
        if rule.do in _STOPS and surface in rule.surfaces and concerns(rule, asker)
        for pattern in rule.find
    ]
    kinds = {
        (one.finding.category, one.finding.confidence)
        for one in judged
        if not one.by.startswith("exceptions")
    }
    return max((sure for category, sure in kinds if _means(stopping, category)), default=0.0)


def redacted(text: str, judged: Iterable[Judged]) -> str:
    """Return `text` with `[category]` for each stretch to be redacted; nothing brings it back.

    Stretches that overlap become one, named after the surest finding. `judged` is in order of place.
    """
    parts: list[str] = []
    done = 0
    for start, end, category in merged(judged):
        parts += [text[done:start], f"[{category}]"]
        done = end
    return "".join(parts) + text[done:]


def merged(judged: Iterable[Judged]) -> list[tuple[int, int, str]]:
    """Return the stretches to be redacted, none overlapping another, with the category of each."""
    stretches: list[tuple[int, int, Finding]] = []
    for finding in (one.finding for one in judged if one.action == "redact"):
        if stretches and finding.start < stretches[-1][1]:
            start, end, surest = stretches[-1]
            best = finding if finding.confidence > surest.confidence else surest
            stretches[-1] = (start, max(end, finding.end), best)
        else:
            stretches.append((finding.start, finding.end, finding))
    return [(start, end, finding.category) for start, end, finding in stretches]


def idle_entries(policy: GuardFile, asker: Asker) -> list[str]:
    """Return the rules and exceptions that never apply for `asker`, by name and why."""
    named = [
        *((f"rules[{at}]", one) for at, one in enumerate(policy.rules)),
        *((f"exceptions[{at}]", one) for at, one in enumerate(policy.exceptions)),
    ]
    return [f"{name} does not apply: {why}" for name, entry in named if (why := _why_idle(entry, asker))]


def _why_idle(entry: RuleEntry | ExceptionEntry, asker: Asker) -> str:
    if entry.apps and asker.app not in entry.apps:
        return f"it is for the apps {', '.join(entry.apps)}, and this one is {asker.app}"
    if entry.roles and not asker.role:
        return f"it is for the roles {', '.join(entry.roles)}, and no role is said (`role:` or `--role NAME`)"
    if entry.roles and asker.role not in entry.roles:
        return f"it is for the roles {', '.join(entry.roles)}, and this one is {asker.role}"
    return ""


def expired(policy: GuardFile, today: date) -> list[str]:
    """Return the exceptions that no longer hold, by name with their last day."""
    return [
        f"exceptions[{at}] held until {entry.until.isoformat()}"
        for at, entry in enumerate(policy.exceptions)
        if entry.until < today
    ]
