"""Whether a policy means what it says: every rule can apply, every detector is read by one.

A rule that can never apply looks like protection and is none, so it is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from genaiops.core import DetectorSpec, Surface, UserError
from genaiops.guard.policy import covers
from genaiops.guard.policy_file import ExceptionEntry, GuardFile, Places, RuleEntry, nearest

_Atom = tuple[Surface, str]


def check_reach(
    policy: GuardFile, listed: Mapping[str, DetectorSpec], itself: DetectorSpec | None, places: Places
) -> None:
    """Raise `UserError` for a rule, an exception or a detector that can have no effect.

    `itself` is what the pipeline finds beside the detectors `listed`.
    """
    specs = {**listed, **({itself.name: itself} if itself else {})}
    for at, rule in enumerate(policy.rules):
        _check_rule(at, rule, policy.rules[:at], specs, places)
    for at, entry in enumerate(policy.exceptions):
        _check_found(f"exceptions[{at}]", entry, specs, places.of("exceptions", at))
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
    rule: RuleEntry,
    before: Sequence[RuleEntry],
    specs: Mapping[str, DetectorSpec],
    places: Places,
) -> None:
    where = places.of("rules", at)
    atoms = _check_found(f"rules[{at}]", rule, specs, where)
    hiding = [
        earlier
        for earlier in before
        if earlier.at_least <= rule.at_least
        and _as_wide(earlier.roles, rule.roles)
        and _as_wide(earlier.apps, rule.apps)
    ]
    if all(any(_has(earlier, atom) for earlier in hiding) for atom in atoms):
        names = [f"rules[{before.index(one)}]" for one in hiding if any(_has(one, atom) for atom in atoms)]
        raise UserError(
            "GAO-GUARD-011",
            f"rules[{at}] can never apply: {', '.join(dict.fromkeys(names))} before it decides all of it",
            why="the first rule that fits a finding decides it",
            fix="move it up, raise the threshold of the rule before it, or remove it",
            where=where,
        )


def _check_found(
    name: str, entry: RuleEntry | ExceptionEntry, specs: Mapping[str, DetectorSpec], where: str
) -> list[_Atom]:
    """Return what an entry means, as (surface, category); each of its patterns must mean something."""
    every: list[_Atom] = []
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


def _atoms(pattern: str, surfaces: Sequence[Surface], specs: Iterable[DetectorSpec]) -> Iterator[_Atom]:
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


def _has(rule: RuleEntry, atom: _Atom) -> bool:
    surface, category = atom
    return surface in rule.surfaces and any(covers(pattern, category) for pattern in rule.find)


def _as_wide(earlier: Sequence[str], later: Sequence[str]) -> bool:
    """Say whether what is narrowed to `earlier` fits all that is narrowed to `later`; empty fits all."""
    return not earlier or (bool(later) and set(later) <= set(earlier))


def _listed(spec: DetectorSpec) -> str:
    return ", ".join(sorted(spec.categories)[:6]) + (" and more" if len(spec.categories) > 6 else "")
