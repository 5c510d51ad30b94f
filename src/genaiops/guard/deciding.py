"""Which rules decide: for each asker that a policy tells apart, those that some confidence reaches."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from genaiops.core import Surface
from genaiops.guard.policy import Asker, concerns, covers
from genaiops.guard.policy_file import ExceptionEntry, RuleEntry

Atom = tuple[Surface, str]
"""A surface, and a category on it."""

_Narrowed = RuleEntry | ExceptionEntry


class Deciding:
    """The rules of a policy, asked by category which of them can decide a finding."""

    def __init__(self, rules: Sequence[RuleEntry]) -> None:
        self._rules = rules
        self.reading = lru_cache(None)(self._reading)
        self._reached = lru_cache(None)(self._applying)

    def applies(self, at: int, atoms: Iterable[Atom]) -> bool:
        """Say whether rule `at` decides some finding that one of `atoms` means."""
        return any(at in self._reached(self.reading(atom)) for atom in atoms)

    def excused(self, entry: ExceptionEntry, atoms: Iterable[Atom]) -> Iterator[RuleEntry]:
        """Yield the rules that decide, for askers of an exception, what one of `atoms` means."""
        for readers in {self.reading(atom) for atom in atoms}:
            for at, asker in self._deciding(readers, (entry,)):
                if concerns(entry, asker):
                    yield self._rules[at]

    def _reading(self, atom: Atom) -> tuple[int, ...]:
        """Return the places of the rules that read a category on a surface, in order."""
        surface, category = atom
        return tuple(
            at
            for at, rule in enumerate(self._rules)
            if surface in rule.surfaces and any(covers(pattern, category) for pattern in rule.find)
        )

    def _applying(self, readers: tuple[int, ...]) -> frozenset[int]:
        return frozenset(at for at, _ in self._deciding(readers, ()))

    def _deciding(self, readers: Sequence[int], beside: Sequence[_Narrowed]) -> Iterator[tuple[int, Asker]]:
        """Yield each rule of `readers` that decides at some confidence, with an asker for whom it does."""
        for asker in _askers([*(self._rules[at] for at in readers), *beside]):
            least = math.inf
            for at in readers:
                rule = self._rules[at]
                if rule.at_least < least and concerns(rule, asker):
                    least = rule.at_least
                    yield at, asker


def _askers(entries: Sequence[_Narrowed]) -> Iterator[Asker]:
    """Yield the askers that `entries` tell apart; the name of nobody stands for all that none names."""
    roles = {"", *(role for entry in entries for role in entry.roles)}
    apps = {"", *(app for entry in entries for app in entry.apps)}
    return (Asker(role=role, app=app) for role, app in product(sorted(roles), sorted(apps)))
