"""Whether a policy means what it says: every rule can apply, every exception excuses, every detector is read.

A rule that can never apply looks like protection and is none, so it is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from genaiops.core import DetectorSpec, Surface, UserError
from genaiops.guard.deciding import Atom, Deciding
from genaiops.guard.policy import covers
from genaiops.guard.policy_file import ExceptionEntry, GuardFile, Places, RuleEntry, nearest


def check_reach(
    policy: GuardFile, listed: Mapping[str, DetectorSpec], itself: DetectorSpec | None, places: Places
) -> None:
    """Raise `UserError` for a rule, an exception or a detector that can have no effect.

    `itself` is what the pipeline finds beside the detectors `listed`.
    """
    specs = {**listed, **({itself.name: itself} if itself else {})}
    deciding = Deciding(policy.rules)
    for at in range(len(policy.rules)):
        _check_rule(at, policy.rules, deciding, specs, places)
    for at, entry in enumerate(policy.exceptions):
        _check_exception(at, entry, policy.rules, deciding, specs, places)
    for name, spec in listed.items():
        if not any(_reads(rule, spec) for rule in policy.rules):
            raise UserError(
                "GAO-GUARD-010",
                f"the detector {name!r} is listed, and no rule reads what it finds",
                why=f"it finds {_listed(spec)} on {', '.join(sorted(spec.surfaces))}",
                fix="add a rule for it, or remove it",
                where=places.of("detectors", name),
            )


def needed(policy: GuardFile, spec: DetectorSpec, surface: Surface) -> bool:
    """Say whether a rule on `surface` reads what a detector may find there."""
    return surface in spec.surfaces and any(
        surface in rule.surfaces and _finds(rule.find, spec) for rule in policy.rules
    )


def _check_rule(
    at: int,
    rules: Sequence[RuleEntry],
    deciding: Deciding,
    specs: Mapping[str, DetectorSpec],
    places: Places,
) -> None:
    rule, where = rules[at], places.of("rules", at)
    atoms = _check_found(f"rules[{at}]", rule, specs, where)
    if not deciding.applies(at, atoms):
        readers = {earlier for atom in atoms for earlier in deciding.reading(atom) if earlier < at}
        names = [f"rules[{earlier}]" for earlier in sorted(readers) if _meet(rules[earlier], rule)]
        raise UserError(
            "GAO-GUARD-011",
            f"rules[{at}] can never apply: {', '.join(names)} before it decides all of it",
            why="the first rule that fits a finding decides it",
            fix="move it up, raise the threshold of the rule before it, or remove it",
            where=where,
        )


def _check_exception(
    at: int,
    entry: ExceptionEntry,
    rules: Sequence[RuleEntry],
    deciding: Deciding,
    specs: Mapping[str, DetectorSpec],
    places: Places,
) -> None:
    where = places.of("exceptions", at)
    _check_found(f"exceptions[{at}]", entry, specs, where)
    patterns = dict.fromkeys([*entry.find, *(each for rule in rules for each in rule.find)])
    atoms = [
        atom
        for pattern in patterns
        if any(covers(wide, pattern) for wide in entry.find)
        for atom in _atoms(pattern, entry.surfaces, specs.values())
    ]
    if not any(rule.do in ("redact", "ask", "block") for rule in deciding.excused(entry, atoms)):
        raise UserError(
            "GAO-GUARD-014",
            f"exceptions[{at}] has no effect: no rule takes out or stops what it names",
            why="for its surfaces, roles and apps that passes anyway, and an exception that excuses nothing "
            "would look like one that does",
            fix="correct it, or remove it",
            where=where,
        )


def _check_found(
    name: str, entry: RuleEntry | ExceptionEntry, specs: Mapping[str, DetectorSpec], where: str
) -> list[Atom]:
    """Return what an entry means, as (surface, category); each of its patterns must mean something."""
    every: list[Atom] = []
    for pattern in entry.find:
        atoms = list(_atoms(pattern, entry.surfaces, specs.values()))
        if not atoms:
            raise _never(name, pattern, entry.surfaces, specs, where)
        every += atoms
    return every


def _never(
    name: str, pattern: str, surfaces: Sequence[str], specs: Mapping[str, DetectorSpec], where: str
) -> UserError:
    known = sorted({category for spec in specs.values() for category in spec.categories})
    elsewhere = any(covers(pattern, category) for category in known)
    return UserError(
        "GAO-GUARD-012",
        f"{name} can never apply: no listed detector finds {pattern!r}"
        + (f" on {', '.join(surfaces)}" if elsewhere else ""),
        why="a rule that cannot apply would look like protection",
        fix="correct the surfaces, or list the detector" if elsewhere else nearest(pattern, known),
        where=where,
    )


def _atoms(pattern: str, surfaces: Sequence[Surface], specs: Iterable[DetectorSpec]) -> Iterator[Atom]:
    for spec, surface in product(specs, surfaces):
        if surface in spec.surfaces:
            if not spec.categories:  # it may find anything: only a pattern as wide hides this one
                yield surface, pattern
            for category in spec.categories:
                if covers(pattern, category):
                    yield surface, category


def _reads(rule: RuleEntry, spec: DetectorSpec) -> bool:
    return bool(spec.surfaces & set(rule.surfaces)) and _finds(rule.find, spec)


def _finds(patterns: Sequence[str], spec: DetectorSpec) -> bool:
    return not spec.categories or any(covers(one, each) for one in patterns for each in spec.categories)


def _meet(earlier: RuleEntry, rule: RuleEntry) -> bool:
    """Say whether two rules may be for the same asker and the same confidence."""
    return earlier.at_least <= rule.at_least and all(
        not these or not those or set(these) & set(those)
        for these, those in ((earlier.roles, rule.roles), (earlier.apps, rule.apps))
    )


def _listed(spec: DetectorSpec) -> str:
    return ", ".join(sorted(spec.categories)[:6]) + (" and more" if len(spec.categories) > 6 else "")
