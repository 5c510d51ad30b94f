"""A suite from the project file, whole or refused: every name in it is known before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import cast

from genaiops.app import GateConfig, SuiteConfig
from genaiops.arena.datasets import scalar_text, value_at
from genaiops.arena.facts import fact_names
from genaiops.arena.model import Correct, Gate, Judge, Ruler, ScorerUse, Suite
from genaiops.arena.scorers import build_scorers, check_expectations
from genaiops.core import (
    Case,
    Claim,
    Digest,
    Json,
    ScorerSpec,
    UserError,
    check_rule,
    digest_json,
    encode,
)

IMPLIED_MARGIN = 0.05
_MOST_SLICES = 100


def resolve_suite(
    name: str,
    config: SuiteConfig,
    cases: Sequence[Case],
    dataset_digest: Digest,
    judges: tuple[Judge, ...] = (),
) -> Suite:
    """Return the suite; `judges` are those among its scorers.

    Raises `UserError` for a name, parameter, bound, claim, rule or expectation of a case that does not fit.
    """
    uses = tuple(ScorerUse(name=entry.name, parameters=dict(entry.params)) for entry in config.scorers)
    _refuse_twice(name, [use.name for use in uses])
    _refuse_parameters(name, uses, judges)
    ruler = Ruler(
        name=name,
        dataset_digest=dataset_digest,
        scorers=uses,
        slices=tuple(config.slices),
        discover=config.discover,
        repeats=config.repeats,
        correct=_correct(uses),
        judges=judges,
    )
    scorers = build_scorers(ruler)
    check_expectations(scorers, cases)
    specs = {scorer.spec.name: scorer.spec for scorer in scorers}
    ruler = replace(ruler, specs=tuple(specs.values()), gate=_gate(name, config.gate, specs))
    slices = [part for place in ruler.slices for part in _slices_of(name, place, cases)]
    _refuse_same_slices(name, slices)
    for claim in ruler.gate.claims:
        _check_claim(name, claim, specs, slices)
    for rule in ruler.gate.rules:
        _check_rule(name, rule, fact_names(specs, slices))
    return Suite(ruler=ruler, cases=tuple(cases), digest=suite_digest(ruler))


def suite_digest(ruler: Ruler) -> Digest:
    """Return the digest of a suite: its ruler, which names the dataset by digest."""
    return digest_json(plain_ruler(ruler))


def plain_ruler(ruler: Ruler) -> dict[str, Json]:
    """Return a ruler as JSON, equal for equal rulers."""
    plain = cast("dict[str, Json]", encode(ruler))
    specs = cast("list[dict[str, Json]]", plain["specs"])
    # a set has no order of its own
    ordered = [{**spec, "reads": sorted(cast("list[str]", spec["reads"]))} for spec in specs]
    return {**plain, "specs": cast(Json, ordered)}


def needs_fresh_latency(suite: Suite) -> bool:
    """Say whether a claim or a rule decides on latency: then nothing measured at another time will do."""
    gate = suite.ruler.gate
    return any(claim.scorer == "latency_ms" for claim in gate.claims) or any(
        "latency_ms" in rule for rule in gate.rules
    )


def slice_name(place: str, value: str) -> str:
    """Return what a slice is called: `topic=billing` for `tags.topic`."""
    return f"{place.rsplit('.', 1)[-1]}={value}"


def slices_of(place: str, cases: Iterable[Case]) -> dict[str, list[int]]:
    """Return the slices at a place, sorted by name: for each, which of `cases` are in it."""
    found: dict[str, list[int]] = {}
    for index, case in enumerate(cases):
        value = scalar_text(value_at(case, place))
        if value is not None:
            found.setdefault(slice_name(place, value), []).append(index)
    return dict(sorted(found.items()))


def _refused(code: str, suite: str, what: str, why: str, fix: str) -> UserError:
    return UserError(f"GAO-ARENA-{code}", what, why=why, fix=fix, where=f"suites.{suite}")


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"


def _refuse_twice(suite: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _refused(
                "117",
                suite,
                f"the scorer {name!r} stands twice",
                "facts go by a scorer's name",
                "keep one of them",
            )


def _refuse_parameters(suite: str, uses: Sequence[ScorerUse], judges: Sequence[Judge]) -> None:
    named = {judge.name for judge in judges}
    for use in uses:
        if use.name in named and use.parameters:
            raise _refused(
                "118",
                suite,
                f"the judge {use.name!r} is given parameters here",
                "what a judge does is said once, where it is described",
                f"move them to judges.{use.name}",
            )


def _correct(uses: Sequence[ScorerUse]) -> Correct | None:
    for use in uses:
        if use.name == "wrong_answers":
            right, threshold = use.parameters.get("right", "answer_f1"), use.parameters.get("from", 0.5)
            if isinstance(right, str) and isinstance(threshold, int | float):
                return Correct(scorer=right, threshold=float(threshold))
    exact = next((use.name for use in uses if use.name == "exact_match"), None)
    return Correct(scorer=exact, threshold=1.0) if exact else None


def _gate(suite: str, config: GateConfig | None, specs: dict[str, ScorerSpec]) -> Gate:
    given = config or GateConfig()
    claims, rules = tuple(one.claim() for one in given.claims), given.rules
    implied = not claims and not rules
    if implied:
        claims = (Claim(scorer=_first_quality(suite, specs), kind="not_worse", bound=IMPLIED_MARGIN),)
    return Gate(
        alpha=given.alpha,
        claims=claims,
        rules=rules,
        require_lock=given.require_lock,
        on_change=given.on_change,
        implied=implied,
    )


def first_quality(specs: Mapping[str, ScorerSpec]) -> str | None:
    """Return the first scorer that is bounded: what measures quality is, time, tokens and money are not."""
    return next((name for name, spec in specs.items() if None not in (spec.low, spec.high)), None)


def _first_quality(suite: str, specs: Mapping[str, ScorerSpec]) -> str:
    name = first_quality(specs)
    if name is None:
        raise _refused(
            "112",
            suite,
            "the suite has no gate, and no scorer that measures quality to make one for",
            "without a gate, the first bounded scorer must not get worse",
            "add a scorer such as answer_f1, or a gate with claims",
        )
    return name


def _slices_of(suite: str, place: str, cases: Sequence[Case]) -> list[str]:
    found = list(slices_of(place, cases))
    if not found:
        raise _refused(
            "113",
            suite,
            f"no case has a value at {place!r} to slice by",
            "a slice takes text, a number, true or false",
            "correct or remove it under `slices`",
        )
    if len(found) > _MOST_SLICES:
        raise _refused(
            "113",
            suite,
            f"{place!r} has {len(found)} values to slice by",
            f"at most {_MOST_SLICES} can be read",
            "slice by something coarser",
        )
    return found


def _refuse_same_slices(suite: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _refused(
                "113",
                suite,
                f"two slices are called {name!r}",
                "a slice goes by the last part of its place",
                "rename the key in the dataset, or drop one place under `slices`",
            )


def _check_claim(suite: str, claim: Claim, specs: dict[str, ScorerSpec], slices: list[str]) -> None:
    if claim.scorer not in specs:
        raise _refused(
            "114",
            suite,
            f"a claim is made on {claim.scorer!r}, which the suite does not score",
            f"its scorers: {', '.join(specs)}",
            _near(claim.scorer, specs),
        )
    if claim.slice is not None and claim.slice not in slices:
        raise _refused(
            "114",
            suite,
            f"a claim is made on the slice {claim.slice!r}, which no case is in",
            "slices are named like topic=billing, by a place under `slices`",
            _near(claim.slice, slices),
        )
    spec = specs[claim.scorer]
    if spec.low is None or spec.high is None:
        return
    if claim.kind == "at_least" and not spec.low <= claim.bound <= spec.high:
        raise _bound(suite, claim, f"{claim.scorer} lies between {spec.low:g} and {spec.high:g}")
    if claim.kind != "at_least" and claim.bound >= spec.high - spec.low:
        why = f"{claim.scorer} can change by {spec.high - spec.low:g} at most"
        raise _bound(suite, claim, why)


def _bound(suite: str, claim: Claim, why: str) -> UserError:
    what = f"the claim on {claim.scorer!r} has the bound {claim.bound:g}, which says nothing"
    return _refused("115", suite, what, why, "state a bound inside of that range, for example 0.05")


def _check_rule(suite: str, rule: str, known: frozenset[str]) -> None:
    for fact in sorted(check_rule(rule)):
        if fact not in known:
            near = get_close_matches(fact, known, n=1, cutoff=0.5)
            raise _refused(
                "116",
                suite,
                f"a rule reads {fact!r}, which is no fact of this suite: {rule}",
                "facts are candidate.S.mean, diff.S.mean.low, ratio.S.mean.high and the like, S a scorer",
                f"did you mean {near[0]}?" if near else "name a scorer of this suite",
            )
